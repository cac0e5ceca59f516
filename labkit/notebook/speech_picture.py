"""The picture of a speech: its waveform, its mel and its alignments, one below the other."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from labkit.notebook.alignment import draw_alignment
from labkit.notebook.picture import Picture, Table, new_figure
from labkit.notebook.waves import draw_mel, draw_waveform

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labkit.pipeline.utterance import SpeechPiece, Utterance

LONGEST = 30.0  # seconds; more would be too fine to see
MOST_WORDS = 25  # more are not named on the axis
MOST_ROWS = 50  # of the table


def draw_speech(speech: Utterance) -> Picture:
    """Draw a speech over time: what is heard, what the vocoder was given, what was being read.

    Args:
        speech: as a synthesizer returned it; of a long one the beginning is drawn.

    Returns:
        The picture; its ``text`` tells how long it is and what went wrong, its ``table`` the same
        for each piece.
    """
    shown = [p for p in speech.pieces if p.mel.shape[1] and p.start < LONGEST]
    end = min(speech.seconds, LONGEST)
    figure = new_figure(9, 6.5)
    axes = figure.subplots(3, 1, sharex=True, height_ratios=(1, 2, 3))
    draw_waveform(axes[0], speech.audio[: round(end * speech.sample_rate)], speech.sample_rate)
    axes[0].set_ylim(-1, 1)
    _draw_mel(axes[1], speech, shown)
    _draw_alignments(axes[2], shown)
    axes[2].set_xlim(0, max(end, 0.01))
    axes[2].set_xlabel("seconds")
    return Picture(figure, _title(speech), _text(speech, end), _table(speech))


def _draw_mel(axes: Axes, speech: Utterance, shown: list[SpeechPiece]) -> None:
    if not shown:
        axes.set_ylabel("mel band")
        return
    low = min(float(piece.mel.min()) for piece in shown)
    high = max(float(piece.mel.max()) for piece in shown)
    for piece in shown:
        span = (piece.start, piece.start + piece.seconds)
        image = draw_mel(axes, piece.mel, low, max(high, low + 1e-6), span)
    axes.figure.colorbar(image, ax=axes, label="log magnitude", pad=0.01)
    axes.set_ylim(0, len(shown[0].mel))


def _draw_alignments(axes: Axes, shown: list[SpeechPiece]) -> None:
    """Draw each alignment where its piece is in time, and above the one before."""
    axes.set_facecolor("#440154")  # viridis at zero
    base = 0
    words: list[tuple[float, str]] = []
    for piece in shown:
        span = (piece.start, piece.start + piece.seconds)
        image = draw_alignment(axes, piece.alignment, span=span, base=base)
        words += _words(piece, base)
        base += len(piece.ids)
    axes.set_ylabel("symbol read")
    if not shown:
        return
    axes.figure.colorbar(image, ax=axes, label="attention weight", pad=0.01)
    axes.set_ylim(-0.5, base - 0.5)
    if len(words) <= MOST_WORDS:
        axes.set_ylabel("word read")
        axes.set_yticks([place for place, _ in words], [word for _, word in words], fontsize=8)


def _words(piece: SpeechPiece, base: int) -> list[tuple[float, str]]:
    """List the words of a piece, each with the middle of its symbols, counted from ``base``."""
    named = (word.strip("{").replace("}", "") for word in piece.words if word)
    words = []
    for is_blank, group in groupby(enumerate(piece.symbols, base), key=lambda one: one[1] == " "):
        if not is_blank:
            places = [place for place, _ in group]
            words.append(((places[0] + places[-1]) / 2, next(named)))
    return words


def _title(speech: Utterance) -> str:
    text = " ".join(speech.text.split())
    return "Speech: " + (text if len(text) <= 60 else text[:57] + "...")


def _text(speech: Utterance, end: float) -> str:
    count = len(speech.pieces)
    pieces = "one piece" if count == 1 else f"{count} pieces"
    read = [piece.attention.peak for piece in speech.pieces if piece.attention is not None]
    lines = [f"{speech.seconds:.2f} s at {speech.sample_rate} Hz, read in {pieces}."]
    if end < speech.seconds:
        lines.append(f"The picture shows the first {end:.0f} s.")
    if read:
        lines.append(
            f"On average the largest attention weight of a step is {sum(read) / len(read):.2f} "
            "(1.00 is perfectly sharp)."
        )
    well = [] if speech.failures else ["The attention read every symbol, once and in order."]
    return "\n".join([" ".join(lines), *well, *(_sentence(note) for note in speech.notes)])


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:] + "."


def _table(speech: Utterance) -> Table:
    rows = [
        (
            f"{piece.start:.2f}",
            f"{piece.seconds:.2f}",
            piece.spoken,
            "by its gate" if piece.stop_reason == "gate" else "at the limit",
            f"{piece.attention.peak:.2f}" if piece.attention else "-",
            f"{piece.attention.diagonality:.2f}" if piece.attention else "-",
            "; ".join(map(str, piece.failures)) or "nothing",
        )
        for piece in speech.pieces[:MOST_ROWS]
    ]
    left = len(speech.pieces) - len(rows)
    if left:
        rows.append(("...", "", f"and {left} more pieces", "", "", "", ""))
    return Table(
        ("start (s)", "length (s)", "spoken", "ended", "peak", "diagonality", "went wrong"), rows
    )
