"""All labs of a course at once: release, hand in, grade in both ways, feedback, the report card."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from course_tools import Course, fill_in, generated_course, words
from grader.labs import LABS
from grader.labs.base import Lab
from grader.submissions.notebook_file import identity_of
from notebook_tools import NOTEBOOKS, read_notebook, stubs_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

POINTS = {"lab1_attention": 60, "lab2_encoder": 60, "lab3_decoder": 120, "lab4_inference": 60}


def notebook_of(root: Path, lab: Lab) -> dict[str, Any]:
    return json.loads((root / lab.name / f"{lab.notebook}.ipynb").read_text("utf-8"))


def solutions(lab: Lab) -> dict[str, str]:
    notebook = read_notebook(NOTEBOOKS / lab.name / f"{lab.notebook}.ipynb")
    stubs = (cell for task in lab.judged for cell in stubs_of(notebook, task.id))
    return {cell.id: cell.source for cell in stubs}


def hand_in(course: Course, student: str, lab: Lab, cells: dict[str, str]) -> None:
    folder = course.root / "submitted" / student / lab.name
    folder.mkdir(parents=True)
    notebook = fill_in(notebook_of(course.root / "release", lab), cells)
    (folder / f"{lab.notebook}.ipynb").write_text(json.dumps(notebook), "utf-8")


@pytest.fixture(scope="module")
def course(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ada has filled everything, Ben nothing, Cleo all but the first task of each lab."""
    made = generated_course(tmp_path_factory, "whole")
    for lab in LABS.values():
        cells = solutions(lab)
        hand_in(made, "ada", lab, cells)
        hand_in(made, "ben", lab, {})
        hand_in(made, "cleo", lab, {k: v for k, v in cells.items() if k != lab.judged[0].id})
        ran = made.nbgrader("autograde", lab.name)
        assert ran.code == 0, ran.text
        made.log[lab.name] = ran
    return made


@pytest.fixture(scope="module")
def ledger(course: Course) -> dict[tuple[str, str], dict[str, Any]]:
    from course_tools import run

    ran = run(["grader", "grade", str(course.root), "--json"], course.root)
    assert ran.code == 0, ran.text
    return {(record["student"], record["lab"]): record for record in json.loads(ran.out)}


def nbgrader_points(course: Course, student: str, lab: Lab) -> dict[str, float]:
    path = course.root / "autograded" / student / lab.name / f"{lab.notebook}.ipynb"
    points = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for name in identity_of(cell):
            if name.endswith("-check"):
                given = [o for o in cell["outputs"] if o["output_type"] == "execute_result"]
                text = "".join(given[0]["data"]["text/plain"]) if given else "0"
                points[name.removesuffix("-check")] = float(text)
    return points


def test_the_points_are_those_of_the_original_course() -> None:
    assert {name: lab.points for name, lab in LABS.items()} == POINTS
    by_test: dict[str, int] = {}
    for lab in LABS.values():
        for task in lab.judged:
            by_test[task.classic] = by_test.get(task.classic, 0) + task.points
    names = ("TEST_ATTEN", "ENCODER", "DECODER", "TACOTRON2", "AUDIO")
    assert by_test == dict.fromkeys(names, 60)


@pytest.mark.parametrize("name", sorted(LABS))
def test_nbgrader_and_the_kit_give_the_same_points(
    course: Course, ledger: dict[tuple[str, str], dict[str, Any]], name: str
) -> None:
    lab = LABS[name]
    full = {task.id: float(task.points) for task in lab.judged}
    first = lab.judged[0].id
    expected = {
        "ada": full,
        "ben": dict.fromkeys(full, 0.0),
        "cleo": full | {first: 0.0},  # a mistake costs its own points and no others
    }
    for student, points in expected.items():
        verdicts = ledger[student, name]["verdicts"]
        assert {v["task"]: v["points"] for v in verdicts} == points, [
            v["message"] for v in verdicts
        ]
        assert nbgrader_points(course, student, lab) == points


@pytest.mark.parametrize("name", sorted(LABS))
def test_an_empty_release_says_of_each_task_that_it_is_not_written(
    ledger: dict[tuple[str, str], dict[str, Any]], name: str
) -> None:
    for verdict in ledger["ben", name]["verdicts"]:
        assert verdict["stage"] == "unfilled"
        assert re.search(rf"^{verdict['task']}: .* (is|are) not written yet\.$", verdict["message"])


@pytest.mark.parametrize("name", sorted(LABS))
def test_what_the_notebook_shows_is_kept_beside_the_marks(course: Course, name: str) -> None:
    """The confined run has no other notebooks, no network and no sound card, and still shows."""
    lab = LABS[name]
    path = course.root / "autograded" / "ada" / lab.name / f"{lab.notebook}.ipynb"
    text = path.read_text("utf-8")
    assert "The outputs end here" not in text
    cells = json.loads(text)["cells"]
    pictures = 0
    for cell in cells:
        for output in cell.get("outputs", []) if "-view" in str(identity_of(cell)) else []:
            assert "Error" not in "".join(output.get("text", "")), identity_of(cell)
            pictures += "image/png" in output.get("data", {})
    assert pictures >= 2


@pytest.mark.parametrize("name", sorted(LABS))
def test_feedback_is_a_page_with_the_points(course: Course, name: str) -> None:
    lab = LABS[name]
    assert course.nbgrader("generate_feedback", lab.name).code == 0
    page = course.root / "feedback" / "ada" / lab.name / f"{lab.notebook}.html"
    said = words(page.read_text("utf-8"))
    for task in lab.judged:
        assert f"{task.id}: passed." in said


def test_the_report_card_of_a_whole_course_is_full(
    course: Course, ledger: dict[tuple[str, str], dict[str, Any]]
) -> None:
    from course_tools import run

    ada = run(["grader", "report", str(course.root), "--student", "ada"], course.root)
    assert ada.code == 0, ada.text
    assert "得分: 300.00" in ada.out
    assert "Accept" in ada.out
    assert "TEST_ATTEN ENCODER DECODER TACOTRON2 AUDIO" in ada.out
    assert len(re.findall(r"^PASS\b", ada.out, re.M)) == 5
    ben = run(["grader", "report", str(course.root), "--student", "ben"], course.root)
    assert "得分: 0.00" in ben.out
    assert len(re.findall(r"^FAIL\b", ben.out, re.M)) == 5
