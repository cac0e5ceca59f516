"""The plan of the house: no module imports in a circle, and none is too long to be read."""

from __future__ import annotations

import ast
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grader
import labkit

LONGEST = 400  # lines
ROOTS = [Path(package.__file__).parent for package in (labkit, grader)]
FILES = [file for root in ROOTS for file in sorted(root.rglob("*.py"))]


def name_of(file: Path) -> str:
    root = next(root for root in ROOTS if root in file.parents)
    parts = file.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def imported(module: str, source: str) -> set[str]:
    """List what a module imports: at its top, inside functions, and for its types alone.

    A package that loads its names when they are asked for imports nothing by that.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if names <= MODULES.keys() else names | {node.module}
    return (found & MODULES.keys()) - {module}


@lru_cache(1)
def imports() -> dict[str, set[str]]:
    return {name: imported(name, file.read_text("utf-8")) for name, file in MODULES.items()}


def test_no_module_imports_in_a_circle():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        raise AssertionError(" imports ".join(reversed(error.args[1]))) from None


def test_imports_are_found_wherever_they_stand():
    assert "labkit.audio" in imports()["grader.judge.sound"]
    inside = "def f():\n    from labkit.audio import mel\n    import labkit.files\n"
    assert imported("x", inside) == {"labkit.audio.mel", "labkit.files"}


def test_no_file_is_too_long_to_be_read():
    lines = {str(file): len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {file: count for file, count in lines.items() if count > LONGEST} == {}
