"""The fills of labs 1 to 3, taken out of the student's own notebooks.

A notebook is read as data. Of its code only two things run, in a namespace of their own: the
imports of its set-up cell, and the cells of its tasks. Whatever they raise becomes a sentence.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import labkit.tacotron2
from labkit.notebook.inference.time_limit import time_limit

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


_LAB1, _LAB2, _LAB3 = (
    "lab1_attention/attention.ipynb",
    "lab2_encoder/encoder.ipynb",
    "lab3_decoder/decoder.ipynb",
)
FILLS = (
    Fill("attention-1", _LAB1, "LocationLayer", ("forward",)),
    Fill("attention-2", _LAB1, "Attention", ("get_alignment_energies",)),
    Fill("attention-3", _LAB1, "Attention", ("forward",)),
    Fill("encoder-1", _LAB2, "Encoder", ("convolve",)),
    Fill("encoder-2", _LAB2, "Encoder", ("forward",)),
    Fill("decoder-1", _LAB3, "Decoder", ("get_go_frame", "initialize_decoder_states")),
    Fill("decoder-2", _LAB3, "Decoder", ("decode", "steps")),
    Fill("decoder-3", _LAB3, "Decoder", ("infer", "parse_decoder_outputs")),
    Fill("tacotron2-1", _LAB3, "Tacotron2", ("predict",)),
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
            cells = _code_cells(_find(folder, place))
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


def _code_cells(path: Path) -> list[dict[str, Any]]:
    """Read a notebook's code cells; a file that is no notebook is a :class:`ValueError`."""
    try:
        cells = json.loads(path.read_text("utf-8-sig"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path.name} cannot be read as a notebook") from None
    return [cell | {"source": "".join(cell.get("source", ""))} for cell in code]


def _run(cells: list[dict[str, Any]], fills: list[Fill], found: Found) -> None:
    """Run a notebook's imports and the cells of its tasks, in the order of the tasks."""
    space: dict[str, Any] = {"__name__": "your_notebook"}
    setup = _named("setup", cells) or cells[0]["source"] if cells else ""
    _import(setup, space)
    for fill in fills:
        # The base of a class that is continued, if the cell that begins it is of no use.
        space.setdefault(fill.owner, getattr(labkit.tacotron2, fill.owner))
        source = _named(fill.task, cells)
        if source is None:
            found.problems[fill.task] = "its cell is missing"
            continue
        try:
            with quietly(), time_limit(SECONDS_PER_CELL):
                exec(compile(_without_magics(source), f"<{fill.task}>", "exec"), space)
        except (Exception, SystemExit) as error:
            found.problems[fill.task] = in_one_line(error)
            continue
        owner = space[fill.owner]
        missing = [method for method in fill.methods if not _is_defined(owner, method, space)]
        if missing:
            found.problems[fill.task] = f"its cell defines no {fill.owner}.{missing[0]}"
        else:
            found.classes[fill.owner] = owner


def _named(name: str, cells: list[dict[str, Any]]) -> str | None:
    """Find the last cell of that name: by its id, by nbgrader's, or by what its TODO says."""
    by_todo = None
    for cell in reversed(cells):
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        if name in (cell.get("id"), grade_id):
            return str(cell["source"])
        if by_todo is None and f"# TODO {name}:" in cell["source"]:
            by_todo = cell["source"]
    return by_todo


def _import(setup: str, space: dict[str, Any]) -> None:
    """Run the imports of a cell one by one; one that fails is missed where it is needed."""
    try:
        statements = ast.parse(_without_magics(setup)).body
    except SyntaxError:
        return
    for statement in statements:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        for alias in statement.names:
            statement.names = [alias]
            with contextlib.suppress(Exception), quietly():
                exec(compile(ast.Module([statement], []), "<setup>", "exec"), space)


def _without_magics(source: str) -> str:
    """Blank out the lines that are IPython's and not Python's."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")
    )


def _is_defined(owner: object, method: str, space: dict[str, Any]) -> bool:
    """Tell whether a class has a method that its notebook has given it."""
    return isinstance(owner, type) and any(
        method in vars(base) for base in owner.__mro__ if base.__module__ == space["__name__"]
    )
