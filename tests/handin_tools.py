"""Notebooks as people hand them in: what editors do to them, and what a kernel then shows."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import random
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import grader.selfcheck.check
import labkit.labs.given
from grader.errors import SubmissionError
from grader.judge.judge import Judge
from grader.labs.base import Lab
from grader.sandbox.session import Worker
from grader.submissions.graft import graft
from grader.submissions.notebook_file import parse_notebook, source_of

ROOT = Path(__file__).parent.parent
Notebook = dict[str, Any]
Operation = Callable[[Notebook, random.Random, Lab], str]


def solved(lab: Lab, form: str = "classes") -> Notebook:
    """Return a lab's notebook with its solutions, without the cells that only show something.

    Args:
        lab: whose notebook.
        form: "functions" as it is released, or "classes" as many write it and as earlier releases
            had it: a class in the cell of its first task, and continued in the others.
    """
    path = ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    kept = {"setup", *(name for task in lab.tasks for name in (task.id, f"{task.id}-check"))}
    if form == "functions":
        kept |= {c["id"] for c in notebook["cells"] if _is_solution(c)}
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["cell_type"] != "code" or cell["id"] in kept
    ]
    for cell in notebook["cells"]:
        marks = ("### BEGIN SOLUTION", "### END SOLUTION")
        lines = "".join(cell["source"]).split("\n")
        cell["source"] = "\n".join(line for line in lines if line.strip() not in marks)
    classes = class_cells(lab) if form == "classes" else {}
    for cell in notebook["cells"]:
        cell["source"] = classes.get(cell["id"], cell["source"])
    return notebook


def _is_solution(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("solution"))


@cache
def class_cells(lab: Lab) -> dict[str, str]:
    """Write the set-up and solution cells of a lab with whole classes, by labkit's own methods."""
    tasks = [task for task in lab.judged if task.methods]
    if not tasks:
        return {}
    setup = [line for line in lab.setup.split("\n") if "labkit.labs.given" not in line]
    cells = {"setup": "\n".join([*setup, "from grader import check"])}
    begun = {"Tacotron2"}  # it comes with the set-up
    for task in tasks:
        source = inspect.getsource(resolve_name(f"{task.home}:{task.defines}"))
        lines = source.split("\n")
        members = {
            item.name: item for item in ast.parse(source).body[0].body if hasattr(item, "name")
        }
        head = lines[: members["__init__"].end_lineno]
        if task.defines in begun:
            again = f"class {task.defines}({task.defines}):"
            head = [f"{again}  # the same class, continued: now with its {task.methods[-1]}"]
        begun.add(task.defines)
        parts = ["\n".join(head)]
        for name in task.methods:
            item = members[name]
            body = lines[item.lineno - 1 : item.end_lineno]
            todo = item.body[0].end_lineno - item.lineno + 1  # below the docstring
            body.insert(todo, f"        # TODO {task.id}")
            parts.append("\n".join(body))
        first = "\n" if len(head) == 1 else "\n\n"
        cells[task.id] = parts[0] + first + "\n\n".join(parts[1:])
    return cells


def place_of(notebook: Notebook, name: str) -> int:
    """Return where the cell of that id stands."""
    return next(i for i, cell in enumerate(notebook["cells"]) if cell.get("id") == name)


def cell_of(notebook: Notebook, name: str) -> dict[str, Any]:
    """Return the cell of that id."""
    return notebook["cells"][place_of(notebook, name)]


