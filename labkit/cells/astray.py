"""What was written for a task, and stands where nothing can find it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches

from labkit.cells.stubs import Wanted, is_stub, owner_of

_ALIKE = 0.75  # forwrad and forward, predict and predicted; not decode and encode


def astray(wanted: Wanted, statements: list[ast.stmt]) -> str:
    """Say why what is written in a cell is not what a task asks for; empty if nothing is seen.

    Args:
        wanted: what is not written yet.
        statements: of the cell, as they stand there.
    """
    names = wanted.methods or (wanted.owner,)
    for function, owner in _functions(statements):
        if function.name in wanted.methods and owner != wanted.owner:
            method = function.name
            if owner:
                return f"the cell puts {method} into {owner}: make it @method_of({wanted.owner})"
            return (
                f"the cell has a function {method} that is in no class: "
                f"put @method_of({wanted.owner}) directly above its def"
            )
        meant = get_close_matches(function.name, names, 1, _ALIKE)
        if meant and owner in ("", wanted.owner) and function.name not in names:
            return f"the cell defines {function.name}, and what is asked for is called {meant[0]}"
    return ""


def _functions(statements: list[ast.stmt]) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield what is written, and the class that it is put into, the last one first."""
    for statement in reversed(statements):
        if isinstance(statement, ast.ClassDef):
            yield from ((function, statement.name) for function, _ in _functions(statement.body))
        elif isinstance(statement, ast.FunctionDef) and not is_stub(statement):
            yield statement, owner_of(statement)
