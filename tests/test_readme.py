"""What the README shows can be done as it stands there."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from conftest import ROOT
from grader.cli import build_parser as grader_parser
from grader.labs import LABS
from labkit.cli import build_parser as labkit_parser

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.S)


def commands(program: str) -> list[list[str]]:
    lines = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line and line[0] == program]


def test_the_python_that_it_shows_runs() -> None:
    (source,) = [block for kind, block in BLOCKS if kind == "python"]
    namespace: dict[str, Any] = {}
    exec(source.replace("seed=0", "seed=0, max_decoder_steps=20"), namespace)
    assert namespace["mel"].shape[:2] == (1, 80)
    assert namespace["alignments"].shape[2] == namespace["ids"].shape[1]


def test_make_has_the_targets_that_it_names() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    named = re.findall(r"`make (\w+)`", README) + [words[0] for words in commands("make")]
    assert {"demo", "test"} <= set(named)
    assert set(named) <= set(targets)


@pytest.mark.parametrize("program", ["grader", "labkit"])
def test_the_commands_that_it_shows_are_understood(program: str) -> None:
    parser = grader_parser(instructor=True) if program == "grader" else labkit_parser()
    shown = commands(program)
    assert shown
    for words in shown:
        parser.parse_args(words)  # exits on what it does not know


def test_it_counts_the_slips_right() -> None:
    known = sum(len(task.slips) for lab in LABS.values() for task in lab.judged)
    assert f"{known} mistakes that people make" in README


def test_what_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\((.*?)\)", README) if "://" not in link]
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).exists()] == []
