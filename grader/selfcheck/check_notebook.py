"""Checks a whole notebook from the command line, as the judge does, on the public cases."""

from __future__ import annotations

import contextlib
import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grader
from grader.errors import GraderError
from grader.judge.judge import Judge
from grader.judge.verdict import Verdict
from grader.labs import LABS
from grader.labs.base import Lab
from grader.sandbox.isolation import NONE
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission, graft
from grader.submissions.notebook_file import identity_of, read_notebook


def recognise(notebook: dict) -> Lab:
    """Return the lab that a notebook belongs to: by its cells' ids, or else by most tasks found.

    Raises:
        GraderError: it belongs to none.
        SubmissionError: it is a notebook of another language.
    """
    names = set().union(*map(identity_of, notebook["cells"]))
    best, most = None, (0, 0)
    for lab in LABS.values():
        ids = {name for task in lab.tasks for name in (task.id, f"{task.id}-check")}
        found = len(ids & names), len(graft(notebook, lab).cells)
        if found > most:
            best, most = lab, found
    if best is None:
        raise GraderError(f"no cell of any lab was found (labs: {', '.join(sorted(LABS))})")
    return best


def check_notebook(path: Path) -> tuple[Lab, Submission, list[Verdict]]:
    """Judge a notebook's solution cells on the public cases, in a process of its own.

    The process has limits but no sandbox: this is a self-check of one's own work.

    Raises:
        SubmissionError: the file is not such a notebook, or one of another language.
        GraderError: it belongs to no lab.
    """
    notebook = read_notebook(path)
    lab = recognise(notebook)
    submission = graft(notebook, lab)
    with contextlib.ExitStack() as stack:
        edition = stack.enter_context(edition_of(lab))
        worker = stack.enter_context(Worker(NONE, edition))
        return lab, submission, Judge(lab, worker, public_only=True).judge(submission)


@contextlib.contextmanager
def edition_of(lab: Lab) -> Iterator[Path]:
    """Yield the folder with a student edition: this kit, or one that is made of the full kit.

    The full kit has the reference under the same names, which would answer for a broken cell.
    """
    assert grader.__file__
    if importlib.util.find_spec("grader.release") is None:
        yield Path(grader.__file__).parent.parent
        return
    from grader.release.edition import build_edition

    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        yield build_edition(lab.name, Path(folder))
