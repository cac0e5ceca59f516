"""The one picture that opens the first lab."""

from __future__ import annotations

from labkit.notebook.diagram import PALE, arrow, box, canvas, name_rows
from labkit.notebook.picture import DARK, GREY, LIGHT, Picture, visible

_LETTERS = "no no never"
_JUST_READ = 4  # the second "o"
_CANDIDATES = (2, 5)  # both blanks follow an "o"


def draw_attention_idea() -> Picture:
    """Draw a decoder that asks its attention which letter is next."""
    figure, axes = canvas(8.4, 4.3, (-3.3, 11.6), (-2.2, 5.2))
    for position, letter in enumerate(visible(_LETTERS)):
        box(axes, (position, 0), letter, "white", (0.9, 0.9), 12)
        colour, hatch = (LIGHT, "////") if position <= _JUST_READ else ("white", "")
        box(axes, (position, -1.2), "", colour, (0.9, 0.6), 12, hatch)
    axes.annotate(
        "last step", (_JUST_READ, -1.55), (_JUST_READ, -2.05), ha="center", va="center",
        fontsize=9, arrowprops={"arrowstyle": "-|>", "color": "black"},
    )  # fmt: skip
    rows = (
        (4.2, "decoder", "makes the sound,\nframe by frame"),
        (0.0, "memory", "what each letter\nis"),
        (-1.2, "location", "where the attention\nhas been"),
    )
    name_rows(axes, -3.2, rows)
    box(axes, (4.5, 4.2), "“I have just read o. Which letter now?”", PALE, (7.6, 1.1), 12)
    for candidate in _CANDIDATES:
        chosen = candidate == _CANDIDATES[-1]
        arrow(
            axes, (4.5, 3.62), (candidate, 0.5),
            arrowstyle="-|>,head_width=0.35,head_length=0.6",
            lw=3.2 if chosen else 1.3,
            color=DARK if chosen else GREY,
            ls="-" if chosen else "--",
        )  # fmt: skip
    axes.text(2.35, 2.0, "this blank?\nit was read already", ha="right", va="center", fontsize=9)
    axes.text(5.35, 2.0, "or this blank:\nit comes next", ha="left", va="center", fontsize=9)
    arrow(axes, (5.3, 0.5), (8.1, 3.62), lw=1.3, color="black", connectionstyle="arc3,rad=0.35")
    axes.text(8.2, 2.0, "context:\nwhat was found there", ha="left", va="center", fontsize=9)
    text = (
        "The decoder has just read the second o of “no no never” and asks which letter is next. "
        "In the memory two blanks follow an o; what the letters are cannot tell them apart. The "
        "location can: the first five letters have been read, so the second blank is next."
    )
    return Picture(figure, "The question that attention answers", text)
