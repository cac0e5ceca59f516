"""Any English text to the words that are said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.errors import TextError
from labkit.text.modern import write_out
from labkit.text.pronunciation.inflections import possessive
from labkit.text.pronunciation.lexicon import look_up
from labkit.text.transliteration import to_ascii

_TOKEN = re.compile(r"[a-zA-Z']+|[,.:;!?]")
_CRUDE = (
    {"a": "AE0", "b": "B", "c": "K", "d": "D", "e": "EH0", "f": "F", "g": "G", "h": "HH"}
    | {"i": "IH0", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA0", "p": "P"}
    | {
        "q": "K",
        "r": "R",
        "s": "S",
        "t": "T",
        "u": "AH0",
        "v": "V",
        "w": "W",
        "x": "K",
        "y": "IY0",
        "z": "Z",
    }
)


@dataclass(frozen=True)
class Word:
    """A word as it is said.

    Args:
        written: as the text, written out, has it.
        phones: ARPAbet, vowels with their stress.
        guessed: the lexicon does not know it; its sound follows from its letters.
    """

    written: str
    phones: tuple[str, ...]
    guessed: bool = False


@dataclass(frozen=True)
class SpokenText:
    """What is said: words and marks, in order."""

    tokens: tuple[Word | str, ...]
    notes: tuple[str, ...] = ()
    stress: bool = False

    @property
    def symbols(self) -> str:
        """As `labkit.text.text_to_sequence` reads it: ``"{DH AH} {K AE T}."``."""
        written = ""
        for token in self.tokens:
            if isinstance(token, str):
                written += token
                continue
            phones = token.phones
            if not self.stress:
                phones = tuple(phone.rstrip("012") for phone in phones)
            written += (" " if written else "") + f"{{{' '.join(phones)}}}"
        return written


def read_aloud(text: str, *, stress: bool = False) -> SpokenText:
    """Work out how a text is said.

    Raises:
        TextError: if nothing in the text can be spoken, or it is not a string.
    """
    if not isinstance(text, str):
        raise TextError(f"the text must be a str, got {type(text).__name__}")
    tokens: list[Word | str] = []
    for written in _TOKEN.findall(to_ascii(write_out(text)).replace("-", " ")):
        if written in ",.:;!?":
            if tokens and isinstance(tokens[-1], Word):
                tokens.append(written)
        elif word := written.strip("'").lower():
            tokens.append(_say(word))
    if not any(isinstance(token, Word) for token in tokens):
        raise TextError("nothing in the text can be spoken; give it a word")
    return SpokenText(tuple(tokens), stress=stress)


def _say(word: str) -> Word:
    phones = look_up(word)
    if phones is None and word.endswith("'s"):
        base = look_up(word[:-2])
        phones = tuple(possessive(base)) if base else None
    if phones is None:
        return Word(word, tuple(_CRUDE[letter] for letter in word if letter in _CRUDE), True)
    return Word(word, phones)
