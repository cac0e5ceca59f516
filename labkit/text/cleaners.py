"""Cleaners: what happens to the characters of a text before each is looked up in the table."""

from __future__ import annotations

import re
from collections.abc import Callable

from labkit.errors import TextError
from labkit.text.modern import modern_english
from labkit.text.published import expand_abbreviations, expand_numbers
from labkit.text.transliteration import to_ascii

_BLANKS = re.compile(r"\s+")


def _collapse_blanks(text: str) -> str:
    return _BLANKS.sub(" ", text)


def basic_cleaners(text: str) -> str:
    """Lower case, single blanks; for text that is in the table's alphabet already."""
    return _collapse_blanks(text.lower())


def transliteration_cleaners(text: str) -> str:
    """ASCII, lower case, single blanks; for languages other than English."""
    return _collapse_blanks(to_ascii(text).lower())


def english_cleaners(text: str) -> str:
    """ASCII, lower case, numbers and abbreviations in words, single blanks.

    Blanks at both ends are kept, and a mark that the table lacks is dropped later, which can leave
    two blanks in a row: the published voices were trained so.
    """
    text = expand_numbers(to_ascii(text).lower())
    return _collapse_blanks(expand_abbreviations(text))


_CLEANERS: dict[str, Callable[[str], str]] = {
    cleaner.__name__: cleaner
    for cleaner in (english_cleaners, transliteration_cleaners, basic_cleaners)
}
_NORMALISATIONS = ("published", "modern")


def select_cleaners(
    cleaners: str | list[str] | tuple[str, ...], normalise: str
) -> list[Callable[[str], str]]:
    """Find the functions of the named cleaners.

    Args:
        cleaners: names, applied from first to last.
        normalise: how ``english_cleaners`` reads numbers and abbreviations.

    Raises:
        TextError: for a name that does not exist, or "modern" without ``english_cleaners``.
    """
    names = [cleaners] if isinstance(cleaners, str) else list(cleaners)
    for name in names:
        if name not in _CLEANERS:
            raise TextError(f"no cleaner is called {name!r}; there are {', '.join(_CLEANERS)}")
    if normalise not in _NORMALISATIONS:
        raise TextError(
            f"normalise={normalise!r} does not exist; choose one of {', '.join(_NORMALISATIONS)}"
        )
    if normalise == "published":
        return [_CLEANERS[name] for name in names]
    if english_cleaners.__name__ not in names:
        raise TextError(
            "normalise='modern' is a way to read English; put 'english_cleaners' among the cleaners"
        )
    return [
        modern_english if name == english_cleaners.__name__ else _CLEANERS[name] for name in names
    ]
