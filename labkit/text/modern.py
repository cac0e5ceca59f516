"""English normalisation that reads what a person would read.

For voices trained with it. It differs from `labkit.text.published` in more than the defects: it
knows units, times, fractions, symbols and the two meanings of "St.", and leaves no stray blanks.
Roman numerals, and acronyms without periods, are left as they are written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from labkit.text.abbreviations import SUFFIXES, TITLES
from labkit.text.modern_addresses import read_addresses
from labkit.text.modern_numbers import CURRENCIES, read_numbers
from labkit.text.symbol_table import symbols
from labkit.text.transliteration import to_ascii

_ABBREVIATIONS = TITLES | SUFFIXES
# Small letters may spell another word: "the gen.", "mt." in a table of contents.
_CAPITALISED_ONLY = {"gen", "maj", "col", "capt", "rev", "hon", "gov", "sen", "mt", "ft", "ave"}
_PERIODLESS = "Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Ltd|etc|vs"
_ABBREVIATION = re.compile(
    rf"(?<![\w.])(?:({'|'.join(map(re.escape, _ABBREVIATIONS))})\.|((?-i:{_PERIODLESS}))\b)",
    re.IGNORECASE,
)
_LETTERS_WITH_PERIODS = re.compile(r"(?<![\w.])(?:[^\W\d_]\.){2,}")

# A capitalised word before "St." names a street, unless it only opens a sentence or is part of
# the name of a place: "In St. Louis", "Port St. Lucie".
_NO_STREET_NAME = re.compile(
    r"(?:A|An|And|As|At|But|By|For|From|If|In|Is|It|Like|Near|Of|On|Or|Our|So|That|The|Then|This"
    r"|To|Under|Was|We|When|Where|With|Cape|Fort|Lake|Mont|Mount|Port|Sault|Dear|Old|New|Visit)\Z"
)
_STREET_NAME = re.compile(r"[A-Z]|[0-9]+(?:st|nd|rd|th)\Z")
_WORD_BEFORE = re.compile(r"([\w'-]+) \Z")
_CAPITAL_NEXT = re.compile(r" ?(?!(?:Co|Corp|Inc|Ltd|Jr|Sr|Esq)\b)[A-Z]")
_TEXT_ENDS = re.compile(r"[ \"')\]]{0,8}\Z")

_MONTHS = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sep": "September",
    "Sept": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
}


def _expand_abbreviation(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    written = match[1] or match[2]
    key = written.lower()
    if key in _CAPITALISED_ONLY and not written[0].isupper():
        return match[0]
    capital_next = bool(_CAPITAL_NEXT.match(text, end))
    word = _ABBREVIATIONS[key]
    if key in ("st", "dr"):
        before = _WORD_BEFORE.search(text[max(0, start - 40) : start])
        word = _saint_or_street(key, before[1] if before else "", capital_next)
    keeps_period = match[1] and (
        _TEXT_ENDS.match(text, end) or (capital_next and word in SUFFIXES.values())
    )
    joined = text[end : end + 1].isalnum()
    return word + "." * bool(keeps_period) + " " * joined


def _saint_or_street(key: str, before: str, capital_next: bool) -> str:
    """Read "St." and "Dr." by the words around them."""
    after_name = _STREET_NAME.match(before) and not _NO_STREET_NAME.match(before)
    if key == "dr":
        return "drive" if after_name and not capital_next else "doctor"
    return "street" if after_name or (before and not capital_next) else "saint"


def _spell_letters(match: re.Match[str]) -> str:
    letters = match[0].replace(".", " ").strip().lower()
    text, end = match.string, match.end()
    half_day = letters in ("a m", "p m")
    ends = _TEXT_ENDS.match(text, end) or (half_day and _CAPITAL_NEXT.match(text, end))
    return letters + "." * bool(ends)


# "10⁶", "2¹⁰", "10⁻³"; squares and cubes have names.
_POWER = re.compile("(?<=[0-9])(?:⁻[⁰¹²³⁴-⁹]+|[⁰¹²³⁴-⁹]{2,}|[⁰¹⁴-⁹])")

_Rules = list[tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str]]

# Characters that compatibility normalisation would make ambiguous.
_MARK_RULES: _Rules = [
    (re.compile(r"[‘’ʼ´]"), "'"),
    (re.compile(r"[“”„]"), '"'),
    (re.compile(r"[®™℠]"), ""),
    (re.compile(r"№ ?"), "number "),
    (re.compile(r" ?([¼½¾⅐-⅞])"), lambda match: " " + unicodedata.normalize("NFKC", match[1])),
    (_POWER, lambda match: " to the power of " + unicodedata.normalize("NFKC", match[0])),
    (re.compile("²"), "^2"),
    (re.compile("³"), "^3"),
    (re.compile("[⁄∕]"), "/"),
    (re.compile("[‐‑‒]"), "-"),
]
_WORD_RULES: _Rules = [
    (re.compile(r"(?<=[0-9]) ?([ap])m\b", re.IGNORECASE), lambda match: f" {match[1].lower()} m"),
    (re.compile(r"\bv\.? ?(?=[0-9]+\.[0-9])"), "version "),
    (re.compile(r"(?<=[0-9])(?=[ap]\.m\.)", re.IGNORECASE), " "),
    (re.compile(rf"\b({'|'.join(_MONTHS)})\b\.?(?= [0-9])"), lambda match: _MONTHS[match[1]]),
    (re.compile(rf"\b({'|'.join(_DAYS)})\."), lambda match: _DAYS[match[1]]),
    (re.compile(r"\bext\. ?(?=[0-9])"), "extension "),
    (re.compile(r"(?:\bno\. ?|#)(?=[0-9])", re.IGNORECASE), "number "),
    (_ABBREVIATION, _expand_abbreviation),
    (_LETTERS_WITH_PERIODS, _spell_letters),
    (re.compile(r"(?:[~≈] ?)(?=[0-9])"), "about "),
    (re.compile(r"(?<=[0-9])x(?=[0-9])"), " by "),
]

# What is left of the symbols, after numbers are read.
_SYMBOL_WORDS = {sign: one for sign, (one, *_) in CURRENCIES.items()} | {
    "&": "and",
    "%": "percent",
    "+": "plus",
    "=": "equals",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≤": "at most",
    "≥": "at least",
    "≠": "is not",
    "@": "at",
    "#": "hashtag",
    "°": "degrees",
    "§": "section",
    "©": "copyright",
    "/": "",
    "\\": "",
    "_": "",
    "|": "",
}
_SYMBOL_READINGS = str.maketrans({symbol: f" {word} " for symbol, word in _SYMBOL_WORDS.items()})
_UNKNOWN = re.compile(rf"[^{re.escape(''.join(mark for mark in symbols[1:] if len(mark) == 1))}]")
_BLANKS = re.compile(r"\s+")
_BLANK_BEFORE_MARK = re.compile(r" (?=[,.;:!?)])")


def _plain_characters(text: str) -> str:
    """Full-width letters, ligatures and the digits of every script become ordinary ones."""
    text = unicodedata.normalize("NFKC", text)
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(mark, mark)) for mark in text)


def write_out(text: str) -> str:
    """Write numbers, units, abbreviations and symbols in words.

    Letters keep their case and their script; marks that cannot be spoken are still there.
    """
    text = _apply(_MARK_RULES, read_addresses(_BLANKS.sub(" ", text)))
    text = _apply(_WORD_RULES, _plain_characters(text))
    return read_numbers(text).translate(_SYMBOL_READINGS)


def modern_english(text: str) -> str:
    """Write ``text`` out in the symbols of the table, lower case, as it is read aloud."""
    text = _UNKNOWN.sub("", to_ascii(write_out(text)).lower())
    return _BLANK_BEFORE_MARK.sub("", _BLANKS.sub(" ", text))


def _apply(rules: _Rules, text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
