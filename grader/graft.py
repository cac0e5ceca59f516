"""Takes from a submitted notebook the only thing that counts: the source of the solution cells.

A notebook that comes back from students has been split, merged, retyped, renamed and converted.
Nothing of it is executed here and no tag, output, metadata field or foreign cell survives. What
had to be repaired is told to the student.
"""

from __future__ import annotations

import ast
import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.perform import without_magics
from grader.tasks.base import Lab, Task

NOTEBOOK_LIMIT = 20 * 1024 * 1024  # bytes of a notebook
SOURCE_LIMIT = 50_000  # characters of one solution cell
CODE_LIMIT = 300_000  # characters of all code cells
CELL_LIMIT = 5_000


@dataclass(frozen=True)
class Submission:
    """What was found in a notebook.

    Attributes:
        cells: source of the solution cells by task id; a missing one is absent.
        answers: text of the written answers by task id.
        repairs: sentences about what was not as released.
    """

    cells: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook file as plain data.

    Raises:
        SubmissionError: it is missing, a link, too large, not JSON, or not a Python notebook of
            format 4; the message says which.
    """
    try:
        info = path.lstat()
    except OSError:
        raise SubmissionError(f"no notebook {path.name} was handed in") from None
    if stat.S_ISLNK(info.st_mode):
        raise SubmissionError(f"{path.name} is a symbolic link; hand in the notebook itself")
    if not stat.S_ISREG(info.st_mode):
        raise SubmissionError(f"{path.name} is not a file")
    if info.st_size == 0:
        raise SubmissionError(f"{path.name} is empty (0 bytes)")
    if info.st_size > NOTEBOOK_LIMIT:
        raise SubmissionError(
            f"{path.name} has {info.st_size / 1e6:.0f} MB; clear its outputs "
            f"(at most {NOTEBOOK_LIMIT / 1e6:.0f} MB)"
        )
    return parse_notebook(path.read_bytes(), path.name)


def parse_notebook(content: bytes, name: str) -> dict[str, Any]:
    """Parse and check a notebook's content; errors as :func:`read_notebook`."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SubmissionError(f"{name} is not text in UTF-8") from None
    except (ValueError, RecursionError) as error:  # too long a number is a plain ValueError
        detail = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nesting"
        if type(error) is ValueError:
            detail = "a number without end"
        conflict = " (unsolved merge conflict?)" if b"<<<<<<<" in content else ""
        raise SubmissionError(
            f"{name} is not a notebook: broken JSON, {detail}{conflict}"
        ) from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise SubmissionError(f"{name} is JSON, but not a notebook")
    if notebook["nbformat"] != 4:
        found = str(notebook["nbformat"])[:20]
        raise SubmissionError(
            f"{name} has the notebook format {found}; open it in JupyterLab and save it once "
            "(format 4)"
        )
    language = _language(notebook)
    if language not in (None, "python"):
        raise SubmissionError(f"{name} is a notebook for {language}, not for Python")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise SubmissionError(f"{name} has no list of cells")
    if not cells:
        raise SubmissionError(f"{name} is an empty notebook: it has no cells")
    code = sum(len(source_of(cell)) for cell in cells if cell.get("cell_type") == "code")
    if len(cells) > CELL_LIMIT or code > CODE_LIMIT:
        raise SubmissionError(
            f"{name} has {len(cells)} cells with {code} characters of code; "
            f"at most {CELL_LIMIT} and {CODE_LIMIT} are read"
        )
    return notebook


