"""Checks a whole notebook from the command line, as the judge does, on the public cases."""

from __future__ import annotations

from pathlib import Path

import grader
from grader.errors import GraderError
from grader.graft import Submission, graft, identity_of, read_notebook
from grader.isolation import NONE
from grader.judge import Judge
from grader.session import Worker
from grader.tasks import LABS
from grader.tasks.base import Lab
from grader.verdict import Verdict


def recognise(notebook: dict) -> Lab:
    """Return the lab that a notebook belongs to.

    Raises:
        GraderError: it belongs to none.
    """
    for lab in LABS.values():
        ids = {task.id for task in lab.tasks}
        submission = graft(notebook, lab)
        if submission.cells or any(identity_of(cell) & ids for cell in notebook["cells"]):
            return lab
    raise GraderError(f"no cell of any lab was found (labs: {', '.join(sorted(LABS))})")


def check_notebook(path: Path) -> tuple[Lab, Submission, list[Verdict]]:
    """Judge a notebook's solution cells on the public cases, in a process of its own.

    The process has limits but no sandbox: this is a self-check of one's own work.

    Raises:
        SubmissionError: the file is not such a notebook.
        GraderError: it belongs to no lab.
    """
    notebook = read_notebook(path)
    lab = recognise(notebook)
    submission = graft(notebook, lab)
    assert grader.__file__
    with Worker(NONE, Path(grader.__file__).parent.parent) as worker:
        judge = Judge(lab, worker, public_only=True)
        return lab, submission, judge.judge(submission)
