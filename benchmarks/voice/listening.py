"""Sentences said by the teacher and by the voice, then recognised and measured."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from common import edit_distance

from labkit import Synthesizer
from labkit.audio import audio_report, load_audio, log_mel, resample, speech_level
from labkit.corpus.clip import Order, record
from labkit.pipeline import Speech
from labkit.vocoders import GriffinLim, Vocoder
from voice.recognition import Recogniser
from voice.sentences import Sentence
from voice.sound import MEL, likeness, pitch_error

TEACHER = "teacher"
COPY = "copy-synthesis"
GRIFFIN_LIM = "Griffin-Lim 60"
VOICE = "end to end"
SYSTEMS = (TEACHER, COPY, GRIFFIN_LIM, VOICE)

SEED = 0


@dataclass(frozen=True)
class Plan:
    """What is done with each sentence.

    Args:
        systems: of `SYSTEMS`; the teacher is always among them.
        voice: its folder, the shipped one if None; needed for copy-synthesis and end to end.
        teacher: a voice of flite.
        vocabulary: words that the recogniser must be able to understand.
        pictures: where to draw the voice's speech to.
        pictured: numbers of the sentences to draw.
    """

    systems: tuple[str, ...]
    voice: Path | None
    teacher: str
    vocabulary: frozenset[str]
    pictures: Path | None
    pictured: frozenset[int]

    @property
    def needs_voice(self) -> bool:
        return bool({COPY, VOICE} & set(self.systems))


class Listener:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.recogniser = Recogniser(set(plan.vocabulary))
        self.griffin_lim = GriffinLim(n_iter=60)
        self.synthesizer = Synthesizer.from_pretrained(plan.voice) if plan.needs_voice else None

    def listen(self, sentence: Sentence) -> dict[str, Any]:
        """Return the figures of each system for one sentence."""
        teacher = self._record(sentence)
        found = {TEACHER: self._heard(sentence, teacher)}
        for system, vocoder in self._vocoders().items():
            if system in self.plan.systems:
                copy = vocoder.infer(log_mel(teacher)[None], seed=SEED)[0, : len(teacher)]  # (N,)
                found[system] = {
                    **self._heard(sentence, copy),
                    **likeness(teacher, copy, MEL.sample_rate),
                    **_pitch_figures(teacher, copy, same_timing=True),
                }
        if VOICE in self.plan.systems:
            assert self.synthesizer is not None
            speech = self.synthesizer.say(sentence.text, seed=SEED, on_failure="ignore")
            audio = resample(speech.audio, speech.sample_rate, MEL.sample_rate)
            found[VOICE] = {
                **self._heard(sentence, audio),
                **_reading_figures(speech),
                **_pitch_figures(teacher, audio, same_timing=False),
            }
            if self.plan.pictures and sentence.number in self.plan.pictured:
                speech.plot(self.plan.pictures / f"sentence-{sentence.number:03}.png")
        return {"sentence": sentence._asdict(), "words": len(sentence.words), "systems": found}

    def _record(self, sentence: Sentence) -> torch.Tensor:
        """Let the teacher say it, trimmed and resampled as for training: (N,).

        It is given the words that are to be said, so that its own reading of numbers and signs
        does not count.
        """
        with tempfile.TemporaryDirectory(prefix="labkit") as folder:
            order = Order("clip", sentence.spoken, self.plan.teacher, "neutral")
            record(order, Path(folder))
            return load_audio(Path(folder) / order.file)

    def _vocoders(self) -> dict[str, Vocoder]:
        own = {COPY: self.synthesizer.vocoder} if self.synthesizer else {}
        return {**own, GRIFFIN_LIM: self.griffin_lim}

    def _heard(self, sentence: Sentence, audio: torch.Tensor) -> dict[str, Any]:
        understood = self.recogniser.understand(audio, MEL.sample_rate)
        report = audio_report(audio, MEL.sample_rate)
        return {
            "understood": " ".join(understood),
            "errors": edit_distance(sentence.words, understood),
            "seconds": report.duration,
            "level": speech_level(audio, MEL.sample_rate),
            "peak": report.peak_dbfs,
            "clipped": report.clipping_share,
        }


def _reading_figures(speech: Speech) -> dict[str, Any]:
    return {
        "failures": [str(failure) for failure in speech.failures],
        "stop_reason": speech.stop_reason,
        "pieces": len(speech.pieces),
        "attempts": sum(piece.attempts for piece in speech.pieces),
        "notes": list(speech.notes),
    }


def _pitch_figures(teacher: torch.Tensor, other: torch.Tensor, same_timing: bool) -> dict[str, Any]:
    error = pitch_error(teacher, other, same_timing)
    return {"pitch": error._asdict()} if error else {}


_listener: Listener


def listen_to_all(sentences: list[Sentence], plan: Plan, jobs: int) -> Iterator[dict[str, Any]]:
    """Go through the sentences in order, in processes of one thread each."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (plan,)) as pool:
        yield from pool.map(_listen, sentences)


def _begin(plan: Plan) -> None:
    global _listener
    torch.set_num_threads(1)
    _listener = Listener(plan)


def _listen(sentence: Sentence) -> dict[str, Any]:
    return _listener.listen(sentence)
