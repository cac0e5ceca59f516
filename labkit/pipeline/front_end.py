"""What an acoustic model is given of a text: its characters, or how it is pronounced."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from labkit.text import symbol_to_id, symbols, text_to_sequence
from labkit.text.pronunciation import Word, read_aloud
from labkit.text.symbol_table import blank_id
from labkit.text.transliteration import to_ascii

_ENDS = (".", "?", "!")


@dataclass(frozen=True)
class SymbolText:
    """A text as an acoustic model reads it.

    Args:
        ids: its symbols; neither the first nor the last is a blank.
        words: what each stretch of symbols between two blanks says, with its marks.
        notes: what was left out or guessed, in words.
    """

    ids: list[int]
    words: tuple[str, ...]
    notes: tuple[str, ...] = ()


class FrontEnd(Protocol):
    """Turns a text, or a part of it, into symbols."""

    def read(self, text: str) -> SymbolText:
        """Read a text.

        Raises:
            TextError: nothing in it can be spoken, or it is not a string.
        """

    def end(self, ids: list[int]) -> list[int]:
        """End symbols that were cut off from the rest as the acoustic model is used to."""


@dataclass(frozen=True)
class Characters:
    """Reads letters and marks, as the published voices do. Arguments as `text_to_sequence`."""

    cleaners: str | list[str] | tuple[str, ...] = ("english_cleaners",)
    normalise: str = "published"

    def read(self, text: str) -> SymbolText:
        """Clean a text; what is dropped is noted."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ids = text_to_sequence(text, self.cleaners, normalise=self.normalise)
        ids = strip_blanks(ids)
        notes = (*(str(warning.message) for warning in caught), *_unread(text))
        return SymbolText(ids, spell_words([symbols[index] for index in ids]), notes)

    def end(self, ids: list[int]) -> list[int]:
        """Leave the end as it is."""
        return ids


@dataclass(frozen=True)
class Phonemes:
    """Reads ARPAbet without stress; ARPAbet in braces is taken as it stands in the text.

    Every part of a text ends with a period, a question mark or an exclamation mark, whatever it
    was written with: where a sentence ends, a voice that was trained on sentences stops.
    """

    def read(self, text: str) -> SymbolText:
        """Work out how a text is said."""
        spoken = read_aloud(text)
        *others, last = spoken.tokens
        if isinstance(last, Word):
            others.append(last)
        spoken = replace(spoken, tokens=(*others, last if last in _ENDS else "."))
        ids = strip_blanks(text_to_sequence(spoken.symbols))
        words: list[str] = []
        for token in spoken.tokens:
            if isinstance(token, Word):
                words.append(_name(token))
            else:
                words[-1] += token
        return SymbolText(ids, tuple(words), spoken.notes)

    def end(self, ids: list[int]) -> list[int]:
        """End with a period."""
        if symbols[ids[-1]] in _ENDS:
            return ids
        if not any(mark.isalnum() for mark in symbols[ids[-1]]):
            ids = ids[:-1]
        return [*ids, symbol_to_id["."]]


def spell_words(names: Sequence[str]) -> tuple[str, ...]:
    """Spell the symbols between blanks: ``["@HH", "@AY", ".", " ", "a"]`` is "{HH AY}.", "a"."""
    spelled = "".join(
        "\n" if name == " " else f"{{{name[1:]}}}" if name[0] == "@" else name for name in names
    )
    return tuple(spelled.replace("}{", " ").split("\n"))


def strip_blanks(ids: list[int]) -> list[int]:
    """Take the blanks from both ends."""
    sounding = [position for position, index in enumerate(ids) if index != blank_id]
    return ids[sounding[0] : sounding[-1] + 1] if sounding else []


def _name(word: Word) -> str:
    """Name a word as it stands in the text; in braces if it was given by its sound."""
    written = " ".join(word.written.split())
    return f"{{{written}}}" if written == " ".join(word.phones) else written


def _unread(text: str) -> list[str]:
    """Note the characters that have no reading: emoji, pictures, ..."""
    if text.isascii():
        return []
    lost = [
        mark
        for mark in dict.fromkeys(text)
        if not mark.isascii() and unicodedata.category(mark)[0] in "SLN" and not to_ascii(mark)
    ]
    return [f"left out what has no reading: {' '.join(lost[:10])}"] if lost else []
