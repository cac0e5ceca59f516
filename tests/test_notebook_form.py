"""What holds for the notebooks of all labs: they are short, and read well in a plain editor."""

from __future__ import annotations

import re

import pytest

from labkit.labs.curriculum import LESSONS, Lesson
from notebook_tools import (
    NOTEBOOKS,
    emptied,
    lines_to_write,
    quoted_errors,
    read_notebook,
    solutions_in,
    stubs_of,
)

_NOT_WORDS = re.compile(r"\$\$.*?\$\$|<[^>]+>", re.S)


def words(text: str) -> int:
    return sum(bool(re.search(r"[^\W\d_]", word)) for word in _NOT_WORDS.sub(" ", text).split())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
class TestProse:
    def test_the_first_stub_comes_soon(self, lesson: Lesson) -> None:
        read = 0
        for cell in read_notebook(NOTEBOOKS / lesson.place).cells:
            if cell.id == lesson.exercises[0].id:
                break
            read += words(cell.source) if cell.cell_type == "markdown" else 0
        assert read <= 700

    def test_lines_are_short_unless_they_quote_an_error(self, lesson: Lesson) -> None:
        for cell in read_notebook(NOTEBOOKS / lesson.place).cells:
            for line in cell.source.split("\n"):
                assert len(line) <= 120 or quoted_errors(line), (cell.id, line)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_stub_fits_on_a_screen(lesson: Lesson) -> None:
    notebook = read_notebook(NOTEBOOKS / lesson.place)
    for exercise in lesson.exercises:
        for cell in stubs_of(notebook, exercise.id):
            stub = emptied(cell.source)  # nbgrader puts "YOUR CODE HERE" above each raise
            assert len(stub.split("\n")) + len(solutions_in(cell.source)) <= 45, cell.id
            assert 1 <= lines_to_write(cell.source) <= 15, cell.id


def test_only_the_report_card_stands_behind_the_last_task() -> None:
    names = [cell.id for cell in read_notebook(NOTEBOOKS / LESSONS[3].place).cells]
    last = names.index(LESSONS[3].exercises[-1].id)
    assert names[last + 1 : last + 4] == ["end", "progress", "card"]
