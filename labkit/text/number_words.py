"""Numbers to English words, comma for comma as the published voices were given them."""

from __future__ import annotations

import re

_NAMES_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_NAMES_OF_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety"
_NAMES_OF_THOUSANDS = (
    "- thousand million billion trillion quadrillion quintillion sextillion septillion octillion "
    "nonillion decillion"
)
_UNDER_TWENTY = _NAMES_UNDER_TWENTY.split()
_TENS = _NAMES_OF_TENS.split()
_SCALES = _NAMES_OF_THOUSANDS.split()
_MAX_DIGITS = 3 * len(_SCALES)
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_LAST_WORD = re.compile(r"[a-z]+\Z")


def digit_by_digit(digits: str) -> str:
    """``"007"`` → ``"zero zero seven"``."""
    return " ".join(_UNDER_TWENTY[int(digit)] for digit in digits)


def cardinal(digits: str, before_tens: str = " ") -> str:
    """``"12345"`` → ``"twelve thousand, three hundred forty-five"``.

    Leading zeros do not count. A number too large to have a name is read digit by digit.

    Args:
        digits: any number of ASCII digits.
        before_tens: what stands between hundreds or thousands and what is below a hundred.
    """
    digits = digits.lstrip("0") or "0"
    if len(digits) > _MAX_DIGITS:
        return digit_by_digit(digits)
    number = int(digits)
    groups: list[str] = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            words = _below_thousand(group, before_tens)
            groups.insert(0, words if scale == "-" else f"{words} {scale}")
    last = int(digits[-3:])
    if len(groups) > 1 and 0 < last < 100:
        groups[-2:] = [groups[-2] + before_tens + groups[-1]]
    return ", ".join(groups) or "zero"


def ordinal(digits: str, before_tens: str = " and ") -> str:
    """``"101"`` → ``"one hundred and first"``. Arguments as `cardinal`."""
    return _LAST_WORD.sub(_ordinal_word, cardinal(digits, before_tens))


def year(number: int) -> str:
    """``1905`` → ``"nineteen oh five"``; for years from 1001 to 2999."""
    century, rest = divmod(number, 100)
    if 2000 <= number < 2010:
        return cardinal(str(number))
    if rest == 0:
        return _below_hundred(century) + " hundred"
    return _below_hundred(century) + (" oh " if rest < 10 else " ") + _below_hundred(rest)


def _below_hundred(number: int) -> str:
    if number < 20:
        return _UNDER_TWENTY[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_UNDER_TWENTY[ones]}" if ones else "")


def _below_thousand(number: int, before_tens: str) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    words = _UNDER_TWENTY[hundreds] + " hundred"
    return words + before_tens + _below_hundred(rest) if rest else words


def _ordinal_word(match: re.Match[str]) -> str:
    word = match[0]
    if word in _IRREGULAR_ORDINALS:
        return _IRREGULAR_ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"
