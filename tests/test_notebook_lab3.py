"""The notebook of the third lab: it runs, agrees with labkit, and is released without answers."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from nbformat.notebooknode import NotebookNode

import labkit.tacotron2.decoder as decoder_module
import labkit.tacotron2.model as model_module
from labkit.notebook.shipped_voice import voice
from labkit.tacotron2 import DecoderState
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
    points_of,
    quoted_errors,
    read_notebook,
    released,
    run_setup,
    same_methods,
    shown,
    solutions_in,
    source_for,
    telling_lines,
    with_pictures,
)

pytestmark = pytest.mark.lab3

PATH = NOTEBOOKS / "lab3_decoder" / "decoder.ipynb"
TASKS = {
    "decoder-1": ("Decoder", ("get_go_frame", "initialize_decoder_states"), 20),
    "decoder-2": ("Decoder", ("decode", "steps"), 20),
    "decoder-3": ("Decoder", ("infer", "parse_decoder_outputs"), 20),
    "tacotron2-1": ("Tacotron2", ("predict",), 60),
}
VIEWS = {
    "decoder-1-view": "decoder-1",
    "decoder-2-view": "decoder-2",
    "decoder-2-live": "decoder-2",
    "decoder-3-view": "decoder-3",
    "decoder-3-dropout-view": "decoder-3",
    "tacotron2-1-view": "tacotron2-1",
    "tacotron2-1-say": "tacotron2-1",
}


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return read_notebook(PATH)


@pytest.fixture(scope="module")
def cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return cells_of(notebook)


def statements_to_write(source: str) -> int:
    """Count what a student writes: a statement is a line, however it is wrapped."""
    written = 0
    for part in solutions_in(source):
        body = textwrap.indent(textwrap.dedent(part), "    ")
        function = ast.parse(f"def f():\n{body}").body[0]
        written += sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return written


class TestFile:
    def test_is_written_as_nbformat_writes_without_outputs(self) -> None:
        assert_normal_form(PATH)

    def test_points(self, notebook: NotebookNode) -> None:
        expected = {f"{task}-check": points for task, (_, _, points) in TASKS.items()}
        assert points_of(notebook) == expected
        assert sum(expected.values()) == 120

    def test_the_time_table_adds_up_to_the_points(self, cells: dict[str, NotebookNode]) -> None:
        rows = re.findall(r"^\| .* \| \d+ min \| (\d*) ?\|$", cells["title"].source, re.M)
        assert len(rows) == 6
        assert sum(int(points or 0) for points in rows) == 120


@pytest.mark.parametrize("task", TASKS)
class TestTaskCells:
    def test_metadata_and_the_check_directly_below(
        self, notebook: NotebookNode, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert_task_metadata(notebook, task)
        assert cells[f"{task}-check"].source == f'check("{task}", {TASKS[task][0]})'

    def test_each_solution_stands_below_a_todo(self, notebook: NotebookNode, task: str) -> None:
        lines = [line.strip() for line in source_for(notebook, task).split("\n")]
        begins = [n for n, line in enumerate(lines) if line == "### BEGIN SOLUTION"]
        todos = [n for n, line in enumerate(lines) if line.startswith(f"# TODO {task}: ")]
        assert begins == [todo + 1 for todo in todos]
        assert len(begins) >= len(TASKS[task][1])

    def test_the_heading_names_task_time_points_and_length(
        self, notebook: NotebookNode, cells: dict[str, NotebookNode], task: str
    ) -> None:
        cls, methods, points = TASKS[task]
        named = " and ".join(f"`{cls}.{method}`" for method in methods)
        text = cells[f"{task}-text"].source
        assert text.startswith(f"## {task} · {named}: ")
        (said,) = re.findall(rf"\*\d+ minutes · {points} points · about (\d+) lines", text)
        assert int(said) == statements_to_write(source_for(notebook, task)) <= 15

    def test_nothing_but_the_stub_remains(self, notebook: NotebookNode, task: str) -> None:
        """Every method of the task raises before anything of the answer could have happened."""
        stub = emptied(source_for(notebook, task))
        for method in TASKS[task][1]:
            assert any(isinstance(node, ast.Raise) for node in function_in(stub, method).body)


class TestAgreesWithLabkit:
    @pytest.mark.parametrize("task", TASKS)
    def test_methods(self, notebook: NotebookNode, task: str) -> None:
        owner, methods, _ = TASKS[task]
        module = decoder_module if owner == "Decoder" else model_module
        assert same_methods(source_for(notebook, task), module, owner, methods)

    def test_setup_has_what_the_references_import(self, notebook: NotebookNode) -> None:
        names = run_setup(notebook)
        own = {"annotations", "NamedTuple", "Attention", "LinearNorm", "Prenet"}  # given in a class
        for module, used in (
            (decoder_module, {"DecoderState"}),
            (model_module, {"Decode"}),
        ):
            tree = ast.parse(Path(module.__file__).read_text("utf-8"))
            imported = {
                alias.asname or alias.name
                for node in tree.body
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            wanted = used | (imported - own if module is decoder_module else {"torch"})
            assert {name for name in wanted if names.get(name) is not getattr(module, name)} == (
                set()
            )


@pytest.mark.slow
class TestRuns:
    def test_solutions_pass_and_views_show_them(self, notebook: NotebookNode) -> None:
        done = execute(notebook)
        for task in TASKS:
            assert "passed" in shown(done[f"{task}-check"])
        assert "8 are all zeros" in shown(done["decoder-1-view"])
        assert "Step 30 of 84. It hears frames 57 and 58." in shown(done["decoder-2-view"])
        assert "has ended by its gate" in shown(done["decoder-2-live"])
        assert "The gate fires in step 85." in shown(done["decoder-3-view"])
        assert "without dropout it is always 84" in shown(done["decoder-3-dropout-view"])
        assert "Reading E" in shown(done["gallery-view"])
        assert "Reading B: stuck" in shown(done["gallery-answers"])
        assert "The postnet on" in shown(done["tacotron2-1-view"])
        assert "<Speech 'Every frame you hear" in shown(done["tacotron2-1-say"])
        heard = {
            name
            for name, cell in done.items()
            for output in cell.get("outputs", [])
            if "<audio controls aria-label=" in output.get("data", {}).get("text/html", "")
        }
        assert heard == {
            "decoder-3-view",
            "decoder-3-dropout-view",
            "gallery-view",
            "tacotron2-1-view",
            "tacotron2-1-say",
        }
        assert with_pictures(done) == [
            "idea-picture",
            "decoder-1-view",
            "decoder-2-view",
            "decoder-2-live",
            "decoder-3-view",
            "decoder-3-dropout-view",
            "gallery-view",
            "tacotron2-1-view",
            "tacotron2-1-say",
        ]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    return released(PATH, tmp_path_factory.mktemp("course"))


@pytest.mark.slow
class TestRelease:
    def test_holds_no_answer(self, release: NotebookNode, notebook: NotebookNode) -> None:
        text = "\n".join(cell.source for cell in release.cells)
        telling = telling_lines(notebook)
        assert len(telling) >= 40
        for line in [*telling, "SOLUTION"]:
            assert line not in text

    def test_stubs_remain(self, release: NotebookNode, cells: dict[str, NotebookNode]) -> None:
        for cell in release.cells:
            if cell.id in TASKS:
                stub = re.sub(r" *# YOUR CODE HERE\n", "", cell.source)
                assert stub == emptied(cells[cell.id].source)
                assert cell.source.count("raise NotImplementedError()") == cell.source.count("TODO")

    def test_unfilled_views_say_which_task_is_missing(self, release: NotebookNode) -> None:
        """Checks stop a run; the views only say what is to do first."""
        done = execute(release, allow_errors=True)
        assert failed(done) == [f"{task}-check" for task in TASKS]
        for view in VIEWS:
            assert "decoder-1 is not filled in yet" in shown(done[view])
        assert "Reading A" in shown(done["gallery-view"])


def _ids() -> torch.Tensor:
    return torch.ones(2, 11, dtype=torch.long)


MEMORY = torch.rand(2, 11, 192)
HEARD = torch.rand(2, 96)
LENGTHS = torch.tensor([11, 9])
INPUT = torch.rand(2, 288)


def _decoder() -> Any:
    return voice().tacotron2.decoder


def _state() -> DecoderState:
    return _decoder().initialize_decoder_states(MEMORY)


def _ask(past: torch.Tensor) -> object:
    state = _state()
    return _decoder().attention_layer(
        state.attention_hidden, MEMORY, state.processed_memory, past, None
    )


def _change_state() -> None:
    _state().attention_weights = torch.ones(2, 11)  # type: ignore[misc]


def _no_return() -> None:
    _frame, _gate, _state = (lambda: None)()  # type: ignore[misc]


def _add_probability() -> None:
    lengths = torch.zeros(2, dtype=torch.int32)
    lengths += 2 * torch.rand(2)


def _add_column() -> None:
    lengths = torch.zeros(2, dtype=torch.int32)
    lengths += 2 * (torch.rand(2, 1) <= 0.5)


def _break_if(gate: torch.Tensor) -> None:
    if gate > 0.5:
        raise AssertionError


MISTAKES: dict[str, list[Callable[[], object]]] = {
    "decoder-1": [
        lambda: exec("@method_of(1)\ndef f():\n    pass"),
        lambda: _decoder().encoder_embedding_dim,
        lambda: DecoderState(*_state()[:7]),  # type: ignore[call-arg]
        lambda: _decoder().attention_layer(MEMORY),
    ],
    "decoder-2": [
        lambda: torch.cat((HEARD, _state().attention_context)),
        lambda: torch.cat(HEARD, _state().attention_context, dim=1),
        lambda: _decoder().attention_rnn(INPUT, _state().attention_hidden, _state().attention_cell),
        lambda: _decoder().attention_rnn(INPUT, _state().attention_hidden),
        lambda: _ask(torch.zeros(2, 11, 2)),
        lambda: _decoder().decode(_decoder().get_go_frame(MEMORY), _state(), MEMORY, None),
        _change_state,
        _no_return,
        lambda: list(islice(None, 3)),  # type: ignore[call-overload]
    ],
    "decoder-3": [
        lambda: _break_if(torch.rand(2, 1)),
        _add_column,
        _add_probability,
        lambda: torch.stack([], dim=1),
        lambda: torch.rand(2, 160, 3).unflatten(2, (-1, 80)),
    ],
    "tacotron2-1": [
        lambda: voice().tacotron2.encoder(voice().tacotron2.embedding(_ids()), LENGTHS),
        lambda: voice().tacotron2.encoder(torch.rand(2, 192, 11)),
        lambda: voice().tacotron2.postnet(torch.rand(2, 80, 9), torch.tensor([9, 8])),
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
        assert first_line(caught.value) in quoted_errors(cells[f"{task}-help"].source)

    @pytest.mark.parametrize("task", TASKS)
    def test_every_quoted_error_is_produced_here(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert len(quoted_errors(cells[f"{task}-help"].source)) == len(MISTAKES[task])


class TestWhatTheTextSays:
    """Figures in the prose are those of the shipped voice."""

    def test_of_the_voice(self, cells: dict[str, NotebookNode]) -> None:
        config, mel = voice().tacotron2.config, voice().settings.mel
        r = config.n_frames_per_step
        milliseconds = 1000 * r * mel.hop_length / mel.sample_rate
        terms = cells["idea-terms"].source
        assert f"*r* = {r}" in terms and f"{r * config.n_mel_channels} for our" in terms
        assert f"{milliseconds:.0f} milliseconds" in terms
        prenet = cells["why-prenet"].source
        assert f"{config.p_prenet_dropout:.0%}".replace("%", " %") in prenet
        assert voice().settings.prenet_dropout is False

    def test_the_table_of_the_state_names_every_field(self, cells: dict[str, NotebookNode]) -> None:
        named = re.findall(r"`(\w+)`", "\n".join(
            line.split("|")[1] for line in cells["idea-terms"].source.split("\n")
            if line.startswith("| `")
        ))  # fmt: skip
        assert named == list(DecoderState._fields)
