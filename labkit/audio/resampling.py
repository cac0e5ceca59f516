"""Change of the sample rate by band-limited interpolation."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional as F

from labkit.audio.checks import as_float_tensor
from labkit.errors import AudioError

# The low-pass begins at 90 % of the lower of the two band edges and is closed (100 dB) at the edge.
_ZERO_CROSSINGS = 64
_CUTOFF = 0.95
_KAISER_BETA = 10.0
_MAX_KERNEL = 20_000_000


def resample(
    audio: torch.Tensor | np.ndarray, sample_rate: int, new_sample_rate: int
) -> torch.Tensor:
    """Convert audio to another sample rate. Gradients flow back to ``audio``.

    Args:
        audio: (N,) or (B, N) float samples.
        sample_rate: rate of ``audio`` in Hz.
        new_sample_rate: rate wanted in Hz.

    Returns:
        (M,) or (B, M) float32 samples, M = ceil(N · new_sample_rate / sample_rate).

    Raises:
        AudioError: for rates below 1 or without a small common ratio, or a wrong shape or type.
    """
    audio = as_float_tensor(audio)
    if audio.ndim not in (1, 2) or audio.shape[-1] == 0:
        raise AudioError(
            f"audio must be of shape (N,) or (B, N) and not empty, got {tuple(audio.shape)}"
        )
    if min(sample_rate, new_sample_rate) < 1:
        raise AudioError(f"sample rates must be positive, got {sample_rate} and {new_sample_rate}")
    common = math.gcd(sample_rate, new_sample_rate)
    step_in, step_out = sample_rate // common, new_sample_rate // common
    if step_in == step_out:
        return audio
    kernel, reach = _kernel(step_in, step_out)
    n_out = -(-audio.shape[-1] * step_out // step_in)
    padded = F.pad(audio, (reach, reach + step_in))
    # Every step_in samples of the input give step_out samples, each with a filter of its own.
    phases = F.conv1d(
        padded.reshape(-1, 1, padded.shape[-1]), kernel.to(audio.device), stride=step_in
    )  # (B, step_out, blocks)
    interleaved = phases.transpose(1, 2).reshape(*audio.shape[:-1], -1)  # (..., blocks · step_out)
    return interleaved[..., :n_out]  # (..., M)


@lru_cache(maxsize=4)
def _kernel(step_in: int, step_out: int) -> tuple[torch.Tensor, int]:
    """Windowed-sinc filters, (step_out, 1, taps), and how far they reach to each side."""
    cutoff = _CUTOFF * min(1.0, step_out / step_in)
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    if step_out * (step_in + 2 * reach) > _MAX_KERNEL:
        raise AudioError(
            f"the ratio {step_out}:{step_in} of the sample rates is too uneven to convert directly"
        )
    taps = np.arange(-reach, reach + step_in)
    centres = np.arange(step_out) * step_in / step_out
    distance = taps[None, :] - centres[:, None]  # (step_out, taps), in input samples
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0, 1 - (distance / reach) ** 2)))
    window = np.where(np.abs(distance) < reach, window / np.i0(_KAISER_BETA), 0)
    filters = cutoff * np.sinc(cutoff * distance) * window
    with torch.inference_mode(False):
        return torch.from_numpy(filters[:, None].astype(np.float32)), reach
