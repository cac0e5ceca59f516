"""The commands: what they print, how they exit, and what they do not load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, fill
from course_tools import BIN, LAB, NOTEBOOK, Ran, fill_in, in_process, run
from grader import cli
from grader.labs import LABS
from grader.sandbox.isolation import Isolation

GRADER = ("check", "doctor", "grade", "release", "golden", "demo")
LABKIT = ("say", "voices", "bench", "text", "mel", "corpus", "train")
RIGHT = fill()
ALL_LABS = ", ".join(sorted(LABS))


def grader(*arguments: object, folder: Path = ROOT, **more: str | None) -> Ran:
    return run(["grader", *map(str, arguments)], folder, **more)


def write(path: Path, cells: dict[str, str]) -> Path:
    """Write the lab's notebook with these cells, as a student would hand it in."""
    source = json.loads((ROOT / "notebooks" / LAB.name / NOTEBOOK).read_text("utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fill_in(source, cells)), "utf-8")
    return path


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one right and one half-right submission."""
    root = tmp_path / "course"
    wrong = RIGHT | {"attention-3": "class Attention(Attention):\n    pass"}
    write(root / "submitted" / "ada" / LAB.name / NOTEBOOK, RIGHT)
    write(root / "submitted" / "cleo" / LAB.name / NOTEBOOK, wrong)
    return root


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("program", "commands"), [("grader", GRADER), ("labkit", LABKIT)])
def test_help_names_every_command(program: str, commands: tuple[str, ...]) -> None:
    ran = run([program, "--help"], ROOT)
    assert ran.code == 0
    assert all(f"\n    {command} " in ran.out for command in commands)


@pytest.mark.parametrize("command", GRADER)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    ran = in_process(capsys, command, "--help")
    assert ran.code == 0
    assert "--json" in ran.out
    assert ran.out.count("\n") > 5


def test_modules_can_be_run() -> None:
    ran = run(["python", "-m", "grader.cli", "--help"], ROOT)
    assert (ran.code, "usage: grader" in ran.out) == (0, True)


# --- what is loaded ------------------------------------------------------------------------------

HEAVY = ("torch", "librosa", "matplotlib", "scipy", "soundfile", "nbgrader", "IPython")


def loaded(code: str) -> set[str]:
    """Return which heavy packages a piece of code has loaded."""
    code += f"\nimport json, sys\nprint(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    ran = run(["python", "-c", code], ROOT)
    assert ran.code == 0, ran.text
    return set(json.loads(ran.out.splitlines()[-1]))


@pytest.mark.parametrize("package", ["labkit", "grader", "labkit.cli", "grader.cli"])
def test_a_package_loads_nothing_heavy(package: str) -> None:
    assert loaded(f"import {package}") == set()


def test_heavy_packages_would_be_noticed() -> None:
    assert loaded("import labkit; labkit.tacotron2") == {"torch"}


@pytest.mark.parametrize("program", ["labkit", "grader"])
def test_help_loads_nothing_heavy(program: str) -> None:
    code = f"from {program}.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert loaded(code) == set()


def test_wrong_use_loads_nothing_heavy() -> None:
    code = "from grader.cli import main\ntry: main(['dance'])\nexcept SystemExit: pass"
    assert loaded(code) == set()


def test_nbgrader_does_not_load_the_judge_for_every_command() -> None:
    code = (
        "from traitlets.config import Config\nfrom grader.nbgrader.plugins import configure\n"
        "configure(Config())"
    )
    assert "torch" not in loaded(code)


# --- labkit --------------------------------------------------------------------------------------


def test_text_shows_how_a_sentence_is_read() -> None:
    ran = run(["labkit", "text", "Dr. No has 2 cats.", "--json"], ROOT)
    answer = json.loads(ran.out)
    assert ran.code == 0
    assert answer["spoken"] == "doctor no has two cats."
    assert len(answer["ids"]) == len(answer["spoken"])


def test_text_shows_phonemes_and_what_is_left_out() -> None:
    ran = run(["labkit", "text", "--phonemes", "Two cats, 你.", "--json"], ROOT)
    answer = json.loads(ran.out)
    assert answer["spoken"] == "{T UW} {K AE T S}."
    assert ran.err == "note: skipped, because it has no reading: 你\n"


def test_mel_measures_a_file(tmp_path: Path) -> None:
    import numpy
    import soundfile

    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * numpy.sin(numpy.arange(22050) / 10), 22050)
    ran = run(["labkit", "mel", str(path), "--json"], tmp_path)
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    assert (answer["bands"], answer["frames"]) == (80, 87)


@pytest.mark.parametrize(
    "arguments",
    [["mel", "nowhere.wav"], ["text", "hello", "--normalise", "loudly"], ["text", "😀"]],
)
def test_labkit_says_in_one_line_what_is_wrong(arguments: list[str]) -> None:
    ran = run(["labkit", *arguments], ROOT)
    if arguments == ["text", "😀"]:  # written out or left out, but never a traceback
        assert "Traceback" not in ran.text
        return
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("labkit: ")


# --- grader check --------------------------------------------------------------------------------


def test_check_passes_and_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = in_process(capsys, "check", write(tmp_path / NOTEBOOK, RIGHT))
    assert ran.code == 0
    assert ran.out.count("✓ ") == len(LAB.judged)
    assert "grading also uses hidden ones" in ran.out


def test_check_fails_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / NOTEBOOK, RIGHT | {"attention-2": "def broken(:"})
    ran = in_process(capsys, "check", path, "--json")
    answer = json.loads(ran.out)
    assert ran.code == 1
    assert answer["passed"] is False
    assert answer["self_check"] is True
    points = {verdict["task"]: verdict["points"] for verdict in answer["verdicts"]}
    assert points == {"attention-1": 20, "attention-2": 0, "attention-3": 0} or points == {
        "attention-1": 20,
        "attention-2": 0,
        "attention-3": 20,
    }
    broken = answer["verdicts"][1]["message"]
    assert "SyntaxError" in broken


def one_line(ran: Ran) -> str:
    """Return the line that a command ended with; there is no other."""
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("grader: ")
    return ran.err[len("grader: ") :].strip()


def test_check_refuses_what_is_no_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no notebook nothing.ipynb" in one_line(
        in_process(capsys, "check", tmp_path / "nothing.ipynb")
    )
    assert "is not a file" in one_line(in_process(capsys, "check", tmp_path))
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert "broken JSON" in one_line(in_process(capsys, "check", broken))
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "hello"}]
    broken.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells}))
    said = one_line(in_process(capsys, "check", broken))
    assert said == f"no cell of any lab was found (labs: {ALL_LABS})"


# --- grader grade --------------------------------------------------------------------------------


@pytest.mark.slow
def test_grade_writes_marks_ledger_and_pages(course: Path, confined: str) -> None:
    ran = grader("grade", course)
    assert ran.code == 0, ran.err
    assert "60/60" in ran.out
    assert f"scores.csv, ledger.jsonl and feedback/ are in {course}" in ran.out
    assert {path.name for path in course.iterdir()} == {
        *("submitted", "feedback", "ledger.jsonl", "scores.csv", ".grader_secret")
    }
    again = grader("grade", course, "--json", "--output", course / "out", "--lab", LAB.name)
    records = json.loads(again.out)
    assert [(r["student"], r["points"], r["isolation"]) for r in records] == [
        ("ada", 60, "bubblewrap"),
        ("cleo", 40, "bubblewrap"),
    ]
    assert (course / "out" / "feedback" / "ada" / LAB.name / "attention.html").exists()


def test_grade_refuses_without_a_sandbox(course: Path, tmp_path: Path) -> None:
    said = one_line(grader("grade", course, PATH=str(tmp_path)))
    assert said.startswith("grading refused: the program bwrap is not installed")
    assert "--isolation none" in said
    assert {path.name for path in course.iterdir()} == {"submitted"}


def test_grading_unconfined_warns_and_is_recorded(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(course / "submitted" / "cleo")
    ran = in_process(capsys, "grade", course, "--isolation", "none", "--json", "--jobs", 1)
    assert ran.code == 0
    assert "warning: no isolation: submissions run with your rights" in ran.err
    assert [record["isolation"] for record in json.loads(ran.out)] == ["unconfined"]
    assert "unconfined" in (course / "scores.csv").read_text("utf-8")
    assert "unconfined" in (course / "ledger.jsonl").read_text("utf-8")
    page = course / "feedback" / "ada" / LAB.name / "attention.html"
    assert "Judged unconfined." in page.read_text("utf-8")


def test_grade_says_in_one_line_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(folder: Path, *more: str) -> str:
        ran = in_process(capsys, "grade", folder, "--isolation", "none", *more)
        lines = ran.err.splitlines(keepends=True)
        assert lines[0].startswith("warning: no isolation")
        return one_line(Ran(ran.code, ran.out, lines[-1]))

    assert "has no folder 'submitted'" in grade(tmp_path / "nowhere")
    assert "has no folder 'submitted'" in grade(tmp_path)
    (tmp_path / "submitted").mkdir()
    assert "holds no student's folder" in grade(tmp_path)
    (tmp_path / "submitted" / "ada").mkdir()
    assert f"nobody in {tmp_path}/submitted handed in one of: {ALL_LABS}" in grade(tmp_path)
    assert f"no lab is called 'lab9'; the kit has: {ALL_LABS}" in grade(tmp_path, "--lab", "lab9")


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["dance"], ["grade"], ["grade", ".", "--jobs", "0"], ["grade", ".", "--jobs", "x"]),
        *(["grade", ".", "--isolation", "docker"], ["check"], ["check", "a", "b"], ["release"]),
    ],
)
def test_wrong_use_exits_2_with_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    ran = in_process(capsys, *arguments)
    assert ran.code == 2
    assert ran.err.startswith("usage: grader")
    assert ran.err.splitlines()[-1].startswith("grader")
    assert "error: " in ran.err.splitlines()[-1]


# --- the rest ------------------------------------------------------------------------------------


def test_release_says_in_one_line_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = one_line(in_process(capsys, "release", "lab9", "--course", tmp_path))
    assert said == f"no lab is called 'lab9'; the kit has: {ALL_LABS}"
    said = one_line(in_process(capsys, "release", LAB.name, "--course", tmp_path))
    assert said == f"{tmp_path} is no course: it has no nbgrader_config.py"
    said = one_line(in_process(capsys, "release", LAB.name, "--course", tmp_path / "nowhere"))
    assert "is no course" in said
    shutil.copyfile(ROOT / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    said = one_line(in_process(capsys, "release", LAB.name, "--course", tmp_path))
    assert said.startswith("the source notebook ")


def test_doctor_tells_what_this_machine_can(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for works in (True, False):
        found = Isolation("bubblewrap", "some reason", works)
        monkeypatch.setattr("grader.sandbox.isolation.probe", lambda found=found: found)
        ran = in_process(capsys, "doctor", "--json")
        assert ran.code == (0 if works else 1)
        assert json.loads(ran.out) == {"bubblewrap": works, "detail": "some reason"}
        ran = in_process(capsys, "doctor")
        assert "some reason" in ran.out
        assert ("--isolation none" in ran.out) == (not works)


@pytest.mark.parametrize("problems", [[], ["public/attention-1/0: the slips differ"]])
def test_golden_reports_what_disagrees(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    monkeypatch.setattr("grader.instructor.goldens.check_goldens", lambda: problems)
    ran = in_process(capsys, "golden", "--json")
    assert (ran.code, json.loads(ran.out)) == (1 if problems else 0, {"problems": problems})
    assert in_process(capsys, "golden", "--check").out.strip() == (
        "\n".join(problems)
        or "the stored cases agree with the reference, and every slip is told from the others"
    )


def test_an_interrupted_command_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_doctor", interrupt)
    ran = in_process(capsys, "doctor")
    assert one_line(ran) == "stopped; what was judged or measured is kept"


def test_a_closed_pipe_is_no_traceback() -> None:
    program = subprocess.Popen(
        [BIN / "grader", "doctor"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None and program.stderr is not None
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    program.wait()
