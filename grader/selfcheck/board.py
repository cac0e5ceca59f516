"""The progress board of a notebook, made from the checks that were run in its kernel.

Their history is kept in memory only and counts for nothing: whoever restarts the kernel starts an
empty board.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.errors import GraderError
from grader.labs import find_lab, find_task
from grader.labs.base import Lab
from grader.selfcheck.check import HISTORY, OPENED, Checked

if TYPE_CHECKING:
    from labkit.notebook.board import ProgressBoard
    from labkit.notebook.picture import Notice


def make_board(lab: Lab, history: Sequence[Checked], opened: float, now: float) -> ProgressBoard:
    """Return the board of a lab.

    The time between two checks counts for the task of the second one: that is what was worked on.

    Args:
        lab: whose tasks are shown.
        history: the checks of this kernel in order, those of other labs among them.
        opened: when the notebook was opened, on the clock of the checks, in seconds.
        now: the present, on the same clock.
    """
    from labkit.notebook.board import ProgressBoard, ProgressRow

    starts = [opened, *(check.time for check in history)]
    spent = {task.id: 0.0 for task in lab.tasks}
    for check, start in zip(history, starts, strict=False):
        if check.task_id in spent:
            spent[check.task_id] += check.time - start
    rows = []
    for task in lab.tasks:
        checks = [check for check in history if check.task_id == task.id]
        rows.append(
            ProgressRow(
                task.id,
                task.title,
                task.points,
                done=checks[-1].passed if checks else None,
                cases=checks[-1].cases if checks else None,
                checks=len(checks),
                seconds=spent[task.id],
                by_hand=task.manual,
            )
        )
    return ProgressBoard(lab.title, rows, now - opened, now - starts[-1] if history else None)


def progress(lab_name: str = "") -> ProgressBoard | Notice:
    """Return the progress board of a lab, to be shown as the last line of a cell.

    Args:
        lab_name: such as ``lab2_encoder``; the lab of the last check if it is not given.

    Returns:
        the board; a notice that says what to do if there is no such lab, or no check yet.
    """
    from labkit.notebook.picture import Notice

    if not lab_name and not HISTORY:
        return Notice(
            "Nothing has been checked in this kernel yet.",
            'Run a check first, or name the lab: progress("lab1_attention").',
        )
    try:
        lab = find_lab(lab_name) if lab_name else find_task(HISTORY[-1].task_id)[0]
    except GraderError as error:
        return Notice("There is no board to show.", f"{error}.")
    return make_board(lab, HISTORY, OPENED, time.monotonic())
