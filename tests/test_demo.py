"""The demo: one command, from the release to marks with their reasons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from conftest import ROOT
from course_tools import LAB, Ran, run, words
from grader import demo
from grader.errors import GraderError
from grader.release.release import Release

pytestmark = [pytest.mark.slow, pytest.mark.lab1]


@pytest.fixture(scope="module")
def target(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "course"


@pytest.fixture(scope="module")
def ran(target: Path) -> Ran:
    target.mkdir()
    for left in (".demo", "from an earlier run"):
        (target / left).touch()
    return run(["grader", "demo", "--json", "--target", str(target)], ROOT)


def test_the_demo_marks_five_students(ran: Ran, target: Path) -> None:
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    assert answer["course"] == str(target)
    marks = {student: mark["points"] for student, mark in answer["marks"].items()}
    assert marks == {"ada": 60, "ben": 20, "cleo": 40, "dan": 0, "eve": 0}


def test_the_demo_says_why(ran: Ran) -> None:
    reasons = {name: mark["reasons"] for name, mark in json.loads(ran.out)["marks"].items()}
    assert reasons["ada"] == []
    assert reasons["ben"] == reasons["dan"][1:]
    assert all(reason.endswith(" is not written yet.") for reason in reasons["dan"])
    (slip,) = reasons["cleo"]
    assert slip.startswith("attention-3: The mask is applied after the softmax.")
    assert len(reasons["eve"]) == len(LAB.judged)
    assert any("processed_attention must be a torch.Tensor, not Same." in r for r in reasons["eve"])


def test_the_demo_leaves_a_course_to_look_at(ran: Ran, target: Path) -> None:
    pages = {path.parts[-3]: path for path in target.glob("feedback/*/*/*.html")}
    assert set(pages) == {"ada", "ben", "cleo", "dan", "eve"}
    page = words(pages["cleo"].read_text("utf-8"))
    assert "The mask is applied after the softmax." in page
    assert len(list((target / "student" / LAB.name).glob("*.whl"))) == 2


def test_the_demo_replaces_an_earlier_one(ran: Ran, target: Path) -> None:
    assert ran.code == 0
    assert not (target / "from an earlier run").exists()


def test_the_demo_shows_a_table(
    ran: Ran, target: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps are not taken again; the table is made from the course of the first run."""
    lab_of_the_first = {"course": target, "lab": LAB}
    monkeypatch.setattr(demo, "release", lambda *_: Release(target, target, ()))
    for step in ("lay_out_class", "run_nbgrader"):
        monkeypatch.setattr(demo, step, lambda *_: None)
    marks = demo.read_marks(**lab_of_the_first)
    reasons = {name: demo.read_reasons(student=name, **lab_of_the_first) for name in marks}
    monkeypatch.setattr(demo, "read_marks", lambda *_: marks)
    monkeypatch.setattr(demo, "read_reasons", lambda course, student, lab: reasons[student])
    again = target.parent / "again"
    assert demo.run_demo(ROOT, again) == 0
    said = capsys.readouterr().out
    assert [said.count(f"│ {name}") for name in ("ada", "ben", "cleo", "dan", "eve")] == [1] * 5
    assert "The mask is applied after the softmax" in said
    assert f"feedback pages: {again}/feedback/STUDENT/{LAB.name}/" in said


def test_the_demo_spares_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("three years of work")
    with pytest.raises(GraderError, match="holds something else; give an empty folder"):
        demo.run_demo(ROOT, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "three years of work"


def test_the_demo_refuses_without_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraderError, match="grading refused"):
        demo.run_demo(ROOT, tmp_path / "course")
    assert not (tmp_path / "course").exists()


def test_the_demo_lets_the_reference_fill_speak(ran: Ran, target: Path) -> None:
    audio, rate = soundfile.read(target / "hello.wav")
    assert (rate, audio.ndim) == (22_050, 1)
    assert 3 < len(audio) / rate < 7
    assert 0.05 < abs(audio).max() < 1
    assert (target / "hello.png").read_bytes().startswith(b"\x89PNG")
    said, recognised = json.loads(ran.out)["speech"][-2:]
    wanted = said.removeprefix("said:").lower().replace(".", "").split()
    understood = set(recognised.removeprefix("recognised:").split())
    assert sum(word in understood for word in wanted) >= 0.7 * len(wanted), recognised
