"""Finds the written answers of a notebook, wherever their author wrote them."""

from __future__ import annotations

import re
from typing import Any

from grader.notebook_file import identity_of, source_of
from grader.tasks.base import Lab, Task

_PLACEHOLDER = "YOUR ANSWER HERE"  # nbgrader's
_TEXTS = 50  # that are put together to an answer


def is_void(text: str) -> bool:
    """Whether nothing was written."""
    return not text.replace(_PLACEHOLDER, "").strip()


def find_answer(cells: list[dict[str, Any]], task: Task, lab: Lab) -> tuple[str | None, str]:
    """Find the answer to a question: in its cell, in copies and parts of it, or below it.

    What belongs to the question is joined: all cells of its name, and the text between the question
    and the next cell of the release.

    Args:
        cells: of the notebook.
        task: the question, marked by hand.
        lab: whose task it is.

    Returns:
        The text, None if there is no cell for it at all, and what to tell about it; nothing if the
        answer stood where it should.
    """
    named = [place for place, cell in enumerate(cells) if task.id in identity_of(cell)]
    question = next((p for p, cell in enumerate(cells) if _asks(cell, task)), None)
    start = question + 1 if question is not None else min(named, default=None)
    places = set(named)
    if start is not None:
        for place in range(start, len(cells)):
            if place not in named and _is_released(cells[place], task, lab):
                break
            if cells[place].get("cell_type") != "code":
                places.add(place)
    every = dict.fromkeys(source_of(cells[place]).strip() for place in sorted(places))
    texts: list[str] = []
    for text in list(every)[:_TEXTS]:
        if not is_void(text) and not any(text in other for other in texts):
            texts = [other for other in texts if other not in text] + [text]
    if len(texts) == 1 and any(source_of(cells[p]).strip() == texts[0] for p in named):
        return source_of(
            next(cells[p] for p in named if source_of(cells[p]).strip() == texts[0])
        ), ""
    if texts:
        where = "was put together from what stands" if len(texts) > 1 else "stands"
        return "\n\n".join(
            texts
        ), f"the answer {where} in other cells than its own; a person looks at it"
    if named:
        return source_of(cells[named[-1]]), ""
    if question is not None:
        text = source_of(cells[question])
        return text, "the cell of the answer is missing; the question's cell is shown to a person"
    return None, ""


def _asks(cell: dict[str, Any], task: Task) -> bool:
    """Whether this is the question."""
    if cell.get("cell_type") == "code":
        return False
    heading = re.match(r"\s*#+[^\n]*", source_of(cell))
    return f"{task.id}-text" in identity_of(cell) or bool(
        heading and re.search(rf"(?<![\w-]){re.escape(task.id)}(?![\w-])", heading[0])
    )


def _is_released(cell: dict[str, Any], task: Task, lab: Lab) -> bool:
    """Whether a cell is one of the release's: where an answer ends."""
    name, heading = task.followed_by
    first = source_of(cell).strip().partition("\n")[0].strip()
    names = identity_of(cell)
    return (
        name in names
        or bool(heading and first == heading)
        or _asks(cell, task)
        or any(n == t.id or n.startswith(f"{t.id}-") for n in names for t in lab.tasks)
    )
