"""Modules that a notebook writes itself: their code stands where it is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from labkit.cells.names import bound
from labkit.cells.python import parse, to_python

FILES_LIMIT = 50_000  # characters that are put into cells in place of imports

_WRITES = re.compile(r"\s*%%(?:write)?file[ \t]+(?:\./)?(\w+)\.py[ \t]*\n")
_WRITES_SOMEHOW = re.compile(r"\s*%%(?:write)?file[ \t]+(?:-a[ \t]+)?(\S*\.py)\b")
_RUNS = re.compile(r"^%run[ \t]+(?:-i[ \t]+)?(?:\./)?(\w+)(?:\.py)?[ \t]*$", re.M)


def put_in(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """Put the code of modules that ``%%writefile`` writes where a later cell takes them.

    Args:
        sources: of all code cells of a notebook, in order.

    Returns:
        The sources, and the names of the files that were written and not put in anywhere.
    """
    modules: dict[str, str] = {}
    unused: dict[str, None] = {}
    left, changed = FILES_LIMIT, []
    for source in sources:
        if made := _WRITES.match(source):
            body = source[made.end() :]
            unused[f"{made[1]}.py"] = None
            modules.pop(made[1], None)
            if parse(body) is not None and len(body) <= FILES_LIMIT:
                modules[made[1]] = body.rstrip("\n")
        elif other := _WRITES_SOMEHOW.match(source):
            unused[other[1]] = None
        elif modules and any(name in source for name in modules):
            text, taken = _with(source, modules, left)
            left -= len(text) - len(source)
            for name in taken:
                unused.pop(f"{name}.py", None)
            source = text
        changed.append(source)
    return changed, list(unused)


def _with(source: str, modules: dict[str, str], left: int) -> tuple[str, set[str]]:
    """Replace a cell's imports and runs of modules, as far as there is room."""
    taken: set[str] = set()

    def run(found: re.Match[str]) -> str:
        nonlocal left
        if found[1] not in modules or len(modules[found[1]]) > left:
            return found[0]
        left -= len(modules[found[1]])
        taken.add(found[1])
        return modules[found[1]]

    source = _RUNS.sub(run, source)
    tree = parse(to_python(source, False))
    lines = source.split("\n")
    for statement in reversed(tree.body if tree else []):
        name, text = _instead(statement, modules)
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        alone = statement.col_offset == 0 and ";" not in "".join(lines[first - 1 : last])
        if name and alone and len(text) <= left:
            left -= len(text)
            taken.add(name)
            lines[first - 1 : last] = [text]
    return "\n".join(lines), taken


def _instead(statement: ast.stmt, modules: dict[str, str]) -> tuple[str, str]:
    """Return the module that a statement imports, and what says the same without a file."""
    if isinstance(statement, ast.ImportFrom) and not statement.level:
        name = statement.module or ""
        if name not in modules:
            return "", ""
        renamed = [f"{a.asname} = {a.name}" for a in statement.names if a.asname]
        return name, "\n".join([modules[name], *renamed])
    if isinstance(statement, ast.Import) and len(statement.names) == 1:
        name = statement.names[0].name
        if name not in modules:
            return "", ""
        tree = parse(modules[name])
        inside = sorted(set().union(*map(bound, tree.body)) - {"*"} if tree and tree.body else ())
        parts = ", ".join(f"{part}={part}" for part in inside)
        called = statement.names[0].asname or name
        made = f"from types import SimpleNamespace\n{called} = SimpleNamespace({parts})"
        return name, f"{modules[name]}\n{made}"
    return "", ""
