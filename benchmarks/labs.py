"""How long a student waits: for each check, and for each notebook from top to bottom.

    python benchmarks/labs.py

Each check runs the notebook's own solution, in a new process, once its imports are done; the
slower of the first two calls counts. A notebook runs headless: as the instructor has it, and as
it is released, up to its first unfilled task.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from common import machine
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader.preprocessors import ClearSolutions

from grader.labs import LABS
from grader.labs.base import Lab
from grader.submissions.notebook_file import identity_of

KIT = Path(__file__).parent.parent

# Run in a process of its own: what a cell imports is not what a check costs.
CHECK = """
import json, sys, time
import grader.sandbox.adapter, grader.selfcheck.check
import labkit.notebook, labkit.pipeline, labkit.vocoders
cells, task, defines = json.load(sys.stdin)
names = {}
for cell in cells:
    exec(cell, names)
seconds = []
for _ in range(2):
    start = time.perf_counter()
    result = grader.selfcheck.check.run_check(task, names[defines])
    seconds.append(time.perf_counter() - start)
assert result.finding is None, result
print(max(seconds))
"""


def notebook_of(lab: Lab) -> Any:
    """Read a lab's source notebook."""
    return nbformat.read(KIT / "notebooks" / lab.name / f"{lab.notebook}.ipynb", as_version=4)


def check_seconds(lab: Lab, task_id: str) -> float:
    """Time a check of the notebook's own solution."""
    task = next(task for task in lab.judged if task.id == task_id)
    cells: list[str] = []
    for cell in notebook_of(lab).cells:
        if f"{task_id}-check" in identity_of(cell):
            break
        graded = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and (graded.get("solution") or "setup" in identity_of(cell)):
            cells.append(cell.source)
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        input=json.dumps([cells, task_id, task.defines]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def run_seconds(lab: Lab, *, released: bool) -> float:
    """Time a notebook from top to bottom, or up to its first unfilled task."""
    notebook = notebook_of(lab)
    if released:
        notebook, _ = ClearSolutions().preprocess(notebook, {})
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        start = time.perf_counter()
        try:
            client.execute()
        except CellExecutionError:
            if not released:
                raise
        return time.perf_counter() - start


def main() -> None:
    """Measure all labs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    checks = {task.id: check_seconds(lab, task.id) for lab in LABS.values() for task in lab.judged}
    runs = {
        lab.name: [run_seconds(lab, released=released) for released in (False, True)]
        for lab in LABS.values()
    }
    about = f"{machine()}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}"
    if arguments.json:
        print(json.dumps({"machine": about, "check s": checks, "notebook s": runs}, indent=1))
        return
    print(about)
    for task_id, seconds in checks.items():
        print(f"{task_id:16s} {seconds:6.3f} s")
    print(f"{'':16s} {'instructor':>12s} {'release':>10s}")
    for name, (whole, first) in runs.items():
        print(f"{name:16s} {whole:10.1f} s {first:8.1f} s")


if __name__ == "__main__":
    main()
