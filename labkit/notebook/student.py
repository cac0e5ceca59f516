"""Run the student's class, and say in words when it is not ready to be looked at."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import torch

from labkit.labs.curriculum import exercise_of
from labkit.notebook.picture import Notice, NotReadyError

_NO_FORWARD = torch.nn.modules.module._forward_unimplemented.__name__
_NOT_STUDENTS = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))


Arguments = ParamSpec("Arguments")
Shown = TypeVar("Shown")


def or_notice(show: Callable[Arguments, Shown]) -> Callable[Arguments, Shown | Notice]:
    """Let a function show the notice in place of what it cannot make of the student's class."""

    @wraps(show)
    def shown(*arguments: Arguments.args, **options: Arguments.kwargs) -> Shown | Notice:
        try:
            return show(*arguments, **options)
        except NotReadyError as problem:
            return problem.notice

    return shown


@contextmanager
def students_code(name: str) -> Iterator[None]:
    """Turn whatever the student's ``name`` raises into a :class:`NotReadyError`."""
    try:
        yield
    except NotReadyError:
        raise
    except NotImplementedError as error:
        task = _task_of(error.__traceback__) or name
        notice = Notice(
            f"{task} is not filled in yet",
            f"Fill in the cell {task} and run it, then run this cell again to see it work.",
        )
        raise NotReadyError(notice, unfilled=task) from None
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        notice = Notice(
            f"{name} stopped with {type(error).__name__}: {reason}",
            _where(error) + "The check below the task and its help block say more.",
        )
        raise NotReadyError(notice) from None


def expect(result: Any, shape: tuple[int, ...], name: str) -> torch.Tensor:
    """Return ``result`` if it is a finite tensor of ``shape``.

    Raises:
        NotReadyError: it is not; the notice says what it is instead.
    """
    if result is None:
        problem = f"{name} returned None: is a return missing?"
    elif not isinstance(result, torch.Tensor):
        problem = f"{name} returned a {type(result).__name__}, not a tensor"
    elif tuple(result.shape) != shape:
        problem = f"{name} returned the shape {tuple(result.shape)}; here it should be {shape}"
    elif not torch.isfinite(result).all():
        problem = f"{name} returned numbers that are not finite (NaN or infinity)"
    else:
        return result
    raise unexpected(problem)


def unexpected(problem: str) -> NotReadyError:
    """Return the error for what came back from the student's class and is something else."""
    return NotReadyError(Notice(problem, "Run the check below the task: it says more."))


def _task_of(trace: TracebackType | None) -> str | None:
    """Name the task in whose function the traceback ends."""
    task = None
    for frame, _line in traceback.walk_tb(trace):
        owner = type(frame.f_locals.get("self")).__name__
        task = task_of(owner, frame.f_code.co_name) or task
    return task


def task_of(owner: str, method: str) -> str | None:
    """Name the task in which a method is written; torch calls a missing ``forward`` otherwise."""
    exercise = exercise_of(owner, "forward" if method == _NO_FORWARD else method)
    return exercise.id if exercise else None


def _where(error: Exception) -> str:
    """Quote the last line of the student's own code that ran."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.line and not frame.filename.startswith(_NOT_STUDENTS)
    ]
    return f"It happened in {frames[-1].name}, at: {frames[-1].line}\n" if frames else ""
