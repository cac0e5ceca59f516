"""Any script to ASCII, as the published voices were given it.

The published text front end used a GPL package; anyascii (ISC) does the same work for letters of
every script, and this table puts right the typographic marks where the two disagree.
"""

from __future__ import annotations

from anyascii import anyascii

# What the published front end made of these; "£20" was really spoken as "pstwenty".
_PUBLISHED_READINGS = {
    "£": "PS",
    "¢": "C/",
    "¥": "Y=",
    "§": "SS",
    "·": "*",
    "×": "x",
    "—": "--",
    "―": "--",
    "⁃": "--",
    "‚": ",",
    "„": ",,",
    "‧": ".",
    "\u200b": " ",
    "←": "-",
    "→": "-",
    "↔": "-",
    "−": "-",
    "∶": ":",
    "©": "(c)",
    "®": "(r)",
    "™": "(tm)",
    "℠": "(sm)",
    "№": "No. ",
    "℃": "degC",
    "℉": "degF",
    "₺": "L",
    "₽": "R",
    "₪": "NS",
    "¼": " 1/4",
    "½": " 1/2",
    "¾": " 3/4",
    "⅓": " 1/3 ",
    "⅔": " 2/3 ",
    "⅛": " 1/8 ",
    "⅜": " 3/8 ",
    "⅝": " 5/8 ",
    "⅞": " 7/8 ",
}

# Pictures have no reading: arrows, operators and technical signs; boxes, dingbats and braille;
# emoji. anyascii would spell some of them out (":thumbsup:").
_UNREAD_BLOCKS = ((0x2190, 0x245F), (0x2500, 0x2BFF), (0x1F000, 0x1FBFF))


class _Readings(dict[int, str]):
    """Code point to ASCII, worked out when a character is first met."""

    def __missing__(self, code: int) -> str:
        unread = any(first <= code <= last for first, last in _UNREAD_BLOCKS)
        self[code] = "" if unread else anyascii(chr(code))
        return self[code]


_readings = _Readings({ord(mark): reading for mark, reading in _PUBLISHED_READINGS.items()})


def to_ascii(text: str) -> str:
    """Spell ``text`` in ASCII; characters without a reading are dropped."""
    return text if text.isascii() else text.translate(_readings)
