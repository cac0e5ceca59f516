"""What holds of every lab of the curriculum: of its reference, its release, its slips and noise."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import pytest
import torch

import grader.judge.judge
from conftest import ROOT
from grader.instructor.maker import maker
from grader.instructor.ways import cell, compiled
from grader.judge.compare import examine
from grader.judge.golden import hidden_cases, public_cases
from grader.judge.judge import Judge
from grader.judge.naming import name_slip
from grader.judge.verdict import Verdict
from grader.labs import LABS
from grader.labs.base import Case, Lab, Task
from grader.selfcheck.check import CheckResult, run_check
from grader.submissions.graft import Submission, graft, is_untouched
from lab_tools import NOISES, Here, fails, found, noise
from notebook_tools import emptied, read_notebook, source_for

TASKS = {task.id: (lab, task) for lab in LABS.values() for task in lab.judged}
WAYS: dict[str, dict[str, str]] = {}
for _name in LABS:
    WAYS |= import_module(f"grader.labs.{_name}.instructor.slips").WAYS
SLIPS = {task_id: compiled(TASKS[task_id][1], ways) for task_id, ways in WAYS.items()}
EVERY_WAY = [(task, way) for task in TASKS for way in SLIPS[task]]

# Tasks some of whose slips are known by what is said of a fill alone, whatever was written.
TOLD = ("decoder-1", "decoder-2", "decoder-3", "tacotron2-1")
# What shows in training mode alone, in which no fresh case of its task is.
IN_TRAINING = (("encoder-2", "dropout-added~2"),)
# How often honest fills and noise are drawn, where a case costs more than elsewhere.
HONEST = {"lab3_decoder": 12, "lab4_inference": 10}
NOISY = {"lab1_attention": 200, "lab3_decoder": 200}

# What the original course's card counts: points of each task, and the test that they belong to.
CARD = {
    "attention-1": (20, "TEST_ATTEN"),
    "attention-2": (20, "TEST_ATTEN"),
    "attention-3": (20, "TEST_ATTEN"),
    "encoder-1": (30, "ENCODER"),
    "encoder-2": (30, "ENCODER"),
    "decoder-1": (20, "DECODER"),
    "decoder-2": (20, "DECODER"),
    "decoder-3": (20, "DECODER"),
    "tacotron2-1": (60, "TACOTRON2"),
    "inference-1": (15, "AUDIO"),
    "inference-2": (30, "AUDIO"),
    "inference-3": (15, "AUDIO"),
}

each_task = pytest.mark.parametrize("task_id", TASKS)
each_lab = pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
# Hundreds of answers go the few ways that other tests go, too: counting their lines each time takes
# as long as the answers themselves.
hundreds = pytest.mark.no_cover


@cache
def fresh(lab_name: str, task_id: str, seed: int) -> list[Case]:
    return maker(lab_name).fresh(task_id, seed)


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student's fresh cases are the same each time."""
    monkeypatch.setattr(grader.judge.judge, "_fresh", _fresh)


_fresh = cache(grader.judge.judge._fresh)


def references(lab: Lab) -> dict[str, Any]:
    """Return what the solutions of a lab define, as labkit has it."""
    return {task.defines: getattr(import_module(task.home), task.defines) for task in lab.judged}


def judge(lab: Lab, cells: dict[str, str], *, public_only: bool = False) -> dict[str, Verdict]:
    """Judge solution cells that stand in a notebook; verdicts by task."""
    found = [
        {"cell_type": "code", "id": task, "metadata": {}, "source": text}
        for task, text in cells.items()
    ]
    submission = graft({"cells": found, "metadata": {}}, lab)
    judge = Judge(lab, Here(), b"a course", "a suite", public_only)  # type: ignore[arg-type]
    return {v.task: v for v in judge.judge(submission, "ada") if v.task in cells}


def right(lab: Lab) -> dict[str, str]:
    """Return the cells of somebody who makes no mistake."""
    return {task.id: cell(task) for task in lab.judged}


