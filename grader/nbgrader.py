"""nbgrader with this judge inside: release, collect, autograde, feedback and formgrader unchanged.

Two classes replace what nbgrader would do with a student's notebook. :class:`GraftExporter` reads
it: only the text of solution cells passes, everything else comes from the release.
:class:`JudgeSubmission` stands where nbgrader would run the notebook with the instructor's rights:
the cells run in a confined worker for their outputs only, and the judge writes the graded cells.
"""

from __future__ import annotations

import atexit
import shutil
import stat
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets import Bool, Enum, Float

from grader.course import course_secret
from grader.edition import build_edition
from grader.errors import GraderError, SubmissionError
from grader.graft import Submission, graft, parse_notebook, read_notebook, source_of
from grader.isolation import BUBBLEWRAP, KINDS, require
from grader.judge import Judge, Verdict, suite_version, unreadable
from grader.session import Worker
from grader.tasks import LABS
from grader.tasks.base import Lab
from grader.text import visible

_NOTE = "grader"  # notebook metadata that carries the graft's findings to the judge
SET_ASIDE = "set_aside"


def _lab(assignment: str) -> Lab:
    if assignment not in LABS:
        raise GraderError(
            f"{assignment!r} is not one of the kit's labs ({', '.join(sorted(LABS))}); grade it "
            "with an nbgrader configuration of its own"
        )
    return LABS[assignment]


