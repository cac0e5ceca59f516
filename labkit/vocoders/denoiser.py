"""Take away the hum that a vocoder adds to everything.

Flow vocoders leave a faint constant tone. It is what they say when there is nothing to say, so
its spectrum can be measured once and subtracted from all that they say later.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from labkit.audio.checks import as_float_tensor, check_finite
from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.fourier import istft, stft
from labkit.errors import AudioError, ConfigError, InputError
from labkit.vocoders.protocol import Vocoder

_BIAS_FRAMES = 88
_MODES = ("zeros", "normal")


class Denoiser(nn.Module):
    """Spectral subtraction of a vocoder's bias.

    The bias belongs to one set of weights: make a new denoiser for every checkpoint.

    Args:
        vocoder: whose bias is to be measured.
        bias_spec: (1, n_frequencies, 1) magnitudes of a bias that was measured before; takes the
            place of ``vocoder``.
        mode: the mel that the bias is measured with. "zeros", as published: zero is the logarithm
            of a *loud* mel, not of silence, and is meant so. "normal": random values, always the
            same.
        mel: how spectra are taken; the vocoder's own config if None.

    Raises:
        ConfigError: neither or both of vocoder and bias_spec, an unknown mode, or a bias that is
            of the wrong shape or no magnitudes.
    """

    bias_spec: torch.Tensor

    def __init__(
        self,
        vocoder: Vocoder | None = None,
        *,
        bias_spec: torch.Tensor | None = None,
        mode: str = "zeros",
        mel: MelConfig | None = None,
    ) -> None:
        super().__init__()
        if (vocoder is None) == (bias_spec is None):
            raise ConfigError("a denoiser needs either a vocoder or a bias_spec")
        if mode not in _MODES:
            raise ConfigError(f"the mode must be {' or '.join(_MODES)}, but is {mode!r}")
        self.mel = mel or (vocoder.mel if vocoder is not None else DEFAULT)
        if vocoder is not None:
            bias_spec = _bias_of(vocoder, mode, self.mel)
        assert bias_spec is not None
        shape = (1, self.mel.n_frequencies, 1)
        if bias_spec.shape != shape or not bias_spec.isfinite().all() or (bias_spec < 0).any():
            raise ConfigError(
                f"bias_spec must hold finite magnitudes from 0 upwards, of shape {shape}; "
                f"its shape is {tuple(bias_spec.shape)}"
            )
        self.register_buffer("bias_spec", bias_spec.detach().float())

    @torch.no_grad()
    def forward(self, audio: torch.Tensor, strength: float = 0.01) -> torch.Tensor:
        """Denoise, without gradients.

        Args:
            audio: (B, N) float samples of the vocoder, not necessarily in [-1, 1];
                N > n_fft / 2.
            strength: multiple of the bias to subtract; 0.01 is usual, 0.1 can be heard.

        Returns:
            (B, N) float32 samples.

        Raises:
            AudioError: the audio has a wrong type, shape or device, is too short or not finite.
            InputError: the strength is not a number from 0 upwards.
        """
        if not 0 <= strength < math.inf:
            raise InputError(f"strength must be a number from 0 upwards, but is {strength}")
        audio = self._checked(audio)
        n_samples, hop = audio.size(1), self.mel.hop_length
        # The inverse transform gives whole hops only.
        padded = nn.functional.pad(audio, (0, -n_samples % hop))  # (B, N rounded up)
        spectrum = stft(padded, self.mel)  # (B, n_frequencies, T) complex
        magnitude = (spectrum.abs() - strength * self.bias_spec).clamp(min=0)
        return istft(torch.polar(magnitude, spectrum.angle()), self.mel)[:, :n_samples]  # (B, N)

    def _checked(self, audio: torch.Tensor) -> torch.Tensor:
        audio = as_float_tensor(audio)
        needed = self.mel.n_fft // 2 + 1
        if audio.ndim != 2:
            raise AudioError(
                f"audio must be of shape (B, N), got {tuple(audio.shape)}"
                + ("; use audio.unsqueeze(0) for a single one" if audio.ndim == 1 else "")
            )
        if audio.size(0) == 0 or audio.size(1) < needed:
            raise AudioError(
                f"audio is too short to be denoised: its shape is {tuple(audio.shape)}, "
                f"at least {needed} samples are needed"
            )
        if audio.device != self.bias_spec.device:
            raise AudioError(
                f"audio is on {audio.device}, the denoiser on {self.bias_spec.device}; "
                f"use denoiser.to({str(audio.device)!r})"
            )
        check_finite(audio)
        return audio


def _bias_of(vocoder: Vocoder, mode: str, config: MelConfig) -> torch.Tensor:
    """(1, n_frequencies, 1) magnitudes at the start of what the vocoder makes of nothing."""
    shape = (1, config.n_mels, _BIAS_FRAMES)
    if mode == "zeros":
        mel = torch.zeros(shape)
    else:
        mel = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    own = next(vocoder.parameters(), None)
    mel = mel if own is None else mel.to(own.device)
    silent = None if vocoder.sigma is None else 0.0
    audio = vocoder.infer(mel, sigma=silent, seed=0)  # (1, 88 · hop_length)
    return stft(audio.float(), config).abs()[:, :, :1]  # (1, n_frequencies, 1)