def solution(lab: Lab, task: Task) -> str:
    notebook = read_notebook(ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb")
    return source_for(notebook, task.id)


# --- the reference and the release ---------------------------------------------------------------


def test_points_are_those_of_the_original_card() -> None:
    found = {task_id: (task.points, task.classic) for task_id, (_, task) in TASKS.items()}
    assert {task_id: found[task_id] for task_id in CARD} == CARD


@pytest.mark.parametrize("alone", [False, True], ids=["among the others", "alone"])
@each_task
def test_the_reference_has_full_marks(task_id: str, alone: bool) -> None:
    lab, task = TASKS[task_id]
    verdict = judge(lab, {task_id: cell(task)} if alone else right(lab))[task_id]
    assert verdict.points == task.points, verdict.message
    assert not verdict.note or alone
    if not verdict.note:
        assert verdict.public == (len(public_cases(lab)[task_id]),) * 2
        hidden = len(hidden_cases(lab)[task_id]) + len(fresh(lab.name, task_id, 0))
        assert verdict.hidden == (hidden, hidden)


@each_task
def test_the_check_passes_the_reference(task_id: str) -> None:
    lab, task = TASKS[task_id]
    result = run_check(task_id, references(lab)[task.defines])
    assert result.finding is None
    assert result.passed == result.total == len(public_cases(lab)[task_id])


@each_task
def test_an_honest_fill_passes_on_many_fresh_draws(task_id: str) -> None:
    lab, task = TASKS[task_id]
    names = references(lab)
    fill = names.pop(task.defines)
    for seed in range(HONEST.get(lab.name, 30)):
        for case in fresh(lab.name, task_id, seed):
            finding = found(task, case, fill, **names)
            assert finding is None, (seed, case.label, case.init, case.options, finding)


@each_lab
def test_the_untouched_release_has_no_point_and_each_message_its_task(lab: Lab) -> None:
    cells = {task.id: emptied(solution(lab, task)) for task in lab.judged}
    verdicts = Judge(lab, Here()).judge(Submission(cells))  # type: ignore[arg-type]
    assert [(v.points, v.stage) for v in verdicts] == [(0, "unfilled")] * len(lab.judged)
    assert [v.message for v in verdicts] == [f"{t.id}: {t.unwritten()}." for t in lab.judged]


def test_what_is_not_written_is_said_by_its_name() -> None:
    said = {task_id: task.unwritten() for task_id, (_, task) in TASKS.items()}
    assert said["attention-2"] == "Attention.get_alignment_energies is not written yet"
    assert said["decoder-2"] == "Decoder.decode and Decoder.steps are not written yet"
    assert said["inference-1"] == "read is not written yet"


@each_lab
def test_no_cell_at_all_has_no_point(lab: Lab) -> None:
    verdicts = Judge(lab, Here()).judge(Submission({}))  # type: ignore[arg-type]
    assert [(v.points, v.stage) for v in verdicts] == [(0, "unfilled")] * len(lab.judged)
    assert all("missing" in v.message for v in verdicts)


@each_task
def test_the_released_cell_counts_as_untouched(task_id: str) -> None:
    lab, task = TASKS[task_id]
    source = solution(lab, task)
    assert not is_untouched(task, source)
    assert is_untouched(task, emptied(source))


@each_task
def test_an_unfilled_task_is_called_so(task_id: str) -> None:
    lab, task = TASKS[task_id]

    def stub(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    fill: Any = stub
    if task.methods:
        reference = references(lab)[task.defines]
        fill = type(task.defines, (reference,), dict.fromkeys(task.methods, stub))
    result = run_check(task_id, fill)
    assert result.finding is not None
    assert result.finding.stage == "unfilled"
    assert task.unwritten() in repr(result)
    assert "not yet" in result._repr_html_()


# --- slips ---------------------------------------------------------------------------------------


@each_task
def test_every_declared_slip_is_made_and_no_other(task_id: str) -> None:
    task = TASKS[task_id][1]
    made = {way.partition("~")[0] for way in SLIPS[task_id]}
    left = [slip for slip in task.slips if slip.id not in made]
    assert made <= {slip.id for slip in task.slips}
    assert all(slip.tells for slip in left)
    assert not left or task_id in TOLD


@each_task
def test_slips_say_different_things(task_id: str) -> None:
    slips = TASKS[task_id][1].slips
    assert len(slips) >= 10
    assert len({slip.title for slip in slips}) == len({slip.id for slip in slips}) == len(slips)


@hundreds
@pytest.mark.parametrize(("task_id", "way"), EVERY_WAY)
def test_the_check_names_every_slip_with_its_question(task_id: str, way: str) -> None:
    known = TASKS[task_id][1].slip(way.partition("~")[0])
    result: CheckResult = run_check(task_id, SLIPS[task_id][way])
    assert result.finding is not None
    assert (result.finding.slip, result.finding.hint) == (known.id, known.hint)
    assert result.finding.message.lower().startswith(f"{known.title}.".lower())
    assert "?" in known.hint and known.hint in repr(result)
    assert "not yet" in result._repr_html_()


@hundreds
@each_task
def test_a_slip_in_a_students_cell_is_named_and_costs_its_own_points_only(task_id: str) -> None:
    """On the public cases; some on all of them and among the others, which takes longer."""
    lab, task = TASKS[task_id]
    for number, (way, text) in enumerate(WAYS[task_id].items()):
        known = task.slip(way.partition("~")[0])
        alone = number % 25 != 0
        others = {} if alone and lab.name in HONEST else right(lab)
        verdicts = judge(lab, others | {task_id: cell(task, text)}, public_only=alone)
        verdict = verdicts.pop(task_id)
        assert (verdict.points, verdict.slip, verdict.hint) == (0, known.id, known.hint), way
        assert verdict.message.lower().startswith(f"{task_id}: {known.title}.".lower())
        assert verdict.public[0] < verdict.public[1]
        assert all(other.passed for other in verdicts.values()), way


@hundreds
@pytest.mark.parametrize("task_id", [task_id for task_id in WAYS if TASKS[task_id][1].given])
def test_a_slip_is_caught_where_the_answers_of_earlier_tasks_are_given(task_id: str) -> None:
    lab, task = TASKS[task_id]
    for way, text in WAYS[task_id].items():
        if "~" not in way:
            verdict = judge(lab, {task_id: cell(task, text)})[task_id]
            assert (verdict.points, verdict.note[:7]) == (0, "judged "), way


@hundreds
@each_task
def test_hidden_and_fresh_cases_catch_every_slip_by_themselves(task_id: str) -> None:
    lab, task = TASKS[task_id]
    names = references(lab)
    del names[task.defines]
    rounds = [hidden_cases(lab)[task_id], *(fresh(lab.name, task_id, seed) for seed in range(5))]
    for number, cases in enumerate(rounds):
        asked = [case for case in cases if case.compare != "audio"]  # which takes longer
        if task_id == "tacotron2-1":  # whatever the decoder is like
            asked = [case for case in asked if case.alone]
        for way, slip in SLIPS[task_id].items():
            if not number or (task_id, way) not in IN_TRAINING:
                assert fails(task, asked, slip, **names), way


@hundreds
@each_task
def test_noise_is_wrong_and_is_told_where_and_never_why(task_id: str) -> None:
    lab, task = TASKS[task_id]
    dice = torch.Generator().manual_seed(7)
    cases = public_cases(lab)[task_id]
    numbers = [any(bool(x.any()) for x in case.expected.values()) for case in cases]
    telling = numbers.index(True)  # a go frame of zeros is right
    for number in range(NOISY.get(lab.name, 500)):
        kind = NOISES[number % len(NOISES)]
        answers = [noise(task, case, kind, dice) for case in cases]
        slip = name_slip(task, cases, *zip(*answers, strict=True))
        assert slip is None or (task_id in TOLD and slip.id not in SLIPS[task_id]), (slip, kind)
        assert examine(task, cases[telling], *answers[telling]) is not None
