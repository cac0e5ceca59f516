"""Join the sounds of the pieces of a text with the pauses that a reader makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch.nn import functional as F

from labkit.pipeline.boundaries import Boundary

PAUSES = {
    Boundary.PARAGRAPH: 0.9,
    Boundary.SENTENCE: 0.5,
    Boundary.CLAUSE: 0.3,
    Boundary.COMMA: 0.18,
    Boundary.WORD: 0.05,
    Boundary.GLUED: 0.0,
}
"""Seconds of silence between two pieces, by what ends between them."""

SILENCE_DB = -45.0
"""Below the loudest 10 ms of a piece by this much is silence; the softest consonants reach -35."""

_STRETCH_SECONDS = 0.01


def silence_at_ends(audio: torch.Tensor, sample_rate: int) -> tuple[int, int]:
    """Count the silent samples at both ends of ``audio: (N,)``, in steps of 10 ms.

    Audio that is silent all through has none, because nothing tells its ends from its middle.
    """
    size = max(1, round(_STRETCH_SECONDS * sample_rate))
    padded = F.pad(audio, (0, -len(audio) % size))  # (stretches · size,)
    energy = padded.reshape(-1, size).square().mean(dim=1)  # (stretches,)
    if not len(energy) or energy.max() == 0:
        return 0, 0
    loud = (energy > energy.max() * 10 ** (SILENCE_DB / 10)).nonzero()  # (loud stretches, 1)
    first, last = int(loud[0]), int(loud[-1])
    return first * size, max(0, len(audio) - (last + 1) * size)


def join(
    pieces: Iterable[tuple[torch.Tensor, Boundary]], sample_rate: int
) -> Iterator[tuple[list[torch.Tensor], int]]:
    """Put pauses between pieces: the silence that they end and begin with is part of the pause.

    Where the pieces bring more silence than the pause has, its outer part is cut away; where they
    bring less, zeros are added. The silence before the first and after the last piece stays.

    Args:
        pieces: (N,) samples and what ends where they end; asked for one at a time.
        sample_rate: samples per second.

    Yields:
        For each piece the parts that are ready when it is, beginning with the pause before it,
        and where among their samples the first one of the piece lies or, if it was cut away,
        would lie (less than 0 then). At the very end the last silence.
    """
    held: torch.Tensor | None = None  # the silence that the piece before ended with
    pause = 0
    for audio, boundary in pieces:
        leading, trailing = silence_at_ends(audio, sample_rate)
        end = len(audio) - trailing
        if held is None:
            yield [audio[:end]], 0
        else:
            gap = _gap(held, audio[:leading], pause)
            yield [gap, audio[leading:end]], pause - leading
        held, pause = audio[end:], round(PAUSES[boundary] * sample_rate)
    if held is not None:
        yield [held], 0


def _gap(trailing: torch.Tensor, leading: torch.Tensor, size: int) -> torch.Tensor:
    """Make ``size`` samples of silence of two, keeping what is nearest to the speech on each side.

    Each side gets its share of the gap, so that an echo and a breath both stay as far as they can.
    """
    found = len(trailing) + len(leading)
    if found <= size:
        return torch.cat((trailing, trailing.new_zeros(size - found), leading))
    kept = size * len(trailing) // found
    return torch.cat((trailing[:kept], leading[len(leading) - (size - kept) :]))
