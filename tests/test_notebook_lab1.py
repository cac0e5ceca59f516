"""The notebook of the first lab: it runs, agrees with labkit, and is released without answers."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from torch.nn import functional as F

import labkit.tacotron2.attention as reference
from grader.release.release import run_nbgrader
from labkit.labs.given import fresh_classes
from labkit.tacotron2.attention import Attention, LocationLayer
from notebook_tools import same_methods

pytestmark = pytest.mark.lab1

ROOT = Path(__file__).parent.parent
PATH = ROOT / "notebooks" / "lab1_attention" / "attention.ipynb"
TASKS = ("attention-1", "attention-2", "attention-3")
STUBS = {
    "attention-1": ("LocationLayer", "forward"),
    "attention-2": ("Attention", "get_alignment_energies"),
    "attention-3": ("Attention", "forward"),
}
MODULE = ast.parse(Path(reference.__file__).read_text("utf-8"))


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return nbformat.read(PATH, as_version=4)


@pytest.fixture(scope="module")
def cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in notebook.cells}


def execute(notebook: NotebookNode, **settings: bool) -> dict[str, NotebookNode]:
    NotebookClient(notebook, timeout=120, kernel_name="python3", **settings).execute()
    return {cell.id: cell for cell in notebook.cells}


def shown(cell: NotebookNode) -> str:
    """Join what a cell shows, as plain text."""
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


class TestFile:
    def test_is_written_as_nbformat_writes(self, notebook: NotebookNode) -> None:
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"
        assert PATH.read_text("utf-8") == nbformat.writes(notebook) + "\n"

    def test_has_no_outputs(self, notebook: NotebookNode) -> None:
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert len(code) >= 12
        assert all(not cell.outputs and cell.execution_count is None for cell in code)

    def test_ids_are_words(self, notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", cell.id), cell.id
            named = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
            assert named == cell.id

    def test_points(self, cells: dict[str, NotebookNode]) -> None:
        points = {
            name: cell.metadata.nbgrader.points
            for name, cell in cells.items()
            if cell.metadata.get("nbgrader", {}).get("grade")
        }
        assert points == {
            "attention-1-check": 20,
            "attention-2-check": 20,
            "attention-3-check": 20,
            "attention-4": 10,
        }

    def test_the_scheme_adds_no_points(self, cells: dict[str, NotebookNode]) -> None:
        scheme = cells["attention-4-text"]
        assert scheme.metadata.nbgrader.points == 0
        assert scheme.metadata.nbgrader.task
        points = [int(n) for n in re.findall(r"^- (\d+): ", scheme.source, re.M)]
        assert sum(points) == 10
        sections = [int(n) for n in re.findall(r"^\*\d\..*\((\d+)\)\*$", scheme.source, re.M)]
        assert sum(sections) == 10


@pytest.mark.parametrize("task", TASKS)
class TestTaskCells:
    def test_the_check_is_directly_below(self, notebook: NotebookNode, task: str) -> None:
        names = [cell.id for cell in notebook.cells]
        assert names[names.index(task) + 1] == f"{task}-check"

    def test_the_check_is_one_call(self, cells: dict[str, NotebookNode], task: str) -> None:
        assert cells[f"{task}-check"].source == f'check("{task}", {STUBS[task][0]})'

    def test_metadata(self, cells: dict[str, NotebookNode], task: str) -> None:
        stub, check = (cells[name].metadata.nbgrader for name in (task, f"{task}-check"))
        assert (stub.solution, stub.grade, stub.locked, stub.task) == (True, False, False, False)
        assert (check.solution, check.grade, check.locked, check.task) == (
            False,
            True,
            True,
            False,
        )
        assert stub.schema_version == check.schema_version == 3

    def test_one_todo_then_one_solution(self, cells: dict[str, NotebookNode], task: str) -> None:
        lines = [line.strip() for line in cells[task].source.split("\n")]
        (todo,) = [n for n, line in enumerate(lines) if line.startswith(f"# TODO {task}: ")]
        (begin,) = [n for n, line in enumerate(lines) if line == "### BEGIN SOLUTION"]
        (end,) = [n for n, line in enumerate(lines) if line == "### END SOLUTION"]
        assert (begin, end) == (todo + 1, len(lines) - 1)
        assert end - begin - 1 <= 8

    def test_the_solution_is_the_whole_body(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        cls, method = STUBS[task]
        emptied = re.sub(
            r"### BEGIN SOLUTION.*### END SOLUTION",
            "raise NotImplementedError()",
            cells[task].source,
            flags=re.S,
        )
        (function,) = ast.parse(emptied).body
        assert isinstance(function, ast.FunctionDef) and function.name == method
        assert list(map(ast.unparse, function.decorator_list)) == [f"method_of({cls})"]
        assert [type(statement) for statement in function.body] == [ast.Expr, ast.Raise]

    def test_the_heading_names_task_time_and_points(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        text = cells[f"{task}-text"].source
        assert text.startswith(f"## {task} · `{'.'.join(STUBS[task])}`: ")
        assert re.search(r"\*\d+ minutes · 20 points · about \d lines\*", text)


class TestAgreesWithLabkit:
    @pytest.mark.parametrize("task", TASKS)
    def test_methods(self, cells: dict[str, NotebookNode], task: str) -> None:
        owner, method = STUBS[task]
        assert same_methods(cells[task].source, reference, owner, [method])

    def test_setup_has_what_the_reference_imports(self, cells: dict[str, NotebookNode]) -> None:
        names: dict[str, object] = {}
        exec(cells["setup"].source, names)
        imported = [node for node in MODULE.body if isinstance(node, ast.Import | ast.ImportFrom)]
        wanted = {alias.asname or alias.name for node in imported for alias in node.names}
        for name in wanted - {"annotations", "ConvNorm", "LinearNorm"}:  # given in the classes
            assert names[name] is getattr(reference, name)


@pytest.mark.slow
class TestRuns:
    def test_solutions_pass_and_views_show_them(self, notebook: NotebookNode) -> None:
        done = execute(nbformat.from_dict(notebook))
        for task in TASKS:
            assert "passed" in shown(done[f"{task}-check"])
        assert "features are strongest" in shown(done["attention-1-view"])
        before, after = (
            shown(done[name]) for name in ("attention-2-view", "attention-3-weights-view")
        )
        assert "once attention-3 is done" in before
        assert "The largest weight is" in after
        assert "location-sensitive reads “noo noo neeveer”" in shown(done["attention-3-view"])
        assert "(128, 1024)" in shown(done["full-size"])
        pictures = [
            name
            for name, cell in done.items()
            for output in cell.get("outputs", [])
            if "<img alt=" in output.get("data", {}).get("text/html", "")
        ]
        assert pictures == [
            "idea-picture",
            "attention-1-view",
            "attention-2-view",
            "attention-3-weights-view",
            "attention-3-view",
            "attention-3-hear",
        ]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which nbgrader, as it comes, has generated the assignment."""
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(PATH.parent, course / "source" / "lab1_attention")
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    run_nbgrader(course, "generate_assignment", "lab1_attention", "--create")
    return course


