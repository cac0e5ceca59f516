"""Text to symbol ids and back (the front end of the published English voices).

>>> text_to_sequence("Hello, world.")
[45, 42, 49, 49, 52, 6, 11, 60, 52, 55, 49, 41, 7]
>>> sequence_to_text(text_to_sequence("Turn {L EH1 F T} at 5."))
'turn {L EH1 F T} at five.'
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable, Iterator

from labkit.errors import TextError
from labkit.text.cleaners import select_cleaners
from labkit.text.symbol_table import (
    arpabet,
    blank_id,
    first_letter_id,
    pad_id,
    symbol_to_id,
    symbols,
)

_PLAIN_SYMBOLS = frozenset(symbols) - {symbols[pad_id]}

__all__ = [
    "arpabet",
    "clean_text",
    "pad_id",
    "sequence_to_text",
    "symbol_to_id",
    "symbols",
    "text_to_sequence",
]


def text_to_sequence(
    text: str,
    cleaners: str | list[str] | tuple[str, ...] = ("english_cleaners",),
    *,
    normalise: str = "published",
) -> list[int]:
    """Turn a text into the symbol ids that a Tacotron 2 reads.

    A group in braces is ARPAbet and is not cleaned: ``"Turn on {HH AW1 S T AH0 N} Street."``
    Characters that the table lacks are dropped after cleaning.

    Args:
        text: the text to speak. A brace group must open and close on the same line.
        cleaners: names of the cleaners, applied from first to last: ``english_cleaners``,
            ``transliteration_cleaners``, ``basic_cleaners``.
        normalise: how ``english_cleaners`` reads numbers and abbreviations. "published" reads
            them as the published voices were trained, defects included, and drops an unknown
            ARPAbet item with a warning. "modern" reads them properly, leaves no blank at the
            ends or beside a dropped mark, and refuses an unknown ARPAbet item.

    Returns:
        Ids from 1 to 147, one for each symbol. Padding (0) never occurs.

    Raises:
        TextError: if the text is not a string, nothing in it can be spoken, an option does not
            exist, or (modern) an ARPAbet item does not exist.
    """
    functions = select_cleaners(cleaners, normalise)
    if not isinstance(text, str):
        raise TextError(f"the text must be a str, got {type(text).__name__}")

    sequence: list[int] = []
    unknown: list[str] = []
    for segment, in_braces in split_at_braces(text):
        if in_braces:
            items = segment.split()
            sequence += [symbol_to_id["@" + item] for item in items if "@" + item in symbol_to_id]
            unknown += [item for item in items if "@" + item not in symbol_to_id]
        else:
            for clean in functions:
                segment = clean(segment)
            sequence += [symbol_to_id[mark] for mark in segment if mark in _PLAIN_SYMBOLS]
    if unknown:
        _complain_about(unknown, strict=normalise == "modern")
    if normalise == "modern":
        sequence = _strip_blanks(sequence)
    if not any(index >= first_letter_id for index in sequence):
        raise TextError(f"nothing in the text {_shorten(text)} can be spoken; give it a word")
    return sequence


def sequence_to_text(sequence: Iterable[int]) -> str:
    """Spell symbol ids; ARPAbet items come in braces, neighbours in one group.

    Args:
        sequence: ids from 0 to 147 (a list, an array or a one-dimensional tensor).

    Raises:
        TextError: for an id outside the table.
    """
    spelled = []
    for position, index in enumerate(map(int, sequence)):
        if not 0 <= index < len(symbols):
            raise TextError(
                f"id {index} at position {position} is no symbol; ids go from 0 to "
                f"{len(symbols) - 1}"
            )
        symbol = symbols[index]
        spelled.append(f"{{{symbol[1:]}}}" if symbol[0] == "@" else symbol)
    return "".join(spelled).replace("}{", " ")


def clean_text(
    text: str,
    cleaners: str | list[str] | tuple[str, ...] = ("english_cleaners",),
    *,
    normalise: str = "published",
) -> str:
    """Show how a text will be read: what its ids spell. Arguments as `text_to_sequence`.

    >>> clean_text("Dr. Smith paid $5.50 in 1999.")
    'doctor smith paid five dollars, fifty cents in nineteen ninety-nine.'
    """
    return sequence_to_text(text_to_sequence(text, cleaners, normalise=normalise))


def split_at_braces(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into pieces outside and inside braces, in order.

    A group holds at least one character and no line break. Done by hand because a regular
    expression takes quadratic time on a text of opening braces.
    """
    done = 0
    opening = text.find("{")
    closing = -1
    while opening >= 0:
        if closing < opening + 2:
            closing = text.find("}", opening + 2)
        if closing < 0:
            break
        line_break = text.find("\n", opening, closing)
        if line_break >= 0:
            opening = text.find("{", line_break)
            continue
        yield text[done:opening], False
        yield text[opening + 1 : closing], True
        done = closing + 1
        opening = text.find("{", done)
    yield text[done:], False


def _complain_about(unknown: list[str], strict: bool) -> None:
    first = unknown[0]
    near = difflib.get_close_matches(first[:8].upper(), arpabet, cutoff=0.5)
    complaint = f"{_shorten(first)} in braces is no ARPAbet item" + (
        f"; near it are {', '.join(near)}" if near else "; items look like HH, AW1, S"
    )
    if strict:
        raise TextError(complaint)
    others = f", nor are {len(unknown) - 1} more" if len(unknown) > 1 else ""
    warnings.warn(f"{complaint}{others}; dropped", UserWarning, stacklevel=3)


def _strip_blanks(sequence: list[int]) -> list[int]:
    sounding = [position for position, index in enumerate(sequence) if index != blank_id]
    return sequence[sounding[0] : sounding[-1] + 1] if sounding else []


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
