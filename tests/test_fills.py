"""Labs 1 and 2 in many hands: no wrong fill passes the check, no right one fails the judge."""

from __future__ import annotations

import importlib
import textwrap
from typing import Any

import pytest

import conftest
import labkit.tacotron2
from grader.instructor.ways import cell
from grader.judge.judge import Judge
from grader.labs import LABS
from grader.sandbox.perform import run_cell
from grader.selfcheck.check import run_check
from grader.submissions.graft import Submission
from lab_tools import Here
from labs.lab2_encoder import cells as encoder_cells

TASKS = {
    task.id: (lab, task)
    for lab in (LABS["lab1_attention"], LABS["lab2_encoder"])
    for task in lab.judged
}
# Of the wrong fills below; what has no name is told where and by what it differs. Those are not
# there whose numbers are a stored way's: by these numbers they are named, whatever their words.
NAMED = 0.75


def fills(task_id: str) -> Any:
    return importlib.import_module("fills." + task_id.replace("-", "_"))


def written(task_id: str, body: str) -> str:
    """Return the cell with this body."""
    before = textwrap.dedent(fills(task_id).BEFORE).strip("\n")
    cells = conftest if task_id.startswith("attention") else encoder_cells
    return cells.cell(task_id, f"{before}\n{body}")


def defined(task_id: str, body: str) -> dict[str, Any]:
    """Return what a notebook's cells define, the other tasks being solved."""
    lab, task = TASKS[task_id]
    namespace = {"__name__": "__main__"}
    run_cell("setup", lab.setup, namespace)
    for name in {other.defines for other in lab.judged}:
        namespace[name] = getattr(labkit.tacotron2, name)
    run_cell(task_id, written(task_id, body), namespace)
    cls: Any = namespace[task.defines]
    if task_id == "attention-2":  # the class as the third task finishes it
        cls.forward = labkit.tacotron2.Attention.forward
    return namespace


@pytest.mark.parametrize("task_id", TASKS)
def test_no_wrong_fill_passes_the_check_and_names_are_right(task_id: str) -> None:
    task = TASKS[task_id][1]
    named, count = 0, 0
    for wanted, bodies in fills(task_id).WRONG.items():
        for body in bodies:
            result = run_check(task_id, defined(task_id, body)[task.defines])
            assert result.finding is not None, body
            assert wanted in ("", result.finding.slip), (body, result.finding)
            named, count = named + bool(result.finding.slip), count + 1
    assert count >= 35
    assert named >= NAMED * count, (named, count)


@pytest.mark.parametrize("task_id", TASKS)
def test_no_right_fill_fails_the_judge(task_id: str) -> None:
    lab = TASKS[task_id][0]
    right = {task.id: cell(task) for task in lab.judged}
    judge = Judge(lab, Here(), b"a course", "a suite")  # type: ignore[arg-type]
    assert len(fills(task_id).RIGHT) >= 15
    for number, body in enumerate(fills(task_id).RIGHT):
        own = {task_id: written(task_id, body)}
        for cells in (right | own, own):
            verdicts = judge.judge(Submission(cells), f"student {number}")
            verdict = next(verdict for verdict in verdicts if verdict.task == task_id)
            assert verdict.passed, (body, len(cells), verdict.message)
