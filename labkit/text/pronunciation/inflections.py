"""Endings whose sound follows from the sound before them: -s, -'s, -ed, -ing."""

from __future__ import annotations

from collections.abc import Sequence

_SIBILANTS = frozenset("S Z SH ZH CH JH".split())
_VOICELESS = frozenset("P T K F TH".split())


def possessive(phones: Sequence[str]) -> list[str]:
    """Add -'s (or the -s of a plural or a verb): cat's, dog's, horse's."""
    last = phones[-1]
    if last in _SIBILANTS:
        return [*phones, "IH0", "Z"]
    return [*phones, "S" if last in _VOICELESS else "Z"]


def past(phones: Sequence[str]) -> list[str]:
    """Add -ed: walked, hummed, waited."""
    last = phones[-1]
    if last in ("T", "D"):
        return [*phones, "IH0", "D"]
    return [*phones, "T" if last in _VOICELESS or last in ("S", "SH", "CH") else "D"]
