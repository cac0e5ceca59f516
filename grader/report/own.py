"""The report card of one's own notebooks: a self-check of all labs on the public cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import grader
from grader.errors import GraderError, SubmissionError
from grader.judge.judge import Judge
from grader.labs import LABS
from grader.labs.base import Lab
from grader.report.card import ReportCard
from grader.report.lab_report import LabReport
from grader.sandbox.isolation import NONE
from grader.sandbox.session import Worker
from grader.submissions.graft import graft
from grader.submissions.notebook_file import read_notebook

Step = Callable[[str], None]


def find_notebook(folder: Path, lab: Lab) -> Path | None:
    """Find a lab's notebook: in the folder, in the lab's folder inside it, or beside it."""
    name = f"{lab.notebook}.ipynb"
    folder = folder.resolve()  # so that "." has a parent
    places = (folder, folder / lab.name, folder.parent / lab.name)
    try:
        return next((place / name for place in places if (place / name).is_file()), None)
    except OSError as error:
        raise GraderError(f"{folder} cannot be read: {error.strerror}") from None


def check_folder(folder: Path, step: Step = lambda line: None) -> ReportCard:
    """Check one's own notebooks on the public cases, and return the card.

    One process does the work for all labs. It has limits but no sandbox: a self-check of one's own
    work. The notebooks are read as they were last saved.

    Args:
        folder: see :func:`find_notebook`.
        step: is told what happens next, in one line.

    Raises:
        GraderError: the folder or all notebooks are missing, or no process can be started.
    """
    if not folder.is_dir():
        raise GraderError(f"{folder} is not a folder: give the one with the notebooks")
    found = {name: find_notebook(folder, lab) for name, lab in LABS.items()}
    if not any(found.values()):
        names = ", ".join(f"{lab.notebook}.ipynb" for lab in LABS.values())
        raise GraderError(
            f"no notebook of a lab ({names}) lies in {folder.resolve()}, in the labs' folders "
            "there, or beside it"
        )
    assert grader.__file__
    reports = []
    with Worker(NONE, Path(grader.__file__).parent.parent) as worker:
        for number, (name, lab) in enumerate(LABS.items(), start=1):
            step(f"checking {lab.title} ({number} of {len(LABS)})")
            reports.append(_check_lab(lab, found[name], worker))
    return ReportCard(tuple(reports), self_check=True)


def _check_lab(lab: Lab, path: Path | None, worker: Worker) -> LabReport:
    if path is None:
        return LabReport(
            lab, reason=f"{lab.notebook}.ipynb is missing: put it into a folder {lab.name}"
        )
    try:
        saved = datetime.fromtimestamp(path.stat().st_mtime).astimezone().replace(microsecond=0)
        submission = graft(read_notebook(path), lab)
    except SubmissionError as error:
        return LabReport(lab, reason=str(error), file=str(path))
    except OSError as error:
        return LabReport(lab, reason=f"cannot be read: {error.strerror}", file=str(path))
    verdicts = Judge(lab, worker, public_only=True).judge(submission)
    return LabReport(
        lab,
        {verdict.task: verdict for verdict in verdicts},
        file=str(path),
        time=saved,
        time_of="saved",
        notes=submission.repairs,
    )


@dataclass(frozen=True)
class _Line:
    """One line in place of the card."""

    text: str

    def __repr__(self) -> str:
        return self.text


def report_card(folder: str | Path = ".") -> None:
    """Show the card of one's own notebooks in this one: a self-check on the public cases.

    What is missing is said in the card; if there is nothing at all to check, one line says so.

    Args:
        folder: where the notebooks are; also looked for in the labs' folders in and beside it.
    """
    show = shower()
    try:
        show(check_folder(Path(folder), lambda line: show(_Line(f"{line} …"))))
    except GraderError as error:
        show(_Line(f"No report card: {error}."))


def shower() -> Callable[[Any], None]:
    """Return what shows something in the place of what it has shown before."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        in_notebook = get_ipython() is not None
    except ImportError:
        in_notebook = False
    if not in_notebook:
        return print
    handle: list[Any] = []

    def show(thing: Any) -> None:
        if handle:
            handle[0].update(thing)
        else:
            handle.append(display(thing, display_id=True))

    return show
