"""Where a text may be cut, and how deep each cut goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

from labkit.text import split_at_braces
from labkit.text.abbreviations import SUFFIXES, TITLES, UNREAD_SUFFIXES, UNREAD_TITLES


class Boundary(IntEnum):
    """What ends where a text may be cut, from the best place for it to the worst."""

    PARAGRAPH = 0
    SENTENCE = 1
    CLAUSE = 2  # ; : dashes, ..., and what looks like a sentence but goes on in small letters
    COMMA = 3  # and parentheses
    WORD = 4
    GLUED = 5  # a blank within "Dr. Smith" or "5 km": only where there is no other


class Gap(NamedTuple):
    """A place between two words: the first ends at ``end``, the second begins at ``start``."""

    end: int
    start: int
    boundary: Boundary


_OPENING = "\"'“‘„«([{「『（"
_CLOSING = "\"'”’»)]}」』）"
_DASHES = ("-", "–", "—", "―")

# Their period belongs to the number that follows.
_BEFORE_NUMBERS = (
    "no nos fig figs vol vols p pp ch sec art jan feb mar apr jun jul aug sep sept oct nov dec tel"
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")  # "J", "U.S", "p.m"

# Chinese and Japanese marks end a clause without a blank behind them.
_WIDE_MARKS = "。！？；：，、"
_CUT = re.compile(rf"\s+|(?<=[{_WIDE_MARKS}])(?=\w)|(?<=[{_WIDE_MARKS}][」』”’）])(?=\w)")


def paragraphs(text: str) -> Iterator[str]:
    """Yield what stands between blank lines; a single line break is like a blank."""
    for is_blank, lines in groupby(text.splitlines(), key=lambda line: not line.strip()):
        if not is_blank:
            yield "\n".join(lines).strip()


def gaps(paragraph: str) -> list[Gap]:
    """List all places between the words of a paragraph, in order; none is within braces."""
    found: list[Gap] = []
    word_start = 0
    position = 0
    for segment, in_braces in split_at_braces(paragraph):
        if in_braces:
            position += len(segment) + 2  # and the two braces
            continue
        for match in _CUT.finditer(paragraph, position, position + len(segment)):
            end, start = match.span()
            if start == end and not paragraph[start].isalpha():
                continue  # 3。5 is read as a decimal
            word = paragraph[word_start:end]
            if word and start < len(paragraph):
                found.append(Gap(end, start, _boundary(word, paragraph[start : start + 8])))
            word_start = start
        position += len(segment)
    return found


def _boundary(word: str, following: str) -> Boundary:
    """Judge the gap after ``word`` by its marks and by the beginning of what follows."""
    core = word.rstrip(_CLOSING)
    following = following.lstrip(_OPENING) or following
    if core.endswith(tuple(".!?…。！？")):
        if core.endswith(".") and _is_abbreviation(core, following):
            return Boundary.GLUED
        trails_off = core.endswith(("..", "…"))
        return Boundary.CLAUSE if trails_off or following[0].islower() else Boundary.SENTENCE
    if core.endswith((*";:；：", *_DASHES)):
        return Boundary.CLAUSE
    if core.endswith(tuple(",，、")) or word.endswith((")", "）")):
        return Boundary.COMMA
    # Numbers belong to the words beside them: 5 km, July 4, $2 million, 1 1/2.
    if not (core[-1:].isalpha() or word[-1] in _CLOSING) or not following[0].isalpha():
        return Boundary.GLUED
    return Boundary.WORD


def _is_abbreviation(core: str, following: str) -> bool:
    stem = core[:-1].lstrip(_OPENING).lower()
    if stem == "st" or stem in TITLES or stem in UNREAD_TITLES:  # a saint, not a street
        return True
    if stem in SUFFIXES or stem in UNREAD_SUFFIXES:
        return not following[0].isupper()
    if stem in _BEFORE_NUMBERS.split():
        return following[0].isdigit()
    return _INITIALS.fullmatch(stem) is not None
