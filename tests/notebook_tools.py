"""What the tests of the labs' notebooks share: reading, running and comparing them."""

from __future__ import annotations

import ast
import io
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
import soundfile
import torch
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode

from labkit.audio import resample
from labkit.notebook import Notice

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"

_MARKED = re.compile(r"([ ]*)### BEGIN SOLUTION\n(.*?)[ ]*### END SOLUTION", re.S)
# two marks if the error holds some itself
_QUOTED = re.compile(r"(?<!`)(`{1,2})(\w+Error: .+?)\1(?!`)(\s+…)?")


@dataclass(frozen=True)
class Shows:
    """What one lab's notebook shows, beside what holds of every lab's.

    Attributes:
        says: what cells say when every task is solved.
        pictures: the cells that show a picture then, in order.
        players: the cells that play a sound then.
        saves: files that it leaves beside itself then.
        waits: the cells of an unfilled notebook that say which task is to be done first.
        says_unfilled: what other cells say all the same.
        mistakes: for each task what raises the errors that its help block quotes.
    """

    says: dict[str, str | tuple[str, ...]]
    pictures: tuple[str, ...]
    players: tuple[str, ...]
    waits: dict[str, str]
    mistakes: dict[str, tuple[Callable[[], object], ...]]
    says_unfilled: dict[str, str] = field(default_factory=dict)
    saves: tuple[str, ...] = ()


