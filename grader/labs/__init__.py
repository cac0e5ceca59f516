"""The labs: what the student fills, with which points, and what may go wrong there.

A lab is a folder here, named in :mod:`labkit.labs.curriculum`; its ``tasks.LAB`` says how it is
judged. What only the instructor has of it lies in its ``instructor/``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from grader.errors import GraderError
from grader.labs.base import Graded, Lab, Task
from labkit.labs.curriculum import LESSONS, exercises


def _load(name: str) -> Lab:
    if find_spec(f"grader.labs.{name}") is None or find_spec(f"grader.labs.{name}.tasks") is None:
        raise GraderError(
            f"labkit/labs/curriculum.py names the lab {name!r}, and there is no "
            f"grader/labs/{name}/tasks.py: add it, or take the lab out of the curriculum"
        )
    lab: Lab = import_module(f"grader.labs.{name}.tasks").LAB
    return lab


LABS: dict[str, Lab] = {lesson.name: _load(lesson.name) for lesson in LESSONS}

# What a student edition leaves out, lab by lab: the graded methods of that lab and of all later
# ones.
GRADED: tuple[tuple[str, Graded], ...] = tuple(
    (lesson.name, Graded(exercise.module, exercise.owner, method, exercise.id))
    for lesson, exercise in exercises()
    for method in (*exercise.writes, *exercise.repeats)
)


def find_lab(name: str) -> Lab:
    """Return the lab of that name.

    Raises:
        GraderError: there is none; the message lists those that exist.
    """
    if name not in LABS:
        raise GraderError(f"no lab is called {name!r}; the kit has: {', '.join(sorted(LABS))}")
    return LABS[name]


def find_task(task_id: str) -> tuple[Lab, Task]:
    """Return the task of that id, and its lab.

    Raises:
        GraderError: there is none; the message lists those that exist.
    """
    for lab in LABS.values():
        for task in lab.tasks:
            if task.id == task_id:
                return lab, task
    known = ", ".join(task.id for lab in LABS.values() for task in lab.tasks)
    raise GraderError(f"no task is called {task_id!r}; the kit has: {known}")


__all__ = ["GRADED", "LABS", "Graded", "Lab", "Task", "find_lab", "find_task"]
