"""CMUdict, packed: the pronunciations of 120 000 words in 0.7 MB, unpacked when first needed.

The unpacked lexicon stays one string of sorted lines, ``word TAB phones``, a character for each
phone. A word is found by bisection; building a dictionary would take ten times as long as most
programs ever spend on looking words up.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from labkit.text.symbol_table import arpabet

DATA = Path(__file__).parent / "data"

# Vowels without a stress digit do not occur in the lexicon.
_PHONES = tuple(item for item in arpabet if item[-1] in "012" or item + "0" not in arpabet)
_CODES = {phone: chr(0x30 + index) for index, phone in enumerate(_PHONES)}
_DECODED = {code: phone for phone, code in _CODES.items()}


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(words.split())


def encode_phones(phones: Sequence[str]) -> str:
    """Write ARPAbet phones, vowels with their stress, as one character each."""
    return "".join(_CODES[phone] for phone in phones)


def look_up(word: str) -> tuple[str, ...] | None:
    """Find how a word is pronounced.

    Args:
        word: in lower case; letters, apostrophes and hyphens.

    Returns:
        ARPAbet phones, vowels with their stress (``"K", "AE1", "T"``), or None.
    """
    if not word.isascii():
        return None
    lines = _unpacked()
    wanted = b"\n%s\t" % word.encode()
    low, high = 0, len(lines) - 1  # each is the line break before a line
    while low < high:
        middle = lines.rfind(b"\n", low, (low + high) // 2 + 1)
        line_end = lines.index(b"\n", middle + 1)
        found = lines[middle : middle + len(wanted)]
        if found == wanted:
            codes = lines[middle + len(wanted) : line_end].decode("latin-1")
            return tuple(_DECODED[code] for code in codes)
        if lines[middle:line_end].partition(b"\t")[0] < wanted[:-1]:
            low = line_end
        else:
            high = middle
    return None


def entries() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Go through all words and their phones, in alphabetical order."""
    for line in _unpacked().decode("latin-1").strip().split("\n"):
        word, codes = line.split("\t")
        yield word, tuple(_DECODED[code] for code in codes)


@cache
def _unpacked() -> bytes:
    return zlib.decompress((DATA / "lexicon.zlib").read_bytes())