@pytest.fixture(scope="module")
def release(course: Path) -> NotebookNode:
    return nbformat.read(course / "release" / "lab1_attention" / PATH.name, as_version=4)


@pytest.mark.slow
class TestRelease:
    def test_holds_no_answer(self, release: NotebookNode, cells: dict[str, NotebookNode]) -> None:
        text = "\n".join(cell.source for cell in release.cells)
        solutions = "\n".join(
            re.findall(
                r"### BEGIN SOLUTION\n(.*?)### END SOLUTION",
                "\n".join(cells[task].source for task in TASKS),
                re.S,
            )
        )
        lines = [line.split("  #")[0].strip() for line in solutions.split("\n")]
        telling = [line for line in lines if len(line) > 25]
        assert len(telling) >= 8
        question, scheme = cells["attention-4-text"].source.split("=== BEGIN MARK SCHEME ===")
        telling += [line for line in scheme.split("\n") if len(line) > 25]
        telling += [line for line in cells["attention-4"].source.split("\n") if line]
        assert len(telling) >= 30
        for line in [*telling, "SOLUTION", "MARK SCHEME"]:
            assert line not in text
        assert question.split("\n")[0] in text

    def test_stubs_remain(self, release: NotebookNode, cells: dict[str, NotebookNode]) -> None:
        for cell in release.cells:
            if cell.id in TASKS:
                todo = cell.source.index(f"# TODO {cell.id}: ")
                assert cell.source[todo:].rstrip().endswith("raise NotImplementedError()")
                before = cells[cell.id].source
                assert cell.source[:todo] == before[: before.index("# TODO")]
        (answer,) = [cell for cell in release.cells if cell.id == "attention-4"]
        assert answer.source == "YOUR ANSWER HERE"

    def test_graders_see_the_mark_scheme(
        self, course: Path, cells: dict[str, NotebookNode]
    ) -> None:
        """What nbgrader puts back into a submission before it is marked."""
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            cell = gradebook.find_source_cell("attention-4-text", "attention", "lab1_attention")
            assert cell.source == cells["attention-4-text"].source
            assert gradebook.find_assignment("lab1_attention").max_score == 70

    def test_unfilled_views_say_which_task_is_missing(self, release: NotebookNode) -> None:
        """Checks stop a run; the views only say what is to do first."""
        done = execute(nbformat.from_dict(release), allow_errors=True)
        failed = [
            name
            for name, cell in done.items()
            if any(output.output_type == "error" for output in cell.get("outputs", []))
        ]
        assert failed == [f"{task}-check" for task in TASKS]
        for view in ("attention-1-view", "attention-2-view", "attention-3-view"):
            assert "attention-1 is not filled in yet" in shown(done[view])


