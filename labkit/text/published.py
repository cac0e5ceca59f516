"""English normalisation exactly as the published voices were trained on it, defects included.

A voice expects the text it was trained on: "misess" for Mrs., "saint" for every "st.", five cents
in "$1,234.5". `labkit.text.modern` reads these properly, for voices trained that way.
"""

from __future__ import annotations

import re

from labkit.text.abbreviations import PUBLISHED
from labkit.text.number_words import cardinal, ordinal, year

# One after another, in this order: "lt.col." becomes "lieutenantcol.", because the first
# replacement takes away the word boundary that the second one needs.
_ABBREVIATIONS = [
    (re.compile(rf"\b{short}\.", re.IGNORECASE), long) for short, long in PUBLISHED.items()
]

# The look-behinds change no reading; without them a long run of digits takes quadratic time.
_GROUPED = re.compile(r"[0-9][0-9,]+[0-9]")
_DOLLARS = re.compile(r"\$([0-9.,]*[0-9])")
_DECIMAL = re.compile(r"(?<![0-9])[0-9]+\.[0-9]+")
_ORDINAL = re.compile(r"(?<![0-9])([0-9]+)(?:st|nd|rd|th)")
_INTEGER = re.compile(r"[0-9]+")


def expand_abbreviations(text: str) -> str:
    """Write out eighteen abbreviations, where they end in a period."""
    for pattern, long in _ABBREVIATIONS:
        text = pattern.sub(long, text)
    return text


def expand_numbers(text: str) -> str:
    """Write out dollars, decimals, ordinals and integers.

    There is no rule for pounds: transliteration has turned the sign into letters by now.
    """
    text = _GROUPED.sub(lambda match: match[0].replace(",", ""), text)
    text = _DOLLARS.sub(lambda match: _dollars(match[1]), text)
    text = _DECIMAL.sub(lambda match: match[0].replace(".", " point "), text)
    text = _ORDINAL.sub(lambda match: ordinal(match[1]), text)
    return _INTEGER.sub(lambda match: _integer(match[0]), text)


def _dollars(amount: str) -> str:
    """``"2.50"`` → ``"2 dollars, 50 cents"``; the digits after the point count cents."""
    parts = amount.replace(",", "").split(".")
    if len(parts) > 2:
        return amount + " dollars"
    counts = [part.lstrip("0") for part in parts]
    named = [
        f"{count} {unit}" if count == "1" else f"{count} {unit}s"
        for count, unit in zip(counts, ("dollar", "cent"), strict=False)
        if count
    ]
    return ", ".join(named) or "zero dollars"


def _integer(digits: str) -> str:
    significant = digits.lstrip("0")
    number = int(significant) if len(significant) == 4 else 0
    return year(number) if 1000 < number < 3000 else cardinal(digits)
