"""What nbgrader judges a submission with; :mod:`grader.nbgrader.intake` is what it reads one with.

:class:`JudgeSubmission` stands in the place of nbgrader's Execute:
the cells run in a confined worker for their outputs only, and the judge writes the graded cells.
"""

from __future__ import annotations

import atexit
import base64
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_task
from traitlets import Bool, Enum, Float

from grader.bench.bench import Settings
from grader.bench.picture import draw_benchmark
from grader.bench.row import LAST
from grader.course.benchmarks import Benchmarks
from grader.course.points import share
from grader.course.secret import course_secret
from grader.errors import GraderError, IsolationError
from grader.judge.judge import Judge
from grader.judge.suite import suite_version
from grader.judge.verdict import Verdict, unreadable
from grader.labs import LABS
from grader.labs.base import Lab
from grader.nbgrader.pictures import look_at
from grader.release.edition import build_edition
from grader.sandbox.frame import NOTEBOOK
from grader.sandbox.isolation import BUBBLEWRAP, KINDS, Isolation, require
from grader.sandbox.outputs import ALT_TEXT_LIMIT, IMAGE_LIMIT, SHARE_OF_TIME
from grader.sandbox.session import Answer, Worker
from grader.submissions.graft import Submission, graft
from grader.submissions.notebook_file import parse_notebook, source_of
from grader.text import visible
from labkit.notebook.picture import Notice

NOTE = "grader"  # notebook metadata that carries the intake's findings to the judge
_OUTPUTS_PER_CELL = 12
_ENDINGS = {"output": "it showed too much", "threads": "it started too many threads"}
_LARGEST_PICTURE = 4000  # pixels along one side
OUTPUTS_SECONDS = 180.0  # ten times what lab 4, the slowest, takes on two cores of 2026
_WIDEST_SHOWN = 800  # pixels; nbgrader's pages would let a wider one stick out


def lab_of(assignment: str) -> Lab:
    """Return the lab of an assignment.

    Raises:
        GraderError: it is another assignment of the course.
    """
    if assignment not in LABS:
        raise GraderError(
            f"{assignment!r} is not one of the kit's labs ({', '.join(sorted(LABS))}); grade it "
            "with an nbgrader configuration of its own"
        )
    return LABS[assignment]


def isolation_of(kind: str) -> Isolation:
    """Return the isolation of that kind, or refuse.

    Raises:
        IsolationError: it cannot be had.
    """
    try:
        return require(kind)
    except IsolationError as error:
        raise IsolationError(
            f'{error} With nbgrader: c.JudgeSubmission.isolation = "none" in nbgrader_config.py.'
        ) from None


class _Bench:
    """The worker, edition and secret that all submissions of one run share."""

    def __init__(self, lab: Lab, kind: str, course: Path) -> None:
        torch.set_num_threads(1)  # the cases are tiny: threads would only wait for each other
        self.isolation = isolation_of(kind)
        self.folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self.worker = Worker(kind, build_edition(lab.name, self.folder))
        self.judge = Judge(lab, self.worker, course_secret(course), suite_version(lab))
        self._course = course
        self._benchmarks: Benchmarks | None = None
        atexit.register(self.close)

    def benchmarks(self, submitted: str) -> Benchmarks:
        if self._benchmarks is None:
            place = self._course
            self._benchmarks = Benchmarks(place, Settings(), self.isolation, place, submitted)
        return self._benchmarks

    def close(self) -> None:
        self.worker.close()
        if self._benchmarks is not None:
            self._benchmarks.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_benches: dict[tuple[str, str, str], _Bench] = {}


