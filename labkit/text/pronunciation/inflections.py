"""Endings whose sound follows from the sound before them, and words made of known ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from labkit.text.pronunciation.lexicon import look_up

Phones = tuple[str, ...]

_SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_SHORTEST_STEM = 3


def with_s(phones: Phones) -> Phones:
    """Add the -s of a plural, a possessive or a verb: cats, dogs, horses."""
    if phones[-1] in _SIBILANTS:
        return (*phones, "IH0", "Z")
    return (*phones, "S" if phones[-1] in _VOICELESS else "Z")


def with_ed(phones: Phones) -> Phones:
    """Add the -ed of a past tense: walked, hummed, waited."""
    if phones[-1] in ("T", "D"):
        return (*phones, "IH0", "D")
    voiceless = phones[-1] in _VOICELESS or phones[-1] in ("S", "SH", "CH")
    return (*phones, "T" if voiceless else "D")


def _with(*ending: str) -> Callable[[Phones], Phones]:
    return lambda phones: (*phones, *ending)


# Longer endings first. A base that lost its -e ("bak-ing") or doubled its last letter ("hop-ping")
# is tried, too.
_ENDINGS: tuple[tuple[str, Callable[[Phones], Phones]], ...] = (
    ("ness", _with("N", "AH0", "S")),
    ("less", _with("L", "AH0", "S")),
    ("like", _with("L", "AY2", "K")),
    ("ing", _with("IH0", "NG")),
    ("ly", _with("L", "IY0")),
    ("ed", with_ed),
    ("er", _with("ER0")),
    ("s", with_s),
)


def inflected(word: str, known: Callable[[str], Phones | None] = look_up) -> Phones | None:
    """Say a word that the lexicon lacks as one that it has, with a regular ending.

    Args:
        word: in lower case.
        known: how the words of the lexicon are said.

    Returns:
        Its phones, or None if it is no known word with a regular ending.
    """
    for ending, add in _ENDINGS:
        if word.endswith(ending):
            for base in _bases(word[: -len(ending)], ending):
                phones = known(base) if len(base) >= _SHORTEST_STEM else None
                if phones:
                    return add(phones)
    return None


def _bases(stem: str, ending: str) -> Iterator[str]:
    yield stem
    if ending in ("ing", "ed", "er"):
        if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
            yield stem[:-1]
        yield stem + "e"
    if ending in ("s", "ed", "er", "ness") and stem[-1:] == "i":
        yield stem[:-1] + "y"
    if ending == "s" and stem[-1:] == "e":
        yield stem[:-1]
        if stem.endswith("ie"):
            yield stem[:-2] + "y"
