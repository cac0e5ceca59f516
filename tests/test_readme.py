"""What README and first documents say of the course is so, and what they show can be done."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from conftest import ROOT
from grader.labs import LABS
from labkit.labs.curriculum import LESSONS, Lesson

README = (ROOT / "README.md").read_text("utf-8")
INSTRUCTORS = (ROOT / "docs" / "instructors.md").read_text("utf-8")


NAMED = re.compile(r"`make ([a-z-]+)[^`]*`|^make ([a-z-]+)(?= *(?:#|ARGS|$))", re.M)


def points(lesson: Lesson) -> tuple[list[int], list[int]]:
    """Return what the tasks of a lab are worth: those of the judge, and those of a person."""
    by_hand = [exercise.points for exercise in lesson.exercises if exercise.is_essay]
    return [e.points for e in lesson.exercises if not e.is_essay], by_hand


def test_it_can_be_read_in_a_minute() -> None:
    assert len(README.splitlines()) <= 80
    assert len(re.findall(r"^!\[", README, re.M)) == 1


def test_its_table_is_the_curriculum() -> None:
    rows = re.findall(r"^\| \[\d.*$", README, re.M)
    found = [re.sub(r"(?<=\[)(\d+) .*?(?=\])|(?<=\) \|).*\|(?=.*\|$)", r"\1", row) for row in rows]
    wanted = []
    for number, lesson in enumerate(LESSONS, start=1):
        worth = " + ".join(str(sum(some)) for some in points(lesson) if some)
        wanted.append(f"| [{number}](notebooks/{lesson.place}) | {worth} |")
    assert found == wanted, "README.md's table of labs (left) and the curriculum (right) differ"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_instructors_see_what_each_task_is_worth(lesson: Lesson) -> None:
    judged, by_hand = (" + ".join(map(str, some)) for some in points(lesson))
    cells = (f"`{lesson.name}`", f"`{lesson.notebook}.ipynb`", judged, by_hand)
    row = "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"
    assert row in INSTRUCTORS, f"docs/instructors.md should have: {row} …"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lab_takes_as_long_as_its_notebook_says(lesson: Lesson) -> None:
    cells = json.loads((ROOT / "notebooks" / lesson.place).read_text("utf-8"))["cells"]
    rows = re.findall(r"^\| (.*?) \| (\d+) min \| (\d*) ?\|$", "".join(cells[0]["source"]), re.M)
    said = {row.split("`")[1]: (int(m), int(p)) for row, m, p in rows if row.startswith("`")}
    assert said == {e.id: (e.minutes, e.points) for e in lesson.exercises}
    quarters = round(sum(int(minutes) for _, minutes, _ in rows) / 15)
    hours = f"{quarters // 4 or ''}{' ¼½¾'[quarters % 4]}".strip()
    (row,) = re.findall(rf"^\| `{lesson.name}` .*$", INSTRUCTORS, re.M)
    assert row.endswith(f"| {hours} hours |"), f"its sections take {hours} hours together"


def test_it_counts_the_classic_points_and_the_slips_right() -> None:
    tasks = [task for lab in LABS.values() for task in lab.judged]
    tests = {task.classic: 0 for task in tasks if task.classic}
    for task in tasks:
        if task.classic:
            tests[task.classic] += task.points
    (named,) = re.findall(r"\((TEST_ATTEN.*?)\)", README, re.S)
    assert set(re.split(r",\s*", named)) == set(tests)
    assert f"give the other {sum(tests.values())}." in README
    assert f"{sum(len(task.slips) for task in tasks)} are known" in README


def test_make_has_the_targets_that_documents_name() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    documents = [README, (ROOT / "CONTRIBUTING.md").read_text("utf-8"), INSTRUCTORS]
    documents += [path.read_text("utf-8") for path in ROOT.glob("docs/*.md")]
    named = {
        target
        for text in documents
        for pair in re.findall(
            r"`make ([a-z-]+)[^`]*`|^make ([a-z-]+)(?= *(?:#|ARGS|$))", text, re.M
        )
        for target in filter(None, pair)
    }
    assert {"demo", "test", "test-anywhere"} <= named
    assert named <= targets


def test_the_python_that_is_shown_first_runs() -> None:
    text = (ROOT / "docs" / "learning.md").read_text("utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.S)
    namespace: dict[str, Any] = {}
    exec(source.replace("seed=0", "seed=0, max_decoder_steps=20"), namespace)
    assert namespace["mel"].shape[:2] == (1, 80)
    assert namespace["alignments"].shape[2] == namespace["ids"].shape[1]
