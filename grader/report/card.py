"""The report card: the original lab's five tests, and below them what is known of each task.

A card is made from verdicts, wherever they come from: from a self-check of one's own notebooks
(:mod:`grader.report.own`), or from a course's ledger (:mod:`grader.course.report_cards`). How it
looks is settled in :mod:`grader.report.page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grader.judge.verdict import Verdict
from grader.labs.base import Lab, Task
from grader.text import visible

# The tests of the original lab in the order of its card. A task says which one its points are of.
CLASSIC = ("TEST_ATTEN", "ENCODER", "DECODER", "TACOTRON2", "AUDIO")
ACCEPTED = "Accept"  # what the original says of a full card
INCOMPLETE = "Incomplete"  # what this kit says of any other

_LINE_LIMIT = 240  # characters of a finding


@dataclass(frozen=True)
class ClassicTest:
    """One of the five tests: passed only with all of its points."""

    name: str
    points: int
    max_points: int

    @property
    def passed(self) -> bool:
        """Whether every point is earned."""
        return 0 < self.max_points == self.points

    @property
    def word(self) -> str:
        """PASS or FAIL."""
        return "PASS" if self.passed else "FAIL"


@dataclass(frozen=True)
class LabReport:
    """What is known of one lab.

    Attributes:
        lab: the lab.
        verdicts: of its judged tasks by id; empty if there was nothing to judge.
        reason: why there was nothing to judge, and what to do; empty if there was.
        file: the notebook, as its reader should look for it.
        time: when the notebook was saved, handed in or judged.
        time_of: which of the three: ``saved``, ``submitted``, ``judged``.
        notes: sentences on how this came about.
    """

    lab: Lab
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    reason: str = ""
    file: str = ""
    time: datetime | None = None
    time_of: str = ""
    notes: tuple[str, ...] = ()

    def points(self, task: Task) -> int:
        """Return the points of a task; nothing that is not judged has any."""
        verdict = self.verdicts.get(task.id)
        return verdict.points if verdict else 0

    @property
    def total(self) -> int:
        """The points of all judged tasks."""
        return sum(map(self.points, self.lab.judged))


@dataclass(frozen=True)
class ReportCard:
    """The card of one student.

    It prints itself as text and shows itself in a notebook.

    Attributes:
        labs: all labs of the kit in order.
        student: whose card it is; empty for one's own.
        self_check: whether only public cases were asked, by the student.
    """

    labs: tuple[LabReport, ...]
    student: str = ""
    self_check: bool = False

    @property
    def tests(self) -> tuple[ClassicTest, ...]:
        """The five tests of the original lab."""
        found = []
        for name in CLASSIC:
            tasks = [
                (report.points(task), task.points)
                for report in self.labs
                for task in report.lab.judged
                if task.classic == name
            ]
            found.append(ClassicTest(name, sum(p for p, _ in tasks), sum(m for _, m in tasks)))
        return tuple(found)

    @property
    def score(self) -> int:
        """The points of the five tests together."""
        return sum(test.points for test in self.tests)

    @property
    def max_score(self) -> int:
        """What the five tests can give."""
        return sum(test.max_points for test in self.tests)

    @property
    def word(self) -> str:
        """The card's one word: ``Accept`` if all five tests pass, else ``Incomplete``."""
        return ACCEPTED if all(test.passed for test in self.tests) else INCOMPLETE

    @property
    def newest(self) -> LabReport | None:
        """The lab whose time is the latest: the card's own time."""
        dated = [(report.time, report) for report in self.labs if report.time is not None]
        return max(dated, key=lambda pair: pair[0])[1] if dated else None

    @property
    def next(self) -> str:
        """What to do next, in one line."""
        for report in self.labs:
            for task in report.lab.judged:
                verdict = report.verdicts.get(task.id)
                if verdict is None:
                    return f"{task.id}: {report.reason or 'not judged yet: grade again'}"
                if not verdict.passed:
                    return f"{task.id}: {next_step(report, task)}"
        return "every task is passed; a written question is marked by a person"

    def record(self) -> dict[str, Any]:
        """Return the card as plain data."""
        newest = self.newest
        return {
            "student": self.student,
            "self_check": self.self_check,
            "score": self.score,
            "max_score": self.max_score,
            "word": self.word,
            "time": newest.time.isoformat() if newest and newest.time else "",
            "time_of": newest.time_of if newest else "",
            "next": self.next,
            "tests": [
                {
                    "name": test.name,
                    "passed": test.passed,
                    "points": test.points,
                    "max_points": test.max_points,
                }
                for test in self.tests
            ],
            "labs": [_lab_record(report) for report in self.labs],
        }

    def __repr__(self) -> str:
        from grader.report.page import card_text

        return card_text(self)

    def _repr_html_(self) -> str:
        from grader.report.page import card_html

        return card_html(self)


def _lab_record(report: LabReport) -> dict[str, Any]:
    tasks = []
    for task in report.lab.tasks:
        verdict = report.verdicts.get(task.id)
        tasks.append(
            {
                "task": task.id,
                "title": task.title,
                "test": task.classic,
                "manual": task.manual,
                "passed": verdict.passed if verdict else None,
                "points": report.points(task),
                "max_points": task.points,
                "public": verdict.public if verdict else None,
                "hidden": verdict.hidden if verdict and verdict.hidden[1] else None,
                "slip": verdict.slip if verdict else "",
                "finding": finding(report, task),
                "next": next_step(report, task),
                "seconds": verdict.seconds if verdict else None,
            }
        )
    return {
        "lab": report.lab.name,
        "title": report.lab.title,
        "points": report.total,
        "max_points": report.lab.points,
        "reason": report.reason,
        "notebook": report.file,
        "time": report.time.isoformat() if report.time else "",
        "time_of": report.time_of,
        "notes": list(report.notes),
        "tasks": tasks,
    }


def finding(report: LabReport, task: Task) -> str:
    """Say in one line what is wrong with a task; nothing if it is passed or was not judged."""
    verdict = report.verdicts.get(task.id)
    if verdict is None or verdict.passed:
        return ""
    line = verdict.message.removeprefix(f"{task.id}: ").partition("\n")[0]
    return visible(line, limit=_LINE_LIMIT)


def next_step(report: LabReport, task: Task) -> str:
    """Say in one line what to do about a task; nothing if it is passed."""
    verdict = report.verdicts.get(task.id)
    if task.manual:
        return "marked by a person"
    if verdict is None or verdict.passed:
        return ""
    if verdict.hint:
        return f"ask yourself: {visible(verdict.hint, limit=_LINE_LIMIT)}"
    steps = {
        "unfilled": f"write {task.name} in the cell {task.id}",
        "unreadable": "make the notebook readable: open it in JupyterLab and save it",
        "limit": f"look in the cell {task.id} for what loops, grows or ends the process",
    }
    return steps.get(verdict.stage, f"run the check below the cell {task.id}: it says more")