def _language(notebook: dict[str, Any]) -> str | None:
    metadata = notebook.get("metadata")
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        value = part.get(name) if isinstance(part, dict) else None
        if isinstance(value, str) and value:
            return value.lower()[:40]
    return None


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's source, however it is stored; nonsense counts as empty."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def identity_of(cell: dict[str, Any]) -> set[str]:
    """Return the names that a cell goes by: its id and its nbgrader grade_id."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    names = [cell.get("id"), nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None]
    return {name for name in names if isinstance(name, str)}


def _parse(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(without_magics(source))


def _fills(task: Task, source: str) -> list[ast.FunctionDef]:
    """Return those methods of a task, or its function, that a cell defines."""
    if len(source) > SOURCE_LIMIT:
        return []
    try:
        tree = _parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if not task.methods:
        body: list[ast.stmt] = tree.body
        names: tuple[str, ...] = (task.defines,)
    else:
        body = [
            item
            for node in tree.body
            if isinstance(node, ast.ClassDef) and node.name == task.defines
            for item in node.body
        ]
        names = task.methods
    found = {item.name: item for item in body if isinstance(item, ast.FunctionDef)}
    return [found[name] for name in names if name in found]


def is_untouched(task: Task, source: str) -> bool:
    """Whether each method to fill still is the stub: it comes to nothing but raising."""
    fills = _fills(task, source)
    return bool(fills) and all(map(_is_stub, fills))


def _is_stub(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    for statement in body:
        if _raises_not_implemented(statement):
            return True
        if isinstance(statement, ast.Return):
            return False
    return not body


def _raises_not_implemented(statement: ast.stmt) -> bool:
    error = statement.exc if isinstance(statement, ast.Raise) else None
    name = error.func if isinstance(error, ast.Call) else error
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def _mentions(task: Task, source: str) -> bool:
    """Whether a cell looks like the task's, even if it does not parse."""
    if not task.methods:
        return bool(re.search(rf"^def[ \t]+{task.defines}\b", source, re.M))
    return bool(
        re.search(rf"^class[ \t]+{task.defines}\b", source, re.M)
        and any(re.search(rf"^[ \t]+def[ \t]+{name}\b", source, re.M) for name in task.methods)
    )


def _find(task: Task, cells: list[dict[str, Any]], repairs: list[str]) -> dict[str, Any] | None:
    named = [cell for cell in cells if task.id in identity_of(cell)]
    if not named:
        named = [
            cell
            for cell in cells
            if cell.get("cell_type") == "code"
            and (_fills(task, source_of(cell)) or _mentions(task, source_of(cell)))
        ]
        if named:
            repairs.append(
                f"{task.id}: the cell had lost its name; it was found by its "
                f"{'class' if task.methods else 'function'} {task.name}"
            )
    if not named:
        repairs.append(f"{task.id}: the solution cell is missing")
        return None
    if len(named) > 1:
        filled = [cell for cell in named if not is_untouched(task, source_of(cell))]
        repairs.append(
            f"{task.id}: {len(named)} cells claim to be this one; the last one that is filled "
            "was judged"
        )
        named = filled or named
    return named[-1]


def graft(notebook: dict[str, Any], lab: Lab) -> Submission:
    """Find the solution cells of a lab in a notebook.

    Args:
        notebook: as :func:`read_notebook` returns it.
        lab: whose tasks are looked for.
    """
    cells = notebook["cells"]
    repairs: list[str] = []
    sources: dict[str, str] = {}
    answers: dict[str, str] = {}
    taken: list[int] = []
    for task in lab.tasks:
        if task.manual:
            answer = next((cell for cell in cells if task.id in identity_of(cell)), None)
            if answer is not None:
                answers[task.id] = source_of(answer)[:SOURCE_LIMIT]
            continue
        cell = _find(task, cells, repairs)
        if cell is None:
            continue
        taken.append(id(cell))
        source = source_of(cell)
        if cell.get("cell_type") != "code":
            repairs.append(f"{task.id}: the cell was no code cell any more; its text was judged")
        if len(source) > SOURCE_LIMIT:
            repairs.append(f"{task.id}: the cell has {len(source)} characters and was not read")
            continue
        sources[task.id] = source
    foreign = sum(
        1
        for cell in cells
        if cell.get("cell_type") == "code"
        and id(cell) not in taken
        and not identity_of(cell) & {task.id for task in lab.tasks}
        and re.search(r"^(class|def)\s", source_of(cell), re.M)
    )
    if foreign:
        repairs.append(
            f"{foreign} cell(s) beside the solution cells define classes or functions; they were "
            "not judged: what a solution needs must stand in its own cell"
        )
    return Submission(sources, answers, tuple(repairs))


def read_submission(folder: Path, lab: Lab) -> Submission:
    """Read what a student handed in for a lab.

    Args:
        folder: of the lab, in the student's folder.
        lab: whose notebook should lie there.

    Raises:
        SubmissionError: a folder or the notebook is missing, a link, or cannot be read.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise SubmissionError(f"the folder {folder.name} is a symbolic link")
    if not folder.is_dir():
        raise SubmissionError("nothing was handed in")
    path = folder / f"{lab.notebook}.ipynb"
    try:
        return graft(read_notebook(path), lab)
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error}") from None
