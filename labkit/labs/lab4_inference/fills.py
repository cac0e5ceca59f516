"""The fills of labs 1 to 3, taken out of the student's own notebooks.

A notebook is read as data. Of its code this runs, in a namespace of its own: the imports of its
set-up cell, and the cells of its tasks with what they need of others, as the judge finds them. What
they raise becomes a sentence where it keeps a class from being defined.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import labkit.tacotron2
from labkit.cells.finding import Cell, find
from labkit.cells.names import imported
from labkit.cells.python import parse, to_python
from labkit.cells.running import Kernel
from labkit.cells.stubs import Wanted
from labkit.labs.curriculum import lessons_before
from labkit.labs.given import fresh_classes
from labkit.labs.lab4_inference.time_limit import TooLongError, time_limit

SECONDS_PER_CELL = 10.0


@dataclass(frozen=True)
class Fill:
    """A task of an earlier lab.

    Args:
        task: its id, which is also that of its cell.
        place: its notebook, as ``folder/file``.
        owner: the class that the cell defines.
        methods: those that the student writes.
    """

    task: str
    place: str
    owner: str
    methods: tuple[str, ...]


FILLS = tuple(
    Fill(exercise.id, lesson.place, exercise.owner, exercise.writes)
    for lesson in lessons_before("lab4_inference")
    for exercise in lesson.exercises
    if exercise.owner
)
OWNERS = tuple(dict.fromkeys(fill.owner for fill in FILLS))


@dataclass(frozen=True)
class Found:
    """What a student's notebooks hold.

    Args:
        classes: those that the task cells define, by name; absent where no cell could be run.
        problems: for each task that cannot be used, why.
    """

    classes: dict[str, type] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def mixed(self, own: set[str]) -> dict[str, type]:
        """Give all classes of the model: the student's tasks in ``own``, the reference elsewhere.

        A class with both is derived from the student's; what is not in ``own`` is replaced.
        """
        classes: dict[str, type] = {}
        for owner in OWNERS:
            reference = getattr(labkit.tacotron2, owner)
            fills = [fill for fill in FILLS if fill.owner == owner]
            lent = [method for f in fills if f.task not in own for method in f.methods]
            if all(fill.task not in own for fill in fills):
                classes[owner] = reference
            else:
                body = {method: vars(reference)[method] for method in lent}
                classes[owner] = type(owner, (self.classes[owner],), body)
        return classes


def find_fills(folder: Path) -> Found:
    """Look for the notebooks of labs 1 to 3 and run the cells of their tasks.

    Args:
        folder: of the notebook of lab 4; the others lie in it, beside it or below it.
    """
    found = Found()
    for place in dict.fromkeys(fill.place for fill in FILLS):
        fills = [fill for fill in FILLS if fill.place == place]
        try:
            cells = _cells(_find(folder, place))
        except ValueError as problem:
            found.problems.update({fill.task: str(problem) for fill in fills})
            continue
        _run(cells, fills, found)
    return found


def in_one_line(error: BaseException) -> str:
    """Say what was raised; an unfilled stub is called that."""
    if isinstance(error, NotImplementedError):
        return "not filled in yet"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} in line {error.lineno}: {error.msg}"
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Let nothing be printed."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _find(folder: Path, place: str) -> Path:
    name = Path(place).name
    for path in (folder / name, folder.parent / place, folder / place):
        if path.is_file():
            return path
    raise ValueError(f"there is no {name} here or in ../{Path(place).parent}")


def _cells(path: Path) -> list[Cell]:
    """Read a notebook's cells; a file that is no notebook is a :class:`ValueError`."""
    try:
        cells = json.loads(path.read_text("utf-8-sig"))["cells"]
        return [
            Cell(_names(cell), "".join(cell.get("source", "")), cell["cell_type"] == "code")
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{path.name} cannot be read as a notebook") from None


def _names(cell: dict[str, Any]) -> frozenset[str]:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return frozenset(name for name in (cell.get("id"), grade_id) if isinstance(name, str))


def _run(cells: list[Cell], fills: list[Fill], found: Found) -> None:
    """Run a notebook's imports and the cells of its tasks, as the judge finds them."""
    setup = _imports(cells)
    wanted = [Wanted(fill.task, fill.owner, fill.methods) for fill in fills]
    sources = {task: cell.source for task, cell in find(cells, wanted, setup).items()}
    code = [cell.source for cell in cells if cell.is_code]
    run_fills(sources, setup, fills, found, "\n".join(code))


def run_fills(
    sources: Mapping[str, str], setup: str, fills: Sequence[Fill], found: Found, code: str = ""
) -> None:
    """Run what belongs to the tasks of one notebook, in their order.

    Args:
        sources: of the tasks' cells, by task.
        setup: what is imported before them.
        fills: the notebook's tasks.
        found: gets the classes, and what keeps a task from being used.
        code: the whole notebook's; the sources alone if it is empty.
    """
    space: dict[str, Any] = {"__name__": "your_notebook"}
    kernel = Kernel(space, stopped_by=(TooLongError, KeyboardInterrupt))
    with contextlib.suppress(Exception), quietly():  # one that fails is missed where it is needed
        kernel.run(setup, "<setup>")
    space |= fresh_classes()  # also the base of a class whose first cell is of no use
    for fill in fills:
        if fill.task not in sources:
            found.problems[fill.task] = "its cell is missing"
            continue
        problem = None
        try:
            with quietly(), time_limit(SECONDS_PER_CELL):
                kernel.run(sources[fill.task], f"<cell {fill.task}>")
        except TooLongError as error:
            found.problems[fill.task] = in_one_line(error)
            continue
        except (Exception, SystemExit) as error:  # no matter if the class is there all the same
            problem = in_one_line(error)
        owner = space[fill.owner]
        missing = [method for method in fill.methods if not _is_defined(owner, method, space)]
        if missing:
            stub = re.compile(rf"\bdef {missing[0]}\b")  # it was left out
            found.problems[fill.task] = problem or (
                "not filled in yet"
                if stub.search(code or "\n".join(sources.values()))
                else f"its cell defines no {fill.owner}.{missing[0]}"
            )
        else:
            found.classes[fill.owner] = owner


def _imports(cells: list[Cell]) -> str:
    """Return the imports of a notebook's set-up cell, one a line."""
    code = [cell for cell in cells if cell.is_code]
    setup = next((cell for cell in code if "setup" in cell.names), code[0] if code else None)
    tree = parse(to_python(setup.source)) if setup else None
    statements = (
        [s for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom)] if tree else []
    )
    return "\n".join(ast.unparse(alone) for s in statements for _, alone in imported(s))


def _is_defined(owner: object, method: str, space: dict[str, Any]) -> bool:
    """Tell whether a class has a method that its notebook has given it."""
    return isinstance(owner, type) and any(
        space["__name__"] in (base.__module__, getattr(vars(base)[method], "__module__", None))
        for base in owner.__mro__
        if method in vars(base)
    )
