"""What the bench makes of times: ratios, their intervals, what is named, and what is no figure.

The sides are made up and so is their time: nothing here depends on a clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.bench.contest import Contest
from grader.bench.inputs import Draw, Size
from grader.bench.processes import Usage
from grader.bench.ratio import LEAST_ROUNDS, Ratio, ratio_of, why_not
from grader.bench.rounds import MOST_ROUNDS, Measured, Plan, measure
from grader.bench.side import Turn, TurnError
from grader.bench.verify import difference
from grader.labs.base import Tensors
from labkit.pipeline.front_end import Phonemes

OWN = [
    *("attention-1", "attention-2", "attention-3", "encoder-1", "encoder-2"),
    *("decoder-1", "decoder-2", "decoder-3", "tacotron2-1", "inference-1", "inference-2"),
]
PLAN = Plan(
    (Size(8, 1, 4), Size(12, 1, 6), Size(16, 1, 8)), (Size(8, 2, 10), Size(8, 2, 100)), seconds=10
)
Cost = Callable[[str, list[str], int], float]


def steady(do: str, own: list[str], steps: int) -> float:
    """What the parts of a pipeline take, whoever has written them."""
    each = {"encode": 0.01, "postnet": 0.01, "speak": 0.05, "decode": 0.0, "read": 0.02}
    return each.get(do, 0.0) + (0.001 * steps if do in ("decode", "read") else 0.0)


class Pretended:
    """A side that computes next to nothing, and says how long that took."""

    def __init__(self, cost: Cost = steady, *, waited: float = 0.0) -> None:
        self.cost, self.waited = cost, waited
        self.asked: list[tuple[str, list[str]]] = []
        self.is_alive = True
        self.shift = 0.0
        self.shifted: set[str] = set()

    def turn(self, do: str, given: Tensors | None = None, *, limit: float, **said: Any) -> Turn:
        own, steps = said.get("own", []), said.get("steps", 0)
        self.asked.append((do, own))
        seconds = self.cost(do, own, steps)
        made = {} if do in ("prepare", "echo") else self._made(do, own, given or {}, steps)
        return Turn(seconds, made, Usage(seconds, self.waited * seconds))

    def _made(self, do: str, own: list[str], given: Tensors, steps: int) -> Tensors:
        wrong = self.shift if self.shifted & set(own) else 0.0
        wrong = wrong if do in ("read", "decode") else 0.0
        B = len(next(iter(given.values())))
        if do == "encode":
            return {"memory": torch.ones(B, 3, 2)}
        if do == "read":
            return {"mel": torch.ones(B, 80, steps) + wrong, "mel_lengths": torch.full((B,), steps)}
        if do == "speak":
            return {"audio": torch.ones(B, 256)}
        return {"mel" if do == "decode" else "correction": torch.ones(B, 80, steps) + wrong}


def contest(student: Pretended, reference: Pretended | None = None) -> Contest:
    draw = Draw("a seed", Phonemes(), 2)
    return Contest(student, reference or Pretended(), OWN, draw)  # type: ignore[arg-type]


def measured(student: Pretended, reference: Pretended | None = None) -> Measured:
    seconds = iter(range(10_000))
    return measure(contest(student, reference), PLAN, lambda: next(seconds))


def slower(task: str, times: float, where: tuple[str, ...] = ("decode", "read")) -> Cost:
    """Cost of a pipeline in which one task's code is slow."""

    def cost(do: str, own: list[str], steps: int) -> float:
        factor = times if task in own and do in where else 1.0
        return factor * steady(do, own, steps)

    return cost


class TestRatios:
    def test_equal_times_are_a_ratio_of_one(self) -> None:
        ratio = ratio_of([0.5] * 5, [0.5] * 5)
        assert (ratio.median, ratio.low, ratio.high) == (1.0, 1.0, 1.0)
        assert ratio.is_narrow
        assert not ratio.is_slower

    def test_the_ratio_is_that_of_pairs_and_not_of_means(self) -> None:
        drift = [1.0, 2.0, 4.0, 8.0, 16.0]  # the machine gets slower and slower
        assert ratio_of([1.5 * one for one in drift], drift) == Ratio(1.5, 1.5, 1.5, 5)

    def test_one_disturbed_round_of_five_makes_it_wide_and_of_nine_does_not(self) -> None:
        for rounds, is_narrow in ((5, False), (9, True)):
            own = [1.0] * rounds
            own[2] = 3.0
            assert ratio_of(own, [1.0] * rounds).is_narrow is is_narrow

    def test_the_interval_holds_the_median_about_as_often_as_it_says(self) -> None:
        dice = random.Random(1)
        held = 0
        for _ in range(400):
            own = [dice.lognormvariate(0, 0.1) for _ in range(9)]
            ratio = ratio_of(own, [1.0] * 9)
            held += ratio.low <= 1.0 <= ratio.high
        assert held >= 0.9 * 400

    def test_fewer_rounds_than_needed_are_no_measurement(self) -> None:
        ratio = ratio_of([1.0] * (LEAST_ROUNDS - 1), [1.0] * (LEAST_ROUNDS - 1))
        assert "rounds only" in why_not(ratio, 0.0)

    def test_a_reference_that_waited_says_that_the_machine_was_busy(self) -> None:
        assert "for 40% of its time, the reference waited" in why_not(
            ratio_of([1.0] * 5, [1.0] * 5), 0.4
        )


