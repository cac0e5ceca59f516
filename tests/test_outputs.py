"""A notebook's outputs, collected for show in the confined worker."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from grader.session import Worker

Shown = dict[str, list[dict[str, Any]]]


@pytest.fixture
def show(bare_worker: Worker) -> Callable[..., Shown]:
    """Run cells and return their outputs by cell id."""

    def run(**cells: str) -> Shown:
        document = {"kind": "notebook", "seconds": 60, "cells": list(cells.items())}
        answer = bare_worker.ask(document, {})
        assert answer.status == "ok"
        found: Shown = answer.document["cells"]
        return found

    return run


def texts(outputs: list[dict[str, Any]]) -> str:
    return "".join(output["text"] for output in outputs if output["kind"] == "text")


def test_prints_values_and_state_are_those_of_a_notebook(show: Callable[..., Shown]) -> None:
    shown = show(a="x = 20\nprint('hello')", b="x + 1", c="%time y = x\ny")
    assert texts(shown["a"]) == "hello\n"
    assert texts(shown["b"]) == "21"
    assert texts(shown["c"]).endswith("20")


def test_an_error_is_shown_and_the_next_cell_runs(show: Callable[..., Shown]) -> None:
    shown = show(a="1 / 0", b="'still here'")
    assert "ZeroDivisionError" in texts(shown["a"])
    assert texts(shown["b"]) == "'still here'"


def test_figures_come_as_png_and_html_does_not_come(show: Callable[..., Shown]) -> None:
    shown = show(
        a="import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone",
        b="from IPython.display import HTML, display\ndisplay(HTML('<script>x</script>'))",
    )
    (picture,) = [output for output in shown["a"] if output["kind"] == "image"]
    assert base64.b64decode(picture["png"]).startswith(b"\x89PNG")
    assert all(set(output) <= {"kind", "text"} for output in shown["b"])
    assert "<script>" not in texts(shown["b"])


def test_endless_text_is_cut_and_says_so(show: Callable[..., Shown]) -> None:
    shown = show(a="print('x' * 100_000)")
    assert len(texts(shown["a"])) < 21_000
    assert "more characters are not shown" in texts(shown["a"])
