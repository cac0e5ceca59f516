"""Points that an instructor has changed in the notebook: the judge's are given in proportion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.course.course import grade
from grader.course.points import points_of, share, weighed
from grader.errors import GraderError
from grader.judge.verdict import Verdict
from grader.labs import LABS

LAB = LABS["lab1_attention"]
KIT = {"attention-1": 20, "attention-2": 20, "attention-3": 20, "attention-4": 10}


def write(course: Path, place: str, *, text: str | None = None, **points: Any) -> None:
    """Write an instructor's notebook whose graded cells have these points."""
    cells = [
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade": True, "grade_id": name, "points": worth}},
            "source": "",
        }
        for name, worth in points.items()
    ]
    cells.append({"cell_type": "code", "metadata": {}, "source": "", "id": "attention-1-check"})
    path = course / place / LAB.name / f"{LAB.notebook}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}), "utf-8")


def test_without_a_notebook_the_kits_points_count(tmp_path: Path) -> None:
    assert points_of(tmp_path, LAB) == KIT


def test_the_release_goes_before_the_source(tmp_path: Path) -> None:
    write(tmp_path, "notebooks", **{"attention-1-check": 5})
    assert points_of(tmp_path, LAB) == KIT | {"attention-1": 5}
    write(tmp_path, "release", **{"attention-1-check": 30, "attention-4": 4.5})
    assert points_of(tmp_path, LAB) == KIT | {"attention-1": 30, "attention-4": 4.5}


@pytest.mark.parametrize("worth", [None, "30", -1, True, [30], float("nan"), float("inf")])
def test_what_is_no_number_of_points_is_the_kits(tmp_path: Path, worth: Any) -> None:
    write(tmp_path, "release", **{"attention-1-check": worth})
    assert points_of(tmp_path, LAB) == KIT


@pytest.mark.parametrize("text", ["{", "[]", '{"nbformat": 3}', "\x00"])
def test_a_notebook_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    write(tmp_path, "release", text=text)
    with pytest.raises(GraderError, match=f"make it anew with grader release {LAB.name}"):
        points_of(tmp_path, LAB)


@pytest.mark.parametrize(
    ("given", "of", "worth", "earned"),
    [
        (20, 20, 30, 30),
        (20, 20, 10, 10),
        (20, 20, 0.1, 0.1),
        (0, 20, 30, 0),
        (15, 20, 30, 22.5),
        (20, 20, 0, 0),
    ],
)
def test_points_are_given_in_proportion(
    given: float, of: float, worth: float, earned: float
) -> None:
    assert share(given, of, worth) == earned


def test_a_record_has_the_courses_points_and_their_sums() -> None:
    verdicts = [Verdict(task.id, 20, 20, "passed").record() for task in LAB.judged]
    verdicts[1] |= {"points": 0}
    record = {"student": "ada", "points": 40, "max_points": 60, "verdicts": verdicts}
    shown = weighed(record, {"attention-1": 30, "attention-2": 7, "attention-3": 0.5})
    assert [v["points"] for v in shown["verdicts"]] == [30, 0, 0.5]
    assert [v["max_points"] for v in shown["verdicts"]] == [30, 7, 0.5]
    assert (shown["points"], shown["max_points"]) == (30.5, 37.5)
    assert record["points"] == 40  # the ledger's own record stays as it is
    assert weighed(record, {}) == record


def test_points_that_are_changed_later_need_no_new_judgement(tmp_path: Path) -> None:
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    seen: list[bool] = []

    def run() -> Any:
        note = lambda record, cached: seen.append(cached)  # noqa: E731
        (record,) = grade(tmp_path, [LAB.name], isolation="none", jobs=1, progress=note)
        return record

    assert run()["max_points"] == 60
    write(tmp_path, "release", **{"attention-1-check": 30, "attention-4": 4})
    assert run()["max_points"] == 70
    assert seen == [False, True]
    assert ",0,70," in (tmp_path / "scores.csv").read_text("utf-8")
    page = (tmp_path / "feedback" / "ada" / LAB.name / "attention.html").read_text("utf-8")
    assert "<b>0 of 70</b>" in page
    assert "<td>0 / 30</td>" in page
    assert "Up to 4 points on top" in page
