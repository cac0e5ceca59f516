"""The vocabulary of a lab: tasks, calls, cases and named slips. Everything here is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from grader.errors import GraderError
from labkit.labs.curriculum import LESSONS, exercise_named, exercise_of

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Slip:
    """A mistake that people make, recognised by the numbers that it yields.

    Attributes:
        id: slug, unique within its task.
        title: the mistake in a few words.
        hint: one question that leads on; never the answer.
        in_part: the mistake may concern some of its outputs only, the others being right.
        tells: for a mistake that yields no numbers, or other ones each time: a pattern that every
            finding on the public cases then holds, and that no other mistake leads to.
    """

    id: str
    title: str
    hint: str
    in_part: bool = False
    tells: str = ""


@dataclass(frozen=True)
class Given:
    """A method that is answered with a tensor, so that a task is judged on its own.

    Attributes:
        name: attribute of the object under test that is replaced.
        tensor: name of the input tensor that it returns.
        asks: names of the inputs with which it is to be called, as its arguments are called; to
            others it gives another answer.
    """

    name: str
    tensor: str
    asks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """One result of a call.

    Attributes:
        name: as the docstring of the task calls it.
        axes: names of its axes, for messages about shape.
        called: what messages call it if the name says nothing to a student.
    """

    name: str
    axes: tuple[str, ...]
    called: str = ""

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.called or self.name

    def at(self, place: str) -> str:
        """Name one of its numbers."""
        return f"{self.called} at {place}" if self.called else self.name + place


@dataclass(frozen=True)
class Task:
    """One graded fill.

    Attributes:
        id: used everywhere: heading, TODO, check, verdict, feedback.
        title: one line for tables.
        points: nbgrader points; 0 if the task is marked by hand.
        defines: the class or function that the solution cell defines.
        methods: the methods of the class that the student fills; none if it is a function.
        classic: the name of the test on the original lab's card that these points belong to.
        home: the module of labkit where the reference stands.
        adapter: how the fill is called, as ``module:object``; see :mod:`grader.sandbox.adapter`.
        partner: what answers for its stand-ins, as ``module:class``; see :mod:`grader.judge.stage`.
        arguments: names of the call's arguments, in order.
        outputs: the results, in order; a case may expect fewer of them.
        given: what may be answered for the student where an earlier task is wrong.
        slips: named mistakes.
        weights: names of outputs that are attention weights (sum to one, zero on padding).
        seconds: wall-clock limit for all of the question's calls.
        returns: the beginning of the sentence that says what a call should give back; its outputs
            are named if this is empty.
        manual: marked by a person.
        followed_by: id and first line of the released cell behind a written question's answer, in
            this release and in earlier ones.
        asked: characters of a written question's cell as it is released, and how it ends.
    """

    id: str
    title: str
    points: int
    defines: str = ""
    methods: tuple[str, ...] = ()
    classic: str = ""
    home: str = ""
    adapter: str = "grader.sandbox.method:METHOD"
    partner: str = ""
    arguments: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    given: Given | None = None
    slips: tuple[Slip, ...] = ()
    weights: tuple[str, ...] = ()
    seconds: float = 10.0
    returns: str = ""
    manual: bool = False
    followed_by: tuple[tuple[str, str], ...] = ()
    asked: tuple[int, str] = (0, "")

    @property
    def name(self) -> str:
        """What the student writes, such as ``Attention.forward``."""
        if not self.methods:
            return self.defines
        return " and ".join(f"{self.defines}.{method}" for method in self.methods)

    def unwritten(self, reached: str = "") -> str:
        """Say that something is not written yet.

        Args:
            reached: the method that was, as ``Attention.forward``; all of the task's own if it is
                no method that a lab asks for.
        """
        owner, _, method = reached.rpartition(".")
        if method in self.methods and owner in ("", self.defines):
            return f"{self.defines}.{method} is not written yet"
        earlier = exercise_of(owner, method)
        if earlier is not None:
            return f"it calls {reached}, which is not written yet ({earlier.id})"
        return f"{self.name} {'are' if len(self.methods) > 1 else 'is'} not written yet"

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


def make_task(task_id: str, **facts: Any) -> Task:
    """Describe how a task of the curriculum is judged.

    Args:
        task_id: of the curriculum, which says what is written and for how many points.
        facts: what :class:`Task` has beside that; the title is what is written if it is not given.
    """
    exercise = exercise_named(task_id)
    if exercise.is_essay:
        return Task(exercise.id, points=exercise.points, manual=True, **facts)
    written = " and ".join(exercise.writes)
    facts = {"title": f"{exercise.owner}.{written}" if exercise.owner else written} | facts
    return Task(
        exercise.id,
        points=exercise.points,
        defines=exercise.defines,
        methods=exercise.writes if exercise.owner else (),
        home=f"labkit.{exercise.module}",
        **facts,
    )


def make_lab(name: str, setup: str, *tasks: Task) -> Lab:
    """Put the tasks of a lab of the curriculum together.

    Args:
        name: of the curriculum.
        setup: the code that runs before any solution cell, but for the classes that are filled.
        tasks: one for each exercise, in order.

    Raises:
        GraderError: these are not the curriculum's tasks of that lab.
    """
    lesson = next(lesson for lesson in LESSONS if lesson.name == name)
    wanted, found = [e.id for e in lesson.exercises], [task.id for task in tasks]
    if found != wanted:
        raise GraderError(
            f"grader/labs/{name}/tasks.py describes {', '.join(found) or 'no task'}; "
            f"labkit/labs/curriculum.py has {', '.join(wanted)}"
        )
    owners = dict.fromkeys(task.defines for task in tasks if task.methods)
    if owners:
        setup += f"from labkit.labs.given import {', '.join(owners)}, method_of\n"
    return Lab(name, lesson.notebook, lesson.title, setup, tasks)


@dataclass(frozen=True)
class Case:
    """One call of a task with its expected outcome.

    Attributes:
        label: what is special about it, in words that a student may read.
        init: keyword arguments of the constructor, or of its configuration.
        state: the module's parameters.
        inputs: the call's arguments by name; an absent one is passed as None.
        expected: the outputs by name.
        gradients: expected gradients by name (``grad.<parameter>``, ``grad.in.<input>``), empty
            if not asked for.
        given_gradients: the same where the task's given answer stands in for an earlier task.
        slips: outputs of each named slip on this case, by slip id; absent where it raises. Other
            ways to make the same slip stand beside it as ``<id>~2``, ``<id>~3``, …
        options: what the adapter wants to know beside the tensors, as plain data. All know
            ``seed`` (of the global dice, 0 if absent), ``training`` (the module's mode) and
            ``grad`` (whether gradients are on).
        alone: whether the case needs no fill but the task's own, because stand-ins take the
            places of the others.
        dropped: the share of numbers that a dropout in training mode sets to zero, each of the
            others being as expected; 0 if there is none. A fill may drop the share of the paper
            instead, and multiply the others accordingly.
        compare: how outputs are compared: by their ``numbers``, as ``audio``, or as ``other``
            numbers than those, since chance must have changed them.
        partner: what the case's partner answers with, see :mod:`grader.judge.stage`; it never
            travels.
    """

    label: str
    init: Mapping[str, Any]
    state: Tensors
    inputs: Tensors
    expected: Tensors
    gradients: Tensors = field(default_factory=dict)
    given_gradients: Tensors = field(default_factory=dict)
    slips: Mapping[str, Tensors] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False
    dropped: float = 0.0
    compare: str = "numbers"
    partner: Mapping[str, Any] = field(default_factory=dict)


def outputs_of(task: Task, case: Case) -> tuple[Output, ...]:
    """Return those outputs of a task that a case expects."""
    return tuple(output for output in task.outputs if output.name in case.expected)


@dataclass(frozen=True)
class Graded:
    """A method or function that the student writes, and where labkit has it.

    Attributes:
        module: below ``labkit``, such as ``tacotron2.encoder``.
        cls: the class; empty for a function.
        method: the method or function.
        task: id of the task.
    """

    module: str
    cls: str
    method: str
    task: str

    @property
    def path(self) -> str:
        """The module's file below the package, such as ``tacotron2/encoder.py``."""
        return self.module.replace(".", "/") + ".py"

    @property
    def name(self) -> str:
        """Such as ``Encoder.forward``."""
        return f"{self.cls}.{self.method}" if self.cls else self.method


def call_document(task: Task, case: Case, *, given: bool = False) -> dict[str, Any]:
    """Describe the call of a case for the worker; tensors travel beside it by name."""
    return {
        "construct": task.defines,
        "adapter": task.adapter,
        "init": dict(case.init),
        "method": task.methods[-1] if task.methods else "",
        "arguments": [name if name in case.inputs else None for name in task.arguments],
        "state": sorted(case.state),
        "outputs": [output.name for output in outputs_of(task, case)],
        "given": {task.given.name: task.given.tensor} if given and task.given else {},
        "asks": list(task.given.asks) if given and task.given else [],
        "gradients": sorted(case.gradients),
        "options": dict(case.options),
    }


def call_tensors(task: Task, case: Case, *, given: bool = False) -> Tensors:
    """Return the tensors that travel with a call: ``state.*``, ``in.*`` and ``cotangent.*``.

    Args:
        task: the task.
        case: the call.
        given: whether the task's given answer is sent, too.
    """
    tensors = {f"state.{name}": value for name, value in case.state.items()}
    for name, value in case.inputs.items():
        if name.startswith("cotangent."):
            tensors[name] = value
        elif given or task.given is None or name != task.given.tensor:
            tensors[f"in.{name}"] = value
    return tensors
