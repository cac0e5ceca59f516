"""How many times as long: the median of pairs, how sure it is, and when it is nothing at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

LEAST_ROUNDS = 5  # of five pairs, the smallest and the largest hold the median in 94 of 100 cases
SURE = 0.9  # how often the interval holds the median, at least
WIDEST = 0.1  # half of the interval, as a share of the ratio
BUSIEST = 0.1  # share of its time for which the reference may have waited for a processor


@dataclass(frozen=True)
class Ratio:
    """How many times as long as the reference.

    Attributes:
        median: of the pairs.
        low: the ratio is not below this,
        high: and not above this, in nine of ten cases.
        rounds: pairs of which it is made.
    """

    median: float
    low: float
    high: float
    rounds: int

    @property
    def is_narrow(self) -> bool:
        """Whether it says anything."""
        if self.rounds < LEAST_ROUNDS:
            return False
        return self.high - self.low <= 2 * WIDEST * self.median

    @property
    def is_slower(self) -> bool:
        """Whether it is surely slower than by what chance makes of two equal ones."""
        return self.low > 1.0 and self.median > SLOWER

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f}, {self.rounds} rounds)"

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


SLOWER = 1.05


def ratio_of(own: Sequence[float], reference: Sequence[float]) -> Ratio:
    """Compare times that were taken in pairs.

    Args:
        own: seconds, one for each round.
        reference: the same of the reference.
    """
    ratios = sorted(a / b for a, b in zip(own, reference, strict=True))
    outer = _outer(len(ratios))
    return Ratio(median(ratios), ratios[outer], ratios[-1 - outer], len(ratios))


def _outer(n: int) -> int:
    """Return how many pairs may be left out at each end: the order statistics of a median."""
    left_out, missed = 0, 2 * 0.5**n
    while left_out + 1 < (n + 1) // 2:
        missed += 2 * math.comb(n, left_out + 1) * 0.5**n
        if missed > 1 - SURE:
            break
        left_out += 1
    return left_out


def why_not(ratio: Ratio, waited: float) -> str:
    """Say why a ratio is none; nothing if it is one.

    Args:
        ratio: of all rounds.
        waited: share of its time for which the reference was ready and had no processor.
    """
    if waited > BUSIEST:
        return (
            f"the machine was busy: for {waited:.0%} of its time, the reference waited while other "
            "programs had the processor"
        )
    if ratio.rounds < LEAST_ROUNDS:
        return (
            f"there was time for {ratio.rounds} rounds only, and {LEAST_ROUNDS} are needed: give "
            "it more --seconds"
        )
    if not ratio.is_narrow:
        return (
            f"the times spread too much: after {ratio.rounds} rounds, the ratio may be anything "
            f"from {ratio.low:.2f} to {ratio.high:.2f}"
        )
    return ""
