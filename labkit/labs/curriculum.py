"""The labs and their tasks, in order: what is written, where labkit has it, and what it is worth.

Everything that needs to know which task is which method derives it from here: what a student
edition leaves out, what the judge calls, what is taken out of a student's earlier notebooks, and
what a view says is still to be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """What a student does in one task.

    Attributes:
        id: used everywhere: heading, TODO, check, verdict, feedback.
        points: nbgrader points; those of a written question are given by a person, beside the rest.
        minutes: what it takes somebody who has read the lab up to there.
        module: of labkit, where the reference stands; empty for a written question.
        owner: the class whose methods are written; empty where a function is.
        writes: the methods or the function that the student writes.
        repeats: what else of that class says the same: a student edition is without it, too.
    """

    id: str
    points: int
    minutes: int
    module: str = ""
    owner: str = ""
    writes: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()

    @property
    def defines(self) -> str:
        """The class or the function that the solution cell defines."""
        return self.owner or "".join(self.writes[:1])

    @property
    def is_essay(self) -> bool:
        """Whether it is a question that is answered in words, and marked by a person."""
        return not self.writes


@dataclass(frozen=True)
class Lesson:
    """One lab: a notebook and its tasks.

    Attributes:
        name: nbgrader's assignment, and the folder below ``notebooks/``, ``labkit/labs/`` and
            ``grader/labs/``.
        notebook: file name of the notebook without its suffix.
        title: heading of reports.
        exercises: in the order of the notebook.
    """

    name: str
    notebook: str
    title: str
    exercises: tuple[Exercise, ...]

    @property
    def place(self) -> str:
        """Where the notebook lies in a course, as ``folder/file``."""
        return f"{self.name}/{self.notebook}.ipynb"


_ATTENTION = "tacotron2.attention"
_ENCODER = "tacotron2.encoder"
_DECODER = "tacotron2.decoder"
_MODEL = "tacotron2.model"
_PLAIN = "pipeline.plain"

LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "lab1_attention",
        "attention",
        "Lab 1: location-sensitive attention",
        (
            Exercise("attention-1", 20, 15, _ATTENTION, "LocationLayer", ("forward",)),
            Exercise("attention-2", 20, 20, _ATTENTION, "Attention", ("get_alignment_energies",)),
            Exercise("attention-3", 20, 20, _ATTENTION, "Attention", ("forward",)),
            Exercise("attention-4", 10, 15),
        ),
    ),
    Lesson(
        "lab2_encoder",
        "encoder",
        "Lab 2: the encoder",
        (
            Exercise("encoder-1", 30, 25, _ENCODER, "Encoder", ("convolve",)),
            Exercise("encoder-2", 30, 30, _ENCODER, "Encoder", ("forward",)),
        ),
    ),
    Lesson(
        "lab3_decoder",
        "decoder",
        "Lab 3: the decoder",
        (
            Exercise(
                "decoder-1",
                20,
                15,
                _DECODER,
                "Decoder",
                ("get_go_frame", "initialize_decoder_states"),
            ),
            Exercise(
                "decoder-2", 20, 45, _DECODER, "Decoder", ("decode", "steps"), repeats=("forward",)
            ),
            Exercise("decoder-3", 20, 35, _DECODER, "Decoder", ("infer", "parse_decoder_outputs")),
            Exercise(
                "tacotron2-1", 60, 25, _MODEL, "Tacotron2", ("predict",), repeats=("forward",)
            ),
        ),
    ),
    Lesson(
        "lab4_inference",
        "inference",
        "Lab 4: full inference",
        (
            Exercise("inference-1", 15, 15, _PLAIN, "", ("read",)),
            Exercise("inference-2", 30, 25, _PLAIN, "", ("speak",)),
            Exercise("inference-3", 15, 25, _PLAIN, "", ("benchmark",)),
            Exercise("inference-4", 10, 25),
        ),
    ),
)


def exercises() -> Iterator[tuple[Lesson, Exercise]]:
    """Go through all tasks in order, each with its lab."""
    return ((lesson, exercise) for lesson in LESSONS for exercise in lesson.exercises)


def exercise_named(task_id: str) -> Exercise:
    """Return the task of that id.

    Raises:
        KeyError: there is none.
    """
    return {exercise.id: exercise for _, exercise in exercises()}[task_id]


def exercise_of(owner: str, method: str) -> Exercise | None:
    """Return the task in which a method of a class is written, if it is one."""
    return next((e for _, e in exercises() if e.owner == owner and method in e.writes), None)


def lessons_before(name: str) -> tuple[Lesson, ...]:
    """Return the labs that come before one."""
    return LESSONS[: [lesson.name for lesson in LESSONS].index(name)]
