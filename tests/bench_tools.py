"""A small bench for tests: short sentences, few steps, and a clock that nothing depends on."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ROOT
from grader.bench import contest
from grader.bench import ratio as figures
from grader.bench import rounds as measure
from grader.bench.bench import Settings
from grader.bench.inputs import Draw, Size
from grader.bench.processes import Held, Usage
from grader.bench.rounds import Plan
from grader.submissions.graft import Submission

sys.path.append(str(ROOT / "benchmarks"))
from pipeline_variants import CHEATS, HONEST, RIGHT, Variant, solved

__all__ = ["CHEATS", "HONEST", "RIGHT", "Variant", "solved"]


@dataclass(frozen=True)
class Small(Settings):
    """What is measured in tests."""

    def plan(self, draw: Draw) -> Plan:
        """Return what takes no time."""
        return Plan((draw.size(8, 2), draw.size(12)), (Size(8, 2, 4), Size(8, 2, 8)), 1e6)


def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing depend on how fast this machine is, or how busy; few rounds say enough."""
    monkeypatch.setattr(contest, "_SPARE", 120.0)
    monkeypatch.setattr(Held, "usage", lambda self: Usage(0.0, 0.0))
    for room in (figures, measure):
        monkeypatch.setattr(room, "LEAST_ROUNDS", 2)


def ticking() -> Callable[[], float]:
    """Return a clock that goes on by the same amount whenever it is looked at."""
    ticks = itertools.count()
    return lambda: next(ticks) / 100


def changed(task: str, source: str | None = None, **replaced: str) -> dict[str, Submission]:
    """Hand in the solutions with another cell for one task.

    Args:
        task: its id.
        source: of the cell; None to put something in front of the solution.
        replaced: ``before`` (a line in front of the cell's own code).
    """
    found = solved(RIGHT)
    for name, submission in found.items():
        if task in submission.cells:
            own = submission.cells[task]
            new = source if source is not None else f"{replaced['before']}\n{own}"
            found[name] = Submission(submission.cells | {task: new})
    return found


def notebooks(folder: Path, *labs: str) -> None:
    """Copy solved notebooks to where a student would have them."""
    for lab in labs:
        (folder / lab).mkdir(parents=True, exist_ok=True)
        for path in (ROOT / "notebooks" / lab).glob("*.ipynb"):
            (folder / lab / path.name).write_bytes(path.read_bytes())
