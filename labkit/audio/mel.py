"""Waveform to log-mel, exactly as the published voices were trained on.

Natural logarithm of Slaney-style mel bands of the *magnitude* spectrum (not the power), floored
at 1e-5; no other normalisation. Silence is log(1e-5) = -11.5129.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from labkit.audio.checks import check_waveform
from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.fourier import full_precision, magnitude_spectrum

# Slaney's mel scale (Auditory Toolbox, 1998): linear up to 1000 Hz, logarithmic above.
_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def hz_to_mel(hz: float) -> float:
    """Frequency in Hz to Slaney mels."""
    if hz < _BREAK_HZ:
        return hz / _HZ_PER_MEL
    return _BREAK_MEL + float(np.log(hz / _BREAK_HZ)) / _LOG_STEP


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Slaney mels to frequencies in Hz."""
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, logarithmic)


def mel_filterbank(config: MelConfig = DEFAULT) -> torch.Tensor:
    """Triangles that gather a linear spectrum into mel bands of equal area.

    Returns:
        (n_mels, n_frequencies) float32 weights, not negative.
    """
    return _filterbank(config, torch.device("cpu")).clone()


def log_mel(
    audio: torch.Tensor | np.ndarray,
    sample_rate: int = DEFAULT.sample_rate,
    config: MelConfig = DEFAULT,
) -> torch.Tensor:
    """Take the log-mel of a waveform. Gradients flow back to ``audio``.

    Args:
        audio: (N,) or (B, N) samples in [-1, 1], float32 (float64 is rounded to it); N > n_fft / 2.
        sample_rate: samples per second of ``audio``; must be the config's.
        config: how the mel is taken.

    Returns:
        (n_mels, T) or (B, n_mels, T) float32 on the audio's device, T = N // hop_length + 1.

    Raises:
        AudioError: for a wrong type, rate or rank, for too few samples, and for samples that are
            not finite or outside [-1, 1].
    """
    audio = check_waveform(audio, sample_rate, config)
    batch = torch.atleast_2d(audio)  # (B, N)
    with full_precision(audio.device):
        magnitude = magnitude_spectrum(batch, config)  # (B, n_frequencies, T)
        mel = _filterbank(config, audio.device) @ magnitude  # (B, n_mels, T)
    log_mels = torch.log(torch.clamp(mel, min=config.log_floor))
    return log_mels if audio.ndim == 2 else log_mels[0]  # (B, n_mels, T) or (n_mels, T)


def exp_mel(log_mel: torch.Tensor) -> torch.Tensor:
    """Undo the logarithm: log-mel to mel magnitudes of the same shape."""
    return torch.exp(log_mel)


@lru_cache(maxsize=16)
def _filterbank(config: MelConfig, device: torch.device) -> torch.Tensor:
    edges = mel_to_hz(
        np.linspace(hz_to_mel(config.mel_fmin), hz_to_mel(config.mel_fmax), config.n_mels + 2)
    )
    frequencies = np.linspace(0, config.sample_rate / 2, config.n_frequencies)
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]  # (n_mels, 1)
    rising = (frequencies - lower) / (centre - lower)  # (n_mels, n_frequencies)
    falling = (upper - frequencies) / (upper - centre)  # (n_mels, n_frequencies)
    triangles = np.maximum(0, np.minimum(rising, falling))
    equal_area = triangles * 2 / (upper - lower)
    # A tensor that is born in inference mode could not take part in training later.
    with torch.inference_mode(False):
        return torch.from_numpy(equal_area.astype(np.float32)).to(device)
