"""Whether honest students have full marks, whatever numbers are drawn for them.

    python benchmarks/honest_students.py [--students 40] [--isolation none]

Hands in each lab's own solutions under so many names and a new course secret, so that every student
is asked other fresh cases. Prints how many have full marks, how long a student takes, and every
verdict that is not a pass. Exit status 1 if there is one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

import torch

from grader.judge.judge import Judge
from grader.judge.suite import suite_version
from grader.labs import LABS
from grader.labs.base import Lab
from grader.release.edition import build_edition
from grader.sandbox.isolation import BUBBLEWRAP, KINDS, require
from grader.sandbox.session import Worker
from grader.submissions.graft import graft
from grader.submissions.notebook_file import read_notebook

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def grade(lab: Lab, students: int, isolation: str) -> list[str]:
    """Judge so many hand-ins of the solutions; return what was not a pass."""
    submission = graft(read_notebook(NOTEBOOKS / lab.name / f"{lab.notebook}.ipynb"), lab)
    lost, full = [], 0
    with tempfile.TemporaryDirectory() as folder:
        edition = build_edition(lab.name, Path(folder))
        with Worker(isolation, edition) as worker:
            judge = Judge(lab, worker, secrets.token_bytes(32), suite_version(lab))
            started = time.perf_counter()
            for number in range(students):
                verdicts = judge.judge(submission, f"student {number}")
                full += sum(verdict.points for verdict in verdicts) == lab.points
                lost += [
                    f"{lab.name}, student {number}, seed {verdict.seed}: {verdict.message}"
                    for verdict in verdicts
                    if not verdict.passed
                ]
            seconds = (time.perf_counter() - started) / students
    print(f"{lab.name}: {full} of {students} have full marks; {seconds:.2f} s each", flush=True)
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--isolation", choices=KINDS, default=BUBBLEWRAP)
    arguments = parser.parse_args()
    require(arguments.isolation)
    torch.set_num_threads(1)
    lost = [
        line
        for lab in LABS.values()
        for line in grade(lab, arguments.students, arguments.isolation)
    ]
    print("\n".join(lost) or "nobody lost a point")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
