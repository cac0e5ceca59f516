"""Remembers what the checks of this kernel found, for the progress board.

It is kept in memory only and counts for nothing: whoever restarts the kernel starts an empty
board.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import GraderError
from grader.tasks import find_lab, find_task
from grader.tasks.base import Lab

if TYPE_CHECKING:
    from labkit.notebook.picture import Notice
    from labkit.notebook.progress import ProgressBoard


@dataclass
class _Checked:
    """What is known of a task that was checked."""

    passed: bool = False
    cases: tuple[int, int] = (0, 0)
    checks: int = 0
    seconds: float = 0.0


class CheckLog:
    """The checks of a kernel, and when they were run.

    The time between two checks counts for the task of the second one: that is what was worked on.

    Args:
        clock: returns seconds; only differences matter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._opened = clock()
        self._checked: dict[str, _Checked] = {}
        self._last: tuple[str, float] | None = None

    @property
    def last_task(self) -> str:
        """Id of the task that was checked last; empty if there was none."""
        return self._last[0] if self._last else ""

    def add(self, task_id: str, passed: bool, cases: tuple[int, int]) -> None:
        """Remember a check.

        Args:
            task_id: the task that was checked.
            passed: whether it passed.
            cases: how many public cases passed, and how many there are.
        """
        now = self._clock()
        checked = self._checked.setdefault(task_id, _Checked())
        checked.passed, checked.cases = passed, cases
        checked.checks += 1
        checked.seconds += now - (self._last[1] if self._last else self._opened)
        self._last = (task_id, now)

    def board(self, lab: Lab) -> ProgressBoard:
        """Return the board of a lab's notebook."""
        from labkit.notebook.progress import ProgressBoard, ProgressRow

        rows = []
        for task in lab.tasks:
            checked = self._checked.get(task.id)
            if checked is None:
                rows.append(ProgressRow(task.id, task.title, task.points, by_hand=task.manual))
            else:
                rows.append(
                    ProgressRow(
                        task.id,
                        task.title,
                        task.points,
                        done=checked.passed,
                        cases=checked.cases,
                        checks=checked.checks,
                        seconds=checked.seconds,
                    )
                )
        now = self._clock()
        return ProgressBoard(
            lab.title, rows, now - self._opened, now - self._last[1] if self._last else None
        )


LOG = CheckLog()


def progress(lab_name: str = "") -> ProgressBoard | Notice:
    """Return the progress board of a lab, to be shown as the last line of a cell.

    Args:
        lab_name: such as ``lab2_encoder``; the lab of the last check if it is not given.

    Returns:
        the board; a notice that says what to do if there is no such lab, or no check yet.
    """
    from labkit.notebook.picture import Notice

    try:
        if lab_name:
            return LOG.board(find_lab(lab_name))
        if LOG.last_task:
            return LOG.board(find_task(LOG.last_task)[0])
    except GraderError as error:
        return Notice("No board", f"{error}.")
    return Notice(
        "Nothing has been checked in this kernel yet.",
        'Run a check first, or name the lab: progress("lab1_attention").',
    )