def set_links_aside(assignment: str, student: str, notebooks: list[str]) -> None:
    """Move links and special files out of a submission before nbgrader copies what they point to.

    Nothing is deleted: they lie in ``set_aside/STUDENT/LAB/`` of the course afterwards.

    Args:
        assignment: as nbgrader's hook passes it.
        student: as nbgrader's hook passes it (a pattern, not a name).
        notebooks: the submission's notebooks; their folder is the submission.
    """
    folder = Path(notebooks[0]).parent
    course = folder.parent.parent.parent
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            target = course / SET_ASIDE / path.relative_to(folder.parent.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


class GraftExporter(NotebookExporter):
    """Reads a submission as the release with the student's solution cells in it."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook, however broken; see the class."""
        sanitizing = getattr(self.parent, "_sanitizing", False)
        if not sanitizing or resources is None:
            return super().from_filename(filename, resources, **kwargs)
        lab = _lab(resources["nbgrader"]["assignment"])
        submission, problem = Submission(), ""
        try:
            submission = graft(read_notebook(Path(filename)), lab)
        except SubmissionError as error:
            problem = str(error)
        notebook = self._pristine(resources["nbgrader"]["notebook"], lab)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id in submission.cells:
                cell.source = submission.cells[grade_id]
            elif grade_id in submission.answers:
                cell.source = submission.answers[grade_id]
        notebook.metadata[_NOTE] = {"problem": problem, "repairs": list(submission.repairs)}
        path = Path(filename)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(notebook, resources)

    def _pristine(self, name: str, lab: Lab) -> NotebookNode:
        assert self.parent is not None
        coursedir = self.parent.coursedir
        folder = coursedir.format_path(coursedir.release_directory, ".", lab.name)
        path = Path(folder) / f"{name}.ipynb"
        if not path.exists():
            raise GraderError(
                f"{path} is missing: run `nbgrader generate_assignment {lab.name}` first"
            )
        return nbformat.read(path, as_version=4)


class _Bench:
    """The worker, edition and secret that all submissions of one run share."""

    def __init__(self, lab: Lab, kind: str, course: Path) -> None:
        torch.set_num_threads(1)  # the cases are tiny: threads would only wait for each other
        self.isolation = require(kind)
        self.folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self.worker = Worker(kind, build_edition(lab.name, self.folder))
        self.judge = Judge(lab, self.worker, course_secret(course), suite_version())
        atexit.register(self.close)

    def close(self) -> None:
        self.worker.close()
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
    outputs_seconds = Float(60.0, help="Limit of the run for outputs, in seconds.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Judge a grafted notebook; see the class."""
        about = resources["nbgrader"]
        lab = _lab(about["assignment"])
        bench = self._bench(lab)
        note = nb.metadata.pop(_NOTE, {})
        submission = graft(parse_notebook(nbformat.writes(nb).encode(), lab.notebook), lab)
        if note.get("problem"):
            verdicts = unreadable(lab, note["problem"])
        else:
            verdicts = bench.judge.judge(submission, about["student"])
        by_check = {f"{verdict.task}-check": verdict for verdict in verdicts}
        outputs = {} if note.get("problem") else self._outputs(bench, nb, by_check)
        repairs = list(note.get("repairs", []))
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            nbgrader = cell.metadata.get("nbgrader", {})
            cell.execution_count = None
            if nbgrader.get("grade"):
                verdict = by_check.get(nbgrader.get("grade_id"))
                cell.outputs = _verdict_outputs(verdict, repairs, bench.isolation.label)
                repairs = []
            else:
                cell.outputs = outputs.get(cell.get("id"), [])
        return nb, resources

    def _bench(self, lab: Lab) -> _Bench:
        root = str(self.parent.parent.coursedir.root)
        key = (lab.name, self.isolation, root)
        if key not in _benches:
            _benches[key] = _Bench(lab, self.isolation, Path(root))
        return _benches[key]

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
        document = {"kind": "notebook", "seconds": self.outputs_seconds, "cells": cells}
        answer = bench.worker.ask(document, {})
        if answer.status != "ok":
            text = f"The notebook's outputs could not be collected (reason: {answer.status}).\n"
            return {cells[0][0]: [_stream(text)]} if cells else {}
        found = answer.document.get("cells")
        found = found if isinstance(found, dict) else {}
        return {
            cell_id: [node for output in found.get(cell_id, []) if (node := _shown(output))]
            for cell_id, _ in cells
            if isinstance(found.get(cell_id, []), list)
        }


def _stream(text: str) -> NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=visible(text, limit=20_000))


def _shown(output: Any) -> NotebookNode | None:
    """Turn what a worker returned into an output, if it is one of the two harmless kinds."""
    if not isinstance(output, dict):
        return None
    if isinstance(output.get("text"), str):
        return _stream(output["text"])
    if isinstance(output.get("png"), str):
        return nbformat.v4.new_output(
            "display_data", data={"image/png": output["png"], "text/plain": "a picture"}
        )
    return None


def _verdict_outputs(
    verdict: Verdict | None, repairs: list[str], isolation: str
) -> list[NotebookNode]:
    """Return the outputs that tell nbgrader the points, and the reader why."""
    new = nbformat.v4.new_output
    if verdict is None:  # a graded cell that nobody judged earns nothing
        text = "The judge has no verdict on this cell."
        return [new("error", ename="NoVerdict", evalue=text, traceback=[text])]
    lines = [verdict.message]
    if verdict.hint:
        lines.append(f"Ask yourself: {verdict.hint}")
    if verdict.public[1]:
        lines.append(
            f"Public cases {verdict.public[0]} of {verdict.public[1]}, hidden cases "
            f"{verdict.hidden[0]} of {verdict.hidden[1]}."
        )
    if verdict.note:
        lines.append(f"({verdict.note})")
    lines += [f"Repaired: {repair}." for repair in repairs]
    if isolation != BUBBLEWRAP:
        lines.append("(judged unconfined)")
    text = visible("\n".join(lines))
    page = "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))
    outputs = [new("display_data", data={"text/plain": text, "text/html": page})]
    if verdict.passed:
        points = {"text/plain": str(verdict.points)}
        return [*outputs, new("execute_result", data=points, execution_count=None)]
    first = text.split("\n")[0]
    return [*outputs, new("error", ename="NotPassed", evalue=first, traceback=[first])]


def configure(config: Any) -> None:
    """Put the judge into an nbgrader configuration.

    Args:
        config: what ``get_config()`` returns in ``nbgrader_config.py``.
    """
    config.Autograde.exporter_class = GraftExporter
    config.Autograde.pre_convert_hook = set_links_aside
    config.Autograde.autograde_preprocessors = [
        JudgeSubmission,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]


__all__ = ["GraftExporter", "JudgeSubmission", "configure", "set_links_aside"]
