"""The vocabulary of a lab: tasks, calls, cases and named slips. Everything here is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Slip:
    """A mistake that people make, recognised by the numbers that it yields.

    Attributes:
        id: slug, unique within its task.
        title: the mistake in a few words.
        hint: one question that leads on; never the answer.
    """

    id: str
    title: str
    hint: str


@dataclass(frozen=True)
class Given:
    """A method that is answered with a tensor, so that a task is judged on its own.

    Attributes:
        name: attribute of the object under test that is replaced.
        tensor: name of the input tensor that it returns.
    """

    name: str
    tensor: str


@dataclass(frozen=True)
class Output:
    """One result of a call.

    Attributes:
        name: as the docstring of the task calls it.
        axes: names of its axes, for messages about shape.
    """

    name: str
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One graded fill.

    Attributes:
        id: used everywhere: heading, TODO, check, verdict, feedback.
        title: one line for tables.
        points: nbgrader points; 0 if the task is marked by hand.
        defines: the class that the solution cell defines.
        method: the method that the student fills.
        arguments: names of the call's arguments, in order.
        outputs: the results, in order.
        given: what may be answered for the student where an earlier task is wrong.
        slips: named mistakes.
        weights: names of outputs that are attention weights (sum to one, zero on padding).
        seconds: wall-clock limit for all of the question's calls.
        manual: marked by a person.
    """

    id: str
    title: str
    points: int
    defines: str = ""
    method: str = ""
    arguments: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    given: Given | None = None
    slips: tuple[Slip, ...] = ()
    weights: tuple[str, ...] = ()
    seconds: float = 10.0
    manual: bool = False

    def slip(self, slip_id: str) -> Slip:
        """Return the slip of that id."""
        return next(slip for slip in self.slips if slip.id == slip_id)


@dataclass(frozen=True)
class Lab:
    """A lab: its notebook and its tasks in order.

    Attributes:
        name: nbgrader's assignment name and the folder below ``notebooks/``.
        notebook: file name of the notebook without its suffix.
        title: heading of reports.
        setup: the code that runs before any solution cell.
        tasks: in the order of the notebook.
    """

    name: str
    notebook: str
    title: str
    setup: str
    tasks: tuple[Task, ...]

    @property
    def judged(self) -> tuple[Task, ...]:
        """The tasks that the judge marks."""
        return tuple(task for task in self.tasks if not task.manual)

    @property
    def points(self) -> int:
        """The sum of what the judge can give."""
        return sum(task.points for task in self.judged)


@dataclass(frozen=True)
class Case:
    """One call of a task with its expected outcome.

    Attributes:
        label: what is special about it, in words that a student may read.
        init: keyword arguments of the constructor.
        state: the module's parameters.
        inputs: the call's arguments by name; an absent one is passed as None.
        expected: the outputs by name.
        gradients: expected gradients by name (``grad.<parameter>``), empty if not asked for.
        slips: outputs of each named slip on this case, by slip id; absent where it raises.
    """

    label: str
    init: Mapping[str, int]
    state: Tensors
    inputs: Tensors
    expected: Tensors
    gradients: Tensors = field(default_factory=dict)
    slips: Mapping[str, Tensors] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """A method that the student writes, and where labkit has it."""

    module: str
    cls: str
    method: str
    task: str


def call_document(task: Task, case: Case, *, given: bool = False) -> dict[str, Any]:
    """Describe the call of a case for the worker; tensors travel beside it by name."""
    return {
        "construct": task.defines,
        "init": dict(case.init),
        "method": task.method,
        "arguments": [name if name in case.inputs else None for name in task.arguments],
        "state": sorted(case.state),
        "outputs": [output.name for output in task.outputs],
        "given": {task.given.name: task.given.tensor} if given and task.given else {},
        "gradients": bool(case.gradients),
    }
