"""Looks for answers in what students get, whatever has become of their names and their layout.

An answer is what a student has to write: the bodies of the graded methods of labkit, of this lab
and of later ones, and the solutions, model answers and mark schemes of the source notebook. All
code that is handed out is compared with it, also code in strings, comments and Markdown.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import textwrap
import tokenize
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import labkit
from grader.labs import GRADED
from grader.labs.base import Lab
from grader.release.edition import graded_from
from grader.release.flow import Fact, Function, calls, flow, functions
from grader.submissions.notebook_file import identity_of, source_of
from labkit.cells.python import parse, to_python

_ANSWER = re.compile(r"BEGIN (?:SOLUTION|MARK SCHEME|HIDDEN TESTS)(.*?)(?:###|===) END ", re.S)
_SECRET_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
_TELLING = 30  # a line of a solution shorter than this may stand elsewhere by chance
_FENCED = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.M | re.S)
_INDENTED = re.compile(r"(?:^(?: {4,}|\t)[^\n]*\n?|^[ \t]*\n)+", re.M)


@dataclass(frozen=True)
class _Rule:
    """Which share of an answer may stand elsewhere, and how long it must be for that to count."""

    share: float
    least: float


# Measured on all editions (docs/decisions.md, "When code gives an answer away").
_FLOW = _Rule(0.5, 70.0)  # what is done with the values, in bits of surprise
_WORDS = _Rule(0.5, 25.0)  # the same where the answer's own words take part
_CALLS = _Rule(0.35, 3.0)  # whole calls with the answer's own words, in operations


@dataclass(frozen=True)
class Answer:
    """A body that a student has to write.

    Attributes:
        task: its id.
        name: of the method or function.
        flow: what it does with its values.
        words: the part of it in which its own words take part.
        calls: its calls with own words, and their operations.
    """

    task: str
    name: str
    flow: frozenset[Fact]
    words: frozenset[Fact]
    calls: dict[str, int]


def _answer(task: str, name: str, function: Function) -> Answer:
    # how a graded method is called is known to everybody
    known = re.compile(rf"_\.({'|'.join(graded.method for _, graded in GRADED)})\([_, ]*\)")
    spoken = calls(ast.Module(function.body, []))
    return Answer(
        task,
        name,
        flow(function, names=False),
        flow(function, names=True),
        {text: size for text, size in spoken.items() if not known.fullmatch(text)},
    )


def reference_answers(lab: Lab) -> list[Answer]:
    """Return labkit's bodies of the graded methods of a lab and of all later ones."""
    assert labkit.__file__
    answers = []
    for graded in graded_from(lab.name):
        tree = ast.parse((Path(labkit.__file__).parent / graded.path).read_text("utf-8"))
        answers.append(_answer(graded.task, graded.name, dict(functions(tree))[graded.name]))
    return answers


def solutions(notebook: Path, lab: Lab) -> list[Answer]:
    """Return the bodies that a source notebook has solutions in."""
    answers = []
    tasks = {task.id for task in lab.judged}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        for task in identity_of(cell) & tasks:
            source = to_python(source_of(cell))
            for name, function in functions(parse(source) or ast.Module([], [])):
                if "BEGIN SOLUTION" in (ast.get_source_segment(source, function) or ""):
                    answers.append(_answer(task, name, function))
    return answers


def solution_lines(notebook: Path, lab: Lab) -> set[str]:
    """Return the telling lines of a source notebook's solutions, model answers and mark schemes."""
    written = {task.id for task in lab.tasks if task.manual}
    regions = []
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        source = source_of(cell)
        regions += [match.group(1) for match in _ANSWER.finditer(source)]
        if identity_of(cell) & written:
            regions.append(source)
    lines = (line.split("  #")[0].strip() for region in regions for line in region.splitlines())
    return {line for line in lines if len(line) >= _TELLING and not line.startswith("#")}


def find_leaks(folder: Path, lines: set[str], answers: list[Answer]) -> list[str]:
    """Look for answers, hidden cases and marks of them in what students get.

    Args:
        folder: with the release notebook and the wheels, or an edition.
        lines: that must not appear anywhere.
        answers: bodies that no code may be like.

    Returns:
        A sentence for each leak, which begins with its place.
    """
    leaks = []
    for name, text in _texts(folder):
        if "/instructor/" in name:
            leaks.append(f"{name}: belongs to the instructor")
        is_notebook = name.endswith(".ipynb")
        leaks += [f"{name}: {mark}" for mark in _SECRET_MARKS if is_notebook and mark in text]
        # in a notebook's JSON quotes and backslashes are escaped
        leaks += [
            f"{name}: {line}"
            for line in sorted(lines)
            if (json.dumps(line)[1:-1] if is_notebook else line) in text
        ]
        leaks += [f"{name}{leak}" for leak in _alike(name, text, answers)]
    return leaks


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    yield f"{path.name}:{name}", wheel.read(name).decode("utf-8", "replace")
        elif path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_text("utf-8", "replace")