def new(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    """Return a cell as an editor makes it, with an id that says nothing."""
    made = {"cell_type": kind, "id": f"{abs(hash(source)):x}"[:8], "metadata": {}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {}) | more


def judged(notebook: Notebook, lab: Lab, worker: Worker) -> dict[str, int]:
    """Return the points that the judge gives, by task."""
    try:
        submission = graft(parse_notebook(json.dumps(notebook).encode(), "handed in"), lab)
    except SubmissionError:
        return {task.id: 0 for task in lab.judged}
    judge = Judge(lab, worker, b"a course", "a suite")
    return {verdict.task: verdict.points for verdict in judge.judge(submission, "ada")}


@contextmanager
def kernel() -> Iterator[Callable[[Notebook], dict[str, bool]]]:
    """Give a function that runs a notebook from top to bottom, whatever its cells raise.

    It returns the outcome of each task's last check.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance(colors="nocolor", history_load_length=0)
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    shell.system = shell.system_raw = lambda *_: None  # type: ignore[method-assign]
    shell.getoutput = lambda *_, **__: []  # type: ignore[method-assign]

    def run(notebook: Notebook) -> dict[str, bool]:
        shell.reset(new_session=False)
        grader.selfcheck.check.HISTORY.clear()
        labkit.labs.given._classes.cache_clear()  # a new kernel has nothing filled in
        with capture_output():
            for cell in notebook["cells"]:
                if cell.get("cell_type") == "code":
                    shell.run_cell(source_of(cell), store_history=False)
        return {checked.task_id: checked.passed for checked in grader.selfcheck.check.HISTORY}

    try:
        yield run
    finally:
        shell.reset(new_session=False)
        grader.selfcheck.check.HISTORY.clear()
        InteractiveShell.clear_instance()


# --- what editors and people do ------------------------------------------------------------------


def _solution(notebook: Notebook, dice: random.Random, lab: Lab) -> int:
    """Draw a cell that holds code of a task."""
    names = {task.defines for task in lab.judged}
    places = [
        i
        for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
        and any(
            kind + n in source_of(cell) for n in names for kind in ("class ", "def ", "@method_of(")
        )
    ]
    return dice.choice(places) if places else _any_code(notebook, dice)


def _any_code(notebook: Notebook, dice: random.Random) -> int:
    kinds = [i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]
    return dice.choice(kinds)


def _named_anew(cell: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Copy a cell as some editors do: with its id, with a new one, or with its metadata only."""
    made = copy.deepcopy(cell)
    how = dice.randrange(3)
    if how:
        made["id"] = f"{dice.randrange(16**8):08x}"
    if how == 2:
        made["metadata"] = {}
    return made


def split_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _solution(notebook, dice, lab)
    cell = notebook["cells"][place]
    lines = source_of(cell).split("\n")
    at = dice.randrange(len(lines) + 1)
    second = _named_anew(cell, dice)
    cell["source"], second["source"] = "\n".join(lines[:at]), "\n".join(lines[at:])
    notebook["cells"].insert(place + 1, second)
    return f"split cell {place} at line {at}"


def merge_cells(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    cells = notebook["cells"]
    place = _any_code(notebook, dice)
    code = [i for i in range(place + 1, len(cells)) if cells[i]["cell_type"] == "code"]
    chosen = [place, *code[: dice.choice((1, 1, 2))]]
    cells[place]["source"] = "\n\n".join(source_of(cells[i]) for i in chosen)
    for other in reversed(chosen[1:]):
        cells.pop(other)
    return f"merge cells {chosen}"


def copy_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _solution(notebook, dice, lab)
    to = dice.randrange(len(notebook["cells"]) + 1)
    made = _named_anew(notebook["cells"][place], dice)
    what = dice.choice(("whole", "empty", "commented", "broken", "half", "text"))
    source = source_of(made)
    if what == "empty":
        made["source"] = ""
    elif what == "commented":
        made["source"] = textwrap.indent(source, "# ", lambda _: True)
    elif what == "broken":
        made["source"] = source + "\n    x = ("
    elif what == "half":
        made["source"] = source[: len(source) // 2]
    elif what == "text":
        made["cell_type"] = "markdown"
    notebook["cells"].insert(to, made)
    return f"copy cell {place} to {to}: {what}"


def move_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _solution(notebook, dice, lab)
    to = max(0, min(len(notebook["cells"]) - 1, place + dice.choice((-3, -2, -1, 1, 2, 3))))
    notebook["cells"].insert(to, notebook["cells"].pop(place))
    return f"move cell {place} to {to}"


def retype_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _any_code(notebook, dice)
    kind = dice.choice(("markdown", "raw"))
    notebook["cells"][place]["cell_type"] = kind
    return f"make cell {place} {kind}"


def rewrite_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _solution(notebook, dice, lab)
    source = source_of(notebook["cells"][place])
    left = dice.choice(("", "# see below", "pass", "deleted", "stub"))
    if left == "deleted":
        notebook["cells"].pop(place)
        place -= 1
    elif left == "stub":
        head = [line for line in source.split("\n") if line.strip()][:1]
        stub = f"{head[0]}\n    pass" if head and head[0].startswith("class") else ""
        notebook["cells"][place]["source"] = stub
    else:
        notebook["cells"][place]["source"] = left
    notebook["cells"].insert(place + 1, new(source, id=f"{dice.randrange(16**8):08x}"))
    return f"delete cell {place} ({left}) and write it anew below"


def strip_ids(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    what = dice.choice(("ids", "metadata", "both", "one"))
    cells = notebook["cells"]
    for cell in cells if what != "one" else [cells[_solution(notebook, dice, lab)]]:
        if what != "metadata":
            cell.pop("id", None)
        if what != "ids":
            cell["metadata"] = {}
    return f"strip {what}"


def change_format(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    how = dice.choice(("lists", "4.4", "CRLF", "tabs", "language"))
    for cell in notebook["cells"]:
        source = source_of(cell)
        if how == "lists":
            cell["source"] = source.splitlines(keepends=True)
        elif how == "4.4":
            cell["id"] = f"{dice.randrange(16**8):08x}"
        elif how == "CRLF":
            cell["source"] = source.replace("\r\n", "\n").replace("\n", "\r\n")
        elif how == "tabs" and cell["cell_type"] == "code" and "\t" not in source:
            cell["source"] = source.replace("    ", "\t")
    if how == "language":
        notebook["metadata"] = {"kernelspec": {"name": "x", "language": "sage"}}
    return f"change format: {how}"


def add_lines(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    place = _solution(notebook, dice, lab)
    cell = notebook["cells"][place]
    above = ("%%time", "%%capture", "!pip install torch \\\n    numpy", "x = !ls", "torch.tanh?",
             "import asyncio\nawait asyncio.sleep(0)", "%matplotlib inline", "import math, os",
             "display(1)", "get_ipython().run_line_magic('time', '1')", "")  # fmt: skip
    below = ("print(missing)", "1 / 0", "/print 1", "t = %timeit -n1 -r1 1", "from math import pi",
             f"check('{lab.judged[0].id}', {lab.judged[0].defines})", "from __future__ import "
             "annotations", "# done", "assert False, 'look here'", "")  # fmt: skip
    first, last = dice.choice(above), dice.choice(below)
    cell["source"] = f"{first}\n{source_of(cell)}\n{last}".strip("\n")
    return f"add to cell {place}: {first!r} and {last!r}"


def add_cell(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    to = dice.randrange(len(notebook["cells"]) + 1)
    source = dice.choice((
        "import numpy as np\nfrom typing import Optional", "def helper(x):\n    return x", "x = (",
        "print(torch.rand(3))", "F = torch.nn.functional", "%lsmagic", "class Note:\n    pass",
        f"{lab.judged[0].defines}?", f"try:\n    {lab.judged[-1].defines}()\nexcept TypeError:"
        "\n    pass",
    ))  # fmt: skip
    notebook["cells"].insert(to, new(source, id=f"{dice.randrange(16**8):08x}"))
    return f"new cell at {to}: {source!r}"


def move_out(notebook: Notebook, dice: random.Random, lab: Lab) -> str:
    """Put a part of a solution into a helper in another cell."""
    place = _solution(notebook, dice, lab)
    cell = notebook["cells"][place]
    name = f"helper_{dice.randrange(1000)}"
    where = dice.choice((1, place))
    for old, body in ((".transpose(1, 2)", "x.transpose(1, 2)"), ("torch.tanh(", "torch.tanh(x)")):
        source = source_of(cell)
        at = source.find(old)
        if at < 0:
            continue
        if old.endswith("("):
            cell["source"] = source[:at] + f"{name}(" + source[at + len(old) :]
        else:
            start = max(source.rfind(c, 0, at) for c in " (=\n") + 1
            cell["source"] = (
                source[:start] + f"{name}({source[start:at]})" + source[at + len(old) :]
            )
        helper = f"size = 1\ndef {name}(x):\n    return size * ({body})"
        notebook["cells"].insert(where, new(helper, id=f"{dice.randrange(16**8):08x}"))
        return f"a helper for cell {place} at {where}"
    return "nothing to move out"


OPERATIONS: tuple[Operation, ...] = (
    split_cell, merge_cells, copy_cell, move_cell, retype_cell, rewrite_cell, strip_ids,
    change_format, add_lines, add_cell, move_out,
)  # fmt: skip


def drawn(lab: Lab, seed: int, most: int = 5) -> tuple[Notebook, list[str]]:
    """Return a solved notebook after a random sequence of operations, and what they were."""
    dice = random.Random(seed)
    notebook = solved(lab, dice.choice(["classes", "functions"]))
    steps = [dice.choice(OPERATIONS)(notebook, dice, lab) for _ in range(dice.randint(1, most))]
    return notebook, steps