class JudgeSubmission(NbGraderPreprocessor):
    """Writes the outputs and points of a submission's cells from what the judge found."""

    isolation = Enum(
        KINDS,
        BUBBLEWRAP,
        help="How student code is confined; 'none' runs it with your rights.",
    ).tag(config=True)
    show_outputs = Bool(True, help="Whether to run the notebook for its outputs.").tag(config=True)
    outputs_seconds = Float(
        OUTPUTS_SECONDS, help="Limit of the run for outputs, in seconds; what came before is kept."
    ).tag(config=True)

    benchmark = Bool(
        False, help="Whether lab 4's feedback shows how fast the student's pipeline is."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Judge a grafted notebook; see the class."""
        about = resources["nbgrader"]
        lab = lab_of(about["assignment"])
        bench = self._bench(lab)
        note = nb.metadata.pop(NOTE, {})
        if "cells" in note:  # what the intake took from the notebook as it was handed in
            submission = Submission(note["cells"], otherwise=note["otherwise"])
        else:
            submission = graft(parse_notebook(nbformat.writes(nb).encode(), lab.notebook), lab)
        if note.get("problem"):
            verdicts = unreadable(lab, note["problem"])
        else:
            verdicts = bench.judge.judge(submission, about["student"])
        by_check = {f"{verdict.task}-check": verdict for verdict in verdicts}
        outputs = {} if note.get("problem") else self._outputs(bench, nb, by_check)
        repairs = list(note.get("repairs", []))
        measured = self._benchmark(bench, about["student"]) if lab.name == LAST else []
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            nbgrader = cell.metadata.get("nbgrader", {})
            cell.execution_count = None
            if nbgrader.get("grade"):
                verdict = by_check.get(nbgrader.get("grade_id"))
                worth = float(nbgrader.get("points") or 0)
                cell.outputs = _verdict_outputs(verdict, repairs, bench.isolation.label, worth)
                repairs = []
                if nbgrader.get("grade_id") == f"{lab.judged[-1].id}-check":
                    cell.outputs = [*measured, *cell.outputs]
            else:
                cell.outputs = outputs.get(cell.get("id"), [])
        return nb, resources

    def _bench(self, lab: Lab) -> _Bench:
        root = str(self.parent.parent.coursedir.root)
        key = (lab.name, self.isolation, root)
        if key not in _benches:
            _benches[key] = _Bench(lab, self.isolation, Path(root))
        return _benches[key]

    def _benchmark(self, bench: _Bench, student: str) -> list[NotebookNode]:
        """Measure a student's pipeline, of all labs, where the course wants it."""
        if not self.benchmark:
            return []
        submitted = CourseDirectory(parent=self).submitted_directory
        rows = bench.benchmarks(submitted)
        picture = draw_benchmark(rows.known(student) or rows.measure(student))
        if isinstance(picture, Notice):
            return [_stream(repr(picture))]
        encoded = base64.b64encode(picture.png()).decode()
        shown = _shown({"png": encoded, "alt": f"{picture.title}. {picture.text}"})
        return [_stream(f"{picture.text}\n"), *([shown] if shown else [])]

    def _outputs(
        self, bench: _Bench, nb: NotebookNode, graded: dict[str, Verdict]
    ) -> dict[str, list[NotebookNode]]:
        """Run the notebook's own cells, confined, and return what they show."""
        if not self.show_outputs:
            return {}
        cells = [
            (cell["id"], source_of(cell))
            for cell in nb.cells
            if cell.cell_type == "code"
            and cell.metadata.get("nbgrader", {}).get("grade_id") not in graded
        ]
        document = {"kind": NOTEBOOK, "seconds": self.outputs_seconds, "cells": cells}
        answer = bench.worker.ask(document, {})
        found = answer.document.get("cells", {})
        shown = {
            cell_id: [node for output in some[:_OUTPUTS_PER_CELL] if (node := _shown(output))]
            for cell_id, _ in cells
            if isinstance(some := found.get(cell_id), list)
        }
        missing = [cell_id for cell_id, _ in cells if cell_id not in found]
        if missing:
            shown[missing[0]] = [_stream(_where_it_ended(answer, self.outputs_seconds))]
        return shown


def _where_it_ended(answer: Answer, limit: float) -> str:
    """Say why the cells from here on show nothing."""
    reason = _ENDINGS.get(answer.status, f"its process ended ({answer.status})")
    if answer.status == "time" or answer.seconds > SHARE_OF_TIME * limit:
        reason = f"it may take {limit:g} s"
    return (
        f"The outputs end here: the notebook was run for them, and {reason}. What came before is "
        "kept, and no mark depends on it.\n"
    )


def _stream(text: str) -> NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=visible(text, limit=20_000))


def _shown(output: Any) -> NotebookNode | None:
    """Turn what a worker returned into an output, if it is one of the two harmless kinds."""
    if not isinstance(output, dict):
        return None
    if isinstance(output.get("text"), str):
        return _stream(output["text"])
    if isinstance(output.get("png"), str) and (width := _width(output["png"])):
        text = visible(str(output.get("alt") or "a picture"), limit=ALT_TEXT_LIMIT)
        return nbformat.v4.new_output(
            "display_data",
            data={"image/png": output["png"], "text/plain": text},
            metadata={"image/png": {"alt": text, "width": min(width, _WIDEST_SHOWN)}},
        )
    return None


def _width(encoded: str) -> int:
    """Return the width in pixels of a PNG picture; 0 if it is none, or too large to be shown."""
    kind, width, height = look_at(encoded)
    fits = max(width, height) <= _LARGEST_PICTURE and len(encoded) <= IMAGE_LIMIT
    return width if fits and kind == "image/png" else 0


def _verdict_outputs(
    verdict: Verdict | None, repairs: list[str], isolation: str, worth: float | None = None
) -> list[NotebookNode]:
    """Return the outputs that tell nbgrader the points, and the reader why.

    Args:
        verdict: of the judge, None if it has none.
        repairs: sentences about the notebook.
        isolation: under which it was judged.
        worth: points of the cell, if an instructor may have changed them.
    """
    new = nbformat.v4.new_output
    if verdict is None:  # a graded cell that nobody judged earns nothing
        text = "The judge has no verdict on this cell."
        return [new("error", ename="NoVerdict", evalue=text, traceback=[text])]
    lines = [*verdict.words, *(f"Repaired: {repair}." for repair in repairs)]
    if isolation != BUBBLEWRAP:
        lines.append("(judged unconfined)")
    text = visible("\n".join(lines))
    page = "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))
    outputs = [new("display_data", data={"text/plain": text, "text/html": page})]
    if verdict.passed:
        worth = verdict.max_points if worth is None else worth
        points = {"text/plain": str(share(verdict.points, verdict.max_points, worth))}
        return [*outputs, new("execute_result", data=points, execution_count=None)]
    first = text.split("\n")[0]
    return [*outputs, new("error", ename="NotPassed", evalue=first, traceback=[first])]


class SaveGrades(SaveAutoGrades):
    """Saves what the judge wrote; a question that is worth nothing by itself waits for nobody.

    nbgrader wants the text of a written question in a cell of its own, beside the answer that has
    the points, and would ask for a person's mark on both.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Save the points of a cell."""
        if is_task(cell) and not cell.metadata.nbgrader["points"]:
            name = cell.metadata.nbgrader["grade_id"]
            place = (self.notebook_id, self.assignment_id, self.student_id)
            grade = self.gradebook.find_grade(name, *place)
            grade.auto_score, grade.needs_manual_grade = 0, False
        return super().preprocess_cell(cell, resources, cell_index)


__all__ = ["JudgeSubmission", "SaveGrades"]