class TestMeasuring:
    def test_the_same_pipeline_is_as_fast_and_nothing_is_named(self) -> None:
        found = measured(Pretended())
        assert (found.status, found.findings) == ("measured", [])
        assert found.ratio is not None
        assert (found.ratio.median, found.ratio.rounds) == (1.0, LEAST_ROUNDS)

    def test_both_sides_come_first_now_and_then(self) -> None:
        log: list[str] = []

        class Noted(Pretended):
            def turn(self, do: str, given: Tensors | None = None, **said: Any) -> Turn:
                log.append(self.name)
                return super().turn(do, given, **said)

        student, reference = Noted(), Noted()
        student.name, reference.name = "student", "reference"
        measured(student, reference)
        text = " ".join(log)
        assert "student reference student" in text
        assert "reference student student" in text or "student reference reference" in text

    def test_no_sentence_is_read_twice(self) -> None:
        draw = Draw("a seed", Phonemes(), 2)
        drawn = [tuple(draw.sentences(Size(20, 1, 5))["ids"][0].tolist()) for _ in range(200)]
        assert len(set(drawn)) == 200
        assert {len(one) for one in drawn} == {20}

    def test_who_knows_another_seed_knows_no_input(self) -> None:
        one, other = (Draw(seed, Phonemes(), 2).sentences(Size(20, 2, 5)) for seed in "ab")
        assert not torch.equal(one["ids"], other["ids"])

    @pytest.mark.parametrize(
        ("task", "name", "where"),
        [
            ("attention-1", "LocationLayer", ("decode", "read")),
            ("attention-3", "Attention", ("decode", "read")),
            ("decoder-2", "Decoder", ("decode", "read")),
            ("encoder-2", "Encoder", ("encode", "read")),
            ("tacotron2-1", "Tacotron2", ("read",)),
            ("inference-1", "read", ("read",)),
            ("inference-2", "speak", ("speak",)),
        ],
    )
    def test_what_is_slow_is_named_by_its_class_and_nothing_else(
        self, task: str, name: str, where: tuple[str, ...]
    ) -> None:
        found = measured(Pretended(slower(task, 1.6, where)))
        assert list(found.slow) == [name]
        assert found.findings[0].startswith(f"{name}: with it alone, ")
        assert "1.60 times as long" in found.findings[0]

    def test_a_slow_part_is_named_that_is_little_of_the_whole(self) -> None:
        found = measured(Pretended(slower("encoder-1", 2.0, ("encode",))))
        assert found.ratio is not None
        assert (found.ratio.median, list(found.slow)) == (1.0, ["Encoder"])

    def test_what_grows_with_the_length_is_named(self) -> None:
        def cost(do: str, own: list[str], steps: int) -> float:
            grown = 1e-5 * steps**2 if "decoder-3" in own and do in ("decode", "read") else 0.0
            return steady(do, own, steps) + grown

        found = measured(Pretended(cost))
        assert any("its time per step grows with the length" in line for line in found.findings)
        assert "Decoder" in found.slow

    def test_a_spread_that_gets_narrow_takes_more_rounds(self) -> None:
        taken = iter(range(100_000))

        def cost(do: str, own: list[str], steps: int) -> float:
            return steady(do, own, steps) * (2.0 if own and next(taken) in range(20, 23) else 1.0)

        found = measured(Pretended(cost))
        assert found.status == "measured"
        assert found.ratio is not None
        assert LEAST_ROUNDS < found.ratio.rounds <= MOST_ROUNDS

    def test_a_spread_that_stays_wide_is_not_measured(self) -> None:
        dice = random.Random(2)

        def cost(do: str, own: list[str], steps: int) -> float:
            return steady(do, own, steps) * (dice.choice((1.0, 2.5)) if own else 1.0)

        found = measured(Pretended(cost))
        assert found.status == "not measured"
        assert "the times spread too much" in found.reason
        assert found.findings == []

    def test_a_busy_machine_is_not_measured_however_narrow_the_ratio_is(self) -> None:
        found = measured(Pretended(), Pretended(waited=0.5))
        assert found.status == "not measured"
        assert "the machine was busy: for 50% of its time" in found.reason

    def test_a_turn_that_was_disturbed_is_taken_anew_with_other_inputs(self) -> None:
        disturbed = iter([False] * 30 + [True] * 4 + [False] * 10_000)
        inputs = []

        class Noted(Pretended):
            def turn(self, do: str, given: Tensors | None = None, **said: Any) -> Turn:
                turn = super().turn(do, given, **said)
                if do == "read" and given is not None:
                    inputs.append(tuple(given["ids"].flatten().tolist()))
                if not next(disturbed):
                    return turn
                return turn._replace(seconds=5 * turn.seconds, used=Usage(0.0, 4 * turn.seconds))

        found = measured(Noted())
        assert (found.status, found.findings) == ("measured", [])
        assert found.ratio is not None
        assert (found.ratio.median, found.ratio.high, found.ratio.rounds) == (1.0, 1.0, 5)
        assert len(set(inputs)) == len(inputs)

    def test_threads_of_the_students_own_are_no_busy_machine(self) -> None:
        found = measured(Pretended(slower("encoder-1", 3.0), waited=0.6))
        assert found.status == "measured"

    def test_more_than_one_processor_is_said(self) -> None:
        class Threaded(Pretended):
            def turn(self, do: str, given: Tensors | None = None, **said: Any) -> Turn:
                turn = super().turn(do, given, **said)
                return turn._replace(used=Usage(1.8 * turn.seconds, 0.0))

        assert measured(Threaded()).findings == [
            "it computes in threads, on 1.8 processors at a time"
        ]

    @pytest.mark.parametrize("task", ["attention-2", "decoder-3", "tacotron2-1", "inference-1"])
    def test_what_is_wrong_has_no_time_and_its_task_a_name(self, task: str) -> None:
        student = Pretended()
        student.shift, student.shifted = 0.5, {task}
        found = measured(student)
        assert (found.status, found.ratio) == ("wrong", None)
        assert "the mel is not that of the reference: it differs by 0.5 on average" in found.reason
        assert found.guilty == [task]

    def test_what_is_wrong_only_now_and_then_has_no_time(self) -> None:
        student = Pretended()
        turns = iter(range(10_000))

        def cost(do: str, own: list[str], steps: int) -> float:
            student.shift = 0.5 if next(turns) > 25 else 0.0
            return steady(do, own, steps)

        student.cost, student.shifted = cost, {"decoder-2"}
        assert measured(student).status == "wrong"

    def test_a_sentence_that_makes_much_of_a_rounding_is_read_anew(self) -> None:
        student = Pretended()
        turns = iter(range(10_000))

        def cost(do: str, own: list[str], steps: int) -> float:
            student.shift = 0.001 if next(turns) in (40, 71) else 0.0
            return steady(do, own, steps)

        student.cost, student.shifted = cost, {"decoder-2"}
        assert measured(student).status == "measured"

    def test_another_shape_is_no_rounding(self) -> None:
        found = difference({"mel": torch.zeros(1, 80, 3)}, {"mel": torch.zeros(1, 80, 4)})
        assert found == ("the mel has the shape (1, 80, 3), not (1, 80, 4)", True)
        assert difference({}, {"mel": torch.zeros(1)}) == ("there is no mel", True)
        nan = {"mel": torch.tensor([float("nan")])}
        assert difference(nan, {"mel": torch.zeros(1)}) == (
            "the mel holds numbers that are not finite",
            True,
        )
        assert difference({"mel": torch.zeros(0)}, {"mel": torch.zeros(0)}) is None

    def test_what_stops_has_no_time_and_says_why(self) -> None:
        def cost(do: str, own: list[str], steps: int) -> float:
            if do == "speak":
                raise TurnError("it stopped with ValueError: no")
            return steady(do, own, steps)

        found = measured(Pretended(cost))
        assert found.status == "failed"
        assert found.reason.startswith("mel to audio, 8 symbols: it stopped with ValueError: no")
