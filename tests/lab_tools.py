"""What the tests of every lab's tasks need: asking a class as the worker would, and noise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch

from grader.judge.finding import Finding
from grader.judge.judge import Judge
from grader.judge.stage import Partner, Stage, examine_played, partner_of
from grader.judge.verdict import Verdict
from grader.labs.base import Case, Lab, Task, Tensors, call_document, call_tensors, outputs_of
from grader.sandbox import line
from grader.sandbox.line import answered_by
from grader.sandbox.perform import Report, perform, perform_call
from grader.sandbox.session import Answer
from grader.submissions.graft import Submission
from labkit.labs import given

Run = Callable[..., dict[str, Verdict]]  # cells of a lab to verdicts by task
NOISES = ("normal", "tiny", "weights", "constant", "zero")


def call(
    task: Task, case: Case, fill: Any, partner: Partner | None = None, **others: Any
) -> tuple[Report, Tensors]:
    """Call a class or function on a case as the worker would, in this process.

    Args:
        task: the task.
        case: the case.
        fill: what the student's cell defines.
        partner: answers the events; a new one if None.
        others: what other cells define.
    """
    tensors = call_tensors(task, case)
    partner = partner or partner_of(task, case)
    with answered_by(partner.answer) if partner else nullcontext():
        return perform_call(call_document(task, case), tensors, {task.defines: fill, **others})


def fails(task: Task, cases: list[Case], fill: Any, **others: Any) -> bool:
    """Whether at least one case tells a fill from a right one."""
    return any(found(task, case, fill, **others) is not None for case in cases)


def found(task: Task, case: Case, fill: Any, **others: Any) -> Finding | None:
    """Return what is found to be wrong with a fill on a case."""
    partner = partner_of(task, case)
    played = call(task, case, fill, partner, **others)
    return examine_played(task, case, partner, *played)


class Here:
    """Answers as a worker would, in this process: no sandbox, and labkit with its answers in it."""

    def ask(self, document: dict, tensors: Tensors, stage: Stage | None = None) -> Answer:
        given._classes.cache_clear()  # what a worker's child begins with is not filled
        learns = torch.is_grad_enabled()
        if stage is not None:
            stage.open().close()  # new partners; they answer in this process
        partners = stage.partners if stage else []
        try:
            with answered_by(lambda *event: partners[line._turn[0]].answer(*event)):
                return Answer("ok", 0, 0.0, 0, *perform(document, tensors))
        finally:
            torch.set_grad_enabled(learns)


def judging(lab: Lab, worker: object) -> Run:
    """Judge solution cells as `grader grade` would; verdicts by task.

    What is known to need all of its time limit may be given a shorter one.
    """

    def run(
        cells: dict[str, str], *, public_only: bool = False, seconds: float | None = None
    ) -> dict[str, Verdict]:
        tasks = tuple(replace(task, seconds=seconds or task.seconds) for task in lab.tasks)
        asked = replace(lab, tasks=tasks)
        judge = Judge(asked, worker, b"a course", "a suite", public_only)  # type: ignore[arg-type]
        return {v.task: v for v in judge.judge(Submission(cells), "ada")}

    return run


def noise(task: Task, case: Case, kind: str, dice: torch.Generator) -> tuple[Report, Tensors]:
    """Draw outputs of the right shapes that mean nothing, as a worker would report them."""
    answers = {}
    for output in outputs_of(task, case):
        shape = case.expected[output.name].shape
        drawn = torch.randn(shape, generator=dice)
        answers[output.name] = {
            "normal": drawn,
            "tiny": drawn * 1e-4,
            "weights": drawn.softmax(-1) if shape else drawn,
            "constant": torch.full(shape, float(drawn.flatten()[0])),
            "zero": torch.zeros(shape),
        }[kind]
    kinds = {name: {"dtype": "torch.float32", "device": "cpu"} for name in answers}
    for name, tensor in call_tensors(task, case).items():
        if name.startswith("in."):
            answers[name.replace("in.", "after.", 1)] = tensor
    return {"returned": "Tensor", "outputs": kinds}, answers
