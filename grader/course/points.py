"""What the cells of a course are worth: an instructor may change the points in the notebook."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from grader.errors import GraderError, SubmissionError
from grader.labs.base import Lab, Task
from grader.submissions.notebook_file import identity_of, parse_notebook

Points = dict[str, float]


def points_of(course: Path, lab: Lab) -> Points:
    """Return the points of each task: those of the release, else of the source, else the kit's.

    Args:
        course: with ``release/LAB`` or ``notebooks/LAB``, or neither.
        lab: the lab.

    Raises:
        GraderError: the instructor's notebook cannot be read.
    """
    points: Points = {task.id: task.points for task in lab.tasks}
    for place in ("release", "notebooks"):
        path = course / place / lab.name / f"{lab.notebook}.ipynb"
        if not path.is_file():
            continue
        try:
            cells = parse_notebook(path.read_bytes(), str(path))["cells"]
        except SubmissionError as error:
            raise GraderError(f"{error}; make it anew with grader release {lab.name}") from None
        for cell in cells:
            for task in lab.tasks:
                worth = _worth(cell) if cell_of(task) in identity_of(cell) else None
                if worth is not None:
                    points[task.id] = worth
        break
    return points


def cell_of(task: Task) -> str:
    """Return the name of the cell that has the points of a task."""
    return task.id if task.manual else f"{task.id}-check"


def _worth(cell: dict[str, Any]) -> float | None:
    nbgrader = cell["metadata"].get("nbgrader", {}) if _is_graded(cell) else {}
    worth = nbgrader.get("points")
    if isinstance(worth, bool) or not isinstance(worth, (int, float)):
        return None
    if not math.isfinite(worth) or worth < 0:
        return None
    return _whole(worth)


def _whole(points: float) -> float:
    """Return a number of points as people write it: 20, not 20.0."""
    return int(points) if points == int(points) else points


def _is_graded(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return isinstance(nbgrader, dict) and nbgrader.get("grade") is True


def share(given: float, of: float, worth: float) -> float:
    """Return what a cell earns: the judge's points, in proportion to what the cell is worth.

    Args:
        given: points by the judge.
        of: points that the judge could give.
        worth: points of the cell.
    """
    if given == of:
        return _whole(worth)
    return _whole(worth * given / of) if of else 0


def weighed(record: dict[str, Any], points: Points) -> dict[str, Any]:
    """Return a record of the ledger, which knows the kit's points, with the course's points."""
    verdicts = []
    for verdict in record["verdicts"]:
        worth = points.get(verdict["task"], verdict["max_points"])
        earned = share(verdict["points"], verdict["max_points"], worth)
        verdicts.append(verdict | {"points": earned, "max_points": worth})
    return record | {
        "points": sum(verdict["points"] for verdict in verdicts),
        "max_points": sum(verdict["max_points"] for verdict in verdicts),
        "verdicts": verdicts,
    }
