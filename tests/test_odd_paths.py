"""Paths that are not what a command needs: one line that says which and why, and no traceback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from course_tools import BIN, LAB, Ran, in_process
from grader.course.course import grade
from grader.course.ledger import Ledger
from grader.course.secret import course_secret

# Every command that is given a path, with the path at "PATH" and a small course at "COURSE".
GRADE = ("grade", "COURSE", "--isolation", "none", "--jobs", "1", "--lab", LAB.name)
COMMANDS = {
    "check": ("check", "PATH"),
    "report": ("report", "PATH"),
    "report of a student": ("report", "PATH", "--student", "ada"),
    "report with a secret from there": ("report", "COURSE", "--course", "PATH"),
    "grade": ("grade", "PATH", "--isolation", "none"),
    "grade into": (*GRADE, "--output", "PATH"),
    "release from": ("release", LAB.name, "--course", "PATH"),
    "demo from": ("demo", "--course", "PATH"),
    "demo into": ("demo", "--target", "PATH"),
}


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file"


def a_link(target: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "link").symlink_to(target)
        return folder / "link"

    return make


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


ODD: dict[str, Callable[[Path], Path]] = {
    "a file": a_file,
    "below a file": lambda folder: a_file(folder) / "x",
    "below /proc": lambda folder: Path("/proc/x"),
    "a link to nowhere": a_link("nowhere/at/all"),
    "a link to itself": a_link("link"),
    "a pipe": a_pipe,
    "a device": lambda folder: Path("/dev/null"),
    "a name without end": lambda folder: folder / ("x" * 300),
    "a path without end": lambda folder: Path("x/" * 3000),
    "a name with a line break": lambda folder: a_file(folder) / "two\nlines\x1b[2J",
}


def lay_out(root: Path) -> Path:
    """Make a course with one record, which takes no worker."""
    (root / "submitted").mkdir(parents=True)
    (root / "submitted" / "ada").write_text("a file in place of a folder")
    grade(root, [LAB.name], isolation="none", jobs=1)
    return root


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("odd") / "course")


def told(ran: Ran) -> str:
    """Return the one line that a command ended with, after its warning and its progress."""
    lines = [line for line in ran.err.splitlines() if not line.startswith(("warning: ", "judging"))]
    assert ran.code in (1, 2), ran
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("grader: ")
    assert lines[0].isprintable()
    return lines[0]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_is_not_what_it_should_be_is_one_line(
    command: str,
    odd: str,
    course: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("grader.demo.require", lambda kind: None)
    monkeypatch.chdir(tmp_path)  # where a default would write
    path = ODD[odd](tmp_path)
    if command == "demo into" and odd == "a link to nowhere":
        path = path / "below"  # the demo itself may make what a link leads to
    places = {"PATH": path, "COURSE": course}
    before = (course / "ledger.jsonl").read_bytes()
    told(in_process(capsys, *(places.get(word, word) for word in COMMANDS[command])))
    assert (course / "ledger.jsonl").read_bytes() == before


@pytest.mark.parametrize("command", ["grade", "report"])
@pytest.mark.parametrize("name", ["ledger.jsonl", ".grader_secret"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "dangling", "device"])
def test_a_file_of_the_course_that_is_none_is_named(
    kind: str, name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = lay_out(tmp_path / "course")
    path = course / name
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"loop": name, "dangling": "nowhere", "device": "/dev/full"}[kind])
    words = (command, course) + (("--isolation", "none") if command == "grade" else ())
    assert name in told(in_process(capsys, *words, *(["--lab", LAB.name] * (command == "grade"))))


@pytest.mark.parametrize("name", ["scores.csv", "scores.csv.new", "feedback"])
@pytest.mark.parametrize("kind", ["wrong kind", "pipe", "loop"])
def test_a_result_that_cannot_be_written_is_named_before_anybody_is_judged(
    kind: str,
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course = lay_out(tmp_path / "course")
    out = tmp_path / "out"
    out.mkdir()
    if kind == "pipe":
        os.mkfifo(out / name)
    elif kind == "loop":
        (out / name).symlink_to(name)
    else:
        (out / name).touch() if name == "feedback" else (out / name).mkdir()
    words = [course if word == "COURSE" else word for word in GRADE]
    assert name in told(in_process(capsys, *words, "--output", out))
    assert [path.name for path in out.iterdir()] == [name]


@pytest.mark.parametrize("place", ["feedback/ada", f"feedback/ada/{LAB.name}"])
def test_a_page_that_cannot_be_written_costs_no_mark(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course, out = lay_out(tmp_path / "course"), tmp_path / "out"
    (out / place).parent.mkdir(parents=True)
    (out / place).touch()
    words = [course if word == "COURSE" else word for word in GRADE]
    said = told(in_process(capsys, *words, "--output", out))
    assert str(out / place) in said
    assert "all marks are in" in said
    assert "ada" in (out / "scores.csv").read_text("utf-8")
    secret = (course / ".grader_secret").read_bytes()
    assert [record["student"] for record in Ledger(out / "ledger.jsonl", secret).records] == ["ada"]


def in_a_small_room(folder: Path, kilobytes: int, *command: object) -> Ran:
    """Run a grader command with a file system of this size in place of the folder, as on a disk
    that is full; what it leaves is copied to ``folder.kept``.
    """
    kept = folder.with_name(f"{folder.name}.kept")
    script = f"cp -r {folder}.before/. {folder}; {BIN}/grader {' '.join(map(str, command))}; "
    script += f"code=$?; cp -r {folder} {kept}; exit $code"
    view = ["--dev-bind", "/", "/", "--size", str(1024 * kilobytes), "--tmpfs", str(folder)]
    done = subprocess.run(
        ["bwrap", *view, "sh", "-c", script], capture_output=True, text=True, timeout=120
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [40, 64])
def test_a_full_disk_is_one_line_and_what_was_written_counts(
    confined: str, tmp_path: Path, kilobytes: int
) -> None:
    course = tmp_path / "course"
    course.mkdir()
    before = course.with_name("course.before")
    for number in range(20):
        (before / "submitted").mkdir(parents=True, exist_ok=True)
        (before / "submitted" / f"student {number}").write_text("")
    ran = in_a_small_room(
        course, kilobytes, "grade", course, "--isolation", "none", "--lab", LAB.name
    )
    said = told(ran)
    assert "No space left on device" in said
    kept = course.with_name("course.kept")
    if (kept / ".grader_secret").exists() and (kept / "ledger.jsonl").exists():
        before = Ledger(kept / "ledger.jsonl", course_secret(kept)).records
        after = grade(kept, [LAB.name], isolation="none", jobs=1)
        assert len(after) == 20
        assert [r for r in after if r in before] == sorted(before, key=lambda r: after.index(r))


@pytest.mark.slow
def test_a_course_that_can_only_be_read_is_graded_elsewhere(
    confined: str, tmp_path: Path, course: Path
) -> None:
    def grader(*words: object, **more: str) -> Ran:
        view = ["--dev-bind", "/", "/", "--ro-bind", str(course), str(course)]
        command = ("grade", course, "--isolation", "none", "--lab", LAB.name)
        done = subprocess.run(
            ["bwrap", *view, BIN / "grader", *map(str, (*command, *words))],
            env=os.environ | more,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    assert "nothing can be written in" in told(grader())
    ran = grader("--output", tmp_path / "out")
    assert ran.code == 0, ran.text
    assert (tmp_path / "out" / "scores.csv").exists()
    (course / ".grader_secret").unlink()
    said = told(grader("--output", tmp_path / "new"))
    assert "Read-only file system: mend this, or set the variable GRADER_SECRET" in said
    ran = grader("--output", tmp_path / "new", GRADER_SECRET="a secret that is long enough")
    assert ran.code == 0, ran.text
