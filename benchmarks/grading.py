"""Submissions per second: `grader grade`, nbgrader with the kit's judge, nbgrader's Execute.

    python benchmarks/grading.py [--submissions 50] [--jobs 2]

All three grade the same correct submissions of lab 1 in one run, one after the other, each as a
whole process with its start-up. Execute runs every notebook in a kernel of its own; the other two
confine student code and judge by numbers.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from common import machine

from grader.demo import hand_in, read_solution
from grader.labs import LABS
from grader.release.release import run_nbgrader

KIT = Path(__file__).parent.parent
PLAIN = 'c = get_config()\nc.CourseDirectory.source_directory = "notebooks"\n'


def lay_out(course: Path, submissions: int) -> None:
    """Release lab 1 in a course and hand in the reference solution so many times."""
    lab = LABS["lab1_attention"]
    shutil.copytree(KIT / "notebooks", course / "notebooks")
    shutil.copyfile(KIT / "nbgrader_config.py", course / "nbgrader_config.py")
    run_nbgrader(course, "generate_assignment", lab.name, "--create")
    released = nbformat.read(course / "release" / lab.name / f"{lab.notebook}.ipynb", as_version=4)
    solutions = read_solution(course, lab)
    for number in range(submissions):
        hand_in(course, f"student{number:03d}", lab, released, solutions)


def timed(label: str, submissions: int, command: list[str], course: Path) -> float:
    """Run a command in a course and print submissions per second."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    }
    started = time.perf_counter()
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(f"{label} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    rate = submissions / seconds
    print(f"{label:42s} {seconds:7.1f} s  {rate:7.2f} submissions/s", flush=True)
    return rate


def main() -> None:
    """Lay out three equal courses and time the three ways."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--submissions", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    n = arguments.submissions
    about = f"{machine()}, python {platform.python_version()}"
    print(f"{n} submissions of lab 1, {arguments.jobs} jobs; {about}")
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "a"
        first.mkdir()
        lay_out(first, n)
        courses = [first, Path(folder) / "b", Path(folder) / "c"]
        for course in courses[1:]:
            shutil.copytree(first, course)
        (courses[2] / "nbgrader_config.py").write_text(PLAIN)
        module = [sys.executable, "-m"]
        grade = [sys.executable, "-c", "from grader.cli import main; main()", "grade", "."]
        autograde = [*module, "nbgrader", "autograde", "lab1_attention"]
        ours = timed("grader grade", n, [*grade, "--jobs", str(arguments.jobs)], courses[0])
        inside = timed("nbgrader autograde, the kit's judge", n, autograde, courses[1])
        plain = timed("nbgrader autograde, its own Execute", n, autograde, courses[2])
    print(f"grader grade is {ours / plain:.1f} x, nbgrader with the judge {inside / plain:.1f} x")


if __name__ == "__main__":
    main()
