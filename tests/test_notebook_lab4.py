"""The notebook of the fourth lab: it runs, agrees with labkit, and is released without answers."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from nbformat.notebooknode import NotebookNode

import labkit
import labkit.pipeline.plain as reference
from labkit.audio import save_audio
from labkit.vocoders import Denoiser
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
    same_function,
    shown,
    solutions_in,
    telling_lines,
    with_pictures,
)

pytestmark = pytest.mark.lab4

PATH = NOTEBOOKS / "lab4_inference" / "inference.ipynb"
TASKS = {"inference-1": "read", "inference-2": "speak", "inference-3": "benchmark"}
POINTS = {"inference-1": 15, "inference-2": 30, "inference-3": 15}
PICTURES = [
    "idea-picture",
    "inference-1-view",
    "inference-1-cost",
    "inference-2-view",
    "vocoders",
    "inference-3-view",
    "inference-3-report",
    "precision",
    "scoring",
]


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return read_notebook(PATH)


@pytest.fixture(scope="module")
def cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return cells_of(notebook)


def run_beside(folder: Path, notebook: NotebookNode, *labs: str, **settings: bool):
    """Run a notebook as lab 4's, beside the notebooks of other labs."""
    for lab in labs:
        shutil.copytree(NOTEBOOKS / lab, folder / lab)
    here = folder / PATH.parent.name
    here.mkdir()
    shutil.copy(PATH, here)
    return execute(notebook, resources={"metadata": {"path": str(here)}}, **settings)


class TestFile:
    def test_is_written_as_nbformat_writes_without_outputs(self) -> None:
        assert_normal_form(PATH)

    def test_points(self, notebook: NotebookNode) -> None:
        expected = {f"{task}-check": points for task, points in POINTS.items()}
        assert points_of(notebook) == {**expected, "inference-4": 10}

    def test_the_time_table_adds_up_to_the_points(self, cells: dict[str, NotebookNode]) -> None:
        rows = re.findall(r"^\| .* \| \d+ min \| (\d*) ?\|$", cells["title"].source, re.M)
        assert len(rows) == 9
        assert sum(int(points or 0) for points in rows) == 70

    def test_the_mark_scheme_adds_up(self, cells: dict[str, NotebookNode]) -> None:
        scheme = cells["inference-4-text"]
        assert scheme.metadata.nbgrader.task
        assert scheme.metadata.nbgrader.points == 0
        assert sum(int(n) for n in re.findall(r"^- (\d+): ", scheme.source, re.M)) == 10
        sections = re.findall(r"^\*\d\..*\((\d+)\)\*$", scheme.source, re.M)
        assert sum(map(int, sections)) == 10

    def test_the_model_answer_is_as_long_as_asked(self, cells: dict[str, NotebookNode]) -> None:
        assert "150 to 250 words" in cells["inference-4-text"].source
        assert 150 <= len(re.findall(r"[a-zA-Z]{2,}", cells["inference-4"].source)) <= 250

    def test_the_question_stands_below_the_numbers(self, notebook: NotebookNode) -> None:
        names = [cell.id for cell in notebook.cells]
        assert names[names.index("precision") + 1] == "inference-4-text"

    def test_nothing_but_the_tasks_defines_what_a_judge_would_call_foreign(
        self, notebook: NotebookNode
    ) -> None:
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.id not in TASKS:
                assert not re.search(r"^(class|def)\s", cell.source, re.M)


