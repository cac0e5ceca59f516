"""The one picture that opens the first lab."""

from __future__ import annotations

from typing import Any

from labkit.notebook.picture import DARK, GREY, LIGHT, Picture, new_figure, visible

_LETTERS = "no no never"
_JUST_READ = 4  # the second "o"
_CANDIDATES = (2, 5)  # both blanks follow an "o"


def draw_attention_idea() -> Picture:
    """Draw a decoder that asks its attention which letter is next."""
    figure = new_figure(8.4, 4.3)
    axes = figure.add_subplot()
    axes.set_xlim(-3.3, 11.6)
    axes.set_ylim(-2.2, 5.2)
    axes.axis("off")
    for position, letter in enumerate(visible(_LETTERS)):
        _box(axes, position, 0, letter, "white")
        if position <= _JUST_READ:
            _box(axes, position, -1.2, "", LIGHT, height=0.6, hatch="////")
        else:
            _box(axes, position, -1.2, "", "white", height=0.6)
    axes.annotate(
        "last step", (_JUST_READ, -1.55), (_JUST_READ, -2.05), ha="center", va="center",
        fontsize=9, arrowprops={"arrowstyle": "-|>", "color": "black"},
    )  # fmt: skip
    for height, bold, rest in (
        (4.2, "decoder", "makes the sound,\nframe by frame"),
        (0.0, "memory", "what each letter\nis"),
        (-1.2, "location", "where the attention\nhas been"),
    ):
        axes.text(-3.2, height + 0.12, bold, weight="bold", va="bottom", fontsize=10)
        axes.text(-3.2, height + 0.05, rest, va="top", fontsize=8.5, color="#444444")
    _box(axes, 4.5, 4.2, "“I have just read o. Which letter now?”", "#e7ecf5", 7.6, 1.1)
    for candidate in _CANDIDATES:
        chosen = candidate == _CANDIDATES[-1]
        axes.annotate(
            "", (candidate, 0.5), (4.5, 3.62),
            arrowprops={
                "arrowstyle": "-|>,head_width=0.35,head_length=0.6",
                "lw": 3.2 if chosen else 1.3,
                "color": DARK if chosen else GREY,
                "ls": "-" if chosen else "--",
                "shrinkA": 0, "shrinkB": 0,
            },
        )  # fmt: skip
    axes.text(2.35, 2.0, "this blank?\nit was read already", ha="right", va="center", fontsize=9)
    axes.text(5.35, 2.0, "or this blank:\nit comes next", ha="left", va="center", fontsize=9)
    axes.annotate(
        "", (8.1, 3.62), (5.3, 0.5),
        arrowprops={
            "arrowstyle": "-|>", "lw": 1.3, "color": "black", "connectionstyle": "arc3,rad=0.35",
            "shrinkA": 0, "shrinkB": 0,
        },
    )  # fmt: skip
    axes.text(8.2, 2.0, "context:\nwhat was found there", ha="left", va="center", fontsize=9)
    text = (
        "The decoder has just read the second o of “no no never” and asks which letter is next. "
        "In the memory two blanks follow an o; what the letters are cannot tell them apart. The "
        "location can: the first five letters have been read, so the second blank is next."
    )
    return Picture(figure, "The question that attention answers", text)


def _box(
    axes: Any, x: float, y: float, text: str, colour: str, width: float = 0.9,
    height: float = 0.9, hatch: str | None = None,
) -> None:  # fmt: skip
    from matplotlib.patches import Rectangle

    corner = (x - width / 2, y - height / 2)
    axes.add_patch(Rectangle(corner, width, height, fc=colour, ec="black", lw=1, hatch=hatch))
    axes.text(x, y, text, ha="center", va="center", fontsize=12)
