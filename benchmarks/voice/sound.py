"""Figures of sound: level, pitch, likeness."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from labkit.audio import MelConfig, log_mel, resample

MEL = MelConfig()

_WINDOW = 1024
_PITCHES = (60.0, 350.0)  # Hz
_VOICED = 0.6  # similarity of a stretch with itself one period later
_VOICED_LEVEL = 0.02  # of the loudest frame's root mean square
_NEARLY_BEST = 0.9  # a shorter period that fits nearly as well is the true one
_MEDIAN_FRAMES = 5

_PESQ_RATE = 16_000


def pitch(audio: torch.Tensor) -> torch.Tensor:
    """Fundamental frequency by normalised autocorrelation.

    Args:
        audio: (N,) float32 samples at the mel's sample rate.

    Returns:
        (T,) Hz for each frame of its mel, 0 where there is no pitch.
    """
    shortest, longest = (round(MEL.sample_rate / limit) for limit in reversed(_PITCHES))
    span = _WINDOW + longest + 1
    padded = F.pad(audio, (span // 2, span - span // 2))  # (N + span,)
    frames = padded.unfold(0, span, MEL.hop_length).double()  # (T, span)
    size = 2 * span
    spectra = torch.fft.rfft(frames, size), torch.fft.rfft(frames[:, :_WINDOW], size)
    products = torch.fft.irfft(spectra[0] * spectra[1].conj(), size)[:, : longest + 2]
    sums = F.pad(frames.square().cumsum(dim=1), (1, 0))  # (T, span + 1)
    powers = sums[:, _WINDOW:] - sums[:, : span - _WINDOW + 1]  # (T, longest + 2)
    likeness = products / (powers[:, :1] * powers).clamp(min=1e-12).sqrt()  # (T, longest + 2)

    inner = likeness[:, shortest : longest + 1]  # (T, lags)
    before, after = likeness[:, shortest - 1 : longest], likeness[:, shortest + 1 : longest + 2]
    peaks = inner.where((inner >= before) & (inner > after), torch.tensor(0.0).double())
    best = peaks.max(dim=1, keepdim=True).values  # (T, 1)
    chosen = (peaks >= _NEARLY_BEST * best).double().argmax(dim=1, keepdim=True)  # (T, 1)
    left, top, right = (values.gather(1, chosen) for values in (before, inner, after))
    curvature = (left - 2 * top + right).clamp(max=-1e-9)
    lags = chosen + shortest + 0.5 * (left - right) / curvature  # (T, 1), between samples
    loudness = powers[:, :1].sqrt()  # (T, 1)
    voiced = (best > _VOICED) & (loudness > _VOICED_LEVEL * loudness.max())
    found = (MEL.sample_rate / lags).where(voiced, torch.tensor(0.0).double())[:, 0]  # (T,)
    half = _MEDIAN_FRAMES // 2
    smooth = F.pad(found, (half, half)).unfold(0, _MEDIAN_FRAMES, 1).median(dim=1).values
    return smooth[: len(audio) // MEL.hop_length + 1]  # (T,)


class PitchError(NamedTuple):
    """How another pitch differs from the teacher's, where both have one."""

    median: float  # semitones
    within_semitone: int  # frames
    voiced_in_both: int  # frames
    voiced_in_one: int  # frames
    spread: float  # standard deviation in semitones, by the teacher's


def pitch_error(teacher: torch.Tensor, other: torch.Tensor, same_timing: bool) -> PitchError | None:
    """Compare the pitch of two recordings of a sentence.

    Args:
        teacher: (N,) samples.
        other: (M,) samples.
        same_timing: they need not be brought together first.

    Returns:
        None if there is no frame where both have a pitch.
    """
    pitches = [pitch(teacher), pitch(other)]
    if same_timing:
        shorter = min(map(len, pitches))
        ones, others = (values[:shorter] for values in pitches)
    else:
        path = warp(log_mel(teacher), log_mel(other))
        ones, others = pitches[0][path[:, 0]], pitches[1][path[:, 1]]
    both = (ones > 0) & (others > 0)
    if both.sum() < 2:
        return None
    notes = [12 * values[both].log2() for values in (ones, others)]
    distance = (notes[0] - notes[1]).abs()
    return PitchError(
        float(distance.median()),
        int((distance <= 1).sum()),
        int(both.sum()),
        int(((ones > 0) ^ (others > 0)).sum()),
        float(notes[1].std() / notes[0].std().clamp(min=0.1)),
    )


def warp(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Bring two mels together by dynamic time warping.

    Args:
        one: (n_mels, T) log-mel.
        other: (n_mels, S) log-mel.

    Returns:
        (steps, 2) frames of one and of the other that belong together.
    """
    costs = torch.cdist(one.T, other.T).double().numpy()  # (T, S)
    totals = np.full((len(costs) + 1, costs.shape[1] + 1), np.inf)
    totals[0, 0] = 0.0
    for row, cost in enumerate(costs):
        from_above = np.minimum(totals[row, :-1], totals[row, 1:])
        # min(from_above, left) + cost along a row, without a loop: sums before, least so far.
        so_far = np.cumsum(cost)
        totals[row + 1, 1:] = so_far + np.minimum.accumulate(from_above - (so_far - cost))
    row, column = costs.shape
    path = []
    while row and column:
        path.append((row - 1, column - 1))
        steps = {
            (row - 1, column - 1): totals[row - 1, column - 1],
            (row - 1, column): totals[row - 1, column],
            (row, column - 1): totals[row, column - 1],
        }
        row, column = min(steps, key=lambda step: steps[step])
    return torch.tensor(path[::-1])


def missing_measures() -> list[str]:
    """Packages for `likeness` that are not installed."""
    return [name for name in ("pesq", "pystoi") if importlib.util.find_spec(name) is None]


def likeness(teacher: torch.Tensor, copy: torch.Tensor, sample_rate: int) -> dict[str, float]:
    """PESQ (wide band, 1 to 4.6) and STOI (to 1) of a copy, of those that are installed.

    A recording of a word or two is too short for them, and has none.
    """
    length = min(len(teacher), len(copy))
    one, other = (
        resample(audio[:length], sample_rate, _PESQ_RATE).double().numpy()
        for audio in (teacher, copy)
    )
    found = {}
    missing = missing_measures()
    if "pesq" not in missing:
        import pesq

        score = pesq.pesq(_PESQ_RATE, one, other, "wb", on_error=pesq.PesqError.RETURN_VALUES)
        if score > 0:
            found["pesq"] = float(score)
    if "pystoi" not in missing and length > sample_rate:
        from pystoi import stoi

        found["stoi"] = float(stoi(one, other, _PESQ_RATE))
    return found
