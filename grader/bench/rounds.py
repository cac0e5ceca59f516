"""Measures one pipeline beside the reference: rounds until the ratio is sure, then why it is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

from grader.bench.contest import CALLED, PARTS, Contest, WrongError, names_of, tasks_of
from grader.bench.inputs import Size
from grader.bench.ratio import LEAST_ROUNDS, SLOWER, Ratio, ratio_of, why_not
from grader.bench.side import TurnError

MOST_ROUNDS = 15
PART_ROUNDS = 3
_PLAIN = 1.25  # a ratio that three rounds are enough for
_SLOW_ANYWAY = 2.0  # a ratio that is looked at where it takes least time, and no further
_MUCH_LATER = 4  # times the budget
THREADS = 1.1  # processors at a time that one thread cannot use
_GROWTH_IN_SIGHT = 1.04
GROWTH = 1.08  # a step may take so many times as long in a long sentence, beyond the reference's


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        sizes: of the inputs; the second one is taken apart.
        grown: a short and a long sentence, of several at once, for what grows.
        seconds: that the rounds may take.
    """

    sizes: tuple[Size, ...]
    grown: tuple[Size, Size]
    seconds: float = 6.0

    @property
    def main(self) -> Size:
        """The size whose latency is reported in the lines of the original lab."""
        return self.sizes[1]


@dataclass
class Measured:
    """What was found of one pipeline.

    Attributes:
        status: ``measured``, ``not measured``, ``wrong`` or ``failed``.
        reason: why it is not measured, what is wrong, or what stopped it.
        ratio: to the reference, over all sizes.
        findings: what is slow, one sentence each.
        guilty: the tasks that are wrong.
        slow: what is slower than the reference: by class or function.
    """

    status: str = "measured"
    reason: str = ""
    ratio: Ratio | None = None
    findings: list[str] = field(default_factory=list)
    guilty: list[str] = field(default_factory=list)
    slow: dict[str, Ratio] = field(default_factory=dict)


def measure(contest: Contest, plan: Plan, clock: Callable[[], float] = time.monotonic) -> Measured:
    """Measure the student's pipeline of a contest; whatever it does, there is a result.

    Args:
        contest: both sides.
        plan: what to measure.
        clock: for the budget.
    """
    try:
        return _measure(contest, plan, clock)
    except WrongError as error:
        return Measured("wrong", str(error), guilty=_guilty(contest, plan.main))
    except TurnError as error:
        return Measured("failed", str(error))


def _measure(contest: Contest, plan: Plan, clock: Callable[[], float]) -> Measured:
    end = clock() + plan.seconds
    contest.spare = plan.seconds
    contest.prepare(contest.own)
    for size in plan.sizes:  # what is first used, compiled or allocated is no part of it
        contest.whole(size, keep=False)
    contest.parts(plan.main, keep=False)
    for done in range(1, MOST_ROUNDS + 1):
        for size in plan.sizes:
            contest.whole(size)
        if done <= PART_ROUNDS:
            contest.parts(plan.main)
        late = clock() - end
        if done >= LEAST_ROUNDS and (late > 0 or total(contest, plan).is_narrow):
            break
        if late > _MUCH_LATER * plan.seconds:  # so slow a machine gets no figure, and no long wait
            break
    ratio = total(contest, plan)
    waited = contest.waited / contest.taken if contest.taken else 0.0
    if reason := why_not(ratio, waited):
        return Measured("not measured", reason, ratio)
    measured = Measured(ratio=ratio)
    if contest.processor > THREADS * contest.student_taken:  # where nobody can keep it on one core
        processors = contest.processor / contest.student_taken
        measured.findings.append(
            f"it computes in threads, on {processors:.1f} processors at a time"
        )
    for look in (_blame, _growth):
        with suppress(TurnError):  # the time is known; why it is so may be hidden
            look(contest, plan, measured)
    return measured


def total(contest: Contest, plan: Plan) -> Ratio:
    """Compare rounds as a whole: both ways of every size together."""
    keys = [(do, size) for size in plan.sizes for do in ("read", "speak")]
    rounds = zip(*(contest.times[key] for key in keys), strict=True)
    sums = [tuple(map(sum, zip(*one, strict=True))) for one in rounds]
    own, reference = zip(*sums, strict=True)
    return ratio_of(own, reference)


