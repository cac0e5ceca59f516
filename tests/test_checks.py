"""The check below each task of every lab: what somebody sees who has not begun, or has slipped."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from grader.labs import LABS
from grader.labs.base import Task
from grader.selfcheck.check import run_check
from grader.submissions.graft import is_untouched
from notebook_tools import emptied, read_notebook

TASKS = {task.id: (lab, task) for lab in LABS.values() for task in lab.judged}
SLIPS: dict[str, dict[str, Any]] = {}
for name in LABS:
    SLIPS |= importlib.import_module(f"grader.labs.{name}.instructor.slips").SLIPS


def unfilled(task: Task) -> Any:
    def stub(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    if not task.methods:
        return stub
    module = importlib.import_module(task.home)
    return type(task.defines, (getattr(module, task.defines),), dict.fromkeys(task.methods, stub))


@pytest.mark.parametrize("task_id", TASKS)
def test_an_unfilled_task_is_called_so(task_id: str) -> None:
    task = TASKS[task_id][1]
    result = run_check(task_id, unfilled(task))
    assert result.finding is not None
    assert result.finding.stage == "unfilled"
    assert task.unwritten() in repr(result)
    assert "not yet" in result._repr_html_()


@pytest.mark.parametrize("task_id", TASKS)
def test_every_slip_has_its_name_and_its_question(task_id: str) -> None:
    task = TASKS[task_id][1]
    assert len(task.slips) >= 10
    for slip in task.slips:
        if slip.tells and slip.id not in SLIPS[task_id]:
            continue  # it says where a fill goes wrong, whatever was written
        result = run_check(task_id, SLIPS[task_id][slip.id])
        assert result.finding is not None, slip.id
        assert (result.finding.slip, result.finding.hint) == (slip.id, slip.hint)
        assert "?" in slip.hint and slip.hint in repr(result)
        assert "not yet" in result._repr_html_()


def test_slips_say_different_things() -> None:
    for _, task in TASKS.values():
        assert len({slip.title for slip in task.slips}) == len(task.slips)
        assert len({slip.id for slip in task.slips}) == len(task.slips)


@pytest.mark.parametrize("task_id", TASKS)
def test_the_released_cell_counts_as_untouched(task_id: str) -> None:
    from conftest import ROOT

    lab, task = TASKS[task_id]
    notebook = read_notebook(ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb")
    source = next(cell.source for cell in notebook.cells if cell.id == task_id)
    assert not is_untouched(task, source)
    assert is_untouched(task, emptied(source))
