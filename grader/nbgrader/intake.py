"""What nbgrader reads submissions with: only the text of solution cells passes."""

from __future__ import annotations

import glob
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from grader.course.handed_in import HandedIn, is_student, obstacle
from grader.course.secret import course_secret
from grader.errors import GraderError, SubmissionError
from grader.labs.base import Lab
from grader.nbgrader.autograde import NOTE, JudgeSubmission, isolation_of, lab_of
from grader.nbgrader.pictures import Attachments, has_picture, pictures_of
from grader.nbgrader.plugins import RECEIPT
from grader.submissions.graft import Submission
from grader.submissions.notebook_file import read_notebook

_RECEIPT_BYTES = 1000


def _released(coursedir: CourseDirectory, lab: Lab) -> Path:
    folder = Path(coursedir.format_path(coursedir.release_directory, ".", lab.name))
    path = folder / f"{lab.notebook}.ipynb"
    if not path.exists():
        raise GraderError(f"{path} is missing: run `nbgrader generate_assignment {lab.name}` first")
    return path


def _found(pattern: str, lab: Lab) -> list[Path]:
    """Return the labs' folders that nbgrader would find, and the places where none can be.

    A link that leads nowhere, or a file, in place of a student's folder is that student's hand-in.
    """
    found = {Path(name) for name in glob.glob(pattern)}  # noqa: PTH207 - as nbgrader does it
    for name in glob.glob(str(Path(pattern).parent)):  # noqa: PTH207
        if obstacle(Path(name)):
            found.add(Path(name) / lab.name)
    return sorted(folder for folder in found if is_student(folder.parent.name))


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


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _whole(cell: Any, submission: Submission) -> str:
    """Name the task of which this is a further solution cell; its code stands in the first one."""
    about = cell.metadata.get("nbgrader", {})
    name = about.get("grade_id", "") if about.get("solution") and not about.get("grade") else ""
    return next((task for task in submission.cells if name.startswith(f"{task}-")), "")


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
        lab = lab_of(coursedir.assignment_id)
        self._release = _released(coursedir, lab)
        isolation_of(JudgeSubmission(parent=self).isolation)
        course_secret(Path(coursedir.root))
        submitted = coursedir.submitted_directory
        found = _found(coursedir.format_path(submitted, coursedir.student_id, lab.name), lab)
        self._stage = tempfile.TemporaryDirectory(prefix=".grader-", dir=coursedir.root)
        autograde.assignments = {}
        for folder in found:
            if "\n" in str(folder) or not _is_text(str(folder)):
                self.log.error("%r was not graded: rename the student's folder", str(folder))
                continue
            inside = folder.relative_to(Path(coursedir.root) / submitted)
            shown = Path(self._stage.name) / inside
            shown.mkdir(parents=True)
            notebook = shown / f"{lab.notebook}.ipynb"
            notebook.touch()
            for name in RECEIPT if not obstacle(folder.parent) and not obstacle(folder) else ():
                text = _receipt(folder / name)
                if text is not None:
                    (shown / name).write_text(text, "utf-8")
                else:
                    self._set_aside(folder / name)
            self._handed_in[str(notebook)] = folder
            autograde.assignments[str(shown)] = [str(notebook)]
        settings = {name: getattr(coursedir, name) for name in coursedir.trait_names(config=True)}
        settings["submitted_directory"] = Path(self._stage.name).name
        autograde.coursedir = CourseDirectory(parent=autograde.parent, **settings)

    def _set_aside(self, receipt: Path) -> None:
        """Rename what is no receipt: formgrader would show no submission at all because of it."""
        try:
            receipt.rename(receipt.with_name(receipt.name + ".set_aside"))
            self.log.error("%s is not what nbgrader writes there: set aside", receipt)
        except (FileNotFoundError, NotADirectoryError):  # handed in by other ways than nbgrader's
            pass
        except OSError as error:
            self.log.error("%s is not what nbgrader writes there: %s", receipt, error.strerror)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook; one that was handed in is grafted, however broken it is."""
        folder = self._handed_in.get(filename)
        if folder is None or resources is None:
            return super().from_filename(filename, resources, **kwargs)
        lab = lab_of(resources["nbgrader"]["assignment"])
        handed, submission, problem = HandedIn("", lab, folder), Submission(), ""
        pictures: dict[str, Attachments] = {}
        repairs: list[str] = []
        try:
            submission = handed.read()
            repairs += submission.repairs
            for name, text in submission.answers.items():
                if has_picture(text):
                    given = read_notebook(handed.notebook)
                    pictures[name], left_out = pictures_of(given, text)
                    repairs += [f"{name}: {said}" for said in left_out]
        except SubmissionError as error:
            problem = str(error)
        notebook = nbformat.read(self._release, as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            source = (submission.cells | submission.answers).get(grade_id)
            if source is None and (whole := _whole(cell, submission)):
                source = f"# what was written here is judged, and shown, with {whole}"
            if source is not None:  # half of a surrogate pair cannot be written to a file
                cell.source = _writable(source)
            if pictures.get(grade_id):
                attached = {_writable(name): kind for name, kind in pictures[grade_id].items()}
                cell.attachments = nbformat.from_dict(attached)
        notebook.metadata[NOTE] = {
            "problem": problem,
            "cells": {name: _writable(text) for name, text in submission.cells.items()},
            "otherwise": {
                name: [_writable(text) for text in texts]
                for name, texts in submission.otherwise.items()
            },
            "repairs": repairs,
        }
        resources["metadata"] = {"name": lab.notebook, "path": str(Path(filename).parent)}
        return self.from_notebook_node(notebook, resources)
