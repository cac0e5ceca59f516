"""What all vocoders have in common: a log-mel goes in, a waveform comes out."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn

from labkit.audio.config import DEFAULT, MelConfig
from labkit.errors import InputError


class Vocoder(nn.Module):
    """Base of every vocoder.

    Args:
        mel: how the log-mels that it understands are taken; gives the sample rate, too.
    """

    sigma: ClassVar[float | None] = None
    """Usual spread of the noise that the waveform is made from; None for a vocoder without."""
    denoising: ClassVar[float] = 0.0
    """How much of its bias is usually removed from what it makes."""

    def __init__(self, mel: MelConfig = DEFAULT) -> None:
        super().__init__()
        self.mel = mel

    @abstractmethod
    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Make a spectrogram audible, without gradients.

        Args:
            mel: (B, n_mels, T) natural-log mel.
            sigma: spread of the noise that the waveform is made from, as configured if None; a
                vocoder without noise refuses it.
            seed: fixes that noise, whatever the global random state, which is left alone;
                without it the noise is drawn from the global random state.

        Returns:
            (B, T · hop_length) float32 samples, not clipped.

        Raises:
            InputError: the mel has a wrong type, shape, device or content.
        """

    @property
    def sample_rate(self) -> int:
        """Samples per second of the audio."""
        return self.mel.sample_rate

    def check(self, mel: torch.Tensor, sigma: float | None = None) -> None:
        """Refuse what is no log-mel for this vocoder, and a spread of noise that it has not.

        Args:
            mel: should be (B, n_mels, T) floating point, finite, on the vocoder's device.
            sigma: should be None for a vocoder without noise, and a number from 0 upwards.

        Raises:
            InputError: something is not as it should be.
        """
        if sigma is not None and self.sigma is None:
            raise InputError(
                f"{type(self).__name__} makes audio without noise: it has no sigma, not {sigma}"
            )
        if sigma is not None and not 0 <= sigma < math.inf:
            raise InputError(f"sigma must be a number from 0 upwards, but is {sigma}")
        n_mels = self.mel.n_mels
        if not isinstance(mel, torch.Tensor) or not mel.is_floating_point():
            found = mel.dtype if isinstance(mel, torch.Tensor) else type(mel).__name__
            raise InputError(f"the mel must be a tensor of floating point, but is {found}")
        if mel.dim() != 3 or mel.size(1) != n_mels:
            advice = ""
            if mel.dim() == 2 and mel.size(0) == n_mels:
                advice = "; use mel.unsqueeze(0) for a single one"
            elif mel.dim() == 3 and mel.size(2) == n_mels:
                advice = "; use mel.transpose(1, 2)"
            raise InputError(
                f"this vocoder understands mels of {n_mels} bands, shape (B, {n_mels}, T), "
                f"but got {tuple(mel.shape)}{advice}"
            )
        if mel.numel() == 0:
            raise InputError(f"the mel is empty: its shape is {tuple(mel.shape)}")
        own = next(self.parameters(), None)
        if own is not None and own.device != mel.device:
            raise InputError(
                f"the mel is on {mel.device}, the vocoder is on {own.device}; "
                f"use mel.to({str(own.device)!r})"
            )
        if not mel.isfinite().all():
            item, band, frame = (~mel.isfinite()).nonzero()[0].tolist()
            raise InputError(
                f"mel[{item}, {band}, {frame}] is {mel[item, band, frame].item()}; "
                "a log-mel is finite: was the logarithm taken of zero, or did the model diverge?"
            )
