"""Which names a statement binds and which it looks up: what one cell needs of another."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Scope = _Function | _Comprehension | ast.ClassDef


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds where it stands.

    A name whose attribute or item is set counts, too: ``table["x"] = 1`` is part of ``table``. A
    star import binds ``*``.
    """
    names: set[str] = set()
    for node in _inside([statement]):
        names |= _binds(node)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            root: ast.AST = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names


def looked_up(nodes: list[ast.stmt]) -> set[str]:
    """Return the names that statements look up outside of the functions in which they use them."""
    names: set[str] = set()
    for node in _inside(list(nodes)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load | ast.Del):
            names.add(node.id)
        elif isinstance(node, _Scope):
            names |= _free(node)
    return names


def imported(statement: ast.Import | ast.ImportFrom) -> list[tuple[str, ast.stmt]]:
    """Return each name that an import binds, with a statement that imports this one alone."""
    found: list[tuple[str, ast.stmt]] = []
    for alias in statement.names:
        name = alias.asname or alias.name.partition(".")[0]
        alone: ast.stmt
        if isinstance(statement, ast.Import):
            alone = ast.Import([alias])
        else:
            alone = ast.ImportFrom(statement.module, [alias], statement.level)
        found.append((name, ast.copy_location(alone, statement)))
    return found


def _free(scope: _Scope) -> set[str]:
    """Return the names that a function, class or comprehension takes from around it."""
    if isinstance(scope, _Comprehension):
        parts: list[ast.AST] = list(ast.iter_child_nodes(scope))
    elif isinstance(scope, ast.Lambda):
        parts = [scope.body]
    else:
        parts = list(scope.body)
    inside = list(_inside(parts))
    own = set().union(*map(_binds, inside)) if inside else set()
    if isinstance(scope, _Function):
        arguments = scope.args
        own |= {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        own |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    outer = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    own -= outer
    names = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    names |= outer  # also those that are only written: `+=` reads them, too
    deeper = [_free(node) for node in inside if isinstance(node, _Scope)]
    if isinstance(scope, ast.ClassDef):  # its names are not seen by its methods
        return (names - own).union(*deeper)
    return names.union(*deeper) - own


def _binds(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return {node.id}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {name for name, _ in imported(node)}
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return {node.name}
    return set()


def _inside(nodes: list[ast.AST] | list[ast.stmt]) -> Iterator[ast.AST]:
    """Go through what is evaluated where the nodes stand; scopes are named, and not entered."""
    waiting: list[ast.AST] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [d for d in node.args.kw_defaults if d is not None]
            waiting += [*node.decorator_list, *node.args.defaults, *defaults]
            arguments = node.args
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            stars = (arguments.vararg, arguments.kwarg)
            annotations = [a.annotation for a in (*every, *(s for s in stars if s is not None))]
            waiting += [a for a in (*annotations, node.returns) if a is not None]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
        elif isinstance(node, ast.Lambda):
            waiting += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        elif isinstance(node, _Comprehension):
            waiting.append(node.generators[0].iter)
        else:
            waiting += reversed(list(ast.iter_child_nodes(node)))
