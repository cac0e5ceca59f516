"""Numbers read properly: money, units, times, dates, ranges, fractions, years.

Each rule rewrites one notation into words and leaves the rest to the rules after it; the table at
the end gives their order. Rules run on text whose digits are ASCII and whose letters still have
their case.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from labkit.text.number_words import cardinal, digit_by_digit, ordinal, year

# Digits, perhaps grouped by commas, perhaps with a decimal part.
_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
_NUMBER = rf"{_WHOLE}(?:\.[0-9]+)?"
# No number begins inside another one.
_START = r"(?<![0-9.,])"

CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_MAGNITUDES = {"k": "thousand", "K": "thousand", "m": "million", "M": "million"} | {
    "bn": "billion",
    "B": "billion",
    "tn": "trillion",
}
_MAGNITUDE = r"(?:[ ]?(thousand|million|billion|trillion)|(bn|tn|[kKmMB]))\b"
_SIGN = rf"[{''.join(CURRENCIES)}]"
_MONEY = re.compile(
    rf"({_SIGN})[ ]?({_NUMBER}|\.[0-9]+)(?![0-9]|[.,][0-9])(?:{_MAGNITUDE})?(/(?=[a-z]))?"
)
_MONEY_BEHIND = re.compile(rf"{_START}({_NUMBER})[ ]?({_SIGN})(?![0-9])")

_UNITS = {
    "km": ("kilometer", "kilometers"),
    "m": ("meter", "meters"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "V": ("volt", "volts"),
    "dB": ("decibel", "decibels"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "m^2": ("square meter", "square meters"),
    "km^2": ("square kilometer", "square kilometers"),
    "m^3": ("cubic meter", "cubic meters"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
# The period of an abbreviated unit goes, that of a sentence stays.
_MEASURE = re.compile(rf"{_START}({_NUMBER})([ -]?)({_UNIT})(?![\w^/])(?:\.(?= [a-z]))?")

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(r"(?<![\w/.-])([0-9]{4})-([01][0-9])-([0-3][0-9])(?![\w/-])")
_MONTH_DAY = re.compile(rf"\b({_MONTHS}) ([0-9]{{1,2}})(?![\w:/-]|[.,][0-9])")
_DAY_MONTH = re.compile(rf"(?<![\w.,:/-])(the )?([0-9]{{1,2}}) ({_MONTHS})\b")
_SLASHED_DATE = re.compile(r"(?<![\w/.-])([0-9]{1,2})/([0-9]{1,2})/([12][0-9]{3})(?![\w/-])")
_RATIO = re.compile(r"(?<![\w.,:])([0-9]+):([0-9]+)(?![\w:])")
_FEET_INCHES = re.compile(r"(?<![\w.,])([0-9]{1,2})['′] ?([0-9]{1,2})(?:\"|''|″)")
_TIME = re.compile(
    r"(?<![\w:.])([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?(?![\w:])( [ap] m\b)?"
)

_PHONE = re.compile(r"(?<![\w-])\(?([0-9]{3})\)?[ .-]([0-9]{3})[.-]([0-9]{4})(?![\w-])")
_MINUS = re.compile(rf"(?:(?<![\w.)\]-])-|−)(?={_SIGN}?\.?[0-9])")
_RANGE = re.compile(
    rf"(?<![\w.,:/-])({_SIGN}?{_NUMBER})(?:-|[ ]?–[ ]?)({_SIGN}?{_NUMBER})"
    r"(?![0-9]|[:/-]\w|[.,][0-9])"
)
_DECADE = re.compile(
    r"(?<![\w.,])(?:([0-9]{4})|(?:'|(?<=\bthe )|(?<=\bmid[ -])|(?<=\bearly )|(?<=\blate )"
    r"|(?<=\bhis )|(?<=\bher )|(?<=\btheir ))([2-9]0))'?s\b",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"(?<![\w./,])(?:([0-9]+) )?([0-9]{1,2})/([2-9]|10|12|16|20|32|64|100)(?![\w/]|[.,][0-9])"
)
_FRACTION_MEASURE = re.compile(
    rf"(?<![\w./,])(?:([0-9]+) )?([0-9]{{1,2}})/([2-9]|10|12|16|20|32|64|100)"
    rf"[ -]?({_UNIT})(?![\w^/])"
)
_ORDINAL = re.compile(rf"{_START}({_WHOLE})(?:st|nd|rd|th)\b", re.IGNORECASE)
_DECIMAL = re.compile(rf"(?<![0-9.])({_WHOLE})?((?:\.[0-9]+)+)")
_GROUPED = re.compile(r"(?<![0-9])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_INTEGER = re.compile(r"[0-9]+")


def _plain_cardinal(digits: str) -> str:
    """A number as one group of words, without commas."""
    return cardinal(digits.replace(",", "")).replace(",", "")


def _digits_after_point(fraction: str) -> str:
    return "".join(f" point {digit_by_digit(part)}" for part in fraction.split(".")[1:])


def _read(number: str) -> str:
    """``"1,234.5"`` → ``"one thousand two hundred thirty-four point five"``."""
    whole, point, fraction = number.partition(".")
    return _plain_cardinal(whole or "0") + _digits_after_point(point + fraction)


def _money(sign: str, amount: str, magnitude: str | None) -> str:
    one, many, one_part, many_parts = CURRENCIES[sign]
    whole, _, fraction = amount.replace(",", "").partition(".")
    if magnitude or len(fraction) > 2:
        return " ".join(filter(None, (_read(amount), magnitude, many)))
    units = whole.lstrip("0")
    # One digit after the point counts tens: $1.5 is fifty cents.
    parts = fraction.ljust(2, "0").lstrip("0")
    named = []
    if units or not parts:
        named.append(f"{_plain_cardinal(units)} {one if units == '1' else many}")
    if parts:
        named.append(f"{_plain_cardinal(parts)} {one_part if parts == '1' else many_parts}")
    return ", ".join(named)


def _money_in_front(match: re.Match[str]) -> str:
    sign, amount, magnitude, short_magnitude, per = match.groups()
    words = _money(sign, amount, magnitude or _MAGNITUDES.get(short_magnitude))
    return words + (" per " if per else "")


def _measure(match: re.Match[str]) -> str:
    number, gap, unit = match.groups()
    one, many = _UNITS[unit]
    return f"{_read(number)} {one if number == '1' or gap == '-' else many}"


def _plural(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")


def _decade(match: re.Match[str]) -> str:
    full, short = match.groups()
    return _plural(_integer_words(full) if full else cardinal(short))


def _day_of_year(month: str, day: str) -> str:
    return f"{month} {ordinal(day)}"


def _month_day(match: re.Match[str]) -> str:
    return _day_of_year(*match.groups()) if 1 <= int(match[2]) <= 31 else match[0]


def _day_month(match: re.Match[str]) -> str:
    _, day, month = match.groups()
    return f"the {ordinal(day)} of {month}" if 1 <= int(day) <= 31 else match[0]


def _slashed_date(match: re.Match[str]) -> str:
    """Month first, as Americans write; day first where the month could be no other."""
    month, day, full_year = match.groups()
    if int(month) > 12:
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return f"{_day_of_year(_MONTHS.split('|')[int(month) - 1], day)}, {full_year}"


def _date(match: re.Match[str]) -> str:
    full_year, month, day = match.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return f"{_day_of_year(_MONTHS.split('|')[int(month) - 1], day)}, {full_year}"


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half = int(match[1]), int(match[2]), match[3], match[4] or ""
    words = cardinal(str(hour))
    if minute:
        words += (" oh " if minute < 10 else " ") + cardinal(str(minute))
    elif not half:
        words += " o'clock" if 1 <= hour <= 12 else " hundred"
    if second:
        words += f" and {cardinal(second)} {'second' if int(second) == 1 else 'seconds'}"
    return words + half


def _phone(match: re.Match[str]) -> str:
    return ", ".join(digit_by_digit(group) for group in match.groups() if group)


def _fraction(match: re.Match[str]) -> str:
    whole, numerator, denominator = match.groups()
    if not 0 < int(numerator) < int(denominator):
        return match[0]
    part = {"2": "half", "4": "quarter"}.get(denominator) or ordinal(denominator, before_tens=" ")
    if int(numerator) > 1:
        part = _plural(part)
    words = f"{cardinal(numerator)} {part}"
    return f"{_plain_cardinal(whole)} and {words}" if whole else words


def _fraction_measure(match: re.Match[str]) -> str:
    whole, numerator, denominator, unit = match.groups()
    if not 0 < int(numerator) < int(denominator):
        return match[0]
    one, many = _UNITS[unit]
    fraction = _FRACTION.sub(_fraction, f"{whole} " * bool(whole) + f"{numerator}/{denominator}")
    return f"{fraction} {many if whole else one}"


def _feet_inches(match: re.Match[str]) -> str:
    return f"{cardinal(match[1])} foot {cardinal(match[2])}"


def _decimal(match: re.Match[str]) -> str:
    number, more = match.groups()
    words = _plain_cardinal(number) if number else ""
    return (words + _digits_after_point(more)).strip()


def _integer_words(digits: str) -> str:
    if len(digits) >= 10 or (digits[0] == "0" and len(digits) > 1):
        return digit_by_digit(digits)
    if len(digits) == 4 and 1100 <= int(digits) < 2100:
        return year(int(digits))
    return _plain_cardinal(digits)


# The order matters: each rule is more particular than those below it.
_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str]] = [
    (re.compile(rf"(?<=[^\W0-9_])(?={_SIGN}[0-9])"), " "),
    (_PHONE, _phone),
    (_DATE, _date),
    (_SLASHED_DATE, _slashed_date),
    (_DAY_MONTH, _day_month),
    (_FEET_INCHES, _feet_inches),
    (_MINUS, "minus "),
    (_RANGE, r"\1 to \2"),
    (_MONEY, _money_in_front),
    (_MONEY_BEHIND, lambda match: _money(match[2], match[1], None)),
    (_DECADE, _decade),
    (_FRACTION_MEASURE, _fraction_measure),
    (_MEASURE, _measure),
    (re.compile(r"\^2(?![0-9])"), " squared"),
    (re.compile(r"\^3(?![0-9])"), " cubed"),
    (_TIME, _time),
    (_RATIO, r"\1 to \2"),
    (_MONTH_DAY, _month_day),
    (_FRACTION, _fraction),
    (re.compile(r"(?<=[0-9])/(?=[0-9])"), " slash "),
    (_ORDINAL, lambda match: ordinal(match[1].replace(",", ""), before_tens=" ").replace(",", "")),
    (re.compile(r"(?<=[^\W0-9_])(?=[0-9])|(?<=[0-9])(?=[^\W0-9_])"), " "),
    (_DECIMAL, _decimal),
    (_GROUPED, lambda match: _plain_cardinal(match[0])),
    (_INTEGER, lambda match: _integer_words(match[0])),
]


def read_numbers(text: str) -> str:
    """Write out every number in ``text``; no digit is left."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
