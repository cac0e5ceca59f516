"""What only the notebook of the inference lab has: functions, and the labs before it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from labs.lab4_inference.notebook import SHOWS
from notebook_tools import (
    NOTEBOOKS,
    cells_of,
    emptied,
    execute,
    read_notebook,
    shown,
    with_pictures,
)

NOTEBOOK = read_notebook(NOTEBOOKS / "lab4_inference" / "inference.ipynb")
CELLS = cells_of(NOTEBOOK)


def test_the_question_stands_below_the_numbers() -> None:
    names = list(CELLS)
    assert names[names.index("precision") + 1] == "inference-4-text"


def test_only_the_report_card_stands_behind_the_last_task() -> None:
    names = list(CELLS)
    last = names.index("inference-4")
    assert names[last + 1 : last + 4] == ["end", "progress", "card"]


@pytest.mark.parametrize(
    ("task", "name"),
    [("inference-1", "read"), ("inference-2", "speak"), ("inference-3", "benchmark")],
)
def test_unfilled_it_is_still_a_function(task: str, name: str) -> None:
    names: dict[str, object] = {}
    exec(CELLS["setup"].source, names)
    exec(emptied(CELLS[task].source), names)
    some = 2 if name == "benchmark" else torch.zeros(1)
    function = names[name]
    with pytest.raises(NotImplementedError):
        function(*[some for _ in inspect.signature(function).parameters])  # type: ignore


@pytest.mark.slow
def test_alone_and_without_sliders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_STATIC", "1")
    done = execute(NOTEBOOK, resources={"metadata": {"path": str(tmp_path)}})
    assert "All 9 tasks of labs 1 to 3 run the reference." in shown(done["own"])
    assert not any("Sliders belong here" in shown(done[name]) for name in SHOWS.pictures)
    assert tuple(with_pictures(done)) == SHOWS.pictures
