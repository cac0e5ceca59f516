"""The picture that opens the third lab: one step of the decoder, and the way back."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from labkit.notebook.diagram import INK, PALE, arrow, box, canvas
from labkit.notebook.picture import DARK, GREY, LIGHT, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 2.0  # height of the chain
_PARTS = (
    (1.0, "previous\nframe", "white"),
    (3.1, "prenet", LIGHT),
    (5.2, "attention\nLSTM", PALE),
    (7.3, "attention\n(lab 1)", LIGHT),
    (9.4, "decoder\nLSTM", PALE),
)


def draw_decoder_idea() -> Picture:
    """Draw how one frame is made from the one before."""
    figure, axes = canvas(9.2, 4.2, (-0.2, 14.2), (-0.8, 5.4))
    for place, name, colour in _PARTS:
        _box(axes, place, _ROW, name, colour)
    for (start, _, _), (end, _, _) in itertools.pairwise(_PARTS):
        _arrow(axes, (start + 0.75, _ROW), (end - 0.75, _ROW))
    _box(axes, 12.6, 3.2, "frame", "white", width=1.9)
    _box(axes, 12.6, 0.8, "gate: is this\nthe last one?", "white", width=1.9)
    _arrow(axes, (10.15, _ROW + 0.1), (11.65, 3.1))
    _arrow(axes, (10.15, _ROW - 0.1), (11.65, 0.9))
    _box(axes, 7.3, 4.05, "memory, from the encoder (lab 2)", "white", width=5.2)
    _arrow(axes, (7.3, 3.6), (7.3, 2.45))
    _note(axes, 7.45, 3.0, "context", "left")
    _note(axes, 6.25, 2.3, "query", "center")
    axes.plot([12.6, 12.6, 1.0, 1.0], [3.65, 5.2, 5.2, 3.0], color=DARK, lw=1.6)
    _arrow(axes, (1.0, 3.0), (1.0, 2.45))
    _note(axes, 1.2, 4.95, "fed back: the next step hears it", "left")
    # What the three parts remember, from one step to the next.
    for place, kept in (
        (5.2, "its state, and\nthe last context"),
        (7.3, "where it has\nbeen"),
        (9.4, "its state"),
    ):
        arrow(
            axes, (place - 0.45, 1.5), (place + 0.45, 1.5),
            lw=1.3, ls="--", color=GREY, connectionstyle="arc3,rad=1.1",
        )  # fmt: skip
        axes.text(place, 0.75, kept, ha="center", va="top", fontsize=8.5, color=INK)
    axes.text(
        5.2, -0.55, "dashed: what a step keeps for the next one (DecoderState)", fontsize=8.5,
        color=INK, va="center",
    )  # fmt: skip
    text = (
        "The previous frame goes through the prenet to the attention LSTM, which also gets the "
        "last context; its output is the query. The attention fetches the "
        "context from the memory. The decoder LSTM gets query and context, and two layers make of "
        "its output and the context the next frame and the gate. The frame is fed back as the "
        "previous frame of the next step. The two LSTMs keep their states, the attention keeps "
        "where it has been."
    )
    return Picture(figure, "One step of the decoder", text)


def _box(axes: Axes, x: float, y: float, text: str, colour: str, width: float = 1.5) -> None:
    box(axes, (x, y), text, colour, (width, 0.9), 9.5)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow(axes, start, end, lw=1.6, color=DARK)


def _note(axes: Axes, x: float, y: float, text: str, side: str) -> None:
    axes.text(x, y, text, ha=side, va="center", fontsize=9, color=DARK)
