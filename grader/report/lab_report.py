"""What is known of one lab: its tasks' verdicts, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grader.judge.verdict import Verdict
from grader.labs.base import Lab, Task
from grader.text import visible

_LINE_LIMIT = 240  # characters of a finding


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


def lab_record(report: LabReport) -> dict[str, Any]:
    """Return what is known of a lab as plain data."""
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