def _layer() -> LocationLayer:
    return LocationLayer(32, 31, 128)


def _attention() -> Attention:
    return Attention(1024, 512, 128, 32, 31)


PAST = torch.rand(2, 2, 11)
MEMORY = torch.rand(2, 11, 512)
WEIGHTS = torch.rand(2, 11)
MASK = torch.zeros(2, 11, dtype=torch.bool)


def _not_run() -> None:
    fresh_classes()["Attention"](8, 6, 4, 2, 3).get_alignment_energies(1, 2, 3)


def _undefined_layer() -> None:
    exec("location_conv(1)")


MISTAKES: dict[str, list[Callable[[], object]]] = {
    "attention-1": [
        lambda: _layer().location_dense(_layer().location_conv(PAST)),
        lambda: _layer().location_conv(PAST.transpose(1, 2)),
        _undefined_layer,
    ],
    "attention-2": [
        lambda: _attention().query_layer(torch.rand(2, 1024)) + _layer()(PAST),
        lambda: _attention().memory_layer(_attention().memory_layer(MEMORY)),
        lambda: _attention().v * torch.rand(2, 11, 128),
    ],
    "attention-3": [
        _not_run,
        lambda: WEIGHTS.masked_fill(MASK.float(), -float("inf")),
        lambda: WEIGHTS.masked_fill(None, -float("inf")),
        lambda: torch.bmm(WEIGHTS, MEMORY),
        lambda: torch.bmm(WEIGHTS.unsqueeze(2), MEMORY),
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
        said = f"{type(caught.value).__name__}: {caught.value}".split("\n")[0]
        assert f"`{said}`" in cells[f"{task}-help"].source

    @pytest.mark.parametrize("task", TASKS)
    def test_every_quoted_error_is_produced_here(
        self, cells: dict[str, NotebookNode], task: str
    ) -> None:
        quoted = re.findall(r"`\w+Error: [^`]+`", cells[f"{task}-help"].source)
        assert len(quoted) == len(MISTAKES[task])

    def test_a_fully_hidden_sentence_is_nan(self) -> None:
        hidden = WEIGHTS.masked_fill(~MASK, -float("inf"))
        assert F.softmax(hidden, dim=1).isnan().all()
