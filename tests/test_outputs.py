"""A notebook's outputs, collected for show in the confined worker."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from grader.sandbox.session import Answer, Worker

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


# --- where the run ends --------------------------------------------------------------------------


def ask(worker: Worker, seconds: float = 60, **cells: str) -> Answer:
    return worker.ask({"kind": "notebook", "seconds": seconds, "cells": list(cells.items())}, {})


PIPES = "import os\nfor pipe in range(3, 256):\n    try:\n        {}\n    except OSError: pass"


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("import os; os._exit(0)", "ok"),
        ("import os; os._exit(3)", "died"),
        ("import os; os.kill(os.getpid(), 9)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        (PIPES.format("while True: os.write(pipe, b'x' * 2**20)"), "output"),
        (PIPES.format("os.write(pipe, b'junk' * 9)"), "ok"),
        (PIPES.format("os.write(pipe, bytes(64))"), "ok"),
        ("import os; os.closerange(3, 256)", "died"),
    ],
)
def test_what_was_shown_before_the_end_is_kept(
    bare_worker: Worker, ending: str, status: str
) -> None:
    answer = ask(bare_worker, a="print('one')", b="2", c=ending, d="print('never')")
    assert answer.status == status
    found = answer.document["cells"]
    assert texts(found["a"]) == "one\n" and texts(found["b"]) == "2"
    assert set(found) == {"a", "b"}


def test_what_was_shown_before_the_limit_is_kept(bare_worker: Worker) -> None:
    deaf = "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    answer = ask(bare_worker, seconds=6, a="print('one')", b=deaf, c="print('never')")
    assert answer.status == "time"
    assert set(answer.document["cells"]) == {"a"}
    assert texts(answer.document["cells"]["a"]) == "one\n"


# as the clock does shortly before the limit
RINGS = "import os, signal; os.kill(os.getpid(), signal.SIGALRM)"


@pytest.mark.parametrize(
    "loop",
    [
        f"print('begun'); {RINGS}\nwhile True: pass",
        f"import time; print('begun'); {RINGS}; time.sleep(600)",
        f"import torch; print('begun'); {RINGS}\nwhile True: torch.ones(9, 9) @ torch.ones(9, 9)",
        f"print('begun')\ntry:\n    {RINGS}\nexcept BaseException: pass",
    ],
)
def test_the_cell_that_runs_when_time_is_over_shows_what_it_has_shown(
    bare_worker: Worker, loop: str
) -> None:
    answer = ask(bare_worker, seconds=100, a="print('one')", b=loop, c="print('never')")
    assert answer.status == "ok"
    found = answer.document["cells"]
    assert set(found) == {"a", "b"}
    assert texts(found["b"]).startswith("begun\n")
    assert texts(found["b"]).endswith("Stopped here: the run has taken 90 s.\n")


def test_a_flood_of_answers_is_not_read(bare_worker: Worker) -> None:
    """One frame for each cell is read; what is in it is for show, and the judge's time is not."""
    flood = (
        "from grader.sandbox.frame import pack\n"
        + PIPES.format("os.write(pipe, pack({'cells': {'x': []}}) * 500)")
        + "\nos._exit(0)"
    )
    answer = ask(bare_worker, a=flood)
    assert set(answer.document["cells"]) == {"x"}
