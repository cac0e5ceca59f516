"""Takes from a submitted notebook the only thing that counts: the source of the solution cells.

A notebook that comes back from students has been split, merged, retyped, renamed and converted.
Nothing of it is executed here and no tag, output or metadata field survives; of other cells only
what a solution refers to. Which cells these are is decided by :mod:`labkit.cells`. What had to be
repaired is told to the student.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.labs.base import Lab, Task
from grader.submissions.answers import find_answer, is_void
from grader.submissions.notebook_file import (
    elsewhere,
    identity_of,
    language_of,
    read_notebook,
    source_of,
    where_else,
)
from labkit.cells.astray import astray
from labkit.cells.finding import CELL_LIMIT as SOURCE_LIMIT
from labkit.cells.finding import Cell, find
from labkit.cells.following import acts_on
from labkit.cells.python import all_to_python, parse, split
from labkit.cells.stubs import Wanted, in_classes, written

NOTHING = "nothing was handed in"
_COPIES = 5  # further notebooks of a hand-in that are looked into


@dataclass(frozen=True)
class Submission:
    """What was found in a notebook.

    Attributes:
        cells: source of the solution cells by task id, those of a task joined; a missing one is
            absent.
        answers: text of the written answers by task id.
        repairs: sentences about what was not as released.
        otherwise: the sources of a task by other readings of the notebook, where there are any.
    """

    cells: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    otherwise: dict[str, list[str]] = field(default_factory=dict)


def is_untouched(task: Task, source: str) -> bool:
    """Whether a source defines what a task asks for, all as the stub, and does no more with it."""
    found = _written(task, source)
    if not found or any(found.values()):
        return False
    return not any(acts_on(task.defines, s) for s in _statements(source, task))


def _written(task: Task, source: str) -> dict[str, bool]:
    """Return what a source defines of a task, and whether as more than a stub."""
    if len(source) > 4 * SOURCE_LIMIT:
        return {}
    return written(_wanted(task), _statements(source, task))


def gone_astray(task: Task, source: str) -> str:
    """Say why what a source writes is not found as the task's own; empty if nothing is seen."""
    return "" if len(source) > 4 * SOURCE_LIMIT else astray(_wanted(task), _read(source))


def _statements(source: str, task: Task) -> list[ast.stmt]:
    return in_classes(_read(source), {task.defines})


def _read(source: str) -> list[ast.stmt]:
    trees = map(parse, all_to_python(split(source)))
    return [statement for tree in trees if tree for statement in tree.body]


def _wanted(task: Task) -> Wanted:
    return Wanted(task.id, task.defines, task.methods)


def graft(notebook: dict[str, Any], lab: Lab) -> Submission:
    """Find the solution cells of a lab in a notebook.

    Args:
        notebook: as :func:`grader.submissions.notebook_file.read_notebook` returns it.
        lab: whose tasks are looked for.

    Raises:
        SubmissionError: it is a notebook of another language, in its cells, too.
    """
    cells = notebook["cells"]
    repairs: list[str] = []
    sources: dict[str, str] = {}
    otherwise: dict[str, list[str]] = {}
    read = [
        Cell(frozenset(identity_of(cell)), source_of(cell), cell.get("cell_type") == "code")
        for cell in cells
    ]
    found = find(read, [_wanted(task) for task in lab.judged], lab.setup)
    for task in lab.judged:
        if task.id not in found:
            repairs.append(f"{task.id}: the solution cell is missing")
            continue
        repairs += [f"{task.id}: {remark}" for remark in found[task.id].remarks]
        source = found[task.id].source
        if max(map(len, split(source))) > SOURCE_LIMIT:
            repairs.append(f"{task.id}: the cell has {len(source)} characters and was not read")
            continue
        sources[task.id] = source
        if found[task.id].otherwise:
            otherwise[task.id] = list(found[task.id].otherwise)
        repairs += _newer(task, source, notebook)
    language = language_of(notebook)
    if language not in (None, "python") and not any(
        _written(task, sources.get(task.id, "")) for task in lab.judged
    ):
        raise SubmissionError(f"{lab.notebook}.ipynb is a notebook for {language}, not for Python")
    answers: dict[str, str] = {}
    for task in lab.tasks:
        if task.manual:
            text, remark = find_answer(cells, task, lab)
            if text is not None:
                answers[task.id] = text[:SOURCE_LIMIT]
            if remark:
                repairs.append(f"{task.id}: {remark}")
    return Submission(sources, answers, tuple(repairs), otherwise)


def _newer(task: Task, source: str, notebook: dict[str, Any]) -> list[str]:
    """Say so if a cell is no Python here, and its notebook was made with a newer one."""
    if all(parse(text) is not None for text in all_to_python(split(source))):
        return []
    about = notebook.get("metadata")
    about = about.get("language_info") if isinstance(about, dict) else None
    version = about.get("version") if isinstance(about, dict) else None
    try:
        made = tuple(int(number) for number in str(version)[:20].split(".")[:2])
    except ValueError:
        return []
    if made <= sys.version_info[:2]:
        return []
    here = ".".join(map(str, sys.version_info[:2]))
    return [
        f"{task.id}: the cell is no Python {here}, which judges; the notebook was made with "
        f"Python {'.'.join(map(str, made))}, whose newer syntax cannot be read here"
    ]


def read_submission(folder: Path, lab: Lab) -> Submission:
    """Read what a student handed in for a lab.

    Args:
        folder: of the lab, in the student's folder; :func:`grader.course.handed_in.obstacle` says
            whether it can be looked into.
        lab: whose notebook should lie there.

    Raises:
        SubmissionError: the folder or the notebook is missing, or the notebook is a link, or cannot
            be read; or it is as it was released, and another one beside it is not.
    """
    if not folder.is_dir():
        raise SubmissionError(NOTHING)
    path = folder / f"{lab.notebook}.ipynb"
    try:
        places = elsewhere(folder, path.name)
        if not path.is_symlink() and not path.exists():
            hint = where_else(places, path.name)
            raise SubmissionError(
                f"no notebook {path.name} was handed in" + (f"; {hint}" if hint else "")
            )
        submission = graft(read_notebook(path), lab)
        return _beside_copies(submission, folder, places, lab)
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error}") from None


def _beside_copies(submission: Submission, folder: Path, places: list[str], lab: Lab) -> Submission:
    """Compare a notebook with others that were handed in with it: was the wrong one named?"""
    mine, name = _work(submission, lab), f"{lab.notebook}.ipynb"
    fuller = []
    for place in [place for place in places if ".zip/" not in place.lower()][:_COPIES]:
        try:
            theirs = _work(graft(read_notebook(folder / place), lab), lab)
        except (SubmissionError, OSError):
            continue
        if theirs - mine:
            fuller.append(place)
    if not fuller:
        return submission
    hint = where_else(fuller, name)
    if not mine:
        raise SubmissionError(f"{name} is as it was released, but beside it {hint}")
    note = f"{name} was judged, but beside it, with tasks that are not filled in there, {hint}"
    return Submission(
        submission.cells, submission.answers, (*submission.repairs, note), submission.otherwise
    )


def _work(submission: Submission, lab: Lab) -> set[str]:
    """Return the tasks in which something was written."""
    cells, answers = submission.cells, submission.answers
    return {
        task.id
        for task in lab.tasks
        if (task.manual and not is_void(answers.get(task.id, "")))
        or (not task.manual and any(_written(task, cells.get(task.id, "")).values()))
    }
