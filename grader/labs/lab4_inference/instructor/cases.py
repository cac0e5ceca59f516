"""Lab 4, the instructor's side: its cases, by toys in float64; those of a voice stand beside it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from grader.instructor.making import complete
from grader.instructor.ways import compiled
from grader.judge.golden import Cases
from grader.judge.stage import partner_of
from grader.labs.base import Case, Task, Tensors
from grader.labs.lab4_inference.instructor.slips import WAYS
from grader.labs.lab4_inference.instructor.voice_cases import SENTENCES, hear, voice_case
from grader.labs.lab4_inference.tasks import BENCHMARK, READ, SPEAK
from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from labkit.pipeline import plain

REFERENCE = {"inference-1": plain.read, "inference-2": plain.speak, "inference-3": plain.benchmark}
FRESH = 4
_LARGEST = 2  # parts of 32 in a toy's mel: no sum of the bands leaves [-1, 1]

_TASKS = {task.id: task for task in INFERENCE.judged}


def answer(task: Task, case: Case, *, gradients: bool = False, slips: bool = False) -> Case:
    """Compute what must come out of a case, in float64, rounded once."""
    if case.compare == "audio":
        return hear(case)
    partner = partner_of(task, case)
    shown = partner.shown if partner else ()
    ways = {way: text for way, text in WAYS[task.id].items() if way.partition("~")[0] not in shown}
    wrong = compiled(task, ways) if slips else None
    return complete(task, case, REFERENCE[task.id], gradients=gradients, slips=wrong)


def _expecting(*names: str) -> Tensors:
    """Name the outputs that a case asks for, before they are computed."""
    return dict.fromkeys(names, torch.empty(0))


# ── read ────────────────────────────────────────────────────────────────────────────────────────


def _key(dice: torch.Generator) -> str:
    """Draw what a partner makes its numbers of."""
    return f"{int(torch.randint(2**62, (), generator=dice)):x}"


def _reading(
    label: str,
    lengths: Sequence[int],
    seed: int | None,
    dice_seed: int,
    *,
    n_mels: int = 4,
    spare: int = 4,
    elsewhere: bool = False,
    slips: bool = False,
) -> Case:
    dice = torch.Generator().manual_seed(dice_seed)
    inputs = {
        "ids": torch.randint(1, 9, (len(lengths), max(lengths)), generator=dice),
        "lengths": torch.tensor(lengths),
    }
    options = {"grad": True, "elsewhere": elsewhere, "reading_seed": seed}
    partner = {
        "key": _key(dice),
        "n_mels": n_mels,
        "spare": spare,
        "elsewhere": elsewhere,
    }
    expected = _expecting("mel", "mel_lengths", "alignments", "places")
    case = Case(label, {}, {}, inputs, expected, options=options, alone=True, partner=partner)
    return answer(READ, case, slips=slips)


# ── speak ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Voice:
    """What a toy vocoder sounds like."""

    n_mels: int = 4
    hop_length: int = 4
    sample_rate: int = 16_000

    @property
    def config(self) -> dict[str, Any]:
        return {
            "sample_rate": self.sample_rate,
            "n_fft": 4 * self.hop_length,
            "hop_length": self.hop_length,
            "win_length": 2 * self.hop_length,
            "n_mels": self.n_mels,
            "mel_fmax": self.sample_rate / 2,
        }


def _speaking(
    label: str,
    lengths: Sequence[int],
    frames: int,
    toy: _Voice,
    strength: float,
    dice_seed: int,
    *,
    elsewhere: bool = False,
    paths: str = "text",
    slips: bool = False,
) -> Case:
    """Numbers are few and round, so that 16 bits hold them exactly."""
    dice = torch.Generator().manual_seed(dice_seed)
    shape = (len(lengths), toy.n_mels, frames)
    mel = torch.randint(-_LARGEST, _LARGEST + 1, shape, generator=dice) / 32
    inputs = {"mel": mel, "mel_lengths": torch.tensor(lengths)}
    names = [f"{what}_{index}" for what in ("audio", "file") for index in range(len(lengths))]
    options = {
        "grad": True,
        "mel": toy.config,
        "strength": strength,
        "elsewhere": elsewhere,
        "paths": paths,
    }
    partner = {
        "key": _key(dice),
        "n_mels": toy.n_mels,
        "hop_length": toy.hop_length,
    }
    expected = _expecting(*names, "sample_rates", "places", "count")
    case = Case(label, {}, {}, inputs, expected, options=options, alone=True, partner=partner)
    return answer(SPEAK, case, slips=slips)


# ── benchmark ───────────────────────────────────────────────────────────────────────────────────


def _measuring(
    label: str,
    n_iterations: int,
    n_warm_ups: int,
    batch: int,
    dice_seed: int,
    *,
    n_mels: int = 7,
    hop_length: int = 5,
    slips: bool = False,
) -> Case:
    dice = torch.Generator().manual_seed(dice_seed)
    options = {"n_iterations": n_iterations, "n_warm_ups": n_warm_ups}
    partner = {
        "key": _key(dice),
        "batch": batch,
        "n_mels": n_mels,
        "hop_length": hop_length,
        "busy": 0.7,
        **options,
    }
    case = Case(label, {}, {}, {}, {}, options=options, alone=True, partner=partner)
    return answer(BENCHMARK, case, slips=slips)


# ── all of them ─────────────────────────────────────────────────────────────────────────────────


def public_cases() -> Cases:
    """Make the cases that students may see."""
    return {
        READ.id: [
            _reading("two sentences", (6, 4), 7, 1, slips=True),
            _reading("one sentence, without a seed", (5,), None, 2, slips=True),
            # all sizes equal: a mel on its side still has the right shape
            _reading(
                "a seed of zero, all sizes equal", (4, 2, 3, 1), 0, 3, n_mels=6, spare=2, slips=True
            ),
            _reading("on another device", (3, 2), 5, 4, elsewhere=True, slips=True),
        ],
        SPEAK.id: [
            _speaking("two sentences", (3, 5), 7, _Voice(), 0.25, 5, slips=True),
            _speaking(
                "all sizes equal", (4, 2, 1), 4, _Voice(sample_rate=8000), 0.5, 6, slips=True
            ),
            _speaking(
                "a large hop",
                (1,),
                3,
                _Voice(hop_length=300, sample_rate=24_000),
                0.125,
                7,
                paths="path",
                slips=True,
            ),
            _speaking(
                "on another device",
                (4, 2),
                6,
                _Voice(5, 3, 11_025),
                0.5,
                11,
                elsewhere=True,
                slips=True,
            ),
        ],
        BENCHMARK.id: [
            _measuring("three iterations after two warm-ups", 3, 2, 1, 8, slips=True),
            _measuring("a batch of four", 4, 1, 4, 9, slips=True),
            _measuring("no warm-up", 2, 0, 2, 10, slips=True),
        ],
    }


def hidden_cases() -> Cases:
    """Make the fixed cases that students may not see."""
    return {
        READ.id: [
            _reading("heavy padding", (11, 1, 2), 123_456, 21, n_mels=7),
            _reading("a seed of zero", (3, 5), 0, 22),
            _reading("a single symbol", (1,), None, 23),
            _reading("on another device", (2, 6), None, 24, elsewhere=True),
        ],
        SPEAK.id: [
            _speaking("a sentence of one frame", (1, 6), 9, _Voice(5, 6, 22_050), 0.25, 25),
            _speaking("no padding", (4,), 4, _Voice(3, 8, 44_100), 0.0, 26, paths="path"),
            _speaking("a longer sentence last", (2, 3, 6), 8, _Voice(6, 3, 11_025), 0.75, 27),
            _speaking(
                "on another device", (3, 5), 8, _Voice(4, 5, 24_000), 0.125, 31, elsewhere=True
            ),
            voice_case("the shipped voice says two sentences", SENTENCES[:2], 11, whole=True),
            voice_case(
                "the shipped voice with a given spectrogram", SENTENCES[2:4], 12, whole=False
            ),
        ],
        BENCHMARK.id: [
            _measuring("one iteration", 1, 3, 3, 28),
            _measuring("many iterations", 9, 4, 2, 29, n_mels=80, hop_length=256),
            _measuring("no warm-up, one sentence", 3, 0, 1, 30),
        ],
    }


def fresh_cases(task_id: str, seed: int) -> list[Case]:
    """Draw new cases of a task; the same seed draws the same cases."""
    dice = random.Random(seed)
    draw = {READ.id: _fresh_reading, SPEAK.id: _fresh_speaking, BENCHMARK.id: _fresh_measuring}
    cases = [draw[task_id](dice, number) for number in range(FRESH)]
    if task_id == SPEAK.id:
        sentences = dice.sample(SENTENCES, 2)
        label = "the shipped voice, fresh sentences"
        cases.append(voice_case(label, sentences, dice.getrandbits(31), whole=True))
    return cases


def _lengths(dice: random.Random, number: int) -> list[int]:
    longest = dice.randint(3, 9)
    others = [dice.randint(1, longest - 1) for _ in range((1, 2, 3, 3)[number] - 1)]
    return dice.sample([longest, *others], len(others) + 1)


def _fresh_reading(dice: random.Random, number: int) -> Case:
    return _reading(
        "fresh numbers",
        _lengths(dice, number),
        (None, 0)[number] if number < 2 else dice.getrandbits(20),
        dice.getrandbits(48),
        n_mels=dice.randint(3, 8),
        elsewhere=number == FRESH - 1,
    )


def _fresh_speaking(dice: random.Random, number: int) -> Case:
    lengths = _lengths(dice, number)
    # none of them the usual one: a number that was written down shows
    rate = dice.choice((8000, 11_025, 16_000, 24_000, 44_100))
    toy = _Voice(dice.randint(3, 6), dice.randint(3, 9), rate)
    strength = dice.choice((0.125, 0.25, 0.5))
    frames = max(lengths) + dice.randint(2, 4)
    return _speaking(
        "fresh numbers",
        lengths,
        frames,
        toy,
        strength,
        dice.getrandbits(48),
        elsewhere=number == FRESH - 1,
        paths=dice.choice(("text", "path")),
    )


def _fresh_measuring(dice: random.Random, number: int) -> Case:
    return _measuring(
        "fresh numbers",
        dice.randint(2, 6),
        (0, 1, 3, 5)[number],
        (1, 3, 4, 8)[number],
        dice.getrandbits(48),
        n_mels=dice.randint(3, 9),
        hop_length=dice.randint(3, 9),
    )
