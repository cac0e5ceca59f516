"""Finds the written answers of a notebook, wherever their author wrote them."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tokenize
from collections.abc import Sequence
from typing import Any

from grader.labs.base import Lab, Task
from grader.submissions.notebook_file import identity_of, source_of
from labkit.cells.python import parse

_PLACEHOLDER = "YOUR ANSWER HERE"  # nbgrader's
_MARK_SCHEME = re.compile(r"=== BEGIN MARK SCHEME ===.*?(?:=== END MARK SCHEME ===|\Z)", re.S)
_TEXTS = 50  # that are put together to an answer
_TEXT_LIMIT = 50_000  # characters of a cell of code that is read as an answer
_GROWN = 40  # characters by which a question may differ from the release without being an answer
_WORDS = 20  # of a text of unknown purpose that could be an answer
_MADE_BY_EDITOR = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f-]+)?|(?=.*[A-Z\d])[\w-]{12}")  # an id


def is_void(text: str) -> bool:
    """Whether nothing was written."""
    return not text.replace(_PLACEHOLDER, "").strip()


def find_answer(cells: list[dict[str, Any]], task: Task, lab: Lab) -> tuple[str | None, str]:
    """Find the answer to a question: in its cell, in copies and parts of it, or elsewhere.

    What belongs to the question is joined: all cells of its name; what was written below the
    question, in its own cell or between it and the next cell of the release, be it as the comments
    of a code cell; and what stands under a heading that names the task. Only where there is
    nothing of that, texts count that nobody released.

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
    written = {place: source_of(cells[place]).strip() for place in named}
    headings = [p for p, cell in enumerate(cells) if p not in named and _asks(cell, task)]
    for heading in headings:
        if heading != question:
            written[heading] = source_of(cells[heading]).strip()
    for begin in (start, *(heading + 1 for heading in headings if heading != question)):
        for place in range(len(cells) if begin is None else begin, len(cells)):
            if place not in named and _is_released(cells[place], task, lab):
                break
            if place not in written:
                written[place] = _prose(cells[place])
    if question is not None:
        written[question] = _below(source_of(cells[question]), task)
    texts = _distinct([written[place] for place in sorted(written)])
    if len(texts) == 1 and any(source_of(cells[p]).strip() == texts[0] for p in named):
        return source_of(
            next(cells[p] for p in named if source_of(cells[p]).strip() == texts[0])
        ), ""
    if texts:
        where = "was put together from what stands" if len(texts) > 1 else "stands"
        return "\n\n".join(
            texts
        ), f"the answer {where} in other cells than its own; a person looks at it"
    if stray := _distinct(_of_nobody(cells, lab)):
        said = "the answer's cell is empty; what else was written is shown to a person"
        return "\n\n".join(stray), said
    if named:
        return source_of(cells[named[-1]]), ""
    if question is not None:
        text = source_of(cells[question])
        return text, "the cell of the answer is missing; the question's cell is shown to a person"
    return None, ""


def _distinct(every: Sequence[str]) -> list[str]:
    """Return the texts in which something was written, without those that are part of others."""
    texts: list[str] = []
    for text in list(dict.fromkeys(every))[:_TEXTS]:
        if not is_void(text) and not any(text in other for other in texts):
            texts = [other for other in texts if other not in text] + [text]
    return texts


def _prose(cell: dict[str, Any]) -> str:
    """Return what a cell says to people: its text or, if it has no code, comments and strings."""
    text = source_of(cell).strip()
    if cell.get("cell_type") != "code":
        return text
    tree = parse(text) if len(text) <= _TEXT_LIMIT else None
    if tree is None:  # prose that was typed into a code cell is no Python
        words = len(re.findall(r"[^\W\d_]{2,}", text))
        return (
            text
            if words >= _WORDS and not re.search(r"^\s*(?:def|class|import|from) ", text, re.M)
            else ""
        )
    strings = [
        s.value.value.strip()
        for s in tree.body
        if isinstance(s, ast.Expr)
        and isinstance(s.value, ast.Constant)
        and isinstance(s.value.value, str)
    ]
    if len(strings) < len(tree.body):
        return ""
    notes = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                notes.append(token.string.lstrip("# "))
    return "\n\n".join(filter(None, [*strings, "\n".join(notes)]))


def _below(text: str, task: Task) -> str:
    """Return what was written into the question's cell: below it, or else all if it has grown."""
    text = _MARK_SCHEME.sub("", text)
    length, last = task.asked
    if not last or len(text.strip()) <= length + _GROWN:
        return ""
    _, found, rest = text.rpartition(last)
    return rest.strip() if found and rest.strip() else text


def _of_nobody(cells: list[dict[str, Any]], lab: Lab) -> list[str]:
    """Return the texts that no release has: an editor named their cells, or no code follows."""
    code = [place for place, cell in enumerate(cells) if cell.get("cell_type") == "code"]
    last = max(code, default=len(cells))
    return [
        text
        for place, cell in enumerate(cells)
        if cell.get("cell_type") != "code"
        and (
            any(_MADE_BY_EDITOR.fullmatch(name) for name in identity_of(cell))
            or (place > last and not identity_of(cell))  # what has a name of its own is released
        )
        and not _is_of_tasks(cell, lab)
        and len((text := source_of(cell).strip()).split()) >= _WORDS
    ]


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
    first = source_of(cell).strip().partition("\n")[0].strip()
    names = identity_of(cell)
    return (
        any(name in names or first == heading for name, heading in task.followed_by)
        or _asks(cell, task)
        or _is_of_tasks(cell, lab)
    )


def _is_of_tasks(cell: dict[str, Any], lab: Lab) -> bool:
    names = identity_of(cell)
    return any(n == t.id or n.startswith(f"{t.id}-") for n in names for t in lab.tasks)
