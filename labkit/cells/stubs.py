"""What a cell defines of a task, and whether that is written or still the stub."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass

from labkit.cells.python import parse

_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))  # the second since Python 3.11


@dataclass(frozen=True)
class Wanted:
    """What is looked for in a notebook.

    Args:
        task: the id of the task, which is also that of its cell.
        owner: the class, or function, that the cell defines.
        methods: those of the class that the student writes; none for a function.
    """

    task: str
    owner: str
    methods: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the student writes, such as ``Attention.forward``."""
        return " and ".join(f"{self.owner}.{method}" for method in self.methods) or self.owner


def in_classes(statements: list[ast.stmt], owners: Collection[str]) -> list[ast.stmt]:
    """Read each method that is put into one of these classes as the class, continued by it.

    That is ``@method_of(Owner)`` above a function: what it does to the class is what ``class
    Owner(Owner)`` with the function in it does.
    """
    return [_in_class(statement, owners) for statement in statements]


def _in_class(statement: ast.stmt, owners: Collection[str]) -> ast.stmt:
    owner = owner_of(statement)
    if owner not in owners:
        return statement
    whole = parse(f"class {owner}({owner}): ...")
    assert whole is not None and isinstance(whole.body[0], ast.ClassDef)
    whole.body[0].body = [statement]
    return ast.copy_location(whole.body[0], statement)


def owner_of(statement: ast.stmt) -> str:
    """Return the class that ``@method_of(…)`` puts a function into; empty if it does not."""
    for decorator in statement.decorator_list if isinstance(statement, ast.FunctionDef) else ():
        match decorator:
            case ast.Call(
                func=ast.Name(id="method_of") | ast.Attribute(attr="method_of"),
                args=[ast.Name(id=owner)],
            ):
                return owner
    return ""


def written(wanted: Wanted, statements: list[ast.stmt]) -> dict[str, bool]:
    """Return what is defined of a task's methods, or its function, and whether as more than a stub.

    The last definition counts. ``Owner.method = …`` defines one, too.
    """
    found: dict[str, bool] = {}
    for statement in statements:
        if not wanted.methods:
            found |= _in_body([statement], (wanted.owner,))
        elif isinstance(statement, ast.ClassDef) and statement.name == wanted.owner:
            found |= _in_body(statement.body, wanted.methods)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            found |= dict.fromkeys(_set_on(wanted, statement), True)
    return found


def defines_anew(wanted: Wanted, statements: list[ast.stmt]) -> bool:
    """Whether the class is begun here and not continued: ``class Owner(Owner)`` continues it."""
    return any(
        statement.name == wanted.owner
        and not any(isinstance(b, ast.Name) and b.id == wanted.owner for b in statement.bases)
        for statement in statements
        if isinstance(statement, ast.ClassDef)
    )


def mentions(wanted: Wanted, statements: list[ast.stmt]) -> bool:
    """Whether the class or function is defined or changed here, with whatever methods."""
    return bool(written(wanted, statements)) or any(
        isinstance(statement, ast.ClassDef) and statement.name == wanted.owner
        for statement in statements
    )


def _in_body(body: list[ast.stmt], names: tuple[str, ...]) -> dict[str, bool]:
    found = {}
    for item in body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name in names:
            found[item.name] = not is_stub(item)
        elif isinstance(item, ast.Assign):
            targets = [t.id for t in item.targets if isinstance(t, ast.Name)]
            found |= {name: True for name in targets if name in names}
    return found


def _set_on(wanted: Wanted, statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == wanted.owner
        and target.attr in wanted.methods
    ]


def is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether every way through a function ends in ``raise NotImplementedError``.

    Given lines may stand before it. What returns, yields or raises something else on one of the
    ways is written, whatever else was left standing; so is what comes to its end.
    """
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return True
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _of_this_function(body)):
        return False
    try:
        leaves, goes_on = _ways(body)
    except RecursionError:  # nobody gives a stub that is so deep
        return False
    return not leaves and not goes_on


def _of_this_function(body: list[ast.stmt]) -> list[ast.AST]:
    nodes: list[ast.AST] = list(body)
    for node in nodes:  # grows while it is gone through
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            nodes += ast.iter_child_nodes(node)
    return nodes


def _ways(statements: list[ast.stmt]) -> tuple[bool, bool]:
    """Say whether statements may leave the function otherwise, and whether their end is reached."""
    leaves = False
    for statement in statements:
        goes_on = True
        if _raises_not_implemented(statement):
            goes_on = False
        elif isinstance(statement, ast.Return | ast.Raise):
            return True, False
        elif isinstance(statement, ast.If):
            leaves, goes_on = _join(leaves, statement.body, statement.orelse)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            leaves, goes_on = _join(leaves, statement.body)
        elif isinstance(statement, ast.For | ast.AsyncFor | ast.While):
            leaves, body_ends = _join(leaves, statement.body)
            if _is_endless(statement) and not body_ends:
                goes_on = False
            else:
                leaves, goes_on = _join(leaves, statement.orelse)
        elif isinstance(statement, _TRIES):
            handlers = [handler.body for handler in statement.handlers]
            leaves, goes_on = _join(leaves, [*statement.body, *statement.orelse], *handlers)
            leaves, ends = _join(leaves, statement.finalbody)
            goes_on = goes_on and ends
        elif isinstance(statement, ast.Match):
            leaves, _ = _join(leaves, *(case.body for case in statement.cases))
        if not goes_on:
            return leaves, False
    return leaves, True


def _is_endless(statement: ast.stmt) -> bool:
    test = statement.test if isinstance(statement, ast.While) else None
    return isinstance(test, ast.Constant) and bool(test.value)


def _join(leaves: bool, *branches: list[ast.stmt]) -> tuple[bool, bool]:
    outcomes = [_ways(branch) for branch in branches]
    return leaves or any(left for left, _ in outcomes), any(ends for _, ends in outcomes)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    error = statement.exc if isinstance(statement, ast.Raise) else None
    name = error.func if isinstance(error, ast.Call) else error
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"
