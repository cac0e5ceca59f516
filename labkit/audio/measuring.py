"""Is there anything wrong with this audio? A few figures and flags."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from labkit.audio.checks import as_float_tensor
from labkit.audio.config import DEFAULT
from labkit.errors import AudioError

SILENCE_DBFS = -60.0
"""A stretch whose root mean square is below this counts as silent."""

_LOWEST_DBFS = -120.0
_FULL_SCALE = 32_767 / 32_768
_CLIPPED_RUN = 3
_STRETCH_SECONDS = 0.02


@dataclass(frozen=True)
class AudioReport:
    """Figures of one waveform; `str` gives them in one line.

    Levels are in dB below full scale (0 dBFS is an amplitude of 1), never below -120; samples
    that are not finite are left out of them. Shares lie between 0 and 1.
    """

    duration: float
    """Length in seconds."""
    peak_dbfs: float
    """Level of the largest sample."""
    rms_dbfs: float
    """Level of the root mean square."""
    clipping_share: float
    """Share of samples beyond full scale, or at full scale for three samples or more."""
    nan_count: int
    """Number of samples that are NaN or infinite."""
    silence_share: float
    """Share of stretches of 20 ms that are below -60 dBFS."""
    flags: tuple[str, ...]
    """What is wrong: "too short" (for a mel), "NaN", "clipped", "silent"; empty if nothing."""

    def __str__(self) -> str:
        return (
            f"{self.duration:.2f} s, peak {self.peak_dbfs:.1f} dBFS, RMS {self.rms_dbfs:.1f} dBFS, "
            f"clipped {100 * self.clipping_share:.2f} %, silent {100 * self.silence_share:.0f} %, "
            f"NaN {self.nan_count}; {', '.join(self.flags) or 'no flags'}"
        )


def audio_report(
    audio: torch.Tensor | np.ndarray, sample_rate: int = DEFAULT.sample_rate
) -> AudioReport:
    """Measure a waveform.

    Args:
        audio: (N,) float samples, of any values; may be empty.
        sample_rate: samples per second.

    Raises:
        AudioError: for a wrong type or shape.
    """
    audio = as_float_tensor(audio).detach().cpu().double()
    if audio.ndim != 1:
        raise AudioError(f"a report is made of audio of shape (N,), got {tuple(audio.shape)}")
    finite = torch.isfinite(audio)
    nan_count = int((~finite).sum())
    heard = audio[finite]
    rms_dbfs = _rms_dbfs(heard)
    clipping_share = float(_clipped(heard).double().mean()) if len(heard) else 0.0
    stretches = heard.split(max(1, round(_STRETCH_SECONDS * sample_rate)))
    silent = [_rms_dbfs(stretch) < SILENCE_DBFS for stretch in stretches]
    flags = {
        "too short": len(audio) < DEFAULT.n_frequencies,
        "NaN": nan_count > 0,
        "clipped": clipping_share > 0,
        "silent": rms_dbfs < SILENCE_DBFS,
    }
    return AudioReport(
        duration=len(audio) / sample_rate,
        peak_dbfs=_dbfs(float(heard.abs().max())) if len(heard) else _LOWEST_DBFS,
        rms_dbfs=rms_dbfs,
        clipping_share=clipping_share,
        nan_count=nan_count,
        silence_share=sum(silent) / len(silent),
        flags=tuple(flag for flag, raised in flags.items() if raised),
    )


def _dbfs(amplitude: float) -> float:
    return max(_LOWEST_DBFS, 20 * math.log10(amplitude)) if amplitude > 0 else _LOWEST_DBFS


def _rms_dbfs(audio: torch.Tensor) -> float:
    return _dbfs(float(audio.square().mean().sqrt())) if len(audio) else _LOWEST_DBFS


def _clipped(audio: torch.Tensor) -> torch.Tensor:
    """Which samples were cut off; a single sample at full scale may just be a peak."""
    clipped = audio.abs() > 1
    if len(audio) < _CLIPPED_RUN:
        return clipped
    full = (audio.abs() >= _FULL_SCALE).unfold(0, _CLIPPED_RUN, 1).all(dim=1)  # (N - 2,)
    for offset in range(_CLIPPED_RUN):
        clipped[offset : len(audio) - _CLIPPED_RUN + 1 + offset] |= full
    return clipped
