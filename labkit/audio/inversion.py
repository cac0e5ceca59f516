"""Mel spectrogram back to a waveform without a neural vocoder (Griffin and Lim 1984).

A mel keeps no phase and only a blurred magnitude; both have to be guessed. Good enough to hear
what a mel says.
"""

from __future__ import annotations

import math

import torch

from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.fourier import istft, stft
from labkit.audio.mel import exp_mel, mel_filterbank
from labkit.errors import AudioError

# Perraudin et al. 2013: carrying on in the direction of the last step converges faster.
MOMENTUM = 0.99
_UPDATES = 20
_TINY = 1e-12


def mel_to_magnitude(mel: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """Find linear magnitudes, none negative, whose mel bands are nearly ``mel``.

    Spreads each band over its frequencies, then improves that by multiplicative updates for the
    divergence (Lee and Seung 2001, equation 5), which keep every value non-negative and, unlike
    those for the squared error, look at the quiet bands as closely as at the loud ones.

    Args:
        mel: (..., n_mels, T) mel magnitudes, after `exp_mel`.
        config: how the mel was taken.

    Returns:
        (..., n_frequencies, T) magnitudes; zero where no band reaches.
    """
    bands = mel_filterbank(config).to(mel)  # (n_mels, n_frequencies)
    spread = (bands / bands.sum(dim=0).clamp(min=_TINY)).T  # (n_frequencies, n_mels), rows sum to 1
    areas = bands.sum(dim=1, keepdim=True).clamp(min=_TINY)  # (n_mels, 1)
    magnitude = spread @ (mel / areas)  # (..., n_frequencies, T)
    for _ in range(_UPDATES):
        achieved = bands @ magnitude  # (..., n_mels, T)
        magnitude = magnitude * (spread @ (mel / achieved.clamp(min=_TINY)))
    return magnitude


def griffin_lim(
    spectrogram: torch.Tensor,
    n_iter: int = 30,
    seed: int = 0,
    config: MelConfig = DEFAULT,
    momentum: float = MOMENTUM,
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
        momentum: how far each round is carried on in its own direction; 0 is the method of 1984.

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
        phase = torch.sgn(rebuilt - momentum / (1 + momentum) * previous)
        previous = rebuilt
    audio = istft(magnitude * phase, config)  # (..., N)
    return audio / audio.abs().amax(dim=-1, keepdim=True).clamp(min=1)


def fewest_frames(config: MelConfig = DEFAULT) -> int:
    """Frames of the shortest waveform that is long enough to be reflected at its ends."""
    return config.n_fft // 2 // config.hop_length + 2


def _magnitude(spectrogram: torch.Tensor, config: MelConfig) -> torch.Tensor:
    rows = spectrogram.shape[-2] if spectrogram.ndim in (2, 3) else None
    if rows not in (config.n_mels, config.n_frequencies):
        raise AudioError(
            f"a spectrogram is a log-mel of shape ({config.n_mels}, T) or magnitudes of shape "
            f"({config.n_frequencies}, T), perhaps in a batch; got {tuple(spectrogram.shape)}"
        )
    needed = fewest_frames(config)
    if spectrogram.shape[-1] < needed:
        raise AudioError(
            f"the spectrogram has {spectrogram.shape[-1]} frames; at least {needed} are needed"
        )
    spectrogram = spectrogram.detach().float()
    if not torch.isfinite(spectrogram).all():
        raise AudioError("the spectrogram holds NaN or infinity")
    return mel_to_magnitude(exp_mel(spectrogram), config) if rows == config.n_mels else spectrogram
