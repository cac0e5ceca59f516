"""Reading without teacher forcing: the only way to see whether a model can speak.

With teacher forcing a model hears the true last frame and may ignore the text; then its loss is
fine, and on its own it babbles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from labkit.audio.warping import warp
from labkit.corpus.features import Features
from labkit.models.acoustic import AcousticModel
from labkit.pipeline.attention_check import AttentionReport, check_attention
from labkit.text import symbols

_FRAMES_PER_SYMBOL = 12
_FRAMES_AT_LEAST = 60


@dataclass(frozen=True)
class FreeReading:
    """A sentence as the model reads it on its own.

    Args:
        symbols: of the sentence.
        mel: (n_mels, T) log-mel.
        target: (n_mels, T') log-mel of the recording.
        alignment: (T / r, N) attention weights.
        stopped: whether the gate fired.
        report: what the alignment says.
    """

    symbols: tuple[str, ...]
    mel: Tensor
    target: Tensor
    alignment: Tensor
    stopped: bool
    report: AttentionReport


@torch.no_grad()
def read_freely(
    model: AcousticModel, features: Features, indices: Iterable[int]
) -> list[FreeReading]:
    """Read some recordings' sentences in one batch, without the dropout that a prenet may have."""
    device = next(model.parameters()).device
    chosen = list(indices)
    lengths = torch.tensor([features.symbols[index] for index in chosen], device=device)
    ids = torch.nn.utils.rnn.pad_sequence(
        [features.ids(index) for index in chosen], batch_first=True
    ).to(device)  # (B, N)
    r = model.frames_per_step
    # A model that cannot speak yet would go on until it is stopped.
    longest = (_FRAMES_AT_LEAST + _FRAMES_PER_SYMBOL * int(lengths.max())) // r * r
    has_prenet = "prenet_dropout" in model.reading_options
    options: dict[str, Any] = {"prenet_dropout": False} if has_prenet else {}
    mels, mel_lengths, alignments, *_ = model.speak(
        ids, lengths, seed=0, max_frames=longest, **options
    )
    readings = []
    for row, index in enumerate(chosen):
        frames = max(int(mel_lengths[row]), r)
        names = tuple(symbols[symbol] for symbol in features.ids(index).tolist())
        alignment = alignments[row, : frames // r, : len(names)].cpu()  # (T / r, N)
        readings.append(
            FreeReading(
                names,
                mels[row, :, :frames].cpu(),
                features.mel(index),
                alignment,
                int(mel_lengths[row]) < longest,
                check_attention(alignment, names, frames_per_step=r),
            )
        )
    return readings


def figures_of(readings: list[FreeReading]) -> dict[str, float]:
    """Sum up free readings.

    Returns:
        ``failed``: share in which the attention failed or the gate never fired;
        ``unstopped``: share in which the gate never fired; ``peak``: mean largest attention weight;
        ``diagonality`` and ``missing``: as in the attention report; ``duration``: mean length by
        that of the recording; ``distortion``: mean difference of log-mels along the best match in
        time.
    """

    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    return {
        "failed": mean(
            bool(reading.report.failures) or not reading.stopped for reading in readings
        ),
        "unstopped": mean(not reading.stopped for reading in readings),
        "peak": mean(reading.report.peak for reading in readings),
        "diagonality": mean(reading.report.diagonality for reading in readings),
        "missing": mean(reading.report.missing_share for reading in readings),
        "duration": mean(reading.mel.size(1) / reading.target.size(1) for reading in readings),
        "distortion": mean(distortion(reading.mel, reading.target) for reading in readings),
    }


def distortion(mel: Tensor, target: Tensor) -> float:
    """Mean absolute difference of two spectrograms along the best match in time (DTW).

    Args:
        mel: (n_mels, T) log-mel.
        target: (n_mels, T') log-mel.

    Returns:
        The difference for a pair of frames that belong together, in log-mel.
    """
    total, pairs = warp(torch.cdist(mel.t(), target.t(), p=1) / mel.size(0))
    return total / len(pairs)
