"""The notebook of the second lab: it runs, agrees with labkit, and is released without answers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from nbformat.notebooknode import NotebookNode
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import labkit.tacotron2.encoder as reference
from labkit.tacotron2 import Encoder
from notebook_tools import (
    NOTEBOOKS,
    assert_normal_form,
    assert_task_metadata,
    cells_of,
    emptied,
    execute,
    failed,
    first_line,
    function_in,
    lines_to_write,
    missing_imports,
    points_of,
    quoted_errors,
    read_notebook,
    released,
    same_methods,
    shown,
    solutions_in,
    telling_lines,
    with_pictures,
)

pytestmark = pytest.mark.lab2

PATH = NOTEBOOKS / "lab2_encoder" / "encoder.ipynb"
TASKS = {"encoder-1": "convolve", "encoder-2": "forward"}
VIEWS = ["encoder-1-view", "encoder-1-padding-view", "encoder-2-packing-view", "encoder-2-view"]


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return read_notebook(PATH)


@pytest.fixture(scope="module")
def cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return cells_of(notebook)


class TestFile:
    def test_is_written_as_nbformat_writes_without_outputs(self) -> None:
        assert_normal_form(PATH)

    def test_points(self, notebook: NotebookNode) -> None:
        assert points_of(notebook) == {"encoder-1-check": 30, "encoder-2-check": 30}

    def test_the_time_table_adds_up_to_the_points(self, cells: dict[str, NotebookNode]) -> None:
        rows = re.findall(r"^\| .* \| \d+ min \| (\d*) ?\|$", cells["title"].source, re.M)
        assert len(rows) == 4
        assert sum(int(points or 0) for points in rows) == 60


@pytest.mark.parametrize("task", TASKS)
class TestTaskCells:
    def test_metadata_and_the_check_directly_below(
        self, notebook: NotebookNode, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert_task_metadata(notebook, task)
        assert cells[f"{task}-check"].source == f'check("{task}", Encoder)'

    def test_one_todo_and_below_it_one_short_solution(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        source = cells[task].source
        assert len(solutions_in(source)) == 1
        assert lines_to_write(source) <= 15
        lines = [line.strip() for line in source.split("\n")]
        (todo,) = [n for n, line in enumerate(lines) if line.startswith(f"# TODO {task}: ")]
        assert lines[todo + 1] == "### BEGIN SOLUTION"
        assert lines[-1] == "### END SOLUTION"

    def test_unfilled_it_is_still_a_method(self, cells: dict[str, NotebookNode], task: str) -> None:
        body = function_in(emptied(cells[task].source), TASKS[task]).body
        assert ast.unparse(body[-1]) == "raise NotImplementedError()"

    def test_the_heading_names_task_time_and_points(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        text = cells[f"{task}-text"].source
        assert text.startswith(f"## {task} · `Encoder.{TASKS[task]}`: ")
        minutes, lines = re.search(
            r"\*(\d+) minutes · 30 points · about (\d+) lines\*", text
        ).groups()
        assert f"| {minutes} min | 30 |" in cells["title"].source
        assert abs(int(lines) - lines_to_write(cells[task].source)) <= 2


class TestAgreesWithLabkit:
    def test_methods(self, cells: dict[str, NotebookNode]) -> None:
        sources = [cells[task].source for task in TASKS]
        assert same_methods("\n".join(sources), reference, "Encoder", TASKS.values())
        assert not same_methods(sources[0], reference, "Encoder", TASKS.values())

    def test_setup_has_what_the_reference_imports(self, notebook: NotebookNode) -> None:
        assert missing_imports(notebook, reference) == set()


@pytest.mark.slow
class TestRuns:
    def test_solutions_pass_and_views_show_them(self, notebook: NotebookNode) -> None:
        done = execute(notebook)
        for task in TASKS:
            assert "passed" in shown(done[f"{task}-check"])
        assert "IH (symbol 12) changes with 5 of 24 symbols" in shown(done["encoder-1-view"])
        assert "Hidden before every layer: nothing." in shown(done["encoder-1-padding-view"])
        assert "Packed: the backward half does not change" in shown(done["encoder-2-packing-view"])
        assert "The backward half changes at 12 symbols" in shown(done["encoder-2-view"])
        assert "The memory that your Encoder makes, too" in shown(done["hear"])
        assert "5513728" in shown(done["full-size"])
        assert "2 of 2 tasks done" in shown(done["progress"])
        assert with_pictures(done) == ["idea-picture", *VIEWS, "hear"]

    def test_sliders_can_be_left_out(
        self, notebook: NotebookNode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LABKIT_STATIC", "1")
        done = execute(notebook)
        assert not any("Sliders belong here" in shown(done[name]) for name in VIEWS)
        assert with_pictures(done) == ["idea-picture", *VIEWS, "hear"]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    return released(PATH, tmp_path_factory.mktemp("course"))


@pytest.mark.slow
class TestRelease:
    def test_holds_no_answer(self, release: NotebookNode, notebook: NotebookNode) -> None:
        text = "\n".join(cell.source for cell in release.cells)
        telling = telling_lines(notebook)
        assert len(telling) >= 8
        for line in [*telling, "SOLUTION"]:
            assert line not in text

    def test_stubs_remain(self, release: NotebookNode, cells: dict[str, NotebookNode]) -> None:
        for name in TASKS:
            source, before = cells_of(release)[name].source, cells[name].source
            todo = source.index(f"# TODO {name}: ")
            assert source[todo:].rstrip().endswith("raise NotImplementedError()")
            assert source[:todo] == before[: before.index("# TODO")]

    def test_unfilled_views_say_which_task_is_missing(self, release: NotebookNode) -> None:
        """Checks stop a run; the views only say what is to do first."""
        done = execute(release, allow_errors=True)
        assert failed(done) == [f"{task}-check" for task in TASKS]
        for view in VIEWS[:2]:
            assert "encoder-1 is not filled in yet" in shown(done[view])
        for view in [*VIEWS[2:], "hear"]:
            assert "encoder-2 is not filled in yet" in shown(done[view])


X = torch.rand(2, 512, 11)
MASK = torch.zeros(2, 1, 11, dtype=torch.bool)
LENGTHS = torch.tensor([7, 11])
DEFAULT = {"batch_first": True, "enforce_sorted": False}


def _encoder() -> Any:
    return Encoder(3, 512, 5)


def _packed(x: torch.Tensor, **changed: bool) -> Any:
    return pack_padded_sequence(x, LENGTHS, **(DEFAULT | changed))


def _outputs() -> Any:
    return _encoder().lstm(_packed(X.transpose(1, 2)))


MISTAKES: dict[str, list[Callable[[], object]]] = {
    "encoder-1": [
        lambda: _encoder().convolutions(X),
        lambda: X.masked_fill(None, 0.0),  # type: ignore[arg-type]
        lambda: X.masked_fill(MASK.squeeze(1), 0.0),
        lambda: _encoder().convolutions[0](X.transpose(1, 2)),
        lambda: _encoder().dropout(X),
    ],
    "encoder-2": [
        lambda: _packed(X.transpose(1, 2), enforce_sorted=True),
        lambda: _encoder().lstm(_packed(X)),
        lambda: pad_packed_sequence(_outputs(), batch_first=True),
        lambda: _outputs()[0].transpose(1, 2),
        lambda: pad_packed_sequence(_outputs()[0], batch_first=True).transpose(1, 2),
        lambda: exec("@method_of(1)\ndef f():\n    pass"),
    ],
}


class TestHelp:
    @pytest.mark.parametrize(
        ("task", "mistake"), [(task, m) for task, ms in MISTAKES.items() for m in ms]
    )
    def test_quotes_errors_that_really_come(
        self, cells: dict[str, NotebookNode], task: str, mistake: Callable[[], object]
    ) -> None:
        with pytest.raises(Exception) as caught:
            mistake()
        said = first_line(caught.value)
        assert any(said.startswith(quote) for quote in quoted_errors(cells[f"{task}-help"].source))

    @pytest.mark.parametrize("task", TASKS)
    def test_every_quoted_error_is_produced_here(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert len(quoted_errors(cells[f"{task}-help"].source)) == len(MISTAKES[task])

    def test_shapes_that_it_names(self, cells: dict[str, NotebookNode]) -> None:
        help_text = cells["encoder-2-help"].source
        x, shorter = X.transpose(1, 2), torch.tensor([7, 9])
        outputs, _ = _encoder().lstm(pack_padded_sequence(x, LENGTHS, **DEFAULT))
        time_first, _ = pad_packed_sequence(outputs)
        packed = pack_padded_sequence(x, shorter, **DEFAULT)
        too_short, _ = pad_packed_sequence(packed, batch_first=True)
        for wrong in (time_first, too_short):
            assert f"`{tuple(wrong.shape)}` where `(2, 11, 512)` was expected" in help_text

    def test_dropout_is_on_unless_told(self) -> None:
        assert (F.dropout(torch.ones(1000), 0.5) == 0).any()
