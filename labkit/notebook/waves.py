"""Waveforms and log-mels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def draw_mel(
    axes: Axes,
    mel: torch.Tensor,
    low: float | None = None,
    high: float | None = None,
    span: tuple[float, float] | None = None,
) -> Any:
    """Draw a log-mel into ``axes`` and return the image, for a colour bar.

    Args:
        axes: where to.
        mel: (n_mels, T) log-mel, or differences of two.
        low: the value that is darkest; the smallest of these if None.
        high: the value that is brightest; the largest of these if None.
        span: where the first frame begins and the last one ends; frames are counted if None.
    """
    axes.set_ylabel("mel band")
    return axes.imshow(
        mel.numpy(),
        origin="lower",
        aspect="auto",
        cmap="cividis",
        vmin=low,
        vmax=high,
        extent=(*(span or (0.5, mel.size(1) + 0.5)), 0, len(mel)),
    )
