"""What is said in a recording, symbol by symbol, and when.

A dictionary says how words should be pronounced. The labels of a made corpus tell what was in fact
said and where each phoneme ends. A voice is best taught from these: a symbol then always stands for
the same sound, and the attention can be shown where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.text import symbol_to_id, symbols, text_to_sequence
from labkit.text.pronunciation import pronounce

_PAUSE = "PAU"
_VOWELS = "AEIOU"
_SAME_KIND = 0.7
_OTHER_KIND = 1.2
_MISSING = 0.8
_MOST_DIFFERENT = 0.5
"""Where more than this share of the phonemes differs, the labels are not of this text."""


@dataclass(frozen=True)
class Transcript:
    """What is said.

    Args:
        ids: symbol ids.
        ends: where each symbol ends in seconds; None if nobody knows.
    """

    ids: tuple[int, ...]
    ends: tuple[float, ...] | None = None


def transcribe(
    text: str, phonemes: Sequence[str] | None = None, ends: Sequence[float] | None = None
) -> Transcript:
    """Turn a text into phonemes: those that were heard if they are known.

    Args:
        text: what is said.
        phonemes: ARPAbet as it was said, with PAU for silence.
        ends: where each of them ends in seconds.

    Returns:
        The phonemes with the blanks and marks of the text. What was heard is only used if it can
        be that text.

    Raises:
        TextError: nothing in the text can be spoken.
    """
    expected = [symbols[index] for index in text_to_sequence(pronounce(text))]
    if phonemes and ends:
        heard = _merge(expected, phonemes, ends)
        if heard is not None:
            return Transcript(tuple(symbol_to_id[name] for name, _ in heard), _times(heard))
    return Transcript(tuple(symbol_to_id[name] for name in expected))


def _merge(
    expected: Sequence[str], phonemes: Sequence[str], ends: Sequence[float]
) -> list[tuple[str, float]] | None:
    """Put heard phonemes in place of the expected ones; give each symbol with its end."""
    heard = [(f"@{name}", end) for name, end in zip(phonemes, ends, strict=True) if name != _PAUSE]
    starts = {
        end: ends[at - 1] if at else 0.0
        for at, (name, end) in enumerate(zip(phonemes, ends, strict=True))
        if name != _PAUSE
    }
    if any(name not in symbol_to_id for name, _ in heard):
        return None
    spoken = [name for name in expected if name[0] == "@"]
    pairs, cost = _align(spoken, [name for name, _ in heard])
    if cost > _MOST_DIFFERENT * max(len(spoken), len(heard), 1):
        return None

    # For each expected phoneme, what was heard from there to the next one.
    slots: list[list[int]] = [[] for _ in spoken] or [[]]
    for at, index in pairs:
        slots[max(at, 0)].append(index)
    merged: list[tuple[str, float]] = []
    number, reached = 0, 0.0
    for position, name in enumerate(expected):
        if name[0] == "@":
            for index in slots[number]:
                reached = heard[index][1]
                merged.append(heard[index])
            number += 1
        else:  # a pause that follows belongs to a mark or a blank; shared among several of them
            later = (index for slot in slots[number:] for index in slot)
            following = next(later, None)
            until = ends[-1] if following is None else starts[heard[following][1]]
            silent = 1
            while position + silent < len(expected) and expected[position + silent][0] != "@":
                silent += 1
            reached += max(until - reached, 0.0) / silent
            merged.append((name, reached))
    return merged if heard else None


def _times(heard: Sequence[tuple[str, float]]) -> tuple[float, ...]:
    return tuple(end for _, end in heard)


def _align(expected: Sequence[str], heard: Sequence[str]) -> tuple[list[tuple[int, int]], float]:
    """Find the cheapest way to turn one sequence into the other.

    Returns:
        For each heard phoneme, which expected one it stands for or follows (-1: before the first);
        and what the way costs.
    """
    rows, columns = len(expected) + 1, len(heard) + 1
    cost = [[_MISSING * (row + column) for column in range(columns)] for row in range(rows)]
    for row in range(1, rows):
        for column in range(1, columns):
            cost[row][column] = min(
                cost[row - 1][column - 1] + _difference(expected[row - 1], heard[column - 1]),
                cost[row - 1][column] + _MISSING,
                cost[row][column - 1] + _MISSING,
            )
    pairs = []
    row, column = rows - 1, columns - 1
    while column:
        both = row and _difference(expected[row - 1], heard[column - 1])
        if row and cost[row][column] == cost[row - 1][column - 1] + both:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif row and cost[row][column] == cost[row - 1][column] + _MISSING:
            row -= 1
        else:
            column -= 1
            pairs.append((row - 1, column))
    return pairs[::-1], cost[-1][-1]


def _difference(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return _SAME_KIND if (one[1] in _VOWELS) == (other[1] in _VOWELS) else _OTHER_KIND