def _guilty(contest: Contest, size: Size) -> list[str]:
    """Find the tasks that alone make a result wrong."""
    for do in ("encode", "decode", "read", "speak"):
        if not contest.is_alive:
            break
        with suppress(TurnError):
            if found := contest.guilty(do, size):
                return found
    return []


def _blame(contest: Contest, plan: Plan, measured: Measured) -> None:
    """Find the classes that alone make a pipeline slower, where it is slower."""
    assert measured.ratio is not None
    reading = max(plan.sizes, key=lambda size: contest.ratio("read", size).median)
    if measured.ratio.median > _SLOW_ANYWAY:  # and takes long wherever it is looked at
        reading = plan.main
    speaking = max(plan.sizes, key=lambda size: contest.ratio("speak", size).median)
    suspects: list[tuple[str, Size, str]] = []
    is_slow = contest.ratio("read", reading).median > SLOWER
    for do in ("encode", "decode"):
        # a part that is little of the whole is seen by itself only
        if not is_slow and contest.ratio(do, plan.main).low < _PLAIN:
            continue
        if _compare(contest, reading, do, contest.own).is_slower:
            suspects += [(do, reading, name) for name in PARTS[do]]
    if is_slow:
        suspects += [("read", reading, name) for name in ("Tacotron2", "read")]
    if contest.ratio("speak", speaking).median > SLOWER:
        suspects.append(("speak", speaking, "speak"))
    for do, size, name in suspects:
        own = [task for task in tasks_of(name) if task in contest.own]
        ratio = None
        with suppress(WrongError):  # right as a whole, and of no use to the reference's methods
            ratio = _compare(contest, size, do, own) if own else None
        if ratio is not None and ratio.is_slower:
            measured.slow[name] = ratio
            measured.findings.append(
                f"{name}: with it alone, {CALLED[do]} takes {ratio.median:.2f} times as long as "
                f"the reference ({size})"
            )


def _compare(contest: Contest, size: Size, do: str, own: Sequence[str]) -> Ratio:
    """Compare a part of a pipeline with some tasks of the student's to the same with none.

    Both are asked of the student's side: of two processes, one may be quicker for reasons of its
    own, such as what its memory has been used for.

    Raises:
        TurnError: it gave no result.
        WrongError: it gave another one than the reference.
    """
    for tasks in (own, ()):
        contest.prepare(tasks)
        contest.part(do, size, tasks)  # warms it up
    pairs: list[tuple[float, float]] = []
    while len(pairs) < LEAST_ROUNDS:
        (with_them, _), (without, _) = (contest.part(do, size, tasks) for tasks in (own, ()))
        pairs.append((with_them, without))
        if len(pairs) == PART_ROUNDS and min(a / b for a, b in pairs) > _PLAIN:
            break
    return ratio_of(*zip(*pairs, strict=True))


def _growth(contest: Contest, plan: Plan, measured: Measured) -> None:
    """Find out whether a decoder's step takes longer the longer the sentence is.

    One round says whether there is anything to look at; two more say whether it is so. So long
    after its end, a sentence is noise, of which right decoders make different ones: it has no time.
    """
    assert measured.ratio is not None
    is_slow = measured.ratio.median > _SLOW_ANYWAY
    if is_slow or not set(names_of(contest.own)) & set(PARTS["decode"]):
        return
    contest.prepare(contest.own)
    contest.part("decode", plan.grown[0], checked=False)
    sides: tuple[list[float], list[float]] = [], []
    for _ in range(PART_ROUNDS):
        short, long = (contest.part("decode", size, checked=False) for size in plan.grown)
        for side, grown in enumerate(sides):
            grown.append(long[side] / short[side] * plan.grown[0].steps / plan.grown[1].steps)
        if sides[0][0] < _GROWTH_IN_SIGHT * sides[1][0]:
            return
    ratio = ratio_of(*sides)
    if ratio.median > GROWTH and ratio.low > 1.0:
        measured.slow.setdefault("Decoder", ratio)
        measured.findings.append(
            "Decoder: its time per step grows with the length "
            f"(x{median(sides[0]):.2f} from {plan.grown[0].steps} to {plan.grown[1].steps} steps "
            f"of {plan.grown[1].batch} sentences; the reference x{median(sides[1]):.2f})"
        )
