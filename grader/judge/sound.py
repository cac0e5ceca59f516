"""Judges speech: no number of it is exact, but all of it must be there, and be the right words.

What a case expects of an audio output is the log-mel that it should have. Two readings of a
sentence differ in tempo and tone, as they do when the same person says it twice; how much, and
how far everything else is from that, was measured by ``benchmarks/audio_tolerance.py``.
"""

from __future__ import annotations

import torch

from grader.judge.finding import Finding
from grader.labs.base import Case, Task, Tensors
from labkit.audio import log_mel, speech_level
from labkit.audio.warping import warp

HOP = 256  # samples from one frame of a log-mel to the next
QUIET = -7.0  # natural-log mel; what is below is not heard, and counts as equally silent
SILENT = -50.0  # dBFS of a speech level
CLIPPED = 0.999  # a sample of this size is clipped
CLIPPED_SHARE = 1e-3  # of the samples

# Measured (benchmarks/audio_tolerance.py) on 240 pairs of readings of 12 sentences under different
# seeds: they are at most 0.148 apart and at most 1.065 times as long; other honest ways are at
# most 0.152 apart. Wrong sentences, voices, speeds and noise are at least 0.345 apart, or at most
# 0.77 times as long. Griffin-Lim in place of the vocoder is not told by ear (0.153 to 0.177), but
# by the cases with numbers.
DISTANCE = 0.23  # of the log-mels, see :func:`distance`
LONGEST = 1.2  # times the golden's length, or as many times shorter


def heard(audio: torch.Tensor) -> torch.Tensor:
    """Return what is heard of samples: their log-mel, with all that is quiet equally so.

    Args:
        audio: (N,) samples at 22 050 Hz.

    Returns:
        (n_mels, T) natural-log mel, in hundredths.
    """
    return log_mel(audio).clamp(min=QUIET).mul(100).round().div(100)


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return how differently two sentences sound, whatever the tempo of each.

    Dynamic time warping (Sakoe & Chiba 1978, symmetric form): the frames are paired in order so
    that the mean absolute difference of paired log-mels is smallest.

    Args:
        one: (n_mels, N) log-mel.
        other: (n_mels, M) log-mel.
    """
    costs = torch.cdist(one.T.double(), other.T.double(), p=1) / len(one)  # (N, M)
    return warp(costs, diagonal=2.0)[0] / (one.size(1) + other.size(1))


def examine_sound(task: Task, case: Case, tensors: Tensors) -> Finding | None:
    """Judge the sentences that came back; None if all can be heard and are the right ones.

    Args:
        task: the task.
        case: expects of ``sample_rates`` the numbers, and of every other output a log-mel.
        tensors: what the worker returned for the call.
    """
    wanted = dict(case.expected)
    rates = wanted.pop("sample_rates")
    found = tensors["sample_rates"]
    if found.dtype != rates.dtype or not torch.equal(found, rates):
        said = found.flatten()[: len(rates)].tolist()
        return Finding(
            "value",
            f"sample_rates are {said} Hz, expected {rates.tolist()}.",
            "Who knows how many samples make a second of this voice?",
        )
    for name, golden in wanted.items():
        if finding := _examine_sentence(name, tensors[name], golden, int(rates[0])):
            return finding
    return None


def _examine_sentence(
    name: str, audio: torch.Tensor, golden: torch.Tensor, sample_rate: int
) -> Finding | None:
    if audio.dtype != torch.float32:  # whatever the worker reports, only what came back counts
        return Finding("dtype", f"{name} is {audio.dtype}; expected torch.float32.")
    if audio.dim() != 1:
        return Finding(
            "rank", f"{name} has {audio.dim()} axes {tuple(audio.shape)}; expected one channel: 1."
        )
    if not bool(audio.isfinite().all()):
        return Finding("finite", f"{name} holds numbers that are NaN or infinite.")
    if bool((audio.abs() > 1).any()):
        return Finding("property", f"{name} leaves [-1, 1]: up to {audio.abs().max():.3g}.")
    seconds = len(audio) / sample_rate
    usual = golden.size(1) * HOP / sample_rate
    if not usual / LONGEST <= seconds <= usual * LONGEST:
        return Finding(
            "size",
            f"{name} lasts {seconds:.2f} s; this sentence takes about {usual:.2f} s.",
            "At which frame does the gate say that it is over, and how many samples are that?",
        )
    level = speech_level(audio, sample_rate)
    if level < SILENT:
        return Finding("property", f"{name} is silent: {level:.0f} dB below full scale.")
    clipped = float((audio.abs() >= CLIPPED).double().mean())
    if clipped > CLIPPED_SHARE:
        return Finding(
            "property", f"{name} is clipped: {clipped:.1%} of the samples are at full scale."
        )
    found = distance(heard(audio), golden)
    if found > DISTANCE:
        return Finding(
            "value",
            f"{name} does not sound as expected: its log-mel is {found:.2f} away from that of the "
            f"right sentence; other readings of it stay below {DISTANCE:g}.",
            "Listen to the file: is it the right sentence, in the right voice, at the right speed?",
        )
    return None
