"""The version of what decides on a lab's marks: a mark is valid as long as that stays as it is."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import grader
import labkit
from grader.labs.base import Lab

_PACKAGES = {package.__name__: Path(package.__path__[0]) for package in (grader, labkit)}
# what asks and compares, whichever lab it is; the worker and the graft belong to it
_JUDGE = ("judge", "sandbox", "submissions", "instructor")


def _file(module: str) -> Path | None:
    """Return the file of a module of the kit."""
    first, *parts = module.split(".")
    if first not in _PACKAGES:
        return None
    place = _PACKAGES[first].joinpath(*parts)
    files = (place / "__init__.py", place.with_name(place.name + ".py"))
    return next((file for file in files if file.is_file()), None)


def _imports(file: Path) -> Iterator[str]:
    """Name what a file imports, inside functions, too; a package stands for its beginning."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _reached(files: Iterable[Path]) -> set[Path]:
    """Return the files that these import, and so on."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [path for name in _imports(file) if (path := _file(name))]
    return found


@lru_cache
def suite_version(lab: Lab) -> str:
    """Return a digest of all that decides on a lab's marks.

    That is the judge, the lab's own folder with its stored cases, and, of labkit, what these
    import: the reference that answers fresh cases is part of it, another lab is not.
    """
    home = _PACKAGES["grader"]
    own = home / "labs" / lab.name
    folders = [own, *(home / room for room in _JUDGE)]
    files = {file for folder in folders for file in folder.rglob("*.py")}
    others = {path for path in (home / "labs").glob("*/**/*.py") if own not in path.parents}
    files = _reached(files) - others - {_file("labkit.labs.curriculum")}
    digest = hashlib.sha256(repr(lab.tasks).encode())  # with what the curriculum says of them
    for file in sorted([*files, *own.rglob("*.safetensors")]):
        name = next(
            f"{package}/{file.relative_to(folder)}"
            for package, folder in _PACKAGES.items()
            if file.is_relative_to(folder)
        )
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
