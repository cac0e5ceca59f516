"""A grader who is nobody special: the judge needs no rights of root, and root's files stop nobody.

Where the tests run as root, the commands run as another user, who sees the same files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks import ATTACKS
from conftest import ROOT, fill
from course_tools import BIN, LAB, NOTEBOOK, Course, Ran, fill_in, make_course

pytestmark = [pytest.mark.slow, pytest.mark.lab1, pytest.mark.timeout(600)]

USER = 54321
RIGHT = fill()


def _closed(path: Path) -> Path | None:
    """Return the first folder on the way to a path that another user may not enter."""
    ways = [folder for folder in [*reversed(path.parents), path] if folder.is_dir()]
    return next((folder for folder in ways if not folder.stat().st_mode & 0o001), None)


def _as_user() -> list[str]:
    """Return what runs a command as an ordinary user who can reach the interpreter and the kit."""
    if os.getuid() != 0:
        return []
    view = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL"]
    needed = {Path(sys.prefix), Path(sys.base_prefix).resolve(), ROOT}
    for path in sorted(needed):
        closed = _closed(path)
        if closed is not None:
            view += ["--perms", "0755", "--tmpfs", str(closed)]
            between = [folder for folder in reversed(path.parents) if closed in folder.parents]
            for folder in between:
                view += ["--perms", "0755", "--dir", str(folder)]
            view += ["--ro-bind", str(path), str(path)]
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all"]
    return [*view, "--", *drop]


class Home:
    """A course of the user's own."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def run(self, *command: str, **more: str) -> Ran:
        home = self.course.root.parent
        variables = {"HOME": str(home), "OMP_NUM_THREADS": "1", "JUPYTER_DATA_DIR": str(home / "j")}
        variables |= {"JUPYTER_CONFIG_DIR": str(home / "c"), "IPYTHONDIR": str(home / "i")}
        # coverage would write where this user may not
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
        done = subprocess.run(
            [*_as_user(), str(BIN / command[0]), *command[1:]],
            cwd=self.course.root,
            env=environment | variables | more,
            capture_output=True,
            text=True,
            timeout=280,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


def give_away(folder: Path) -> None:
    if os.getuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)


@pytest.fixture(scope="module")
def home(confined: str) -> Iterator[Home]:
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to become another user")
    # not below pytest's folder, which is closed to others
    folder = Path(tempfile.mkdtemp(prefix="ordinary-"))
    folder.chmod(0o755)
    course = make_course(folder / "course")
    give_away(folder)
    found = Home(course)
    reached = found.run("python", "-c", "import os, torch, grader; print(os.getuid())")
    if reached.code != 0:
        pytest.skip(f"another user cannot reach the interpreter here: {reached.err[-200:]}")
    assert reached.out.strip() != "0"
    made = found.run("nbgrader", "generate_assignment", LAB.name)
    assert made.code == 0, made.text
    notebook = course.released()
    hand_ins = {"ada": RIGHT, "ben": {"attention-1": RIGHT["attention-1"]}}
    for name in ("killing everybody", "its own answer by heart"):
        hand_ins[name] = RIGHT | {"attention-2": ATTACKS[name].cell}
    for name, cells in {**hand_ins, "closed folder": RIGHT, "closed file": RIGHT}.items():
        course.submitted(name).mkdir(parents=True)
        path = course.submitted(name) / NOTEBOOK
        path.write_text(json.dumps(fill_in(notebook, cells)), "utf-8")
    give_away(course.root / "submitted")
    course.submitted("closed file").joinpath(NOTEBOOK).chmod(0)
    course.submitted("closed folder").parent.chmod(0)
    yield found
    shutil.rmtree(folder, ignore_errors=True)


MARKS = {"ada": 60, "ben": 20, "killing everybody": 40, "its own answer by heart": 40}
CLOSED = {"closed file": 0, "closed folder": 0}


def test_the_sandbox_works(home: Home) -> None:
    assert home.run("grader", "doctor").code == 0


def test_marks_are_those_that_were_earned(home: Home) -> None:
    ran = home.run("grader", "grade", ".", "--json", "--jobs", "1")
    assert ran.code == 0, ran.err
    records = {record["student"]: record for record in json.loads(ran.out)}
    assert {name: record["points"] for name, record in records.items()} == MARKS | CLOSED
    for name in CLOSED:
        assert "Permission denied" in records[name]["reason"]
    assert {record["isolation"] for record in records.values()} == {"bubblewrap"}


def test_nbgrader_gives_the_same(home: Home) -> None:
    ran = home.run("nbgrader", "autograde", LAB.name, "--JudgeSubmission.show_outputs=False")
    assert ran.code == 0, ran.text[-3000:]
    assert home.course.marks() == MARKS | CLOSED


def test_the_table_of_the_class_is_printed(home: Home) -> None:
    ran = home.run("grader", "report", ".", COLUMNS="120")
    assert ran.code == 0, ran.err
    assert "ada" in ran.out


@pytest.mark.parametrize("what", ["output", "course", "secret", "ledger"])
def test_what_this_user_may_not_touch_is_one_line(home: Home, what: str) -> None:
    course = home.course.root
    paths = {"output": course / "closed", "secret": course / ".grader_secret"}
    path = paths.get(what, course / ("ledger.jsonl" if what == "ledger" else "."))
    (course / "closed").mkdir(exist_ok=True)
    words = ["--output", str(path)] if what == "output" else []
    mode = path.stat().st_mode
    path.chmod(0o555 if path.is_dir() else 0)
    give_away(course / "closed")
    try:
        ran = home.run("grader", "grade", ".", "--jobs", "1", *words)
    finally:
        path.chmod(mode)
    assert ran.code == 2, ran.text
    lines = ran.err.splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("grader: ")
    assert "Permission denied" in lines[0] or "nothing can be written in" in lines[0]
