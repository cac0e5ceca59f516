"""All that acts on what a task needs, wherever in a notebook it stands: the widest reading."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labkit.cells.names import bound, imported, looked_up
from labkit.cells.python import join
from labkit.cells.stubs import Wanted

SHOWS_ONLY = ("grader", "labkit.notebook")  # what notebooks import to look at a solution
_LIMIT = 2_000  # statements that are followed


@dataclass(frozen=True)
class Piece:
    """A cell of a notebook.

    Args:
        text: what is run of it if it is the task's own.
        statements: of it.
        is_own: whether it was chosen for the task, and so is run as a whole.
    """

    text: str
    statements: Sequence[ast.stmt]
    is_own: bool


@dataclass(frozen=True)
class _Step:
    """A statement of another cell, and what it mentions: names, and words that may be names."""

    piece: int
    statement: ast.stmt
    mentions: frozenset[str]
    words: frozenset[str]
    is_on_owner: bool


def follow(pieces: Sequence[Piece], task: Wanted, owners: set[str], given: set[str]) -> str:
    """Write down a task's own cells and every statement of others that acts on what they need.

    A statement acts on a name that it mentions, be it that it binds it, calls on it or only reads
    it. On the class that the task asks for it acts unless it just makes an object of it. What
    :func:`check` was given is the solution, under whatever name.

    Args:
        pieces: the cells of the notebook as far as they count, in order.
        task: whose cells are wanted.
        owners: what all tasks define; these definitions are never another cell's matter.
        given: names that are there without any cell.

    Returns:
        The cells as one text, see :func:`labkit.cells.python.join`; empty if there is nothing.
    """
    steps, own = _steps(pieces, task, owners)
    needed = (looked_up(own) | {n for s in own for n in bound(s)}) - given - owners
    chosen: set[int] = set()
    while True:
        more = {
            index
            for index, step in enumerate(steps)
            if index not in chosen and (step.is_on_owner or (step.mentions | step.words) & needed)
        }
        if not more:
            break
        chosen |= more
        needed |= set().union(*(steps[index].mentions for index in more)) - given - owners
    texts: list[str] = []
    for place, piece in enumerate(pieces):
        if piece.is_own:
            texts.append(piece.text)
        mine = [steps[index].statement for index in sorted(chosen) if steps[index].piece == place]
        if mine:
            texts.append("\n".join(map(ast.unparse, mine)))
    return join(list(reversed(dict.fromkeys(reversed(texts))))) if texts else ""


def acts_on(owner: str, statement: ast.stmt, shows: frozenset[str] = frozenset()) -> bool:
    """Whether a statement does more with a class, or function, than define, call or show it."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == owner:
        return False
    idle = {
        id(part)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        for part in (node.func, *(node.args if _called(node) in {"check", *shows} else ()))
    }
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == owner and id(node) not in idle:
            return True
        text = node.value if isinstance(node, ast.Constant) and id(node) not in idle else ""
        if isinstance(text, str) and re.search(rf"\b{re.escape(owner)}\b", text):
            return True
    return False


def without_showing(statement: ast.stmt) -> list[ast.stmt]:
    """Take an import of several names apart; leave out what only shows a solution."""
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return [statement]
    return [
        alone
        for _, alone in imported(statement)
        if not (
            isinstance(alone, ast.ImportFrom)
            and (alone.level or (alone.module or "").startswith(SHOWS_ONLY))
        )
    ]


def _steps(
    pieces: Sequence[Piece], task: Wanted, owners: set[str]
) -> tuple[list[_Step], list[ast.stmt]]:
    shows = frozenset(
        name
        for piece in pieces
        for statement in piece.statements
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(SHOWS_ONLY)
        for name, _ in imported(statement)
    )
    steps: list[_Step] = []
    own: list[ast.stmt] = []
    for place, piece in enumerate(pieces):
        if piece.is_own:
            own += piece.statements
        for statement in [apart for whole in piece.statements for apart in without_showing(whole)]:
            if len(steps) >= _LIMIT:
                break
            defines = isinstance(statement, ast.ClassDef | ast.FunctionDef)
            checked = list(_checked(statement, task))
            if checked:
                steps += [_step(place, other, task, shows) for other in checked]
            elif (
                not piece.is_own
                and not _only_shows(statement, shows)
                and not (defines and getattr(statement, "name", "") in owners)
            ):
                steps.append(_step(place, statement, task, shows))
    return steps, own


def _step(place: int, statement: ast.stmt, task: Wanted, shows: frozenset[str]) -> _Step:
    mentions = frozenset(bound(statement) | looked_up([statement]))
    constants = (n.value for n in ast.walk(statement) if isinstance(n, ast.Constant))
    words = frozenset(text for text in constants if isinstance(text, str) and text.isidentifier())
    return _Step(place, statement, mentions, words, acts_on(task.owner, statement, shows))


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _only_shows(statement: ast.stmt, shows: frozenset[str]) -> bool:
    return isinstance(statement, ast.Expr) and _called(statement.value) in {"check", *shows}


def _checked(statement: ast.stmt, task: Wanted) -> Iterator[ast.stmt]:
    """Yield what makes the solution known by its name, where a check is given it by another."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or _called(call) != "check" or len(call.args) < 2:
        return
    name, given = call.args[:2]
    own = isinstance(given, ast.Name) and given.id == task.owner
    if isinstance(name, ast.Constant) and name.value == task.task and not own:
        target = ast.Name(task.owner, ast.Store())
        yield ast.fix_missing_locations(ast.copy_location(ast.Assign([target], given), call))
