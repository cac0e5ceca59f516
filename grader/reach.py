"""Tells which lines of a solution reach for what no solution needs, for the instructor's eye.

Points never depend on it: marks follow from numbers alone. But where a number is made beside
student code (on which device a tensor lies, in which mode a model is), a cell that reaches into
the interpreter or the judge could say what is not so, and a person should look at it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from labkit.cells.python import all_to_python, parse, split

FLAG_LIMIT = 5  # of one cell: a person looks at it anyway

# packages whose insides no solution is about
_MODULES = frozenset(
    """
    builtins ctypes fcntl gc grader importlib inspect linecache mmap multiprocessing pickle
    resource runpy signal socket subprocess sys _thread threading traceback unittest
    """.split()  # noqa: SIM905 - one line each would hide them
)
# attributes through which one object leads to another that was not handed over
_ATTRIBUTES = frozenset(
    """
    __builtins__ __closure__ __code__ __defaults__ __dict__ __func__ __globals__
    __kwdefaults__ __mro__ __reduce__ __reduce_ex__ __self__ __subclasses__ __wrapped__
    __traceback__ _current_frames _getframe ag_frame cell_contents cr_frame f_back
    f_builtins f_globals f_locals gi_frame tb_frame tb_next
    """.split()  # noqa: SIM905 - one line each would hide them
)
_FUNCTIONS = frozenset(
    ("__builtins__", "__import__", "breakpoint", "compile", "eval", "exec", "globals", "locals")
)
_SETTERS = frozenset(("delattr", "setattr"))
# what a cell finds imported; to set an attribute of it changes it for everybody
_SHARED = frozenset(("F", "Path", "Tensor", "labkit", "nn", "np", "torch"))


def reaches(source: str) -> tuple[str, ...]:
    """Return what a solution cell reaches for, a line each; usually nothing.

    Args:
        source: of the cell, or of several that were joined; of what is no Python even without
            IPython's additions nothing is said.
    """
    trees = [tree for tree in map(parse, all_to_python(split(source))) if tree is not None]
    imported = set(_SHARED).union(*map(_imported, trees))
    found: dict[str, None] = {}
    for tree in trees:
        for node in ast.walk(tree):
            for what in _of(node, imported):
                found.setdefault(f"line {getattr(node, 'lineno', 0)} reaches for {what}")
    return tuple(found)[:FLAG_LIMIT]


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]


def _of(node: ast.AST, imported: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = (alias.name.split(".")[0] for alias in node.names)
        yield from (name for name in names if name in _MODULES)
    elif isinstance(node, ast.ImportFrom):
        name = (node.module or "").split(".")[0]
        if name in _MODULES:
            yield name
    elif isinstance(node, ast.Attribute):
        if node.attr in _ATTRIBUTES:
            yield node.attr
        elif isinstance(node.ctx, (ast.Store, ast.Del)) and _root(node) in imported:
            yield f"{ast.unparse(node)[:80]}, which it changes for everybody"
    elif isinstance(node, ast.Name) and node.id in _FUNCTIONS:
        yield node.id
    elif isinstance(node, ast.Constant) and node.value in tuple(_ATTRIBUTES):
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from _of_call(node.func.id, node.args, imported)


def _of_call(name: str, arguments: list[ast.expr], imported: set[str]) -> Iterator[str]:
    if name in (*_SETTERS, "getattr") and len(arguments) > 1:
        if not isinstance(arguments[1], ast.Constant):
            yield f"{name} with a name that is put together"
        elif name in _SETTERS and _root(arguments[0]) in imported:
            yield f"{name} on {ast.unparse(arguments[0])[:80]}, which it changes for everybody"


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
