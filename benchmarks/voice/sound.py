"""Figures of sound: level, pitch, likeness."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

import torch

from labkit.audio import MelConfig, log_mel, resample
from labkit.audio.warping import warp

MEL = MelConfig()

_WINDOW = 2048
_PITCHES = (60.0, 350.0)  # Hz
_PESQ_RATE = 16_000


def pitch(audio: torch.Tensor) -> torch.Tensor:
    """Fundamental frequency by pYIN (Mauch & Dixon 2014).

    Args:
        audio: (N,) float32 samples at the mel's sample rate.

    Returns:
        (T,) Hz for each frame of its mel, 0 where there is no pitch.
    """
    import librosa

    found, voiced, _ = librosa.pyin(
        audio.numpy(),
        fmin=_PITCHES[0],
        fmax=_PITCHES[1],
        sr=MEL.sample_rate,
        frame_length=_WINDOW,
        hop_length=MEL.hop_length,
    )
    return torch.from_numpy(found).nan_to_num().where(torch.from_numpy(voiced), 0.0)  # (T,)


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
        _, path = warp(torch.cdist(log_mel(teacher).T, log_mel(other).T))
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
