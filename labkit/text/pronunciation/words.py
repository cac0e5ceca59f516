"""How one word is said: looked up, put together from known parts, spelled out, or guessed."""

from __future__ import annotations

import re
from typing import NamedTuple

from labkit.text.pronunciation.inflections import inflected, with_s
from labkit.text.pronunciation.lexicon import look_up, word_set

_LETTER_NAMES = {
    "a": "EY1", "b": "B IY1", "c": "S IY1", "d": "D IY1", "e": "IY1", "f": "EH1 F", "g": "JH IY1",
    "h": "EY1 CH", "i": "AY1", "j": "JH EY1", "k": "K EY1", "l": "EH1 L", "m": "EH1 M",
    "n": "EH1 N", "o": "OW1", "p": "P IY1", "q": "K Y UW1", "r": "AA1 R", "s": "EH1 S",
    "t": "T IY1", "u": "Y UW1", "v": "V IY1", "w": "D AH1 B AH0 L Y UW0", "x": "EH1 K S",
    "y": "W AY1", "z": "Z IY1",
}  # fmt: skip
# Written in capitals among small letters, these are letters, though they spell a word.
_SPELLED_IN_CAPITALS = word_set("AD AI CE CO CT ED EM ER ID IP IT LA MD MS OS UN US")
_NOISES = {
    "hmm": "HH M", "hmmm": "HH M", "mmm": "M", "shh": "SH", "shhh": "SH", "psst": "P S T",
    "pst": "P S T", "brr": "B ER1", "brrr": "B ER1", "grr": "G ER1", "zzz": "Z", "tsk": "T IH1 S K",
    "pfft": "F T", "nth": "EH1 N TH",
}  # fmt: skip
_CONTRACTED = {"d": "AH0 D", "ll": "AH0 L", "m": "AH0 M", "re": "ER0", "ve": "AH0 V"}
_SPELLABLE_CAPITALS = 3  # unknown words in capitals up to this length are spelled out
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_VOWEL = re.compile(r"[^aeiouy]+\Z")
_CAPITALS_IN_S = re.compile(r"([A-Z]{2,5})s\Z")


class Said(NamedTuple):
    """Phones, vowels with their stress, and whether they had to be guessed from the letters."""

    phones: tuple[str, ...]
    guessed: bool = False


def say(word: str, *, shouted: bool = False) -> Said:
    """Say a word without regard to its neighbours.

    Args:
        word: ASCII letters in any case, and apostrophes; at least one letter.
        shouted: the text around it is in capitals, so capitals say nothing about this word.
    """
    known = None if _is_initialism(word, shouted) else look_up(word.lower())
    if known:
        return Said(known)
    plain = word.strip("'")
    if word != plain:
        return say(plain, shouted=shouted)
    base, apostrophe, ending = word.rpartition("'")
    if apostrophe and ending.lower() == "s":
        said = say(base, shouted=shouted)
        return Said(with_s(said.phones), said.guessed)
    if apostrophe and ending.lower() in _CONTRACTED:
        said = say(base, shouted=shouted)
        return Said((*said.phones, *_CONTRACTED[ending.lower()].split()), said.guessed)
    if apostrophe:
        return _joined([base, ending], shouted)
    return _say_letters(word, shouted)


def spell(word: str) -> tuple[str, ...]:
    """Say a word letter by letter: FBI."""
    return tuple(phone for letter in word.lower() for phone in _LETTER_NAMES[letter].split())


def _say_letters(word: str, shouted: bool) -> Said:
    """Say a word of letters alone that the lexicon lacks."""
    small = word.lower()
    if len(word) == 1 or _is_initialism(word, shouted):
        return Said(spell(word))
    if small in _NOISES:
        return Said(tuple(_NOISES[small].split()))
    if plural := _CAPITALS_IN_S.match(word):
        return Said(with_s(say(plural[1]).phones))
    parts = _HUMP.split(word)
    if len(parts) > 1:
        return _joined(parts, shouted)
    if _NO_VOWEL.match(small):
        return Said(spell(word))
    if phones := inflected(small):
        return Said(phones)
    from labkit.text.pronunciation.letter_to_sound import guess  # brings NumPy, rarely needed

    return Said(guess(small), True)


def _is_initialism(word: str, shouted: bool) -> bool:
    """Whether capitals say that the letters are named."""
    if shouted or len(word) < 2 or not (word.isalpha() and word.isupper()):
        return False
    if word in _SPELLED_IN_CAPITALS:
        return True
    return len(word) <= _SPELLABLE_CAPITALS and look_up(word.lower()) is None


def _joined(parts: list[str], shouted: bool) -> Said:
    said = [say(part, shouted=shouted) for part in parts if part.strip("'")]
    phones = tuple(phone for part in said for phone in part.phones)
    return Said(phones, any(part.guessed for part in said))