def read_notebook(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells_of(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells by their ids."""
    return {cell.id: cell for cell in notebook.cells}


def points_of(notebook: NotebookNode) -> dict[str, float]:
    """Return the points of each graded cell."""
    return {
        cell.id: cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def stubs_of(notebook: NotebookNode, task: str) -> list[NotebookNode]:
    """Return the cells in which a task is written: mostly one."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and (cell.id == task or cell.id.startswith(f"{task}-"))
        and cell.metadata.get("nbgrader", {}).get("solution")
    ]


def source_for(notebook: NotebookNode, task: str) -> str:
    """Join the cells in which a task is written."""
    return "\n\n\n".join(cell.source for cell in stubs_of(notebook, task))


def execute(notebook: NotebookNode, **settings: Any) -> dict[str, NotebookNode]:
    """Run a copy of the notebook from top to bottom and return its cells by their ids."""
    done = nbformat.from_dict(notebook)
    NotebookClient(done, timeout=180, kernel_name="python3", **settings).execute()
    return cells_of(done)


def run_cells(*sources: str) -> list[NotebookNode]:
    """Run cells in a kernel and return them with their outputs."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return list(execute(nbformat.v4.new_notebook(cells=cells)).values())


def data_of(cell: NotebookNode) -> list[dict[str, str]]:
    """Return what a cell shows, each in all its forms."""
    return [output.data for output in cell.get("outputs", []) if "data" in output]


def shown(cell: NotebookNode) -> str:
    """Join what a cell shows, as plain text."""
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def showing(cells: dict[str, NotebookNode], start: str) -> list[str]:
    """Name the cells whose outputs hold a piece of HTML, once for each output."""
    return [
        name
        for name, cell in cells.items()
        for data in data_of(cell)
        if start in data.get("text/html", "")
    ]


# what a busy machine says in words, an idle one draws
AS_THE_MACHINE_IS = {"inference-3-bench"}


def with_pictures(cells: dict[str, NotebookNode]) -> list[str]:
    """Name the cells that show a picture with alternative text, whatever the machine does."""
    return [name for name in showing(cells, "<img alt=") if name not in AS_THE_MACHINE_IS]


def failed(cells: dict[str, NotebookNode]) -> list[str]:
    """Name the cells that ended in an error."""
    return [
        name
        for name, cell in cells.items()
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    ]


def class_in(source: str, name: str) -> ast.ClassDef:
    """Return the one class of that name at the top level of a source text."""
    (found,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return found


def function_in(source: str, name: str) -> ast.FunctionDef:
    """Return the one function of that name, at the top level or in a class."""
    (found,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    return found


def source_of(module: ModuleType) -> str:
    assert module.__file__
    return Path(module.__file__).read_text("utf-8")


def same_methods(source: str, module: ModuleType, owner: str, names: Iterable[str]) -> bool:
    """Tell whether functions that a cell puts into a class are the class's methods, by AST.

    Args:
        source: the cells of a task; they hold these functions and nothing else.
        module: where the reference stands.
        owner: the class.
        names: its methods.
    """
    methods = {f.name: f for f in class_in(source_of(module), owner).body if hasattr(f, "args")}
    found = {}
    for function in ast.parse(source).body:
        assert isinstance(function, ast.FunctionDef)
        assert list(map(ast.unparse, function.decorator_list)) == [f"method_of({owner})"]
        function.decorator_list = []
        found[function.name] = _as_said(function)
    return found == {name: _as_said(methods[name]) for name in names}


def same_function(source: str, module: ModuleType, name: str) -> bool:
    """Tell whether a cell's function is that of a module, by AST."""
    return _as_said(function_in(source, name)) == _as_said(function_in(source_of(module), name))


def _as_said(function: ast.FunctionDef) -> tuple[str, str | None]:
    """Return what a function does, and its docstring, wherever it is indented to."""
    words = ast.get_docstring(function)
    return ast.dump(ast.Module(function.body[words is not None :], [])) + ast.dump(
        function.args
    ) + ast.dump(function.returns or ast.Pass()), words


def solutions_in(source: str) -> list[str]:
    """Return what stands between the solution marks of a cell."""
    return [part for _, part in _MARKED.findall(source)]


def lines_to_write(source: str) -> int:
    """Count the lines that a student writes: solutions without comments and empty lines."""
    lines = [line.strip() for part in solutions_in(source) for line in part.split("\n")]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def statements_to_write(source: str) -> int:
    """Count what a student writes: a statement is a line, however it is wrapped."""
    written = 0
    for part in solutions_in(source):
        body = textwrap.indent(textwrap.dedent(part), "    ")
        function = ast.parse(f"def f():\n{body}").body[0]
        written += sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return written


def emptied(source: str) -> str:
    """Put into a cell what nbgrader puts in place of the solutions."""
    return _MARKED.sub(r"\1raise NotImplementedError()", source)


def telling_lines(source: str, longer_than: int = 25) -> list[str]:
    """Return the lines of a cell's solutions that would give an answer away."""
    lines = [line for part in solutions_in(source) for line in part.split("\n")]
    lines = [line.split("  #")[0].strip() for line in lines]
    return [line for line in lines if len(line) > longer_than]


def quoted_errors(help_text: str) -> list[str]:
    """Return the errors, ``SomeError: message``, that a help block quotes; … if they go on."""
    return [said + ("…" if more else "") for _, said, more in _QUOTED.findall(help_text)]


def first_line(error: BaseException) -> str:
    """Write an error as a help block quotes it."""
    return f"{type(error).__name__}: {error}".split("\n")[0]


def with_stub(base: type, *methods: str) -> Any:
    """Derive a class of the same name whose methods are still as the student edition has them."""
    scope: dict[str, Any] = {}
    for name in methods:
        exec(f"def {name}(self, *_, **__):\n    raise NotImplementedError()", scope)
    return type(base.__name__, (base,), {name: scope[name] for name in methods})


def with_results(base: type, method: str, change: Callable[[Any], Any]) -> Any:
    """Derive a class of the same name, one of whose methods returns something else."""

    def changed(self: Any, *arguments: Any, **options: Any) -> Any:
        return change(getattr(base, method)(self, *arguments, **options))

    return type(base.__name__, (base,), {method: changed})


def refusal(shown: object) -> str:
    """Return the title of a notice, which a view shows where it cannot draw."""
    assert isinstance(shown, Notice)
    return shown.title


def words_heard(sound: bytes, sentence: str) -> tuple[float, torch.Tensor]:
    """Return the share of a sentence's words that a recogniser hears, and the samples at 16 kHz."""
    pocketsphinx = pytest.importorskip("pocketsphinx")
    audio, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    samples = resample(torch.from_numpy(audio), rate, 16_000).clamp(-1, 1)
    decoder = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((32_767 * samples).short().numpy().tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    words = set(re.findall(r"\w+", sentence.lower()))
    return len(words & set(heard.hypstr.split() if heard else ())) / len(words), samples
