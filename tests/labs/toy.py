"""A small lab in files of its own, as somebody would add it: two tasks, one notebook.

:func:`add` writes it into a copy of the kit, whose curriculum gets its rows; nothing else changes.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

NAME = "lab9_emphasis"
ROWS = """
LESSONS += (
    Lesson(
        "lab9_emphasis",
        "emphasis",
        "Lab 9: pre-emphasis",
        (
            Exercise("emphasis-1", 30, 10, "audio.emphasis", "PreEmphasis", ("forward",)),
            Exercise("emphasis-2", 20, 10, "audio.emphasis", "PreEmphasis", ("undo",)),
        ),
    ),
)
"""
REFERENCE = '''"""Pre-emphasis."""

import torch
from torch import nn


class PreEmphasis(nn.Module):
    """Takes from each sample a share of the one before."""

    def __init__(self):
        super().__init__()
        self.share = nn.Parameter(torch.zeros(1))
'''
FORWARD = """
    def forward(self, audio):
        later = audio[:, 1:] - self.share * audio[:, :-1]
        return torch.hstack((audio[:, :1], later))
"""
UNDO = """
    def undo(self, emphasised):
        restored, before = [], torch.zeros_like(emphasised[:, 0])
        for sample in emphasised.unbind(dim=1):
            before = sample + self.share * before
            restored.append(before)
        return torch.stack(restored, dim=1)
"""
TASKS = '''"""Lab 9: pre-emphasis."""

from grader.labs.base import Output, Slip, make_lab, make_task

FORWARD = make_task(
    "emphasis-1",
    arguments=("audio",),
    outputs=(Output("emphasised", ("B", "N")),),
    slips=(Slip("added", "the share is added", "Which sign has the sample before?"),),
)
UNDO = make_task(
    "emphasis-2",
    arguments=("emphasised",),
    outputs=(Output("audio", ("B", "N")),),
    slips=(Slip("taken", "the share is taken once more", "What was taken before?"),),
)
LAB = make_lab("lab9_emphasis", "import torch\\nfrom torch import nn\\n", FORWARD, UNDO)
'''
SLIPS = '''"""Lab 9: its slips in students' words."""

from grader.instructor.ways import read_ways

WAYS = {
    "emphasis-1": read_ways("added: - self.share → + self.share"),
    "emphasis-2": read_ways("taken: sample + self.share → sample - self.share"),
}
'''
CASES = '''"""Lab 9: its cases."""

import torch

from grader.instructor.making import complete, draw_state
from grader.instructor.ways import compiled
from grader.labs.base import Case
from grader.labs.lab9_emphasis.instructor.slips import WAYS
from grader.labs.lab9_emphasis.tasks import LAB
from labkit.audio.emphasis import PreEmphasis


def answer(task, case, *, gradients, slips):
    wrong = compiled(task, WAYS[task.id]) if slips else None
    return complete(task, case, PreEmphasis, gradients=gradients, slips=wrong)


def _case(task, label, seed, sizes, *, slips=False):
    dice = torch.Generator().manual_seed(seed)
    state = draw_state(PreEmphasis(), dice)
    inputs = {task.arguments[0]: torch.randn(sizes, generator=dice)}
    case = Case(label, {}, state, inputs, expected={}, alone=True)
    return answer(task, case, gradients=label == "gradients", slips=slips)


def public_cases():
    return {task.id: [_case(task, "two of eight", 1, (2, 8), slips=True)] for task in LAB.judged}


def hidden_cases():
    sizes = {"one sample": (1, 1), "gradients": (3, 7)}
    return {
        task.id: [_case(task, label, 2, size) for label, size in sizes.items()]
        for task in LAB.judged
    }


def fresh_cases(task_id, seed):
    task = next(task for task in LAB.judged if task.id == task_id)
    return [_case(task, "fresh numbers", seed % 2**32, (2, 5))]
'''


def _stub(method: str, task: str, *, released: bool) -> str:
    """Return a method with its solution marked for nbgrader, or with none."""
    head, *body = method.strip("\n").split("\n")
    marked = ["        ### BEGIN SOLUTION", *body, "        ### END SOLUTION"]
    stub = ["        raise NotImplementedError()"]
    return "\n".join([head, f"        # TODO {task}: write it", *(stub if released else marked)])


def cells(*, released: bool = False) -> dict[str, str]:
    """Return the solution cells."""
    cls = REFERENCE[REFERENCE.index("class PreEmphasis") :]
    first, second = (
        _stub(method, task, released=released)
        for method, task in ((FORWARD, "emphasis-1"), (UNDO, "emphasis-2"))
    )
    return {
        "emphasis-1": f"{cls}\n{first}",
        "emphasis-2": f"class PreEmphasis(PreEmphasis):\n{second}",
    }


def _notebook() -> nbformat.NotebookNode:
    def cell(name: str, source: str, **facts: object) -> nbformat.NotebookNode:
        made = nbformat.v4.new_code_cell(source, id=name)
        kind = {"solution": False, "grade": False, "locked": True, "task": False}
        made.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3} | kind | facts
        return made

    setup = "import torch\nfrom torch import nn\nfrom grader import check"
    made = [cell("setup", setup)]
    for (name, source), points in zip(cells().items(), (30, 20), strict=True):
        made.append(cell(name, source, solution=True, locked=False))
        text = f'check("{name}", PreEmphasis)'
        made.append(cell(f"{name}-check", text, grade=True, points=points))
    notebook = nbformat.v4.new_notebook(cells=made)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    return notebook


def add(kit: Path) -> None:
    """Write the lab's files into a copy of the kit, and its rows into the curriculum."""
    views = '"""What lab 9 shows: nothing."""\n\nVIEWS: dict[str, str] = {}\n'
    files = {
        "labkit/audio/emphasis.py": f"{REFERENCE}{FORWARD}{UNDO}",
        f"labkit/labs/{NAME}/__init__.py": views,
        f"grader/labs/{NAME}/__init__.py": "",
        f"grader/labs/{NAME}/tasks.py": TASKS,
        f"grader/labs/{NAME}/instructor/__init__.py": "",
        f"grader/labs/{NAME}/instructor/slips.py": SLIPS,
        f"grader/labs/{NAME}/instructor/cases.py": CASES,
        f"notebooks/{NAME}/emphasis.ipynb": nbformat.writes(_notebook()) + "\n",
    }
    for name, text in files.items():
        path = kit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    curriculum = kit / "labkit/labs/curriculum.py"
    curriculum.write_text(curriculum.read_text("utf-8") + ROWS, "utf-8")
