"""Waveforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from labkit.notebook.picture import DARK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_waveform(axes: Axes, audio: torch.Tensor, sample_rate: int) -> None:
    """Draw ``audio: (N,)`` by the two extremes of each stretch: it looks like all samples."""
    size = max(1, len(audio) // 2000)
    stretches = audio[: len(audio) // size * size].reshape(-1, size)  # (stretches, size)
    if len(stretches):
        axes.fill_between(
            [size / sample_rate * at for at in range(len(stretches))],
            stretches.min(dim=1).values.numpy(),
            stretches.max(dim=1).values.numpy(),
            color=DARK,
            linewidth=0.5,
        )
    axes.set_ylabel("waveform")
