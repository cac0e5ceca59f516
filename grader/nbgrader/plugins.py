"""The parts that nbgrader lets a course replace, and the configuration that puts them in place.

Every nbgrader command reads this module, so it loads nothing that only the judge needs.
"""

from __future__ import annotations

import csv
import glob
import os
import stat
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import ClearMarkScheme
from nbgrader.utils import is_task
from traitlets import List

from grader.release.generate import search_path
from grader.text import neutral

RECEIPT = ("timestamp.txt", "submission_secret.txt")  # of the exchange, beside the notebook

_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class HideMarkScheme(ClearMarkScheme):
    """Takes the mark scheme out of feedback; what students write is left as it is."""

    # an option of nbconvert that the base class does not declare
    display_data_priority: List[str] = List(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear a task cell, which is always the instructor's."""
        if not is_task(cell):
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)


class CollectFiles(ExchangeCollect):
    """Collects the files of a submission and follows no link.

    Only what a student wrote counts as handed in, not what a link in the exchange points to.
    """

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the plain files of a folder, up to the course's limits on file and folder size."""
        Path(dest).mkdir(parents=True)
        left = 1000 * self.coursedir.max_dir_size
        try:
            folder = os.open(src, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            self.log.error("%s was not collected: %s", src, error.strerror)
            return
        try:
            for name in sorted(os.listdir(folder)):  # noqa: PTH208 - by descriptor
                content = self._read(name, folder, min(left, 1000 * self.coursedir.max_file_size))
                if content is None:
                    self.log.warning("Not collected, no plain file or too large: %s/%s", src, name)
                else:
                    left -= len(content)
                    (Path(dest) / name).write_bytes(content)
        finally:
            os.close(folder)
        if self.coursedir.groupshared:
            self.set_perms(dest, fileperms=0o664, dirperms=0o2775)

    def _read(self, name: str, folder: int, limit: int) -> bytes | None:
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe would wait for a writer
            file = os.open(name, flags, dir_fd=folder)
        except OSError:
            return None
        with os.fdopen(file, "rb") as stream:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return None
            content = stream.read(limit + 1)
        return content if len(content) <= limit else None


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases feedback, also where some submissions came by other ways than the exchange."""

    src_path: str

    def copy_files(self) -> None:
        """Pass over who has no receipt of the exchange."""
        for path in sorted(glob.glob(self.src_path)):  # noqa: PTH207 - nbgrader's own pattern
            if all((Path(path) / name).is_file() for name in RECEIPT):
                self.src_path = glob.escape(path)
                super().copy_files()
            else:
                self.log.warning("Not handed in through the exchange, left in %s", path)


class CsvExport(CsvExportPlugin):
    """nbgrader's table of marks as CSV that holds whatever a name holds, and no formula."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table to the file that ``--to`` names, ``grades.csv`` if it does not."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        students, assignments = map(str, self.student), map(str, self.assignment)
        chosen, of = set(students), set(assignments)
        with path.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(_COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if assignment.name in (of or {assignment.name}) and student.id in (
                        chosen or {student.id}
                    ):
                        table.writerow(self._row(gradebook, assignment, student))

    def _row(self, gradebook: Gradebook, assignment: Any, student: Any) -> list[Any]:
        timestamp, raw, penalty = "", 0.0, 0.0
        try:
            submission = gradebook.find_submission(assignment.name, student.id)
        except MissingEntry:  # nothing was handed in
            pass
        else:
            timestamp, raw = submission.timestamp, submission.score
            penalty = submission.late_submission_penalty or 0.0
        names = (student.id, student.last_name, student.first_name, student.email)
        return [
            neutral(assignment.name),
            assignment.duedate or "",
            timestamp or "",
            *(neutral(name or "") for name in names),
            raw,
            penalty,
            max(0.0, raw - penalty),
            assignment.max_score,
        ]


def configure(config: Any) -> None:
    """Put the judge into an nbgrader configuration.

    Args:
        config: what ``get_config()`` returns in ``nbgrader_config.py``.
    """
    config.Autograde.exporter_class = "grader.nbgrader.intake.GraftExporter"
    config.Autograde.autograde_preprocessors = [
        "grader.nbgrader.autograde.JudgeSubmission",
        "nbgrader.preprocessors.LimitOutput",
        "grader.nbgrader.autograde.SaveGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "grader.nbgrader.plugins.HideMarkScheme",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.GenerateFeedback.exporter_class = "grader.nbgrader.pages.FeedbackExporter"
    config.CourseDirectory.ignore.append("speech")  # the sound files that lab 4 makes
    config.HTMLExporter.filters = {"markdown2html": "grader.nbgrader.pages.markdown_to_html"}
    config.ExportApp.plugin_class = "grader.nbgrader.plugins.CsvExport"
    config.ZipCollectApp.collector_plugin = "grader.nbgrader.collector.PlatformCollector"
    config.ZipCollectApp.extractor_plugin = "grader.nbgrader.collector.PlatformExtractor"
    config.ExchangeFactory.collect = "grader.nbgrader.plugins.CollectFiles"
    config.ExchangeFactory.release_feedback = "grader.nbgrader.plugins.ReleaseFeedback"
    os.environ["PATH"] = search_path()
