"""Cut a text into the words and marks that are to be said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labkit.errors import TextError
from labkit.text.modern import write_out
from labkit.text.pronunciation.written_forms import Screened, read_written_forms, screen
from labkit.text.symbol_table import arpabet

_GIVEN = re.compile(r"\{([^{}\n]*[^{}\s][^{}\n]*)\}")
_TOKEN = re.compile(
    r"'?[a-zA-Z]+(?:'[a-zA-Z]+)*'?(?:-[a-zA-Z]+(?:'[a-zA-Z]+)*'?)*"  # well-known, 'tis, dogs'
    r"|\.{2,}(?=\s*[a-z])|-{2,}|(?<=\s)-(?=\s)|[,.:;!?()\[\]]"
)
_PAUSE = "-"  # of a dash, a bracket, dots inside a sentence: a comma, unless a mark stands there
_STRONGEST_FIRST = "?!.:;," + _PAUSE
_LONGEST_WORD = 100  # letters; what is longer is no word


@dataclass(frozen=True)
class WrittenWord:
    """A word of the text before it is known how it is said.

    Args:
        text: its letters.
        phones: given by the text itself, in braces.
        prefix: a hyphen joins it to the next word.
    """

    text: str
    phones: tuple[str, ...] | None = None
    prefix: bool = False


Token = WrittenWord | str  # a str is one of the marks , . ; : ! ?


def cut(text: str) -> tuple[list[Token], list[Screened]]:
    """Cut a text into words and marks, and report what was screened out.

    Of several marks in a row the strongest stays; none stands before the first word.

    Raises:
        TextError: if braces hold an item that is not ARPAbet.
    """
    screened: list[Screened] = []
    tokens: list[Token] = []
    for token in _all_tokens(text, screened):
        if isinstance(token, WrittenWord) or (tokens and isinstance(tokens[-1], WrittenWord)):
            tokens.append(token)
        elif tokens:
            tokens[-1] = min(str(tokens[-1]), token, key=_STRONGEST_FIRST.index)
    if tokens and tokens[-1] == _PAUSE:
        tokens.pop()
    return ["," if token == _PAUSE else token for token in tokens], screened


def _all_tokens(text: str, screened: list[Screened]) -> Iterator[Token]:
    for position, piece in enumerate(_GIVEN.split(text)):
        if position % 2:
            yield WrittenWord(piece, _arpabet(piece))
            continue
        part = screen(write_out(read_written_forms(piece)))
        screened.append(part)
        for match in _TOKEN.finditer(part.text):
            if not match[0].lstrip("'")[0].isalpha():
                yield match[0] if match[0] in _STRONGEST_FIRST else _PAUSE
            elif len(match[0]) > _LONGEST_WORD:
                part.skipped.append(match[0][:20] + "…")
            else:
                *prefixes, last = match[0].split("-")
                yield from (WrittenWord(part, prefix=True) for part in prefixes)
                yield WrittenWord(last)


def _arpabet(items: str) -> tuple[str, ...]:
    for item in items.split():
        if item not in arpabet:
            raise TextError(
                f"{item[:20]!r} in braces is no ARPAbet item; items look like HH, AW1, S"
            )
    return tuple(items.split())
