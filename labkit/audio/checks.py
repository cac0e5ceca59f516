"""What can be wrong with a waveform, each said in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from labkit.audio.config import MelConfig
from labkit.errors import AudioError

_INTEGER_SCALES = {"int16": 32_768, "int32": 2**31}


def as_float_tensor(audio: Any) -> torch.Tensor:
    """Take a tensor or an array of floats as a float32 tensor on its own device.

    Raises:
        AudioError: if it is neither, or holds no 32- or 64-bit floats.
    """
    if not isinstance(audio, (torch.Tensor, np.ndarray)):
        raise AudioError(
            f"audio must be a torch tensor or a numpy array, got {type(audio).__name__}"
        )
    dtype = str(audio.dtype).removeprefix("torch.")
    if dtype in _INTEGER_SCALES:
        raise AudioError(
            f"audio holds {dtype} samples; divide by {_INTEGER_SCALES[dtype]} to get floats in "
            "[-1, 1]"
        )
    if dtype not in ("float32", "float64"):
        raise AudioError(f"audio holds {dtype} samples; float32 in [-1, 1] is needed")
    if isinstance(audio, np.ndarray):
        audio = torch.from_numpy(audio.astype(np.float32))
    return audio.float()


def check_finite(audio: torch.Tensor) -> None:
    """Refuse NaN and infinity.

    Raises:
        AudioError: naming the first such sample and how many there are.
    """
    finite = torch.isfinite(audio)
    if not finite.all():
        bad = int((~finite).sum())
        raise AudioError(
            f"{_first_sample(audio, ~finite)} ({bad} of {audio.numel()} samples are not finite)"
        )


def check_range(audio: torch.Tensor) -> None:
    """Refuse samples outside [-1, 1].

    Raises:
        AudioError: naming the first such sample, their share and how far they go.
    """
    outside = audio.abs() > 1
    if not outside.any():
        return
    peak = float(audio.abs().max())
    remedy = (
        "these look like 16-bit samples, divide by 32768"
        if peak > 100
        else "find what made it so loud, or divide by the peak, audio / audio.abs().max()"
    )
    raise AudioError(
        f"{_first_sample(audio, outside)} is outside [-1, 1]; so are "
        f"{100 * float(outside.float().mean()):.3g} % of the samples, by up to {peak - 1:.3g}: "
        f"{remedy}"
    )


def check_sample_rate(sample_rate: int, config: MelConfig) -> None:
    """Refuse audio at another rate than the mel's.

    Raises:
        AudioError: naming both rates and how to resample.
    """
    if sample_rate != config.sample_rate:
        raise AudioError(
            f"audio is at {sample_rate} Hz, but {config.sample_rate} Hz is needed; convert it with "
            f"labkit.audio.resample(audio, {sample_rate}, {config.sample_rate})"
        )


def check_waveform(audio: Any, sample_rate: int, config: MelConfig) -> torch.Tensor:
    """Take ``audio: (N,) or (B, N)`` as float32 samples a mel can be computed of.

    Raises:
        AudioError: for a wrong type, rate or rank, for too few samples, and for samples that are
            not finite or outside [-1, 1].
    """
    audio = as_float_tensor(audio)
    check_sample_rate(sample_rate, config)
    shape = tuple(audio.shape)
    if audio.ndim not in (1, 2):
        raise AudioError(f"audio must be of shape (N,) or (B, N), got {shape}")
    if audio.numel() == 0:
        raise AudioError(f"audio is empty: its shape is {shape}")
    needed = config.n_fft // 2 + 1  # reflection at the ends needs one more than half a window
    if shape[-1] < needed:
        raise AudioError(
            f"audio is too short: {shape[-1]} samples, at least {needed} are needed"
            + (f"; is {shape} (samples, channels)?" if shape[0] > needed else "")
        )
    check_finite(audio.detach())
    check_range(audio.detach())
    return audio


def _first_sample(audio: torch.Tensor, where: torch.Tensor) -> str:
    position = where.nonzero()[0].tolist()
    return f"audio{position} = {float(audio[tuple(position)]):.6g}"
