"""What must be read before letters lose their case: initials, Roman numerals, foreign scripts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from labkit.text.number_words import cardinal, ordinal
from labkit.text.pronunciation.lexicon import word_set
from labkit.text.transliteration import to_ascii

_ROMAN = re.compile(r"\b([A-Z][a-z]+) ([IVX]{1,7})\b(?![.'’]?[A-Za-z])")
_WELL_FORMED = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_COUNTED = word_set(
    "Act Appendix Article Book Chapter Class Episode Figure Game Grade Level Mark Part Phase Round "
    "Scene Season Section Stage Step Table Title Type Unit Volume War"
)
_RULERS = word_set(
    "Alexander Alfonso Benedict Catherine Charles Christian Constantine Edward Elizabeth Francis "
    "Frederick George Gustav Harald Henry Innocent Ivan James John Joseph Leo Leopold Louis Ludwig "
    "Mary Maximilian Napoleon Nicholas Otto Paul Peter Philip Pius Ramesses Richard Rudolf "
    "Thutmose Urban Victor Wilhelm William"
)
# "J. Smith", but not the end of a sentence: "plan B. He".
_OPENERS = "He|She|It|We|They|The|An|This|That|You|In|On|But|And|So|If|When|There|What|Why|How|Then"
_INITIAL = re.compile(rf"(?<![\w.'’-])([A-Z])\.(?= (?:[A-Z]\.|(?!(?:{_OPENERS})\b)[A-Z][a-z]))")
_BEFORE_INITIAL = re.compile(r"(?:\A|\b[A-Z][\w'’-]*\.?|[.!?,;:(\"“'‘])\s?\Z")
_PARAGRAPH = re.compile(r"([^\s.!?:;,])\s*\n\s*\n\s*")

# Alphabets and syllabaries whose Latin spelling says how they sound.
_SPELLED_SCRIPTS = word_set("LATIN GREEK CYRILLIC ARMENIAN GEORGIAN HIRAGANA KATAKANA HANGUL")
_WIDE_MARKS = str.maketrans("。、，！？：；・·•", ".,,!?:;,,,")
# Marks that guide the eye; nobody expects to hear them.
_SILENT = frozenset('"*`_|\\^~<>«»‹›「」『』¿¡†‡¶´¨˝′″')


@dataclass
class Screened:
    """Text in ASCII, and what happened on the way.

    Args:
        text: ASCII letters and marks.
        skipped: characters without a reading, in order, each once.
        transliterated: words of other scripts and their Latin spelling.
    """

    text: str = ""
    skipped: list[str] = field(default_factory=list)
    transliterated: dict[str, str] = field(default_factory=dict)


def read_written_forms(text: str) -> str:
    """Read initials and Roman numerals, and end a paragraph as a sentence."""
    text = _PARAGRAPH.sub(r"\1. ", text)
    return _INITIAL.sub(_initial, _ROMAN.sub(_roman, text))


def _initial(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 40) : match.start()]
    return match[1] if _BEFORE_INITIAL.search(before) else match[0]


def _roman(match: re.Match[str]) -> str:
    name, numeral = match.groups()
    if not _WELL_FORMED.fullmatch(numeral):
        return match[0]
    number = str(_roman_value(numeral))
    if name in _RULERS and (numeral != "I" or _ends_a_name(match)):
        return f"{name} the {ordinal(number)}"
    if name in _COUNTED or (len(numeral) > 1 and numeral != "XX" and len(name) > 3):
        return f"{name} {cardinal(number)}"
    return match[0]


def _ends_a_name(match: re.Match[str]) -> bool:
    """Tell "Elizabeth I of England" from "Henry, I think"."""
    return re.match(r"\Z|[.,;:!?)]| (?:of|was|and)\b", match.string[match.end() :][:8]) is not None


def _roman_value(numeral: str) -> int:
    total = 0
    for letter, following in zip(numeral, numeral[1:] + "I", strict=True):
        value = _ROMAN_VALUES[letter]
        total += value if value >= _ROMAN_VALUES[following] else -value
    return total


def screen(text: str) -> Screened:
    """Spell what can be spelled in ASCII; note what cannot.

    Chinese characters are skipped, because their Latin spelling without tones names other words;
    so are scripts that do not write their vowels, and emoji.
    """
    screened = Screened()
    pieces = []
    for word in text.translate(_WIDE_MARKS).split(" "):
        if word.isascii():
            pieces.append(word)
            continue
        spelled = "".join(_spell(character, screened.skipped) for character in word)
        if _is_foreign(word) and spelled.strip():
            screened.transliterated[_bare(word)] = _bare(spelled)
        pieces.append(spelled)
    screened.text = " ".join(pieces)
    return screened


def _bare(word: str) -> str:
    return word.strip(" ,.:;!?()'\"")


def _is_foreign(word: str) -> bool:
    return any(c.isalpha() and _script(c) in _SPELLED_SCRIPTS - {"LATIN"} for c in word)


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0].partition("-")[0]


def _spell(character: str, skipped: list[str]) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category in ("Pd", "Ps", "Pe"):
        return {"Pd": "--", "Ps": "(", "Pe": ")"}[category]
    if category[0] in "ZC":  # blanks; joiners and controls
        return " " if category[0] == "Z" else ""
    if category in ("Pi", "Pf", "Mn", "Me", "Sk") or character in _SILENT:
        return ""
    if character.isalpha() and _script(character) in _SPELLED_SCRIPTS | {"FEMININE", "MASCULINE"}:
        return to_ascii(character)
    if character not in skipped:
        skipped.append(character)
    return " "
