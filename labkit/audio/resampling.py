"""Change of the sample rate by band-limited interpolation."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from labkit.audio.checks import as_float_tensor
from labkit.errors import AudioError

# The low-pass begins at 90 % of the lower of the two band edges and is closed (100 dB) at the edge.
_ZERO_CROSSINGS = 64
_CUTOFF = 0.95
_KAISER_BETA = 10.0
_MOST_TAPS = 20_000_000


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
    down, up = sample_rate // common, new_sample_rate // common
    if down == up:
        return audio
    converted: torch.Tensor = _Resampling.apply(audio, up, down)
    return converted


class _Resampling(torch.autograd.Function):
    """scipy's polyphase filter, through which gradients find back: by the same filter, reversed."""

    @staticmethod
    def forward(ctx: Any, audio: torch.Tensor, up: int, down: int) -> torch.Tensor:
        ctx.ratio, ctx.length = (up, down), audio.size(-1)
        return _polyphase(audio, up, down, up)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        up, down = ctx.ratio
        return _polyphase(gradient, down, up, up)[..., : ctx.length], None, None


def _polyphase(audio: torch.Tensor, up: int, down: int, gain: int) -> torch.Tensor:
    from scipy.signal import resample_poly

    taps = _low_pass(max(up, down)) * np.float32(gain / up)  # scipy multiplies by up itself
    converted = resample_poly(audio.detach().cpu().numpy(), up, down, axis=-1, window=taps)
    return torch.from_numpy(converted).to(audio.device)


@lru_cache(maxsize=4)
def _low_pass(factor: int) -> np.ndarray:
    """Taps that close at 1/factor of the band of the common multiple of both rates."""
    from scipy.signal import firwin

    reach = math.ceil(_ZERO_CROSSINGS * factor / _CUTOFF)
    if 2 * reach > _MOST_TAPS:
        raise AudioError(
            f"the sample rates have no common ratio below {factor}: too uneven to convert directly"
        )
    taps: np.ndarray = firwin(2 * reach + 1, _CUTOFF / factor, window=("kaiser", _KAISER_BETA))
    return taps.astype(np.float32)
