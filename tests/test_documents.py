"""What the documents name is there: links, headings, paths, modules, commands."""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from grader.cli import build_parser as grader_parser
from labkit.cli import build_parser as labkit_parser

DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("data/**/*.md"),
        *ROOT.glob("labkit/**/*.md"),
        *ROOT.glob("notebooks/*/*.ipynb"),
    ]
)
# what was so in earlier versions is named there, too
HISTORY = ROOT / "CHANGELOG.md"
PARSERS = {"grader": grader_parser(instructor=True), "labkit": labkit_parser()}
# placeholders for names of one's own, and the example of docs/adding_a_lab.md
PLACEHOLDER = re.compile(
    r"[<>{}*…]|LAB|STUDENT|FOLDER|NAME|lab5_emphasis|/(?:hum|buzz)\b|\b(?:hum|buzz)\."
)
ROOMS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0].isalpha()}
ROOMS &= {"benchmarks", "configs", "docs", "grader", "labkit", "notebooks", "tests", "tools"}


def texts(document: Path) -> list[str]:
    """Return the Markdown of a document, cell by cell if it is a notebook."""
    if document.suffix == ".md":
        return [document.read_text("utf-8")]
    cells = json.loads(document.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def prose(text: str) -> str:
    """Return a text without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S)


def blocks(text: str) -> Iterator[str]:
    """Yield the blocks of shell commands: fenced ones, and those that are set in by four."""
    for kind, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.M | re.S):
        if kind in ("", "sh", "bash"):
            yield block
    yield from re.findall(r"^    (?:labkit|grader) .*$", prose(text), re.M)


def quoted(text: str) -> list[str]:
    """Return what stands between backticks, on one line or broken over two."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(text))]


def shown(text: str) -> list[str]:
    """Return what blocks of code name: paths of drawings and commands, and imported names."""
    found = []
    for kind, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.M | re.S):
        if kind in ("", "sh", "bash", "text"):
            found += re.findall(r"(?<![\w./-])[a-z]+/[\w./*{},-]+", block)
        if kind == "python":
            imported = re.findall(r"^(?:>>> )?from (\S+) import ([\w, ]+)", block, re.M)
            found += [
                f"{module}.{name.strip()}"
                for module, names in imported
                for name in names.split(",")
            ]
            found += re.findall(r"\b(?:labkit|grader)\.[\w.]*\w", block)
    return found


@functools.cache
def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    found: set[str] = set()
    for text in texts(document):
        for heading in re.findall(r"^#+ (.*)$", prose(text), re.M):
            plain = re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "", heading).lower())
            slug = plain.strip().replace(" ", "-")
            repeats = sum(1 for other in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other))
            found.add(f"{slug}-{repeats}" if repeats else slug)
    return found


def broken_links(document: Path, text: str) -> Iterator[str]:
    """Yield the links of a text, and its pictures, that lead nowhere."""
    plain = re.sub(r"`[^`]*`", "", prose(text))
    for link in re.findall(r"\]\(([^()\s]*)\)|<(?:img|a) [^>]*(?:src|href)=\"([^\"]*)\"", plain):
        target = "".join(link)
        if re.match(r"[a-z]+:", target):
            continue  # another server's
        path, _, anchor = target.partition("#")
        place = (document.parent / path).resolve() if path else document
        if not place.exists() or (anchor and place.is_file() and anchor not in anchors(place)):
            yield target


def unknown_paths(document: Path, text: str) -> Iterator[str]:
    """Yield the paths of the repository that a text quotes and that are not there."""
    for code in (*quoted(text), *shown(text)):
        for word in code.split():
            path = word.rstrip(".,;:)").partition("::")[0]
            room, slash, _ = path.partition("/")
            if slash and room in ROOMS and not PLACEHOLDER.search(path):
                known = (ROOT / path).exists() or (document.parent / path).exists()
                if not known:
                    yield path


def unknown_names(text: str) -> Iterator[str]:
    """Yield the modules, classes and functions of the kit that a text quotes and that are not."""
    for code in (*quoted(text), *shown(text)):
        for name in re.findall(r"\b(?:labkit|grader)(?:\.[A-Za-z_]\w*)+", code):
            if f"{name}/" in code or PLACEHOLDER.search(code):
                continue
            found: Any = importlib.import_module(name.partition(".")[0])
            for part in name.split(".")[1:]:
                try:
                    found = getattr(found, part)
                except AttributeError:
                    try:
                        found = importlib.import_module(f"{found.__name__}.{part}")
                    except (ImportError, AttributeError):
                        yield name
                        break


