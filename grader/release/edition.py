"""The student edition: ``labkit`` without the answers, ``grader`` without what judges in secret.

One tree serves three ends: the wheels that students install, the packages that the worker sees,
and the test that nothing leaks.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import grader
import labkit
from grader.errors import GraderError
from grader.labs import GRADED, LABS, Graded, find_lab
from labkit.models.registry import MODELS

# What travels, by room: what is not named here stays with the instructor, and so does every folder
# that is called ``instructor``. Of labkit, the rooms of all registered models travel beside these.
STUDENT_ROOMS = {
    "grader": (
        *("__init__.py", "cli.py", "errors.py", "text.py"),
        *("bench", "judge", "labs", "report", "sandbox", "selfcheck", "submissions"),
    ),
    "labkit": (
        *("__init__.py", "errors.py", "files.py", "hooks.py", "progress.py"),
        *("audio", "bench", "cells", "cli", "corpus", "data", "devices", "fast", "labs", "models"),
        *("notebook", "pipeline", "text", "training"),
    ),
}

# Rooms that say in other words what is graded, and the last lab that grades it: what decodes or
# trains fast is attention and decoder once more. What later labs show does not travel, either.
# grader.release.leaks finds what is missing here.
GIVES_AWAY = {"fast": "lab3_decoder"}

# Rooms of grader that join with a lab: they show what it is about.
JOINS = {"bench": "lab4_inference"}

# The same of single methods, in files that an edition cannot be without: before lab 3 no model
# decodes, so that nothing reaches the layers of the postnet, which run as those of the encoder do.
LEFT_OUT: tuple[tuple[str, Graded], ...] = (
    ("lab2_encoder", Graded("tacotron2.postnet", "Postnet", "_layers", "encoder-1")),
)

# What editors and tools leave beside a file is an older version of it, with the answers.
_LEFT_BEHIND = shutil.ignore_patterns(
    "__pycache__", "instructor", ".*", "*~", "*.orig", "*.rej", "*.bak", "#*"
)


def graded_from(lab_name: str) -> list[Graded]:
    """Return the graded methods of this lab and of all later ones."""
    find_lab(lab_name)
    first = min(index for index, (name, _) in enumerate(GRADED) if name == lab_name)
    return [graded for _, graded in GRADED[first:]]


def later_than(lab_name: str) -> list[str]:
    """Return the labs that come after one."""
    names = list(LABS)
    return names[names.index(lab_name) + 1 :]


def ablate(source: str, graded: list[Graded], why: str = "this is yours to write") -> str:
    """Replace the bodies of methods: signature and docstring stay, the rest goes.

    Args:
        source: of the module.
        graded: the methods.
        why: what is raised in place of the body, behind the name of the task.

    Raises:
        GraderError: a method is not where the list says.
    """
    lines = source.splitlines(keepends=True)
    methods: dict[tuple[str, str], ast.FunctionDef] = {}
    for node in ast.parse(source).body:
        cls, body = (node.name, node.body) if isinstance(node, ast.ClassDef) else ("", [node])
        methods |= {(cls, item.name): item for item in body if isinstance(item, ast.FunctionDef)}
    for entry in sorted(graded, key=lambda g: -methods_line(methods, g)):
        function = methods[entry.cls, entry.method]
        body = function.body
        has_docstring = ast.get_docstring(function) is not None
        first = body[1] if has_docstring and len(body) > 1 else body[0]
        start = first.lineno - 1
        if has_docstring:
            assert body[0].end_lineno is not None
            start = body[0].end_lineno
        assert function.end_lineno is not None
        end = function.end_lineno
        indent = " " * body[0].col_offset
        # comments above the first and below the last statement belong to the answer, too
        while lines[start - 1].lstrip().startswith("#"):
            start -= 1
        for index in range(end, len(lines)):
            if lines[index].startswith(indent) and lines[index].lstrip().startswith("#"):
                end = index + 1
            elif lines[index].strip():
                break
        stub = f'{indent}raise NotImplementedError("{entry.task}: {why}")\n'
        lines[start:end] = [stub]
    return "".join(lines)


def methods_line(methods: dict[tuple[str, str], ast.FunctionDef], graded: Graded) -> int:
    """Return the line of a graded method, or say that it is missing."""
    if (graded.cls, graded.method) not in methods:
        raise GraderError(
            f"{graded.name} is not in labkit.{graded.module}: "
            "the list of graded methods and the package disagree"
        )
    return methods[graded.cls, graded.method].lineno


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_BEHIND)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _ablate_files(package: Path, graded: list[Graded], *why: str) -> None:
    for name in {entry.path for entry in graded}:
        file = package / name
        entries = [entry for entry in graded if entry.path == name]
        file.write_text(ablate(file.read_text("utf-8"), entries, *why), "utf-8")


def build_edition(lab_name: str, target: Path) -> Path:
    """Write the student edition of a lab.

    Args:
        lab_name: the lab that is released; its and all later labs' answers are left out.
        target: an empty folder, gets ``labkit/`` and ``grader/``.

    Returns:
        ``target``.
    """
    models = {module.split(".")[1] for module in MODELS}
    for package, rooms in ((grader, ()), (labkit, sorted(models))):
        for name in (*STUDENT_ROOMS[package.__name__], *rooms):
            source = Path(package.__path__[0], name)
            if source.exists():
                _copy(source, target / package.__name__ / name)
    _ablate_files(target / "labkit", graded_from(lab_name))
    still_graded = {name for name, graded in GRADED if graded in graded_from(lab_name)}
    _ablate_files(
        target / "labkit",
        [method for last_lab, method in LEFT_OUT if last_lab in still_graded],
        "left out of this edition, because it says what that task asks for",
    )
    given_away = [name for name, last_lab in GIVES_AWAY.items() if last_lab in still_graded]
    for name, first_lab in JOINS.items():
        if first_lab in later_than(lab_name):
            shutil.rmtree(target / "grader" / name, ignore_errors=True)
    for name in [*given_away, *(f"labs/{lab}" for lab in later_than(lab_name))]:
        shutil.rmtree(target / "labkit" / name, ignore_errors=True)
    return target


__all__ = ["GIVES_AWAY", "LABS", "LEFT_OUT", "ablate", "build_edition", "graded_from"]
