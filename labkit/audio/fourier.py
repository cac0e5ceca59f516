"""Short-time Fourier transforms with the framing of the mel.

There are two. `stft` and `istft` are the fast ones, for going back and forth between waveform and
complex spectrum. `magnitude_spectrum` is the slow one that the published mels were made with: a
convolution with sines and cosines in float32. In exact arithmetic both are the same, but under a
pure tone the quiet bands consist of rounding errors, and the logarithm makes them visible: the
log-mels differ by up to 0.007. A voice is best served with the errors it was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional as F

from labkit.audio.config import DEFAULT, MelConfig


def magnitude_spectrum(audio: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """Magnitudes of the spectrum of ``audio``, computed as for the published mels.

    Args:
        audio: (B, N) float32 samples; N > n_fft / 2.
        config: window and hop.

    Returns:
        (B, n_frequencies, T), T = N // hop_length + 1. The gradient of a zero magnitude is zero.
    """
    half = config.n_fft // 2
    padded = F.pad(audio.unsqueeze(1), (half, half), mode="reflect")  # (B, 1, N + n_fft)
    basis = _fourier_basis(config, audio.device)
    parts = F.conv1d(padded, basis, stride=config.hop_length)  # (B, 2 · n_frequencies, T)
    parts = parts.unflatten(1, (2, config.n_frequencies))  # (B, 2, n_frequencies, T)
    return torch.linalg.vector_norm(parts, dim=1)  # (B, n_frequencies, T)


def stft(audio: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """Complex spectrum of ``audio``, whose ends are reflected by half a window.

    Args:
        audio: (N,) or (B, N) float samples; N > n_fft / 2.
        config: window and hop.

    Returns:
        (n_frequencies, T) or (B, n_frequencies, T) complex, T = N // hop_length + 1.
    """
    return torch.stft(
        audio,
        config.n_fft,
        config.hop_length,
        config.win_length,
        window=hann(config.win_length, audio.device),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )


def istft(spectrum: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """The waveform whose spectrum comes closest to ``spectrum``.

    Args:
        spectrum: (n_frequencies, T) or (B, n_frequencies, T) complex.
        config: window and hop.

    Returns:
        (N,) or (B, N) samples, N = hop_length · (T - 1).
    """
    return torch.istft(
        spectrum,
        config.n_fft,
        config.hop_length,
        config.win_length,
        window=hann(config.win_length, spectrum.device),
        center=True,
    )


@lru_cache(maxsize=16)
def hann(length: int, device: torch.device) -> torch.Tensor:
    """Hann window of so many samples, on a device; not to be changed."""
    # A tensor that is born in inference mode could not take part in training later.
    with torch.inference_mode(False):
        return torch.hann_window(length, device=device)


@lru_cache(maxsize=16)
def _fourier_basis(config: MelConfig, device: torch.device) -> torch.Tensor:
    """Windowed cosines, then sines: (2 · n_frequencies, 1, n_fft)."""
    sample = np.arange(config.n_fft)
    turns = np.outer(np.arange(config.n_frequencies), sample) % config.n_fft / config.n_fft
    waves = np.concatenate([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.win_length) / config.win_length)
    left = (config.n_fft - config.win_length) // 2
    window = np.pad(hann, (left, config.n_fft - config.win_length - left))
    # Each factor is rounded before they are multiplied, as it was then.
    basis = waves.astype(np.float32) * window.astype(np.float32)
    with torch.inference_mode(False):  # as in `hann`
        return torch.from_numpy(basis[:, None]).to(device)


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Keep autocast and TF32 away: neither resolves what is near the floor of the log."""
    with ExitStack() as stack:
        if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
            stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type == "cuda":
            stack.enter_context(torch.backends.cudnn.flags(enabled=True, allow_tf32=False))
        yield
