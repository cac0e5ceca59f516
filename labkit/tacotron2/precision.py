"""What a smaller number format costs: the same sentence decoded twice and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from labkit.models.acoustic import AcousticModel


@dataclass(frozen=True)
class PrecisionReport:
    """How far a decoding in another precision is from that in float32.

    Frames are compared as far as both decodings go.

    Args:
        precision: what was compared with float32.
        mel_error: mean absolute difference of the log-mels, in natural-log units; a difference
            of 0.1 is just under 1 dB.
        largest_mel_error: the largest one.
        alignment_change: mean share of a step's attention that lies on other symbols, 0 to 1.
        moved_frames: share of the steps whose most attended symbol is another one.
        frames: number of frames in this precision, of each sentence.
        frames_float32: the same in float32.
    """

    precision: str
    mel_error: float
    largest_mel_error: float
    alignment_change: float
    moved_frames: float
    frames: list[int]
    frames_float32: list[int]

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.precision} against float32: log-mel differs by {self.mel_error:.2g} on "
            f"average and {self.largest_mel_error:.2g} at most; "
            f"{self.alignment_change:.2%} of the attention moved, the most attended symbol in "
            f"{self.moved_frames:.2%} of the frames; "
            f"{sum(self.frames)} frames instead of {sum(self.frames_float32)}"
        )


def compare_precision(
    model: AcousticModel,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    precision: str,
    *,
    seed: int = 0,
    **options: Any,
) -> PrecisionReport:
    """Decode in float32 and in another precision, with the same random numbers.

    Args:
        model: the model.
        ids: (B, T_in) symbol ids, padded on the right.
        lengths: (B,) number of symbols of each sentence.
        precision: what to compare with float32.
        seed: of the prenet's dropout.
        **options: further reading options of the model, for both decodings.

    Returns:
        The differences.
    """
    decodings = [
        model.speak(ids, lengths, seed=seed, **(options | {"precision": each}))
        for each in ("float32", precision)
    ]
    (mel, mel_lengths, alignments, *_), (other_mel, other_lengths, other_alignments, *_) = decodings
    T = min(mel.size(2), other_mel.size(2))
    frames = torch.arange(T, device=mel.device)
    # The frame at which the gate fired is not counted, but there is at least one to compare.
    valid = frames < torch.minimum(mel_lengths, other_lengths).clamp(min=1)[:, None]  # (B, T)
    difference = (mel[:, :, :T] - other_mel[:, :, :T]).abs().transpose(1, 2)[valid]  # (frames, 80)
    r = model.frames_per_step
    steps = valid[:, ::r]  # (B, T / r)
    here = alignments[:, : T // r][steps]  # (steps, T_in)
    there = other_alignments[:, : T // r][steps]  # (steps, T_in)
    return PrecisionReport(
        precision=precision,
        mel_error=float(difference.mean()),
        largest_mel_error=float(difference.max()),
        alignment_change=float((here - there).abs().sum(dim=1).mean() / 2),
        moved_frames=float((here.argmax(dim=1) != there.argmax(dim=1)).float().mean()),
        frames=other_lengths.tolist(),
        frames_float32=mel_lengths.tolist(),
    )
