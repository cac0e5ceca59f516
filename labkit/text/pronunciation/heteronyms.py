"""Words that are written alike and said differently, told apart by their neighbours.

`data/heteronyms.txt` lists them with their cues. A cue is a neighbouring word, or that the
neighbours make the word a verb, or a noun: enough for most sentences, and never a parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from labkit.text.pronunciation.inflections import with_s
from labkit.text.pronunciation.lexicon import DATA, word_set


@dataclass(frozen=True)
class Context:
    """A word between its neighbours, all in lower case; "" where a mark or the end stands.

    Args:
        before: the words in front of it, nearest first, at least two.
        word: the word itself.
        after: the word behind it.
        sentence: every word of its sentence.
        capital_inside: it has a capital though it does not open the sentence.
    """

    before: tuple[str, str]
    word: str
    after: str
    sentence: frozenset[str] = frozenset()
    capital_inside: bool = False


class _Reading(NamedTuple):
    cues: tuple[str, ...]
    phones: tuple[str, ...]


_DETERMINERS = word_set(
    "a an the this that these those my your his her its our their some any each every another no "
    "one two three four five many few several which whose"
)
_PREPOSITIONS = word_set(
    "of in on at by for from with without about into under over between through during"
)
_BEFORE_VERBS = word_set(
    "to will would can could shall should may might must do does did not i you we they who let's "
    "please cannot never always"
)
_BEFORE_VERBS_IN_S = word_set("he she it who which that")
_OBJECTS = word_set(
    "a an the this that these those my your his her its our their me him us them it"
)
_AUXILIARY_ENDINGS = {"n't": "not", "'ve": "have", "'ll": "will", "'d": "would", "'re": "are"}
_ADVERB = re.compile(r"[a-z]{2,}ly\Z")


def read_heteronym(context: Context) -> tuple[str, ...] | None:
    """Return the phones that fit the context, or None if the word is no heteronym."""
    readings = _readings().get(context.word)
    if readings is None and context.word.endswith("s"):
        base = _readings().get(context.word[:-1])
        readings = base and [_Reading(cues, with_s(phones)) for cues, phones in base]
    if not readings:
        return None
    for reading in readings[1:]:
        if any(_holds(cue, context) for cue in reading.cues):
            return reading.phones
    return readings[0].phones


def _holds(cue: str, context: Context) -> bool:
    if cue == "^":
        return context.capital_inside
    if cue[0] == "@":
        return _part_of_speech(context) == cue[1:]
    if cue[0] == "<":
        return _plain(context.before[0]) == cue[1:]
    if cue[0] == ">":
        return context.after == cue[1:]
    return cue[1:] in context.sentence


def _part_of_speech(context: Context) -> str | None:
    """Verb or noun (adjectives count as nouns), or None where the neighbours do not tell."""
    before, second = (_plain(word) for word in context.before)
    third_person = context.word.endswith("s") and context.word[:-1] in _readings()
    if before in _BEFORE_VERBS_IN_S and third_person:
        return "verb"
    if before in _DETERMINERS or before in _PREPOSITIONS or before.endswith("'s"):
        return "noun"
    if before in _BEFORE_VERBS:
        return "noun" if third_person else "verb"
    if _ADVERB.match(before) and second in _BEFORE_VERBS:
        return "verb"
    if second in _DETERMINERS and context.after not in _OBJECTS:
        return "noun"  # "the new record"
    if context.after in _OBJECTS:
        return "verb"  # "Record the song."
    return None


def _plain(word: str) -> str:
    """Reduce "don't" to "not", "I've" to "have": what the next word depends on."""
    for ending, meaning in _AUXILIARY_ENDINGS.items():
        if word.endswith(ending):
            return meaning
    return word


@cache
def _readings() -> dict[str, list[_Reading]]:
    """Read the table."""
    table: dict[str, list[_Reading]] = {}
    for line in (DATA / "heteronyms.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        for reading in rest.split(";"):
            items = reading.split()
            cues = tuple(item for item in items if item[0] in "@<>~^")
            table.setdefault(word, []).append(_Reading(cues, tuple(items[len(cues) :])))
    return table
