"""Mel spectrogram back to a waveform without a neural vocoder (Griffin and Lim 1984).

A mel keeps no phase and only a blurred magnitude; both have to be guessed. Good enough to hear
what a mel says.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch

from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.fourier import istft, stft
from labkit.audio.mel import exp_mel, mel_filterbank
from labkit.errors import AudioError

# Perraudin et al. 2013: carrying on in the direction of the last step converges faster.
_MOMENTUM = 0.99
_NNLS_STEPS = 50
_TINY = 1e-8


def mel_to_magnitude(mel: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """Find linear magnitudes, none negative, whose mel bands are nearly ``mel``.

    Starts at the pseudo-inverse and improves it by multiplicative updates (Lee and Seung 2001),
    which keep every value non-negative.

    Args:
        mel: (..., n_mels, T) mel magnitudes, after `exp_mel`.
        config: how the mel was taken.

    Returns:
        (..., n_frequencies, T) magnitudes.
    """
    filterbank, inverse = (matrix.to(mel) for matrix in _filterbank_and_inverse(config))
    magnitude = (inverse @ mel).clamp(min=_TINY)  # (..., n_frequencies, T)
    target = filterbank.T @ mel  # (..., n_frequencies, T)
    for _ in range(_NNLS_STEPS):
        achieved = filterbank.T @ (filterbank @ magnitude)  # (..., n_frequencies, T)
        magnitude = magnitude * target / achieved.clamp(min=_TINY**2)
    return magnitude


def griffin_lim(
    spectrogram: torch.Tensor,
    n_iter: int = 30,
    seed: int = 0,
    config: MelConfig = DEFAULT,
) -> torch.Tensor:
    """Find a waveform with this spectrogram.

    Starts from random phases. Each round keeps the wanted magnitudes and takes over the phases
    that the overlap of the windows allows.

    Args:
        spectrogram: (..., n_mels, T) log-mel or (..., n_frequencies, T) linear magnitudes, with
            at most one batch axis; T >= 4.
        n_iter: number of rounds; 0 leaves the phases random.
        seed: of the random phases, which are the same for every item of a batch.
        config: how the spectrogram was taken.

    Returns:
        (N,) or (B, N) float32 samples in [-1, 1], N = hop_length · (T - 1). Where the peak would
        be above 1, the whole item is made quieter.

    Raises:
        AudioError: for a shape that fits neither kind, or too few frames.
    """
    magnitude = _magnitude(spectrogram, config)
    generator = torch.Generator().manual_seed(seed)
    angle = 2 * math.pi * torch.rand(magnitude.shape[-2:], generator=generator)
    phase = torch.polar(torch.ones_like(angle), angle).to(magnitude.device)
    previous = torch.zeros_like(phase)
    for _ in range(n_iter):
        rebuilt = stft(istft(magnitude * phase, config), config)  # (..., n_frequencies, T)
        ahead = rebuilt - _MOMENTUM / (1 + _MOMENTUM) * previous
        phase = ahead / ahead.abs().clamp(min=_TINY)
        previous = rebuilt
    audio = istft(magnitude * phase, config)  # (..., N)
    return audio / audio.abs().amax(dim=-1, keepdim=True).clamp(min=1)


def _magnitude(spectrogram: torch.Tensor, config: MelConfig) -> torch.Tensor:
    rows = spectrogram.shape[-2] if spectrogram.ndim in (2, 3) else None
    if rows not in (config.n_mels, config.n_frequencies):
        raise AudioError(
            f"a spectrogram is a log-mel of shape ({config.n_mels}, T) or magnitudes of shape "
            f"({config.n_frequencies}, T), perhaps in a batch; got {tuple(spectrogram.shape)}"
        )
    # The waveform must be long enough to be reflected at its ends.
    needed = config.n_fft // 2 // config.hop_length + 2
    if spectrogram.shape[-1] < needed:
        raise AudioError(
            f"the spectrogram has {spectrogram.shape[-1]} frames; at least {needed} are needed"
        )
    spectrogram = spectrogram.detach().float()
    if not torch.isfinite(spectrogram).all():
        raise AudioError("the spectrogram holds NaN or infinity")
    return mel_to_magnitude(exp_mel(spectrogram), config) if rows == config.n_mels else spectrogram


@lru_cache(maxsize=4)
def _filterbank_and_inverse(config: MelConfig) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.inference_mode(False):
        filterbank = mel_filterbank(config)
        return filterbank, torch.linalg.pinv(filterbank)
