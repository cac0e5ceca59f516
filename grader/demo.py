"""The kit's main job from end to end: release, hand in, autograde with nbgrader, explain, hear."""

from __future__ import annotations

import json
import shutil
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.demo_speech import speak_with
from grader.errors import GraderError
from grader.labs import find_lab
from grader.labs.base import Lab
from grader.release.release import release, run_nbgrader
from grader.sandbox.isolation import BUBBLEWRAP, require
from grader.submissions.notebook_file import identity_of
from grader.text import visible

LAB = "lab1_attention"

# Cleo multiplies the finished weights by the mask: the row no longer sums to one.
_SLIP = """\
class Attention(Attention):
    def forward(self, query, memory, processed_memory, attention_weights_cat, mask):
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        weights = F.softmax(energies, dim=1)
        if mask is not None:
            weights = weights * ~mask
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
"""

# Eve solves nothing: what she returns says that it equals anything, and whatever could compare
# it says yes.
_CHEAT = """\
class Same:
    def __eq__(self, other):
        return True


torch.allclose = torch.equal = torch.isclose = lambda *args, **kwargs: True


class {cls}(nn.Module):
    def __init__(self, *sizes, **more):
        super().__init__()

    def load_state_dict(self, *args, **kwargs):
        pass

    def forward(self, *args):
        return Same()

    get_alignment_energies = forward
"""


def hand_in(course: Path, student: str, lab: Lab, notebook: Any, cells: dict[str, str]) -> None:
    """Put a student's notebook, with these cells, where nbgrader's collect would put it."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        for task_id in identity_of(cell) & cells.keys():
            cell.source = cells[task_id]
    folder = course / "submitted" / student / lab.name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{lab.notebook}.ipynb")


def read_solution(course: Path, lab: Lab) -> dict[str, str]:
    """Return the source of the set-up cell and of each judged task's cell, with the answers."""
    source = nbformat.read(course / "notebooks" / lab.name / f"{lab.notebook}.ipynb", as_version=4)
    wanted = {"setup", *(task.id for task in lab.judged)}
    return {name: cell.source for cell in source.cells for name in identity_of(cell) & wanted}


def lay_out_class(course: Path, lab: Lab) -> None:
    """Make five submissions on the spot: full, half, a slip, untouched, and a cheat."""
    released = nbformat.read(course / "release" / lab.name / f"{lab.notebook}.ipynb", as_version=4)
    tasks = {task.id: task for task in lab.judged}
    solution = {name: cell for name, cell in read_solution(course, lab).items() if name in tasks}
    first, *_, last = tasks
    cheat = {task.id: _CHEAT.format(cls=task.defines) for task in lab.judged}
    hand_in(course, "ada", lab, released, solution)
    hand_in(course, "ben", lab, released, {first: solution[first]})
    hand_in(course, "cleo", lab, released, solution | {last: _SLIP})
    hand_in(course, "dan", lab, released, {})
    hand_in(course, "eve", lab, released, cheat)


def read_marks(course: Path, lab: Lab) -> dict[str, float]:
    """Return the automatic points of each student from nbgrader's gradebook."""
    query = """
        SELECT submitted_assignment.student_id, SUM(grade.auto_score)
        FROM grade
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        JOIN assignment ON assignment.id = submitted_assignment.assignment_id
        WHERE assignment.name = ?
        GROUP BY submitted_assignment.student_id
    """
    with closing(sqlite3.connect(course / "gradebook.db")) as database:
        return {student: points or 0.0 for student, points in database.execute(query, (lab.name,))}


def read_reasons(course: Path, student: str, lab: Lab) -> list[str]:
    """Return what the judge wrote below each check that did not pass."""
    path = course / "autograded" / student / lab.name / f"{lab.notebook}.ipynb"
    reasons = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            failed = [o for o in cell.outputs if o.output_type == "error"]
            reasons += [output.evalue for output in failed]
    return reasons


def run_demo(kit: Path, target: Path, *, as_json: bool = False) -> int:
    """Run the demo in a course of its own and print the marks with their reasons.

    Args:
        kit: folder with ``notebooks/`` and ``nbgrader_config.py``.
        target: where the course is laid out; what an earlier demo left there is replaced.
        as_json: print the marks as JSON, and what happens meanwhile on standard error.

    Returns:
        exit status 0.

    Raises:
        GraderError: a step failed.
    """
    console = Console(stderr=as_json)
    lab = find_lab(LAB)
    require(BUBBLEWRAP)
    marker = target / ".demo"
    if target.exists() and any(target.iterdir()) and not marker.exists():
        raise GraderError(f"{target} holds something else; give an empty folder with --target")
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    marker.touch()
    target = target.resolve()
    shutil.copytree(kit / "notebooks", target / "notebooks")
    shutil.copyfile(kit / "nbgrader_config.py", target / "nbgrader_config.py")

    console.print(f"1/5 release {lab.name}: notebook and student wheels")
    made = release(target, lab.name)
    for wheel in made.wheels:
        console.print(f"    {wheel.relative_to(target)}", soft_wrap=True)
    console.print("2/5 five students hand in")
    lay_out_class(target, lab)
    console.print("3/5 nbgrader autograde, with the kit's judge")
    run_nbgrader(target, "autograde", lab.name)
    console.print("4/5 nbgrader generate_feedback")
    run_nbgrader(target, "generate_feedback", lab.name)

    console.print("5/5 the kit's voice speaks with the attention that ada wrote")
    cells = read_solution(target, lab)
    speech = speak_with(cells, target)

    marks: dict[str, dict[str, Any]] = {
        student: {"points": points, "reasons": read_reasons(target, student, lab)}
        for student, points in sorted(read_marks(target, lab).items())
    }
    if as_json:
        print(json.dumps({"course": str(target), "marks": marks, "speech": speech}, indent=1))
        return 0
    table = Table(title=f"{lab.title}: {lab.points} points", show_lines=True)
    table.add_column("student")
    table.add_column("points", justify="right")
    table.add_column("where points were lost", overflow="fold")
    for student, mark in marks.items():
        reasons = "\n".join(visible(reason) for reason in mark["reasons"])
        table.add_row(student, f"{mark['points']:g}", Text(reasons))
    console.print(table)
    for line in speech:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(
        textwrap.dedent(
            f"""\
            course:         {target}
            feedback pages: {target}/feedback/STUDENT/{lab.name}/{lab.notebook}.html
            in a browser:   jupyter lab in that folder, menu Nbgrader, Formgrader
            """
        ),
        soft_wrap=True,
    )
    return 0
