"""nbgrader with this judge inside: release, collect, autograde, feedback and formgrader unchanged.

Two classes replace what nbgrader would do with what a student handed in. :class:`GraftExporter`
reads it: only the text of solution cells passes, everything else comes from the release.
:class:`JudgeSubmission` stands where nbgrader would run the notebook with the instructor's rights:
the cells run in a confined worker for their outputs only, and the judge writes the graded cells.
"""

from __future__ import annotations

import atexit
import base64
import glob
import shutil
import struct
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import parse_utc
from traitlets import Bool, Enum, Float

from grader.course import course_secret
from grader.edition import build_edition
from grader.errors import GraderError, IsolationError, SubmissionError
from grader.graft import Submission, graft, parse_notebook, read_notebook, source_of
from grader.isolation import BUBBLEWRAP, KINDS, Isolation, require
from grader.judge import Judge, Verdict, suite_version, unreadable
from grader.outputs import ALT_TEXT_LIMIT, IMAGE_LIMIT
from grader.session import Worker
from grader.tasks import LABS
from grader.tasks.base import Lab
from grader.text import visible

_NOTE = "grader"  # notebook metadata that carries the graft's findings to the judge
_RECEIPT = ("timestamp.txt", "submission_secret.txt")  # nbgrader's own, beside the notebook
_RECEIPT_BYTES = 1000
_OUTPUTS_PER_CELL = 12
_LARGEST_PICTURE = 4000  # pixels along one side


def _lab(assignment: str) -> Lab:
    if assignment not in LABS:
        raise GraderError(
            f"{assignment!r} is not one of the kit's labs ({', '.join(sorted(LABS))}); grade it "
            "with an nbgrader configuration of its own"
        )
    return LABS[assignment]


def _isolation(kind: str) -> Isolation:
    try:
        return require(kind)
    except IsolationError as error:
        raise IsolationError(
            f'{error} With nbgrader: c.JudgeSubmission.isolation = "none" in nbgrader_config.py.'
        ) from None


def _released(coursedir: CourseDirectory, lab: Lab) -> Path:
    folder = Path(coursedir.format_path(coursedir.release_directory, ".", lab.name))
    path = folder / f"{lab.notebook}.ipynb"
    if not path.exists():
        raise GraderError(f"{path} is missing: run `nbgrader generate_assignment {lab.name}` first")
    return path


def _is_text(name: str) -> bool:
    """Whether a file name can be stored in a gradebook."""
    return name.encode("utf-8", "replace").decode("utf-8") == name


