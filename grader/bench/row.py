"""What is kept of one benchmark: plain data, from which every report is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from grader.bench.inputs import Size
from labkit.audio.config import DEFAULT

if TYPE_CHECKING:
    from grader.bench.contest import Contest
    from grader.bench.rounds import Measured, Plan

Row = dict[str, Any]

_NAMED = 4  # tasks that a line names
LAST = "lab4_inference"  # the lab whose edition lends what a student has not
MEASURED, NOT_MEASURED, WRONG, FAILED = "measured", "not measured", "wrong", "failed"
PARTS = {"encode": "encoder", "decode": "decoder", "postnet": "postnet", "speak": "vocoder"}


def make_row(
    measured: Measured,
    *,
    plan: Plan | None = None,
    contest: Contest | None = None,
    origins: Sequence[Sequence[Any]] = (),
    peak_bytes: tuple[int, int] = (0, 0),
    about: Row | None = None,
) -> Row:
    """Put together what was found.

    Times are in a row only if it is measured: of anything else there is none.

    Args:
        measured: the outcome.
        plan: what was to be measured.
        contest: the times.
        origins: task, whether its code is the student's, and why.
        peak_bytes: of the student's side and of the reference's.
        about: machine, model and settings.
    """
    row: Row = {
        "status": measured.status,
        "reason": measured.reason,
        "ratio": None,
        "findings": measured.findings,
        "slow": {name: ratio.as_dict() for name, ratio in measured.slow.items()},
        "guilty": measured.guilty,
        "own": [task for task, is_own, _ in origins if is_own],
        "lent": {task: why for task, is_own, why in origins if not is_own},
        "peak_bytes": list(peak_bytes),
        **(about or {}),
    }
    if measured.status != MEASURED or measured.ratio is None or plan is None or contest is None:
        return row
    parts = {}
    for do, name in PARTS.items():
        own, beside = zip(*contest.times[do, plan.main], strict=True)
        parts[name] = [median(own), median(beside)]
    return row | {
        "ratio": measured.ratio.as_dict(),
        "sizes": [_times_of(contest, size) for size in plan.sizes],
        "main": plan.sizes.index(plan.main),
        "parts": parts,
        "pre_processing": contest.draw.reading,
        "passing": contest.passing("speak", plan.main),
        "processors": contest.processor / contest.student_taken,
    }


def _times_of(contest: Contest, size: Size) -> Row:
    read, speak = contest.times["read", size], contest.times["speak", size]
    return {
        "symbols": size.symbols,
        "batch": size.batch,
        "frames": size.steps * contest.draw.frames_per_step,
        "own": [[a[0], b[0]] for a, b in zip(read, speak, strict=True)],
        "reference": [[a[1], b[1]] for a, b in zip(read, speak, strict=True)],
        "ratio": contest.ratio_of_whole(size).as_dict(),
    }


@dataclass(frozen=True)
class Latency:
    """How long one size takes.

    Attributes:
        name: the size, in words.
        seconds: median of the student's rounds, and of the reference's.
        speech: seconds of speech that are made.
    """

    name: str
    seconds: tuple[float, float]
    speech: float

    @property
    def real_time_factor(self) -> float:
        """Seconds of the student's for each second of speech."""
        return self.seconds[0] / self.speech


def latencies(row: Row, *, single: bool = False) -> list[Latency]:
    """Return the latencies of a measured row, in the order of its sizes.

    Args:
        row: as :func:`make_row` makes it.
        single: without the sizes of several sentences.
    """
    found = []
    for size in row.get("sizes", []):
        if single and size["batch"] > 1:
            continue
        own, beside = (median(map(sum, size[side])) for side in ("own", "reference"))
        speech = size["batch"] * size["frames"] * DEFAULT.hop_length / DEFAULT.sample_rate
        name = str(Size(size["symbols"], size["batch"], 0))
        found.append(Latency(name, (own, beside), speech))
    return found


def main_latency(row: Row) -> Latency:
    """Return the latency of the size that the original lab's lines are about."""
    return latencies(row)[row["main"]]


def lent_in_words(row: Row) -> list[str]:
    """Say what of a pipeline is not its author's; nothing if all of it is."""
    lent, every = list(row["lent"]), len(row["lent"]) + len(row["own"])
    if not lent:
        return []
    named = ", ".join(lent) if len(lent) <= _NAMED else f"{len(lent)} of {every} tasks"
    return [f"lent by the reference: {named}"]


def in_a_line(row: Row) -> str:
    """Say in one line what came of a benchmark."""
    if row["status"] == MEASURED:
        ratio = row["ratio"]
        said = f"{ratio['median']:.2f} times the reference's time"
        if ratio["low"] <= 1.0 <= ratio["high"] or abs(ratio["median"] - 1) < 0.05:
            said = f"as fast as the reference ({ratio['median']:.2f} times its time)"
        return "; ".join([said, *row["findings"], *lent_in_words(row)])
    if row["guilty"]:
        return f"{row['status']}: {', '.join(row['guilty'])}: {row['reason']}"
    return f"{row['status']}: {row['reason']}"