def stale_references(module: Path) -> Iterator[str]:
    """Yield what docstrings and comments of a module refer to and what is not there."""
    source = module.read_text("utf-8")
    roles = re.findall(r":(?:mod|class|func|meth|attr|data):`~?([\w.]+)`", source)
    code = " ".join(f"`{name}`" for name in (*roles, *re.findall(r"``([^`\n]+)``", source)))
    spoken = [*re.findall(r"# (.*)$", source, re.M), *re.findall(r'"""(.*?)"""', source, re.S)]
    for words in re.findall(r"(?<![\w./-])[a-z]+/[\w./-]*\w|\b\w+(?:\.\w+)+", " ".join(spoken)):
        code += f" `{words}`"
    yield from unknown_names(code)
    yield from unknown_paths(module, code)


def subparser(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser | None:
    """Return the parser of a command's last sub-command; None if there is no such command."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups or not words or words[0].startswith("-"):
        return parser
    command = groups[0].choices.get(words[0])
    return subparser(command, words[1:]) if command else None


def unknown_commands(text: str) -> Iterator[str]:
    """Yield the commands of the kit that a text shows and that its programs do not know.

    In a block, a command is whole; between backticks it may lack what it works on.
    """
    lines = [line for block in blocks(text) for line in block.splitlines()]
    whole = [words for line in lines if (words := split(line))]
    for program, *words in whole:
        if program in PARSERS and words:
            try:
                PARSERS[program].parse_args(words)
            except SystemExit:
                yield " ".join([program, *words])
    for code in quoted(text):
        program, *words = split(code) or [""]
        if program not in PARSERS or not words or PLACEHOLDER.search(words[0]) or "|" in words:
            continue
        parser = subparser(PARSERS[program], words)
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        if parser is None or not options <= set(parser._option_string_actions):
            yield code


def split(line: str) -> list[str]:
    """Return the words of a shell line without prompt, comment and path to the program."""
    try:
        words = shlex.split(line.strip().removeprefix("$ "), comments=True)
    except ValueError:
        return []
    return [words[0].removeprefix(".venv/bin/"), *words[1:]] if words else []


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(document: Path) -> None:
    assert [link for text in texts(document) for link in broken_links(document, text)] == []


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if d != HISTORY], ids=named)
def test_every_path_module_and_command_is_there(document: Path) -> None:
    for text in texts(document):
        assert list(unknown_paths(document, text)) == []
        assert list(unknown_names(text)) == []
        assert list(unknown_commands(text)) == []


@pytest.mark.parametrize("package", ["labkit", "grader", "benchmarks", "tools"])
def test_what_docstrings_and_comments_refer_to_is_there(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert [
        f"{named(module)}: {reference}"
        for module in modules
        for reference in stale_references(module)
    ] == []


def test_what_is_not_there_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "index.md"
    links = "[a](gone.md) [b](index.md#nowhere) [c](index.md#folders) ![d](images/gone.png)"
    assert list(broken_links(page, links)) == ["gone.md", "index.md#nowhere", "images/gone.png"]
    paths = "`grader/hidden/` and `labkit/text/`, `python tests/gone.py`, `labkit/<any>/x.py`"
    assert list(unknown_paths(page, paths)) == ["grader/hidden/", "tests/gone.py"]
    drawing = "```text\nlabkit/gone.py ─► labkit/text\n```\n"
    assert list(unknown_paths(page, drawing)) == ["labkit/gone.py"]
    code = "```python\nfrom labkit.text import symbols, runes\nlabkit.sing()\n```\n"
    assert list(unknown_names(code)) == ["labkit.text.runes", "labkit.sing"]
    names = "`grader.tasks` and `labkit.text.symbols`, `labkit.Tacotron2.speaks`"
    assert list(unknown_names(names)) == ["grader.tasks", "labkit.Tacotron2.speaks"]
    commands = (
        "`grader golden --all`, `labkit sing`\n\n```sh\ngrader release\nlabkit voices  # all\n```\n"
    )
    assert list(unknown_commands(commands)) == [
        "grader release",
        "grader golden --all",
        "labkit sing",
    ]
    assert "LAB" in capsys.readouterr().err
    module = tmp_path / "module.py"
    module.write_text('"""See :mod:`grader.tasks`."""\n# as in labkit/gone.py, and labkit.text\n')
    assert set(stale_references(module)) == {"grader.tasks", "labkit/gone.py"}


def test_every_document_is_on_the_plan_at_the_door() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    documents = {path.name for path in ROOT.glob("docs/*.md")} - {"index.md"}
    assert {name for name in documents if f"({name})" not in index} == set()


def test_the_decisions_begin_with_all_their_headings() -> None:
    head, *sections = re.split(
        r"^## ", (ROOT / "docs" / "decisions.md").read_text("utf-8"), flags=re.M
    )
    assert re.findall(r"\[(.*?)\]\(#", head) == [section.partition("\n")[0] for section in sections]


def test_every_benchmark_has_a_row_among_what_was_measured() -> None:
    scripts = [
        path for path in ROOT.glob("benchmarks/*.py") if "__main__" in path.read_text("utf-8")
    ]
    table = (ROOT / "docs" / "measured.md").read_text("utf-8")
    assert [path.name for path in scripts if f"| `benchmarks/{path.name}` |" not in table] == []
