"""Tells which lines of a solution reach for what no solution needs, for the instructor's eye.

Points never depend on it: marks follow from numbers alone. But where a number is made beside
student code (on which device a tensor lies, in which mode a model is), a cell that reaches into
the interpreter or the judge could say what is not so, and a person should look at it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grader.labs import LABS
from labkit.cells.python import all_to_python, parse, split

FLAG_LIMIT = 5  # of one cell: a person looks at it anyway

# packages whose insides no solution is about
_MODULES = frozenset(
    """
    builtins ctypes fcntl gc grader importlib inspect linecache mmap multiprocessing pickle
    resource runpy signal socket subprocess _thread threading traceback
    """.split()  # noqa: SIM905 - one line each would hide them
)
# what notebooks import of the grader, and what of a module is of no harm
_RELEASED = frozenset(("check", "progress", "report_card"))
_OF_SYS = frozenset(
    ("_current_frames", "_getframe", "meta_path", "modules", "setprofile", "settrace")
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
    ("__builtins__", "__import__", "breakpoint", "compile", "eval", "exec", "globals")
)
_SETTERS = frozenset(("delattr", "setattr"))
_LOOKUPS = frozenset(("__getattribute__", "__getitem__", "get", "pop", "setdefault"))
# what a cell finds imported; to set an attribute of it changes it for everybody
_SHARED = frozenset(("F", "Path", "Tensor", "labkit", "nn", "np", "torch"))
_SETTINGS = ("torch.backends.", "warnings.")  # that everybody may change


@dataclass(frozen=True)
class _Names:
    """What the names of a source stand for.

    Args:
        shared: what is there for everybody: imported, or another name for what is.
        own: what the source makes or gets: parameters, classes, functions, other objects.
        sys: names of that module.
    """

    shared: frozenset[str]
    own: frozenset[str]
    sys: frozenset[str]


def reaches(source: str) -> tuple[str, ...]:
    """Return what a solution cell reaches for, a line each; usually nothing.

    Args:
        source: of the cell, or of several that were joined; of what is no Python even without
            IPython's additions nothing is said.
    """
    trees = [tree for tree in map(parse, all_to_python(split(source))) if tree is not None]
    names = _names(trees)
    found: dict[str, None] = {}
    for tree in trees:
        for node in ast.walk(tree):
            try:
                for what in _of(node, names):
                    found.setdefault(f"line {getattr(node, 'lineno', 0)} reaches for {what}")
            except RecursionError:
                found.setdefault(f"line {getattr(node, 'lineno', 0)} is too deep to be looked into")
    return tuple(found)[:FLAG_LIMIT]


def _names(trees: list[ast.Module]) -> _Names:
    shared, sys = set(_SHARED), {"sys"}
    own = {task.defines for lab in LABS.values() for task in lab.judged} | {"self", "cls"}
    bindings: list[tuple[str, ast.expr]] = []
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    shared.add((alias.asname or alias.name).split(".")[0])
                    if isinstance(node, ast.Import) and alias.name == "sys":
                        sys.add(alias.asname or alias.name)
            elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                own.add(node.name)
            elif isinstance(node, ast.arguments):
                bindings += _defaults(node)
                every = (*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg)
                own |= {argument.arg for argument in every if argument is not None}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            bindings += _bindings(node)
    for _ in range(10):  # of an alias of an alias
        more = {name for name, value in bindings if _root(value) in shared} - shared
        sys |= {n for n, v in bindings if isinstance(v, ast.Name) and v.id in sys}
        if not more:
            break
        shared |= more
    return _Names(frozenset(shared), frozenset(own), frozenset(sys))


def _defaults(node: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    places = [*node.posonlyargs, *node.args]
    for argument, value in zip(reversed(places), reversed(node.defaults), strict=False):
        yield argument.arg, value
    for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that a node binds with what it may come to stand for."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _bound(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _bound(node.target, node.value)
    elif isinstance(node, ast.For | ast.comprehension):
        values = node.iter.elts if isinstance(node.iter, ast.List | ast.Tuple | ast.Set) else []
        for value in values:
            yield from _bound(node.target, value)


def _bound(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    several = ast.List | ast.Tuple
    if isinstance(target, several):
        alike = isinstance(value, several) and len(value.elts) == len(target.elts)
        values = value.elts if isinstance(value, several) else [value]
        for place, part in enumerate(target.elts):
            for one in [values[place]] if alike else values:
                yield from _bound(part, one)
    elif isinstance(target, ast.Name):
        yield target.id, value


def _of(node: ast.AST, names: _Names) -> Iterator[str]:
    if isinstance(node, ast.Import):
        inside = (alias.name.split(".") for alias in node.names)
        yield from (parts[0] for parts in inside if parts[0] in _MODULES)
        yield from (a.name for a in node.names if a.name == "unittest.mock")
    elif isinstance(node, ast.ImportFrom):
        yield from _of_import(node)
    elif isinstance(node, ast.Attribute):
        if node.attr in _ATTRIBUTES:
            yield node.attr
        elif isinstance(node.ctx, (ast.Store, ast.Del)):
            if _is_foreign(node.value, names) and not _is_setting(node):
                yield f"{ast.unparse(node)[:80]}, which it changes for everybody"
        elif node.attr in _OF_SYS and _root(node.value) in names.sys:
            yield f"sys.{node.attr}"
        elif node.attr in (_MODULES | {"sys"}) and _root(node.value) in names.shared:
            yield ast.unparse(node)[:80]
    elif isinstance(node, ast.Name) and node.id in _FUNCTIONS:
        yield node.id
    elif isinstance(node, ast.Constant) and node.value in tuple(_ATTRIBUTES):
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from _of_call(node.func.id, node.args, names)


def _of_import(node: ast.ImportFrom) -> Iterator[str]:
    module, parts = node.module or "", {alias.name for alias in node.names}
    name = module.split(".")[0]
    if name == "sys":
        told = bool(parts & {*_OF_SYS, "*"})
    elif name == "unittest":
        told = "mock" in (*parts, *module.split("."))
    else:
        told = name in _MODULES and not (module == "grader" and parts <= _RELEASED)
    if told:
        yield name


def _of_call(name: str, arguments: list[ast.expr], names: _Names) -> Iterator[str]:
    if name == "vars" and arguments and _root(arguments[0]) in names.shared:
        yield f"vars of {ast.unparse(arguments[0])[:80]}"
    if name not in (*_SETTERS, "getattr") or len(arguments) < 2:
        return
    foreign = _is_foreign(arguments[0], names)
    if name in _SETTERS:
        if foreign:
            yield f"{name} on {ast.unparse(arguments[0])[:80]}, which it changes for everybody"
    elif not isinstance(arguments[1], ast.Constant):
        if foreign or not isinstance(arguments[1], ast.Name):
            yield f"{name} with a name that is put together"
    elif arguments[1].value in (_MODULES | {"sys"}) and foreign:
        yield f"{name} of {arguments[1].value}"


def _is_foreign(node: ast.expr, names: _Names) -> bool:
    """Whether something is neither self, nor a parameter, nor made here."""
    root = _root(node)
    return root in names.shared or (bool(root) and root not in names.own)


def _is_setting(node: ast.expr) -> bool:
    return ast.unparse(node).startswith(_SETTINGS)


def _root(node: ast.expr) -> str:
    """Return the name from which something is looked up; none if it is made by a call."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in ("getattr", "vars", "__import__") or not node.args:
                return ""
            node = node.args[0]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _LOOKUPS
        ):
            node = node.func.value
        elif isinstance(node, ast.IfExp):
            node = node.body
        elif isinstance(node, ast.BoolOp):
            node = node.values[-1]
        elif isinstance(node, ast.NamedExpr):
            node = node.value
        else:
            return node.id if isinstance(node, ast.Name) else ""
