"""Lays out courses for the tests that run nbgrader, and reads what came of them."""

from __future__ import annotations

import ast
import copy
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from grader import cli
from grader.labs import LABS
from grader.labs.base import Graded, Lab
from grader.submissions.notebook_file import identity_of

LAB = LABS["lab1_attention"]
NOTEBOOK = f"{LAB.notebook}.ipynb"
BIN = Path(sys.executable).parent

Notebook = dict[str, Any]


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def run(command: list[str], folder: Path, *, home: Path | None = None, **more: str | None) -> Ran:
    """Run a command of the kit's environment, as somebody with a home of their own."""
    home = home or folder
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_DATA_DIR": str(home / ".jupyter_data"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter_config"),
        "IPYTHONDIR": str(home / ".ipython"),
        "OMP_NUM_THREADS": "1",
    }
    for name, value in more.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    program = str(BIN / command[0])
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=1000,  # a test has a limit of its own
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def in_process(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    """Run a grader command here; quicker than a process of its own."""
    with pytest.raises(SystemExit) as end:
        cli.main(list(map(str, arguments)))
    shown = capsys.readouterr()
    return Ran(int(end.value.code or 0), shown.out, shown.err)


@dataclass
class Course:
    """A course folder with the kit's notebooks and configuration."""

    root: Path
    exchange: Path
    log: dict[str, Ran] = field(default_factory=dict)

    def copy(self, name: str) -> Course:
        """Return a copy under another name; it shares the exchange."""
        root = self.root.parent / name
        shutil.copytree(self.root, root)
        return Course(root, self.exchange, dict(self.log))

    def nbgrader(self, *arguments: str, **more: str | None) -> Ran:
        """Run an nbgrader command as the instructor."""
        return run(["nbgrader", *arguments], self.root, **more)

    def released(self) -> Notebook:
        path = self.root / "release" / LAB.name / NOTEBOOK
        return json.loads(path.read_text("utf-8"))

    def submitted(self, student: str) -> Path:
        return self.root / "submitted" / student / LAB.name

    def hand_in(
        self,
        student: str,
        cells: dict[str, str] | None = None,
        change: Callable[[Notebook], Any] | None = None,
        name: str = NOTEBOOK,
    ) -> Path:
        """Put a filled release notebook where collect would put it; return its folder."""
        notebook = fill_in(self.released(), cells or {})
        if change is not None:
            notebook = change(notebook) or notebook
        folder = self.submitted(student)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(notebook), "utf-8")
        return folder

    def grades(self) -> dict[str, dict[str, tuple[float | None, bool]]]:
        """Return, of each student, each graded cell's automatic points and whether it waits."""
        query = """
            SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score,
                   grade.needs_manual_grade
            FROM grade
            JOIN base_cell ON base_cell.id = grade.cell_id
            JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
            JOIN submitted_assignment
              ON submitted_assignment.id = submitted_notebook.assignment_id
        """
        found: dict[str, dict[str, tuple[float | None, bool]]] = {}
        with closing(sqlite3.connect(self.root / "gradebook.db")) as database:
            for student, cell, score, waits in database.execute(query):
                found.setdefault(student, {})[cell] = (score, bool(waits))
        return found

    def marks(self) -> dict[str, float]:
        """Return the sum of each student's automatic points."""
        return {
            student: sum(score or 0.0 for score, _ in cells.values())
            for student, cells in self.grades().items()
        }

    def autograded(self, student: str) -> Notebook:
        path = self.root / "autograded" / student / LAB.name / NOTEBOOK
        return json.loads(path.read_text("utf-8"))

    def feedback(self, student: str) -> str:
        path = self.root / "feedback" / student / LAB.name / f"{LAB.notebook}.html"
        return path.read_text("utf-8")


def make_course(root: Path, *, settings: str = "") -> Course:
    """Copy notebooks and configuration; the exchange is a folder beside them."""
    shutil.copytree(
        ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    exchange = root.parent / f"{root.name}-exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    text = (ROOT / "nbgrader_config.py").read_text("utf-8")
    text += f"\nc.Exchange.root = {str(exchange)!r}\n{settings}\n"
    (root / "nbgrader_config.py").write_text(text, "utf-8")
    return Course(root, exchange)


def generated_course(tmp_path_factory: pytest.TempPathFactory, name: str) -> Course:
    """Return a course of one's own, in which nbgrader has generated every lab.

    It is a copy of one that is made once in a run of the tests, whichever worker comes first.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "generated"
    with (base / "generated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "course").exists():
            shutil.rmtree(folder, ignore_errors=True)  # half of one is none
            made = make_course(folder / "making")
            for lab in LABS.values():
                ran = made.nbgrader("generate_assignment", lab.name)
                assert ran.code == 0, ran.text
            made.root.rename(folder / "course")
    course = make_course(tmp_path_factory.mktemp(name) / "course")
    shutil.copytree(folder / "course" / "release", course.root / "release")
    shutil.copyfile(folder / "course" / "gradebook.db", course.root / "gradebook.db")
    return course


def cell_of(notebook: Notebook, name: str) -> dict[str, Any]:
    """Return the cell of that id or grade_id."""
    return next(cell for cell in notebook["cells"] if name in identity_of(cell))


def fill_in(notebook: Notebook, cells: dict[str, str]) -> Notebook:
    """Return a copy with other sources in the named cells."""
    notebook = copy.deepcopy(notebook)
    for name, source in cells.items():
        cell_of(notebook, name)["source"] = source
    return notebook


def shown(notebook: Notebook, name: str) -> str:
    """Return all text below a cell."""
    parts = []
    for output in cell_of(notebook, name).get("outputs", []):
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), output.get("evalue", "")]
    return "\n".join("".join(part) for part in parts)


def words(html: str) -> str:
    """Return what a page says, without its tags, styles and embedded pictures."""
    html = re.sub(r"<(style|script)\b.*?</\1>", " ", html, flags=re.S)
    return unescape(re.sub(r"<[^>]*>", " ", html))


def all_of(lab: Lab, points: float) -> dict[str, float]:
    """Return the same share of points for each check of a lab."""
    return {f"{task.id}-check": task.points * points for task in lab.judged}


def graded_functions(source: str, wanted: list[Graded]) -> list[tuple[ast.FunctionDef, Graded]]:
    """Return those of the wanted methods and functions that a module defines."""
    by_name = {(graded.cls, graded.method): graded for graded in wanted}
    found = []
    for node in ast.parse(source).body:
        cls, body = (node.name, node.body) if isinstance(node, ast.ClassDef) else ("", [node])
        for item in body:
            if isinstance(item, ast.FunctionDef) and (cls, item.name) in by_name:
                found.append((item, by_name[cls, item.name]))
    return found
