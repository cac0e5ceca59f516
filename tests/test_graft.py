"""The graft: the text of solution cells, and nothing else, out of whatever came back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import STUB, cell, fill
from grader.errors import SubmissionError
from grader.labs.lab1_attention.tasks import LAB as ATTENTION
from grader.submissions.graft import SOURCE_LIMIT, graft, is_untouched
from grader.submissions.notebook_file import (
    CELL_LIMIT,
    CODE_LIMIT,
    identity_of,
    parse_notebook,
    source_of,
)
from labkit.cells.python import split

pytestmark = pytest.mark.lab1
TASKS = {task.id: task for task in ATTENTION.judged}


def code(source: Any, name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source} | ({"id": name} if name else {}) | more


def notebook(*cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "metadata": {}, "cells": list(cells)} | more


def filled() -> list[dict[str, Any]]:
    return [code(source, name) for name, source in fill().items()]


def test_only_solution_cells_pass() -> None:
    foreign = code("import os; os.remove('x')", tags=["skip-execution"])
    found = graft(notebook(code("import torch"), *filled(), foreign), ATTENTION)
    assert found.cells == fill()
    assert found.repairs == ()


def test_what_no_solution_refers_to_is_dropped() -> None:
    helper = code("def helper(x):\n    return x")
    found = graft(notebook(helper, *filled()), ATTENTION)
    assert found.cells == fill()
    assert found.repairs == ()


def test_written_answers_are_kept_apart() -> None:
    essay = {"cell_type": "markdown", "id": "attention-4", "source": ["Because ", "additive"]}
    found = graft(notebook(*filled(), essay), ATTENTION)
    assert found.answers == {"attention-4": "Because additive"}
    assert set(found.cells) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_a_cell_without_a_name_is_found_by_what_it_defines(task: str) -> None:
    cells = [code(source, name if name != task else None) for name, source in fill().items()]
    found = graft(notebook(*cells), ATTENTION)
    assert found.cells == fill()
    assert found.repairs == (
        f"{task}: the cell had lost its name; it was found by its method {TASKS[task].name}",
    )


def test_a_nameless_cell_that_does_not_parse_is_found_by_its_words() -> None:
    broken = fill()["attention-2"] + "\n    x = ("
    cells = [code(s, n) for n, s in fill().items() if n != "attention-2"]
    assert graft(notebook(*cells, code(broken)), ATTENTION).cells["attention-2"] == broken


def test_the_name_in_nbgraders_metadata_counts_too() -> None:
    named = {"metadata": {"nbgrader": {"grade_id": "attention-2"}}}
    cells = [code(s, n) for n, s in fill().items() if n != "attention-2"]
    found = graft(notebook(*cells, code(fill()["attention-2"]) | named), ATTENTION)
    assert found.cells == fill() and found.repairs == ()


def test_of_cells_with_one_name_the_filled_ones_are_run_in_order() -> None:
    stub = cell("attention-2", STUB)
    first, second = fill()["attention-2"], fill()["attention-2"] + "# again"
    others = [code(s, n) for n, s in fill().items() if n != "attention-2"]
    twice = [code(text, "attention-2") for text in (first, second, stub)]
    found = graft(notebook(*others, *twice), ATTENTION)
    assert split(found.cells["attention-2"]) == [first.strip("\n"), second.strip("\n")]
    assert "3 cells claim to be this one" in found.repairs[0]
    only_stubs = graft(notebook(*others, twice[2], twice[2]), ATTENTION)
    assert only_stubs.cells["attention-2"] == stub


def test_a_retyped_cell_is_taken_all_the_same() -> None:
    cells = filled()
    cells[1]["cell_type"] = "raw"
    found = graft(notebook(*cells), ATTENTION)
    assert found.cells == fill()
    assert "was no code cell any more" in found.repairs[0]


def test_a_missing_cell_is_absent_and_told() -> None:
    found = graft(notebook(*filled()[:2]), ATTENTION)
    assert set(found.cells) == {"attention-1", "attention-2"}
    assert found.repairs == ("attention-3: the solution cell is missing",)


def test_an_endless_cell_is_not_read() -> None:
    cells = filled()
    cells[1]["source"] += "#" * SOURCE_LIMIT
    found = graft(notebook(*cells), ATTENTION)
    assert set(found.cells) == {"attention-1", "attention-3"}
    assert "and was not read" in found.repairs[0]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = 1", "x = 1"),
        (["x = 1\n", "y"], "x = 1\ny"),
        (["x", 3, None, "y"], "xy"),
        (None, ""),
        (17, ""),
        ({"a": "b"}, ""),
    ],
)
def test_a_source_of_any_kind_is_text(source: Any, text: str) -> None:
    assert source_of({"source": source}) == text


def test_a_cell_of_nonsense_has_no_name() -> None:
    assert identity_of({"id": 3, "metadata": [1]}) == set()
    assert identity_of({"metadata": {"nbgrader": "x"}}) == set()
    assert identity_of({"id": "a", "metadata": {"nbgrader": {"grade_id": "b"}}}) == {"a", "b"}


@pytest.mark.parametrize(
    ("body", "untouched"),
    [
        ("raise NotImplementedError()", True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('attention-2 is yours')", True),
        ('"""Only a docstring."""', True),
        ('"""A docstring."""\nraise NotImplementedError("later")', True),
        (f"raise NotImplementedError({'-' * 900}1)", True),
        ("raise ValueError('NotImplementedError')", False),
        ("raise", False),
        ("pass", False),
        ("return NotImplementedError", False),
        ("x = 1\nraise NotImplementedError", True),  # stubs may begin with given lines
        ("return x\nraise NotImplementedError", False),
        ("if x:\n    raise NotImplementedError\nreturn x", False),
    ],
)
def test_a_stub_is_known_by_doing_nothing_but_raise(body: str, untouched: bool) -> None:
    assert is_untouched(TASKS["attention-2"], cell("attention-2", body)) is untouched


def test_a_cell_without_the_method_is_no_stub() -> None:
    assert not is_untouched(TASKS["attention-2"], "class Attention:\n    pass")
    assert not is_untouched(TASKS["attention-2"], "def broken(:")
    assert not is_untouched(TASKS["attention-2"], "")


@pytest.mark.timeout(120)  # some of these took hours
@pytest.mark.parametrize(
    "source",
    [
        "class Attention" + "\n" * 2_000_000,
        "class Attention:\n" + " " * 2_000_000,
        "class Attention:\n" + "    \n" * 400_000,
        "class\t" * 300_000,
        "(" * (SOURCE_LIMIT - 1),
        "a;" * (SOURCE_LIMIT // 2),
        "a;" * 2_000_000,
        "x = " + "-" * (SOURCE_LIMIT - 5) + "1",
        "x = " + "f(" * 10_000 + ")" * 10_000,
    ],
    ids=range(9),
)
def test_no_source_holds_the_judge_up(source: str) -> None:
    nameless = [code(text) for text in fill().values()]  # so that every cell is looked into
    assert graft(notebook(code(source), *nameless), ATTENTION).cells == fill()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "broken JSON, line 1"),
        (b'{"nbformat": 4,\n<<<<<<< HEAD', "broken JSON, line 2 (unsolved merge conflict?)"),
        (b"\xff\xfe{\x00}\x00", "not text in UTF-8"),
        (b"[" * 50_000, "broken JSON, nesting"),
        (b'{"nbformat": ' + b"4" * 5000 + b"}", "broken JSON, a number without end"),
        (b"[]", "is JSON, but not a notebook"),
        (b'{"nbformat": 3}', "has the notebook format 3;"),
        (b'{"nbformat": "4' + b"x" * 9999 + b'"}', "the notebook format 4xxxxxxxxxxxxxxxxxxx;"),
        (b'{"nbformat": 4}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": [3]}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": []}', "it has no cells"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(SubmissionError) as found:
        parse_notebook(content, "attention.ipynb")
    assert str(found.value).startswith("attention.ipynb ")
    assert reason in str(found.value)
    assert len(str(found.value)) < 200


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"language": "julia"}},
        {"language_info": {"name": "R"}},
        {"kernelspec": {"language": "q" * 10**6}},
    ],
)
def test_a_notebook_of_another_language_is_refused(metadata: dict[str, Any]) -> None:
    written = code("attention <- function(x) {\n  x\n}", "attention-1")
    content = json.dumps(notebook(written, metadata=metadata)).encode()
    with pytest.raises(SubmissionError, match=r"is a notebook for .{1,40}, not for Python"):
        graft(parse_notebook(content, "x"), ATTENTION)


@pytest.mark.parametrize("language", ["sage", "scala", "C#", "R"])
def test_python_under_the_name_of_another_language_is_read(language: str) -> None:
    """A kernel picked by mistake is no other solution."""
    content = json.dumps(notebook(*filled(), metadata={"kernelspec": {"language": language}}))
    assert graft(parse_notebook(content.encode(), "x"), ATTENTION).cells == fill()


@pytest.mark.parametrize(
    "metadata",
    [{}, [], None, {"kernelspec": 3}, {"kernelspec": {"language": 3}}, {"language_info": None}],
)
def test_a_notebook_that_names_no_language_is_read(metadata: Any) -> None:
    content = json.dumps(notebook(code("1"), metadata=metadata)).encode()
    assert parse_notebook(content, "x")["cells"] == [code("1")]


def test_a_notebook_without_end_is_refused() -> None:
    many = notebook(*[code("") for _ in range(CELL_LIMIT + 1)])
    with pytest.raises(SubmissionError, match=f"has {CELL_LIMIT + 1} cells"):
        parse_notebook(json.dumps(many).encode(), "x")
    long = notebook(code("#" * (CODE_LIMIT + 1)))
    with pytest.raises(SubmissionError, match=f"with {CODE_LIMIT + 1} characters of code"):
        parse_notebook(json.dumps(long).encode(), "x")
    prose = notebook({"cell_type": "markdown", "source": "x" * (CODE_LIMIT + 1)})
    assert parse_notebook(json.dumps(prose).encode(), "x") == prose


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | json_values,
        "id": st.sampled_from([*TASKS, "attention-4"]) | json_values,
        "metadata": st.fixed_dictionaries(
            {
                "nbgrader": st.fixed_dictionaries(
                    {"grade_id": st.sampled_from([*TASKS]) | json_values}
                )
            }
        )
        | json_values,
        "source": st.sampled_from([*fill().values(), *(["class Attention:\n"], "%%time\nx =")])
        | json_values,
    },
)


@settings(max_examples=150)
@given(st.lists(cells, min_size=1, max_size=6), json_values)
def test_any_json_is_read_or_refused_and_never_worse(
    drawn: list[dict[str, Any]], metadata: Any
) -> None:
    content = json.dumps(notebook(*drawn, metadata=metadata)).encode()
    try:
        found = graft(parse_notebook(content, "x"), ATTENTION)
    except SubmissionError:
        return
    assert set(found.cells) <= set(TASKS)
    assert all(isinstance(text, str) for text in [*found.cells.values(), *found.repairs])
    for task, source in found.cells.items():
        assert isinstance(is_untouched(TASKS[task], source), bool)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(SubmissionError) as found:
        parse_notebook(content, "x")
    assert "\n" not in str(found.value)
