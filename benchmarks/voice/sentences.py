"""The sentences that a voice is measured on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("sentences.txt")
GROUPS = ("natural", "held-out words", "hard")

_HEADING = re.compile(r"\[([^:]+)(?:: (.+))?\]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


class Sentence(NamedTuple):
    number: int  # from 1
    group: str  # of GROUPS
    kind: str  # of hard ones: what is hard about it
    text: str  # as it is written
    spoken: str  # as a person reads it aloud: no digits, plain punctuation

    @property
    def words(self) -> list[str]:
        return words_of(self.spoken)


def words_of(text: str) -> list[str]:
    """Words in small letters, without punctuation; "twenty-one" is two."""
    return _WORD.findall(text.lower())


def read_sentences() -> list[Sentence]:
    sentences: list[Sentence] = []
    group = kind = ""
    for line in FILE.read_text("utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            group, kind = heading[1], heading[2] or ""
        elif line and not line.startswith("#"):
            text, _, spoken = line.partition(" => ")
            sentences.append(Sentence(len(sentences) + 1, group, kind, text, spoken or text))
    return sentences


def a_few(sentences: list[Sentence], count: int) -> list[Sentence]:
    """Choose some of them, evenly from beginning to end."""
    count = min(count, len(sentences))
    return [sentences[at * len(sentences) // count] for at in range(count)]
