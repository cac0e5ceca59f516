"""The one picture that opens the second lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.notebook.diagram import PALE, arrow, box, canvas, name_rows
from labkit.notebook.picture import DARK, GREY, LIGHT, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SENTENCE = "DH AH ␣ W AY T ␣ R OW Z ␣ IH Z ␣ HH IH R ."
_SYMBOLS = _SENTENCE.split(" ")
_AT = 7  # whose neighbourhood is drawn
_LEFT = -8.0
_LEVELS = {"symbols": 0.0, "embedding": 1.5}


def draw_encoder_idea() -> Picture:
    """Draw the way of eight symbols to their memory."""
    figure, axes = canvas(8.4, 6.4, (_LEFT, 20.2), (-0.7, 8.9))
    for position, name in enumerate(_SYMBOLS):
        _box(axes, position, _LEVELS["symbols"], name, "white")
        _box(axes, position, _LEVELS["embedding"], "", PALE)
        _line(axes, (position, 0.35), (position, 1.2))
    for layer in range(3):
        _convolution(axes, layer)
    for position in range(len(_SYMBOLS)):
        _box(axes, position, 5.45, "", DARK)
        _box(axes, position, 6.35, "", LIGHT, hatch="////")
        _box(axes, position, 7.85, "", LIGHT, hatch="////", height=0.35)
        _box(axes, position, 8.2, "", DARK, height=0.35)
        if position:
            arrow(axes, (position - 0.66, 5.45), (position - 0.34, 5.45), lw=1)
            arrow(axes, (position - 0.34, 6.35), (position - 0.66, 6.35), lw=1)
        _line(axes, (position, 4.85), (position, 5.15))
        _line(axes, (position, 6.65), (position, 7.67))
    rows = (
        (0.0, "symbols", "sounds, blanks, marks"),
        (1.5, "embedding", "one vector for each symbol,\nwherever it stands"),
        (3.65, "3 convolutions", "each symbol sees\nits neighbours\n(encoder-1)"),
        (
            5.9,
            "bidirectional LSTM",
            "each symbol knows what came\nbefore, and what comes\n(encoder-2)",
        ),
        (8.0, "memory", "two halves for each symbol:\nwhat the attention looks at"),
    )
    name_rows(axes, _LEFT, rows)
    axes.text(17.6, 5.45, "forward", va="center", fontsize=8.5)
    axes.text(17.6, 6.35, "backward", va="center", fontsize=8.5)
    text = (
        "From below: each symbol of “The white rose is here.”, written in sounds, becomes a "
        "vector; three layers of convolution widen what the vector of R sees, by two symbols to "
        "each side and layer, six in the end; an LSTM runs forward and another one backward; "
        "both together leave the memory, one vector of two halves for each symbol."
    )
    return Picture(figure, "From symbols to a memory", text)


def _convolution(axes: Axes, layer: int) -> None:
    """Draw one layer as a row of dots; those that R will know of are dark."""
    bottom = 2.55 + 0.75 * layer
    top = bottom + 0.75
    for position in range(len(_SYMBOLS)):
        reach = abs(position - _AT) <= 2 * (3 - layer)
        axes.plot(position, bottom, "o", ms=6, color=DARK if reach else "white", mec=DARK)
        if layer == 2:
            axes.plot(
                position, top, "o", ms=6, color=DARK if position == _AT else "white", mec=DARK
            )
        if layer == 0:
            _line(axes, (position, 1.8), (position, bottom - 0.1))
        for target in range(position - 2, position + 3):
            if 0 <= target < len(_SYMBOLS):
                mine = reach and abs(target - _AT) <= 2 * (2 - layer)
                axes.plot(
                    [position, target], [bottom, top], color=DARK if mine else GREY,
                    lw=1.3 if mine else 0.4, alpha=1 if mine else 0.5, zorder=0,
                )  # fmt: skip


def _box(
    axes: Axes, x: float, y: float, text: str, colour: str, hatch: str = "", height: float = 0.6
) -> None:
    box(axes, (x, y), text, colour, (0.66, height), 7.5, hatch)


def _line(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.plot([start[0], end[0]], [start[1], end[1]], color="black", lw=1, zorder=0)
