"""What a function does with its values, whatever its author calls them.

Each operation is named by what it is (``masked_fill``, ``Add``, a call of the author's own), and
each of its inputs by the operation that made it. Names of variables, in-place variants, the order
of independent lines, and whether a value passes through a variable of its own leave no trace.
"""

from __future__ import annotations

import ast
import builtins
import copy
import math
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F

Fact = tuple[str, str, str]  # an operation, which of its inputs, what made that input
Values = frozenset[str]
Function = ast.FunctionDef | ast.AsyncFunctionDef

_LIBRARIES = {"torch", "F", "nn", "math", "np"}
# Names that everybody uses; all others are an author's own.
_COMMON = {
    name
    for place in (torch.Tensor, torch, F, nn.utils.rnn, builtins, math, list, dict, str, set)
    for name in dir(place)
} | {"islice", "chain"}
_COMMUTE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)
_GIVEN: Values = frozenset({"given"})  # what comes from outside: arguments and other names
_OWN = "own "  # begins the name of an operation that keeps the author's word for it


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Yield every function below a node, also those within classes and functions, by its name."""
    for child in ast.iter_child_nodes(tree):
        below = prefix
        if isinstance(child, Function | ast.ClassDef):
            below = f"{prefix}{child.name}."
        if isinstance(child, Function):
            yield prefix + child.name, child
        yield from functions(child, below)


def flow(node: Function | ast.Module, *, names: bool) -> frozenset[Fact]:
    """Return what a function does with its values.

    Args:
        node: the function, or a whole cell. Functions defined within are no part of it.
        names: give only those facts in which the author's own words for methods and attributes
            take part; otherwise all facts, and each own word is as good as any other.
    """
    reader = _Reader(names)
    if isinstance(node, Function):
        given = node.args
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            reader.values[argument.arg] = _GIVEN
        for argument in filter(None, (given.vararg, given.kwarg)):
            reader.values[argument.arg] = _GIVEN
    reader.block(node.body)
    return frozenset(
        fact
        for fact in reader.facts
        if not names or fact[0].startswith(_OWN) or fact[2].startswith(_OWN)
    )


class _Reader:
    """Follows the values through the statements of a function."""

    def __init__(self, names: bool) -> None:
        self.names = names
        self.values: dict[str, Values] = {}
        self.facts: set[Fact] = set()

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _note(self, operation: str, **inputs: Values) -> Values:
        for place, makers in inputs.items():
            self.facts.update((operation, place, maker) for maker in makers)
        return Values([operation])

    def _own(self, kind: str, word: str) -> str:
        return f"{_OWN}{kind} {word}" if self.names else kind

    # --- statements ---

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(
                targets
            ) == len(values):
                for target, made in zip(targets, [self._value(v) for v in values], strict=True):
                    self._bind(target, made)
            case ast.Assign():
                made = self._value(node.value)
                for target in node.targets:
                    self._bind(target, made)
            case ast.AnnAssign(value=ast.expr()):
                self._bind(node.target, self._value(node.value))
            case ast.AugAssign():
                made = self._binary(node.op, self._value(node.target), self._value(node.value))
                self._bind(node.target, made)
            case ast.Return(value=ast.expr()):
                self._leave("return", node.value)
            case ast.Expr():
                self._value(node.value)
            case ast.If():
                self._note("if", a=self._value(node.test))
                self._branches(node.body, node.orelse)
            case ast.For() | ast.AsyncFor():
                self._bind(node.target, self._note("each", a=self._value(node.iter)))
                for _ in range(2):  # what a round leaves comes back in the next
                    self._branches(node.body, [])
                self.block(node.orelse)
            case ast.While():
                for _ in range(2):
                    self._note("while", a=self._value(node.test))
                    self._branches(node.body, [])
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    made = self._note("with", a=self._value(item.context_expr))
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, made)
                self.block(node.body)
            case ast.Try():
                self._branches(node.body, *(handler.body for handler in node.handlers))
                self.block([*node.orelse, *node.finalbody])

    def _branches(self, *bodies: list[ast.stmt]) -> None:
        before, ends = self.values, []
        for body in bodies:
            self.values = dict(before)
            self.block(body)
            ends.append(self.values)
        names = {name for end in ends for name in end}
        self.values = {
            name: Values().union(*(end.get(name, Values()) for end in ends)) for name in names
        }

    def _bind(self, target: ast.expr, made: Values) -> None:
        match target:
            case ast.Name():
                self.values[target.id] = made
            case ast.Tuple() | ast.List():
                for element in target.elts:
                    self._bind(element, made)
            case ast.Starred():
                self._bind(target.value, made)
            case ast.Subscript():
                self._note("store", a=made, b=self._value(target.value))
                self._note("store", b=self._value(target.slice))
            case ast.Attribute():
                self._note(self._own("kept", target.attr), a=made)

    def _leave(self, how: str, value: ast.expr | None) -> None:
        for part in value.elts if isinstance(value, ast.Tuple) else [value]:
            self._note(how, a=self._value(part))

    # --- expressions ---

    def _value(self, node: ast.expr | None) -> Values:
        match node:
            case ast.Constant():
                return Values(["text" if isinstance(node.value, str) else repr(node.value)])
            case ast.Name():
                common = Values([node.id]) if node.id in _COMMON else _GIVEN
                return self.values.get(node.id, common)
            case ast.Attribute(value=ast.Name()) if node.attr not in _COMMON:
                return Values([self._own("held", node.attr)])
            case ast.Attribute():
                known = node.attr in _COMMON
                word = f".{node.attr}" if known else self._own("part", node.attr)
                return self._note(word, a=self._value(node.value))
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return self._binary(node.op, self._value(node.left), self._value(node.right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
                return Values([f"-{value!r}"])
            case ast.UnaryOp():
                return self._note(type(node.op).__name__, a=self._value(node.operand))
            case ast.Compare():
                compared = Values().union(*map(self._value, node.comparators))
                return self._note(type(node.ops[0]).__name__, a=self._value(node.left), b=compared)
            case ast.IfExp():
                self._note("if", a=self._value(node.test))
                return self._value(node.body) | self._value(node.orelse)
            case ast.Subscript():
                return self._note("index", a=self._value(node.value), b=self._value(node.slice))
            case ast.Slice():
                ends = {"a": node.lower, "b": node.upper, "c": node.step}
                return self._note("slice", **{k: self._value(end) for k, end in ends.items()})
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                for loop in node.generators:
                    self._bind(loop.target, self._note("each", a=self._value(loop.iter)))
                    for test in loop.ifs:
                        self._note("if", a=self._value(test))
                made = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
                return Values().union(*map(self._value, made))
            case ast.NamedExpr():
                self._bind(node.target, self._value(node.value))
                return self._value(node.target)
            case ast.Yield(value=ast.expr()) | ast.YieldFrom():
                self._leave("yield", node.value)
            case ast.Starred() | ast.Await():
                return self._value(node.value)
            case ast.Tuple() | ast.List() | ast.Set() | ast.BoolOp() | ast.Dict():
                parts = node.elts if hasattr(node, "elts") else node.values
                return Values().union(*map(self._value, parts)) or Values(["nothing"])
        return Values()

    def _binary(self, operator: ast.operator, left: Values, right: Values) -> Values:
        if isinstance(operator, _COMMUTE):
            left, right = left | right, Values()
        return self._note(type(operator).__name__, a=left, b=right)

    def _call(self, node: ast.Call) -> Values:
        inputs = [self._value(argument) for argument in node.args]
        function = node.func
        word = function.attr if isinstance(function, ast.Attribute) else ""
        if isinstance(function, ast.Name) and function.id not in self.values:
            word = function.id
        known = word in _COMMON
        operation = word.rstrip("_") if known else self._own("call", word)
        if isinstance(function, ast.Attribute):
            root: ast.expr = function
            while isinstance(root, ast.Attribute):
                root = root.value
            of_library = isinstance(root, ast.Name) and root.id in _LIBRARIES - set(self.values)
            # `x.tanh()` is `torch.tanh(x)`; of an own method, whose it is says little
            if known and not of_library:
                inputs = [self._value(function.value), *inputs]
            elif not of_library and not isinstance(function.value, ast.Name):
                self._note(operation, of=self._value(function.value))
        elif not word:
            self._note(operation, of=self._value(function))
        first = inputs[0] if known and inputs else Values()
        others = inputs[1:] if known else inputs
        others += [self._value(keyword.value) for keyword in node.keywords]
        return self._note(operation, a=first, b=Values().union(*others))


class _Plain(ast.NodeTransformer):
    """Makes all variables equal, and in-place operations their plain twins."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Keep the names of libraries only."""
        return node if node.id in _LIBRARIES else ast.Name("_", ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        """Keep an own word; of a common one drop the sign of work in place."""
        word = node.attr.rstrip("_") if node.attr in _COMMON else node.attr
        return ast.Attribute(self.visit(node.value), word, ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Keep the name of a function that is called."""
        function = node.func if isinstance(node.func, ast.Name) else self.visit(node.func)
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return ast.Call(function, [self.visit(argument) for argument in node.args], keywords)


def calls(node: ast.AST) -> dict[str, int]:
    """Return the calls in which an author's own word is used, with all variables made equal.

    Args:
        node: where to look.

    Returns:
        How many operations each call is made of, by the text of the call.
    """
    found = {}
    for part in ast.walk(node):
        if not isinstance(part, ast.Call):
            continue
        inner = list(ast.walk(part))
        if any(isinstance(n, ast.Attribute) and n.attr not in _COMMON for n in inner):
            text = ast.unparse(_Plain().visit(copy.deepcopy(part)))
            found[text] = sum(isinstance(n, ast.Call | ast.BinOp | ast.Compare) for n in inner)
    return found
