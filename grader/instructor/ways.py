"""Slips in students' words: tables of text, of which cells are made, and classes of the cells.

A *way* to make a slip is written in one of three forms:

- ``old → new``: a change of the right solution, wherever ``old`` stands in it. Several changes
  stand below each other and are made in this order. How a text is broken into lines does not
  matter. A new text of several lines stands below its arrow, indented; none at all deletes.
- The body that is written instead of the right one.
- ``def name(...):`` and a body, for a task with several methods; the others stay right.

:func:`cell` says what somebody hands in who makes the slip, and :func:`compiled` makes of the same
text what the cases ask, so that its numbers can be stored.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import sys
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pkgutil import resolve_name
from typing import Any

from grader.errors import GraderError
from grader.labs.base import Task
from labkit.labs.given import method_of

_ARROW = "→"
_Function = tuple[str, str]  # the text of a head, with name and arguments, and of a body


def read_ways(text: str) -> dict[str, str]:
    """Read ways to make slips from lines.

    Args:
        text: ``slip: way`` at the margin; what needs more than a line stands below, indented. A
            slip that is named again has another way.

    Returns:
        The ways by the names under which cases store them: the slip's, ``slip~2``, ``slip~3``, …

    Raises:
        GraderError: a line names no slip.
    """
    ways: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip("\n")):
        slip, colon, first = entry.partition("\n")[0].partition(":")
        if not colon or not re.fullmatch(r"[a-z0-9-]+", slip):
            raise GraderError(f"no way to make a slip can be read from {entry!r}")
        number = 1 + sum(known.partition("~")[0] == slip for known in ways)
        below = entry.partition("\n")[2].rstrip()
        way = f"{first.strip()}\n{below}" if first.strip() else textwrap.dedent(below)
        ways[slip if number == 1 else f"{slip}~{number}"] = way.strip("\n")
    return ways


def cell(task: Task, way: str = "") -> str:
    """Return the solution cell of somebody who makes a slip.

    Args:
        task: the task.
        way: to make it; the right cell is returned if this is empty.

    Raises:
        ValueError: the way does not fit the reference.
    """
    functions = _reference(task.home, task.defines, task.methods)
    if _ARROW in way:
        for old, new in _changes(way):
            before = functions
            functions = {
                name: (head, _changed(body, old, new)) for name, (head, body) in before.items()
            }
            if functions == before:
                raise ValueError(f"the reference holds no {old!r} that could be changed")
    elif way:
        functions = functions | dict(_written(way, functions))
    above = f"@method_of({task.defines})\n" if task.methods else ""
    return "\n\n".join(f"{above}{head}\n{body}\n" for head, body in functions.values())


def compiled(task: Task, ways: Mapping[str, str]) -> dict[str, Any]:
    """Return what the cells define in which the slips are made, by the names of the ways.

    Raises:
        GraderError: a way does not fit the reference, is no Python, or makes no slip of the task.
    """
    made = {}
    for name, way in ways.items():
        if name.partition("~")[0] not in {slip.id for slip in task.slips}:
            raise GraderError(f"{task.id} has no slip {name!r}, which a way is written for")
        try:
            made[name] = _defined(task.home, task.defines, cell(task, way))
        except (ValueError, SyntaxError) as error:
            raise GraderError(f"{task.id}: the slip {name} cannot be made: {error}") from None
    return made


def _changes(way: str) -> Iterator[tuple[str, str]]:
    """Take changes apart; what is indented below a line belongs to it."""
    for change in re.split(r"\n(?=\S)", way):
        old, arrow, new = change.partition(_ARROW)
        if not arrow or not old.strip():
            raise ValueError(f"{change!r} is no change `old {_ARROW} new`")
        yield old.strip(), textwrap.dedent(new).strip()


def _changed(code: str, old: str, new: str) -> str:
    """Replace code wherever it stands, as whole words, however it is broken into lines."""
    parts = re.findall(r"\w+|[^\w\s]", old)
    start, end = (r"\b" if re.match(r"\w", part) else "" for part in (parts[0], parts[-1]))
    # a call that is broken into lines may end with a comma
    closing = {")": r"(?:,\s*)?\)", "]": r"(?:,\s*)?\]"}
    pattern = r"\s*".join(closing.get(part, re.escape(part)) for part in parts)

    def put(found: re.Match[str]) -> str:
        line = code[code.rfind("\n", 0, found.start()) + 1 :]
        return new.replace("\n", "\n" + line[: len(line) - len(line.lstrip())])

    return re.sub(start + pattern + end, put, code)


def _written(way: str, right: Mapping[str, _Function]) -> Iterator[tuple[str, _Function]]:
    """Give bodies that are written their names, and the arguments of the right ones."""
    if not way.startswith("def "):
        if len(right) > 1:
            raise ValueError(f"{' or '.join(right)}? A body begins with `def name(...):` here")
        way = f"def {next(iter(right))}(...):\n{textwrap.indent(way, '    ')}"
    for text in re.split(r"\n(?=def )", way):
        head, _, body = text.partition("\n")
        name = head.removeprefix("def ").partition("(")[0]
        if name not in right:
            raise ValueError(f"{name} is not asked for; {' and '.join(right)} is")
        yield name, (right[name][0] if head.endswith("(...):") else head, body)


@cache
def _reference(home: str, defines: str, methods: tuple[str, ...]) -> dict[str, _Function]:
    """Return what a task asks for as labkit has it, by name."""
    reference = resolve_name(f"{home}:{defines}")
    functions = {name: getattr(reference, name) for name in methods} or {defines: reference}
    return {
        name: _head_and_body(textwrap.dedent(inspect.getsource(function)))
        for name, function in functions.items()
    }


def _head_and_body(source: str) -> _Function:
    """Take a function apart, without docstring, comments and empty lines."""
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    first, *others = function.body
    begin = others[0] if ast.get_docstring(function) else first
    head, body = lines[: first.lineno - 1], lines[begin.lineno - 1 :]
    return "\n".join(filter(str.strip, head)), "\n".join(filter(str.strip, body))


@cache
def _defined(home: str, defines: str, source: str) -> Any:
    """Run a cell where the reference stands, and return what it defines."""
    namespace = dict(vars(sys.modules[home])) | {"method_of": method_of}
    if isinstance(namespace[defines], type):
        namespace[defines] = type(defines, (namespace[defines],), {})
    exec(compile(source, "<slip>", "exec", dont_inherit=True), namespace)
    return namespace[defines]


__all__ = ["cell", "compiled", "read_ways"]
