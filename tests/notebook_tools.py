"""What the tests of the labs' notebooks share: reading, running, releasing and comparing them."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode

from grader.release.release import run_nbgrader

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"

_MARKED = re.compile(r"([ ]*)### BEGIN SOLUTION\n(.*?)[ ]*### END SOLUTION", re.S)
_QUOTED = re.compile(r"(?<!`)(`{1,2})(\w+Error: .+?)\1(?!`)")  # two marks if it holds some itself


def read_notebook(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells_of(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells by their ids."""
    return {cell.id: cell for cell in notebook.cells}


def assert_normal_form(path: Path) -> None:
    """The file is what nbformat writes: no outputs, no counts, words as ids, under 150 kB."""
    notebook = read_notebook(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.read_text("utf-8") == nbformat.writes(notebook) + "\n"
    assert path.stat().st_size < 150_000
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id), cell.id
        assert cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) == cell.id
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell.id


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


def assert_task_metadata(notebook: NotebookNode, task: str) -> None:
    """Solution cells, and directly below them their locked check."""
    names = [cell.id for cell in notebook.cells]
    stubs = stubs_of(notebook, task)
    place = names.index(task)
    last = place + len(stubs)
    assert names[place : last + 1] == [*(stub.id for stub in stubs), f"{task}-check"]
    check = cells_of(notebook)[f"{task}-check"].metadata.nbgrader
    for stub in (cell.metadata.nbgrader for cell in stubs):
        assert (stub.solution, stub.grade, stub.locked, stub.task) == (True, False, False, False)
        assert stub.schema_version == check.schema_version == 3
    assert (check.solution, check.grade, check.locked, check.task) == (False, True, True, False)


def execute(notebook: NotebookNode, **settings: Any) -> dict[str, NotebookNode]:
    """Run a copy of the notebook from top to bottom and return its cells by their ids."""
    done = nbformat.from_dict(notebook)
    NotebookClient(done, timeout=180, kernel_name="python3", **settings).execute()
    return cells_of(done)


def shown(cell: NotebookNode) -> str:
    """Join what a cell shows, as plain text."""
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def with_pictures(cells: dict[str, NotebookNode]) -> list[str]:
    """Name the cells that show a picture with alternative text."""
    return [
        name
        for name, cell in cells.items()
        for output in cell.get("outputs", [])
        if "<img alt=" in output.get("data", {}).get("text/html", "")
    ]


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


def _source(module: ModuleType) -> str:
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
    methods = {f.name: f for f in class_in(_source(module), owner).body if hasattr(f, "args")}
    found = {}
    for function in ast.parse(source).body:
        assert isinstance(function, ast.FunctionDef)
        assert list(map(ast.unparse, function.decorator_list)) == [f"method_of({owner})"]
        function.decorator_list = []
        found[function.name] = _as_said(function)
    return found == {name: _as_said(methods[name]) for name in names}


def same_function(source: str, module: ModuleType, name: str) -> bool:
    """Tell whether a cell's function is that of a module, by AST."""
    return _as_said(function_in(source, name)) == _as_said(function_in(_source(module), name))


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


def emptied(source: str) -> str:
    """Put into a cell what nbgrader puts in place of the solutions."""
    return _MARKED.sub(r"\1raise NotImplementedError()", source)


def run_setup(notebook: NotebookNode, *tasks: str) -> dict[str, Any]:
    """Run the setup cell and the solution cells of some tasks; return the names they define."""
    names: dict[str, Any] = {}
    for source in (cells_of(notebook)["setup"].source, *(source_for(notebook, t) for t in tasks)):
        exec(source, names)
    return names


def missing_imports(notebook: NotebookNode, module: ModuleType) -> set[str]:
    """Name what a reference module imports and the setup cell does not, or not the same.

    Layers are given with their class.
    """
    names = run_setup(notebook)
    imported = [
        node
        for node in ast.parse(_source(module)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    wanted = {alias.asname or alias.name for node in imported for alias in node.names}
    return {
        name
        for name in wanted - {"annotations", "ConvNorm", "LinearNorm"}
        if names.get(name) is not getattr(module, name, None)
    }


def released(path: Path, tmp: Path) -> NotebookNode:
    """Let nbgrader, as it comes, generate the assignment of one lab in the empty folder ``tmp``."""
    lab = path.parent.name
    shutil.copytree(path.parent, tmp / "source" / lab)
    (tmp / "nbgrader_config.py").write_text("c = get_config()\n")
    run_nbgrader(tmp, "generate_assignment", lab, "--create")
    return read_notebook(tmp / "release" / lab / path.name)


def telling_lines(notebook: NotebookNode, longer_than: int = 25) -> list[str]:
    """Return the lines of the solutions that would give an answer away."""
    parts = [part for cell in notebook.cells for part in solutions_in(cell.source)]
    lines = [line.split("  #")[0].strip() for part in parts for line in part.split("\n")]
    return [line for line in lines if len(line) > longer_than]


def quoted_errors(help_text: str) -> list[str]:
    """Return the errors, ``SomeError: message``, that a help block quotes."""
    return [said for _, said in _QUOTED.findall(help_text)]


def first_line(error: BaseException) -> str:
    """Write an error as a help block quotes it."""
    return f"{type(error).__name__}: {error}".split("\n")[0]