def _alike(name: str, text: str, answers: list[Answer]) -> Iterator[str]:
    """Yield which functions of a file are like which answers."""
    for place, part in _code_of(Path(name).suffix, text):
        for answer in answers:
            shares = (
                (_share(answer.flow, part.flow, names=False), _FLOW),
                (_share(answer.words, part.words, names=True), _WORDS),
                (_share_of_calls(answer.calls, part.calls), _CALLS),
            )
            found = [
                share
                for (share, size), rule in shares
                if size >= rule.least and share >= rule.share
            ]
            if found:
                yield f"{place}: says {max(found):.0%} of {answer.task} ({answer.name})"


def _share(answer: frozenset[Fact], part: frozenset[Fact], *, names: bool) -> tuple[float, float]:
    """Return the share of an answer's facts that a part has too, and how much the answer says."""
    size = sum(_surprise(fact, names) for fact in answer)
    return sum(_surprise(fact, names) for fact in answer & part) / max(size, 1e-9), size


def _share_of_calls(answer: dict[str, int], part: frozenset[str]) -> tuple[float, float]:
    """Return the share of an answer's calls that stand in a part too, and how large they are."""
    found = sum(size for text, size in answer.items() if text in part)
    return found / max(sum(answer.values()), 1), found


@cache
def _counts(names: bool) -> tuple[int, Counter[Fact]]:
    """Return how many functions labkit has, and in how many of them each fact holds."""
    assert labkit.__file__
    flows = [
        flow(function, names=names)
        for path in sorted(Path(labkit.__file__).parent.rglob("*.py"))
        for _, function in functions(ast.parse(path.read_text("utf-8")))
    ]
    return len(flows), Counter(fact for facts in flows for fact in facts)


@cache
def _surprise(fact: Fact, names: bool) -> float:
    """Return the bits that a fact is worth: what half of all functions do says one bit."""
    total, counts = _counts(names)
    return math.log2((total + 1) / (counts[fact] + 1))


# --- the code in a text ---


@dataclass(frozen=True)
class _Part:
    flow: frozenset[Fact]
    words: frozenset[Fact]
    calls: frozenset[str]


@cache
def _code_of(suffix: str, text: str) -> list[tuple[str, _Part]]:
    """Return all code in a text: function by function, and each module or cell with its calls."""
    found = []
    for place, tree in _trees(suffix, text):
        found.append((place, _part(tree, frozenset(calls(tree)))))
        found += [(f"{place}:{name}", _part(f, frozenset())) for name, f in functions(tree)]
    return found


def _part(node: Function | ast.Module, spoken: frozenset[str]) -> _Part:
    return _Part(flow(node, names=False), flow(node, names=True), spoken)


def _trees(suffix: str, text: str) -> Iterator[tuple[str, ast.Module]]:
    if suffix == ".ipynb":
        for cell in json.loads(text).get("cells", []):
            name, source = f" {cell.get('id', '')}", source_of(cell)
            if cell.get("cell_type") == "code":
                yield from _python(name, source, parse(to_python(source)))
            else:
                yield from ((name, tree) for tree in _snippets(source))
    elif suffix == ".py":
        yield from _python("", text, _parsed(text))
    elif suffix in (".md", ".txt", ".rst", ""):
        yield from (("", tree) for tree in _snippets(text))


def _python(name: str, source: str, tree: ast.Module | None) -> Iterator[tuple[str, ast.Module]]:
    """Yield a module or cell, and the code in its strings and comments."""
    if tree is None:
        yield from ((name, part) for part in _snippets(source))
        return
    yield name, tree
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    for text in [*texts, *_comments(source)]:
        if isinstance(text, str) and "\n" in text:
            yield from ((f"{name} (in words)", part) for part in _snippets(text))


def _comments(source: str) -> Iterator[str]:
    """Yield the comments of a module, those on lines of their own that follow each other as one."""
    block, last = "", -1
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                if token.start[0] != last + 1:
                    yield block
                    block = ""
                block += token.string.lstrip("#") + "\n"
                last = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass
    yield block


def _snippets(text: str) -> Iterator[ast.Module]:
    """Yield what is Python in a text: all of it, or a block of it."""
    blocks = [text, *_FENCED.findall(text), *_INDENTED.findall(text)]
    for tree in filter(None, map(_parsed, blocks)):
        if any(isinstance(node, ast.Call) for node in ast.walk(tree)):
            yield tree


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
