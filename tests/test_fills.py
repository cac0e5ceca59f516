"""Labs 1 and 2 in many hands: no wrong fill passes the check, no right one fails the judge."""

from __future__ import annotations

import importlib
import textwrap
from typing import Any

import pytest

import conftest
import labkit.tacotron2
from grader.judge.judge import Judge
from grader.labs import LABS
from grader.sandbox.perform import run_cell
from grader.selfcheck.check import run_check
from grader.submissions.graft import Submission
from lab_tools import FillWorker, some_fill
from labs.lab2_encoder import cells as encoder_cells

TASKS = {
    task.id: (lab, task)
    for lab in (LABS["lab1_attention"], LABS["lab2_encoder"])
    for task in lab.judged
}
NAMED = 0.9  # of the fills below; what has no name is told where and by what it differs


def fills(task_id: str) -> Any:
    return importlib.import_module("fills." + task_id.replace("-", "_"))


def defined(task_id: str, body: str) -> dict[str, Any]:
    """Return what a notebook's cells define, the other tasks being solved."""
    lab, task = TASKS[task_id]
    namespace = {"__name__": "__main__"}
    run_cell("setup", lab.setup, namespace)
    for name in {other.defines for other in lab.judged}:
        namespace[name] = getattr(labkit.tacotron2, name)
    before = textwrap.dedent(fills(task_id).BEFORE).strip("\n")
    cells = conftest if lab.name == "lab1_attention" else encoder_cells
    run_cell(task_id, cells.cell(task_id, f"{before}\n{body}"), namespace)
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
    assert count >= 60
    assert named >= NAMED * count, (named, count)


@pytest.mark.parametrize("task_id", TASKS)
def test_no_right_fill_fails_the_judge(task_id: str) -> None:
    lab = TASKS[task_id][0]
    cells = {task.id: some_fill(task) for task in lab.judged}
    assert len(fills(task_id).RIGHT) >= 15
    for number, body in enumerate(fills(task_id).RIGHT):
        worker = FillWorker(defined(task_id, body))
        judge = Judge(lab, worker, b"a course", "a suite")  # type: ignore[arg-type]
        for alone in (False, True):
            asked = {task_id: cells[task_id]} if alone else cells
            verdicts = {v.task: v for v in judge.judge(Submission(asked), f"student {number}")}
            assert verdicts[task_id].passed, (body, alone, verdicts[task_id].message)
