"""Speech from flite, a small free synthesiser that is installed as a program."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from labkit.audio import load_audio
from labkit.corpus.errors import CorpusError
from labkit.errors import AudioError

PAUSE = "PAU"
"""Stands among the phonemes where nothing is said."""

_SAMPLE_RATE = 16_000
# Rates that are multiples of this have small common ratios with 22 050 Hz.
_RATE_STEP = 50
# A sentence takes a tenth of a second; a program that is held up is started again. It has no
# memory, so what it says is the same.
_PATIENCE_SECONDS = 30
_ATTEMPTS = 3


@dataclass(frozen=True)
class Voice:
    """A voice of flite, and flite's own settings of it.

    Args:
        speaker: who it sounds like.
        f0: mean and standard deviation of the fundamental frequency in Hz; None if flite leaves
            the pitch of this voice as it is, whatever is asked for.
        duration_stretch: how much longer sounds are than in the voice's recordings.
    """

    speaker: str
    f0: tuple[float, float] | None
    duration_stretch: float = 1.0


VOICES = {
    "rms": Voice("male, American", None),
    "slt": Voice("female, American", (172.0, 27.0)),
    "awb": Voice("male, Scottish", (132.0, 25.0)),
    "kal16": Voice("male, American", (95.0, 11.0), 1.1),
}


@dataclass(frozen=True)
class Style:
    """A way of speaking, as changes to a voice's own.

    Args:
        rate: speaking rate; 2 is twice as fast.
        pitch: factor of the mean fundamental frequency.
        pitch_range: factor of its standard deviation: below 1 is monotonous, above 1 is lively.
        gain_db: loudness in dB.
    """

    rate: float = 1.0
    pitch: float = 1.0
    pitch_range: float = 1.0
    gain_db: float = 0.0


STYLES = {
    "neutral": Style(),
    "sad": Style(rate=0.82, pitch=0.92, pitch_range=0.5, gain_db=-5.0),
    "angry": Style(rate=1.15, pitch=1.04, pitch_range=1.4, gain_db=3.0),
    "happy": Style(rate=1.08, pitch=1.12, pitch_range=1.5, gain_db=1.0),
}


@dataclass(frozen=True)
class Utterance:
    """What flite said.

    Args:
        audio: (N,) float32 samples.
        sample_rate: samples per second.
        phonemes: ARPAbet without stress, `PAUSE` for silence.
        ends: where each phoneme ends, in seconds.
        style: what was changed about the voice, in fact.
    """

    audio: torch.Tensor
    sample_rate: int
    phonemes: tuple[str, ...]
    ends: tuple[float, ...]
    style: Style


def flite_version() -> str:
    """Say which flite is installed: another one may speak a little differently.

    Raises:
        CorpusError: none is.
    """
    if shutil.which("flite") is None:
        raise CorpusError(
            "the speech is made by the program flite, which is not installed; "
            "on Debian or Ubuntu: sudo apt-get install flite"
        )
    answer = subprocess.run(["flite", "--version"], capture_output=True, text=True)
    lines = [line.strip() for line in answer.stdout.splitlines() if "version" in line]
    return lines[0].removeprefix("version:").strip() if lines else "unknown"


def speak(text: str, voice: str, style: Style) -> Utterance:
    """Let flite speak a text.

    Args:
        text: one sentence of words; numbers and abbreviations are read flite's way.
        voice: a key of `VOICES`.
        style: how to say it; the gain is left to the caller. A voice whose pitch flite leaves
            alone is spoken slower or faster and played at another rate, which moves its formants
            with its pitch; its range stays.

    Raises:
        CorpusError: flite fails, or says nothing.
    """
    known = VOICES[voice]
    stretch = known.duration_stretch / style.rate
    sample_rate = _SAMPLE_RATE
    if known.f0 is None:
        sample_rate = round(_SAMPLE_RATE * style.pitch / _RATE_STEP) * _RATE_STEP
        style = replace(style, pitch=sample_rate / _SAMPLE_RATE, pitch_range=1.0)
        settings = {"duration_stretch": stretch * style.pitch}
    else:
        mean, deviation = known.f0
        settings = {
            "duration_stretch": stretch,
            "int_f0_target_mean": mean * style.pitch,
            "int_f0_target_stddev": deviation * style.pitch_range,
        }
    audio, printed = _run_flite(text, voice, settings)
    phonemes, ends = _read_phonemes(printed, text)
    speed_up = sample_rate / _SAMPLE_RATE
    return Utterance(audio, sample_rate, phonemes, tuple(end / speed_up for end in ends), style)


def _run_flite(text: str, voice: str, settings: dict[str, float]) -> tuple[torch.Tensor, str]:
    """Return the samples, and what flite prints of its phonemes and their ends."""
    command = ["flite", "-voice", voice, "-psdur"]
    for name, value in settings.items():
        command += ["--setf", f"{name}={value:.6f}"]
    with tempfile.TemporaryDirectory(prefix="labkit") as folder:
        file = Path(folder) / "speech.wav"
        command += ["-t", text, "-o", str(file)]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
                )
                return load_audio(file, _SAMPLE_RATE), done.stdout
            except FileNotFoundError:
                flite_version()
                raise
            except subprocess.TimeoutExpired as error:
                if attempt == _ATTEMPTS:
                    message = f"flite did not finish saying {text!r} with voice {voice}"
                    raise CorpusError(
                        f"{message} in {error.timeout:g} s, {attempt} times"
                    ) from error
            except (subprocess.CalledProcessError, AudioError) as error:
                raise CorpusError(
                    f"flite cannot say {text!r} with voice {voice}: {error}"
                ) from error
    raise AssertionError("every attempt returns or raises")


def _read_phonemes(printed: str, text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Read ``pau:0.119 hh:0.212 ax:0.261``."""
    items = [item.rpartition(":") for item in printed.split()]
    phonemes = tuple(item.upper().replace("AX", "AH") for item, _, _ in items)
    if set(phonemes) <= {PAUSE}:
        raise CorpusError(f"flite says nothing for {text!r}")
    return phonemes, tuple(float(end) for _, _, end in items)