@pytest.mark.parametrize("task", TASKS)
class TestTaskCells:
    def test_metadata_and_the_check_directly_below(
        self, notebook: NotebookNode, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert_task_metadata(notebook, task)
        assert cells[f"{task}-check"].source == f'check("{task}", {TASKS[task]})'

    def test_each_solution_is_short_and_has_its_todo(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        source = cells[task].source
        assert len(solutions_in(source)) == (3 if task == "inference-3" else 1)
        assert lines_to_write(source) <= 15
        lines = [line.strip() for line in source.split("\n")]
        begins = [n for n, line in enumerate(lines) if line == "### BEGIN SOLUTION"]
        assert all(lines[n - 1].startswith(f"# TODO {task}: ") for n in begins)
        assert source.count("# TODO") == len(begins)

    def test_unfilled_it_is_still_a_function(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        source = emptied(cells[task].source)
        assert function_in(source, TASKS[task])
        names: dict[str, object] = {}
        exec(cells["setup"].source, names)
        exec(source, names)
        arguments = {"inference-1": 4, "inference-2": 6, "inference-3": 5}[task]
        values = [2 if task == "inference-3" else torch.zeros(1)] * arguments
        with pytest.raises(NotImplementedError):
            names[TASKS[task]](*values)  # type: ignore[operator]

    def test_the_heading_names_task_time_and_points(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        text = cells[f"{task}-text"].source
        assert text.startswith(f"## {task} · `{TASKS[task]}`: ")
        minutes, points, lines = re.search(
            r"\*(\d+) minutes · (\d+) points · about (\d+) lines", text
        ).groups()
        assert int(points) == POINTS[task]
        assert f"| {minutes} min | {points} |" in cells["title"].source
        assert abs(int(lines) - lines_to_write(cells[task].source)) <= 2

    def test_agrees_with_labkit(self, cells: dict[str, NotebookNode], task: str) -> None:
        assert same_function(cells[task].source, reference, TASKS[task])


def test_setup_has_what_the_reference_imports(notebook: NotebookNode) -> None:
    assert missing_imports(notebook, reference) == set()


def test_setup_can_be_run_twice(cells: dict[str, NotebookNode]) -> None:
    """A module of the same name as what it holds would take its place."""
    names: dict[str, object] = {}
    for _ in range(2):
        exec(cells["setup"].source, names)
    assert all(
        callable(value)
        for name, value in names.items()
        if name in re.findall(r"^    (\w+),$", cells["setup"].source, re.M)
    )


@pytest.mark.slow
class TestRuns:
    def test_solutions_pass_and_speak(self, tmp_path: Path, notebook: NotebookNode) -> None:
        earlier = ("lab1_attention", "lab2_encoder", "lab3_decoder")
        done = run_beside(tmp_path, notebook, *earlier)
        for task in TASKS:
            assert "passed" in shown(done[f"{task}-check"])
        assert "All 9 tasks of labs 1 to 3 run your code." in shown(done["own"])
        assert "The log-mel of B differs from that of A by 0.0" in shown(done["inference-2-view"])
        assert "that is the truth" in shown(done["inference-3-view"])
        assert "Latency c1 100 (seconds) = " in shown(done["inference-3-report"])
        assert "Real-time factor" in shown(done["inference-3-report"])
        assert "int8" in shown(done["precision"])
        assert "dot product: " in shown(done["scoring"])
        assert "3 of 3 tasks done" in shown(done["progress"])
        assert "TEST_ATTEN ENCODER DECODER TACOTRON2 AUDIO" in shown(done["card"])
        assert with_pictures(done) == PICTURES
        saved = sorted(path.name for path in (tmp_path / "lab4_inference/speech").iterdir())
        assert {"reference_1.wav", "reference_2.wav", "yours_1.wav", "yours_2.wav"} < set(saved)

    def test_alone_and_without_sliders(
        self, tmp_path: Path, notebook: NotebookNode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LABKIT_STATIC", "1")
        done = run_beside(tmp_path, notebook)
        assert "All 9 tasks of labs 1 to 3 run the reference." in shown(done["own"])
        assert not any("Sliders belong here" in shown(done[name]) for name in PICTURES)
        assert with_pictures(done) == PICTURES


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    return released(PATH, tmp_path_factory.mktemp("course"))


@pytest.mark.slow
class TestRelease:
    def test_holds_no_answer(
        self, release: NotebookNode, notebook: NotebookNode, cells: dict[str, NotebookNode]
    ) -> None:
        text = "\n".join(cell.source for cell in release.cells)
        telling = telling_lines(notebook)
        assert len(telling) >= 11
        question, scheme = cells["inference-4-text"].source.split("=== BEGIN MARK SCHEME ===")
        telling += [line for line in scheme.split("\n") if len(line) > 25]
        telling += [line for line in cells["inference-4"].source.split("\n") if line]
        for line in [*telling, "SOLUTION", "MARK SCHEME"]:
            assert line not in text
        assert question.split("\n")[0] in text

    def test_stubs_remain(self, release: NotebookNode, cells: dict[str, NotebookNode]) -> None:
        for name in TASKS:
            source, before = cells_of(release)[name].source, cells[name].source
            assert source.count("raise NotImplementedError()") == len(solutions_in(before))
            todo = source.index(f"# TODO {name}: ")
            assert source[:todo] == before[: before.index("# TODO")]
        assert cells_of(release)["inference-4"].source == "YOUR ANSWER HERE"

    def test_unfilled_views_say_which_task_is_missing(
        self, tmp_path: Path, release: NotebookNode
    ) -> None:
        """Checks stop a run; the views only say what is to do first."""
        done = run_beside(tmp_path, release, allow_errors=True)
        assert failed(done) == [f"{task}-check" for task in TASKS]
        for view, task in (
            ("inference-1-view", "inference-1"),
            ("inference-2-view", "inference-1"),
            ("vocoders", "inference-2"),
            ("inference-3-view", "inference-3"),
            ("inference-3-report", "inference-3"),
        ):
            assert f"{task} is not filled in yet" in shown(done[view])


IDS, LENGTHS = torch.tensor([[106, 72, 117, 121, 7]]), torch.tensor([5])
AUDIO = torch.zeros(2, 5000)


def _voice() -> labkit.Synthesizer:
    return labkit.Synthesizer.from_pretrained(device="cpu")


def _called_twice() -> None:
    read = torch.zeros
    for _ in range(2):
        read = read(1)  # type: ignore[assignment]


def _no_clock() -> None:
    exec("time.time()", {})


MISTAKES: dict[str, list[Callable[[], object]]] = {
    "inference-1": [
        lambda: _voice().tacotron2.eval.infer(IDS, LENGTHS),  # type: ignore[attr-defined]
        lambda: _voice().tacotron2.infer(IDS, LENGTHS, 1),
        lambda: _voice().tacotron2.infer(IDS, LENGTHS).to("cpu"),
        lambda: _voice().tacotron2.to("meta").infer(IDS, LENGTHS),
    ],
    "inference-2": [
        lambda: save_audio("speech/yours_1.wav", AUDIO),
        lambda: Denoiser(_voice().vocoder)(AUDIO[0]),
        lambda: _voice().vocoder.hop_length,
        lambda: AUDIO[:, : torch.tensor([3, 4]) * 256],
        lambda: _voice().vocoder.infer(torch.zeros(80, 100)),
        lambda: save_audio("speech/yours_1.wav", AUDIO[0] + 3),
    ],
    "inference-3": [
        _called_twice,
        lambda: time.perf_counter - 1.0,  # type: ignore[operator]
        _no_clock,
        lambda: 1 / 0.0,
        lambda: torch.zeros(1, 80, 5).size(3),
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
        # A student has a GPU where a test has a device that computes nothing.
        said = first_line(caught.value).replace("meta", "cuda:0")
        assert any(said.startswith(quote) for quote in quoted_errors(cells[f"{task}-help"].source))

    @pytest.mark.parametrize("task", TASKS)
    def test_every_quoted_error_is_produced_here(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        assert len(quoted_errors(cells[f"{task}-help"].source)) == len(MISTAKES[task])