def _receipt(path: Path) -> str | None:
    """Return the text of one of nbgrader's own files; None if it is absent or not such a file."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _RECEIPT_BYTES:
            return None
        text = path.read_text("utf-8")
        if path.name == "timestamp.txt":
            parse_utc(text.strip())
    except Exception:  # whatever the text does to the parsers of dates
        return None
    return text


class GraftExporter(NotebookExporter):
    """Reads a submission as the release with the student's solution cells in it.

    nbgrader copies whatever lies in a submission, follows links when it does so, passes over
    folders without a notebook and stops at some contents. So it is shown folders made for it: in
    each an empty file where the notebook should be, which this class fills, and the receipt that
    nbgrader keeps there. What was handed in is read by the graft alone.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._handed_in: dict[str, Path] = {}  # the folder that an empty notebook stands for
        if isinstance(self.parent, Autograde):
            try:
                self._lay_out(self.parent)
            except GraderError as error:
                self.log.error(str(error))
                raise NbGraderException(str(error)) from None

    def _lay_out(self, autograde: Autograde) -> None:
        """Make the folders that nbgrader is shown, and show them; nothing else was read yet."""
        coursedir = autograde.coursedir
        lab = _lab(coursedir.assignment_id)
        self._release = _released(coursedir, lab)
        _isolation(JudgeSubmission(parent=self).isolation)
        submitted = coursedir.submitted_directory
        pattern = coursedir.format_path(submitted, coursedir.student_id, lab.name)
        found = glob.glob(pattern)  # noqa: PTH207 - nbgrader's pattern, matched as nbgrader does
        self._stage = tempfile.TemporaryDirectory(prefix=".grader-", dir=coursedir.root)
        autograde.assignments = {}
        for folder in map(Path, sorted(found)):
            if "\n" in str(folder) or not _is_text(str(folder)):
                self.log.error("%r was not graded: rename the student's folder", str(folder))
                continue
            inside = folder.relative_to(Path(coursedir.root) / submitted)
            shown = Path(self._stage.name) / inside
            shown.mkdir(parents=True)
            notebook = shown / f"{lab.notebook}.ipynb"
            notebook.touch()
            for name in _RECEIPT:
                text = _receipt(folder / name)
                if text is not None:
                    (shown / name).write_text(text, "utf-8")
                elif (folder / name).exists():
                    self.log.error("%s is not what nbgrader writes there; left out", folder / name)
            self._handed_in[str(notebook)] = folder
            autograde.assignments[str(shown)] = [str(notebook)]
        settings = {name: getattr(coursedir, name) for name in coursedir.trait_names(config=True)}
        settings["submitted_directory"] = Path(self._stage.name).name
        autograde.coursedir = CourseDirectory(parent=autograde.parent, **settings)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook; one that was handed in is grafted, however broken it is."""
        folder = self._handed_in.get(filename)
        if folder is None or resources is None:
            return super().from_filename(filename, resources, **kwargs)
        lab = _lab(resources["nbgrader"]["assignment"])
        submission, problem = Submission(), ""
        try:
            if folder.is_symlink():
                raise SubmissionError(f"the folder {folder.name} is a symbolic link")
            submission = graft(read_notebook(folder / f"{lab.notebook}.ipynb"), lab)
        except (SubmissionError, OSError) as error:
            problem = str(error)
        notebook = nbformat.read(self._release, as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            source = (submission.cells | submission.answers).get(grade_id)
            if source is not None:  # half of a surrogate pair cannot be written to a file
                cell.source = source.encode("utf-8", "replace").decode("utf-8")
        notebook.metadata[_NOTE] = {"problem": problem, "repairs": list(submission.repairs)}
        resources["metadata"] = {"name": lab.notebook, "path": str(Path(filename).parent)}
        return self.from_notebook_node(notebook, resources)


class _Bench:
    """The worker, edition and secret that all submissions of one run share."""

    def __init__(self, lab: Lab, kind: str, course: Path) -> None:
        torch.set_num_threads(1)  # the cases are tiny: threads would only wait for each other
        self.isolation = _isolation(kind)
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
        lists = {cell_id: found.get(cell_id) for cell_id, _ in cells}
        return {
            cell_id: [node for output in some[:_OUTPUTS_PER_CELL] if (node := _shown(output))]
            for cell_id, some in lists.items()
            if isinstance(some, list)
        }


def _stream(text: str) -> NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=visible(text, limit=20_000))


def _shown(output: Any) -> NotebookNode | None:
    """Turn what a worker returned into an output, if it is one of the two harmless kinds."""
    if not isinstance(output, dict):
        return None
    if isinstance(output.get("text"), str):
        return _stream(output["text"])
    if isinstance(output.get("png"), str) and _is_picture(output["png"]):
        text = visible(str(output.get("alt") or "a picture"), limit=ALT_TEXT_LIMIT)
        return nbformat.v4.new_output(
            "display_data",
            data={"image/png": output["png"], "text/plain": text},
            metadata={"image/png": {"alt": text}},
        )
    return None


def _is_picture(encoded: str) -> bool:
    """Whether a text is a PNG picture of a size that a page can show."""
    try:
        png = base64.b64decode(encoded, validate=True)
        width, height = struct.unpack_from(">II", png, 16)
    except (ValueError, struct.error):
        return False
    small = 0 < width <= _LARGEST_PICTURE and 0 < height <= _LARGEST_PICTURE
    return png.startswith(b"\x89PNG\r\n\x1a\n") and small and len(encoded) <= IMAGE_LIMIT


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


__all__ = ["GraftExporter", "JudgeSubmission"]
