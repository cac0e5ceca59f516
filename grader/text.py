"""Makes text from students harmless: for terminals, for tables, for pages."""

from __future__ import annotations

import re
import unicodedata

# a quotation mark may belong to the table, and what stands behind it to the cell
_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace()) + '"'
_FORMULA = "=+-@\u2212"  # the last is the minus sign of typography


def visible(text: str, limit: int = 2000) -> str:
    """Show control, direction and surrogate characters as escapes, and cut what is too long."""
    shown = "".join(
        char if char == "\n" or unicodedata.category(char)[0] != "C" else f"\\u{ord(char):04x}"
        for char in text[:limit]
    )
    return shown + ("…" if len(text) > limit else "")


def neutral(text: str) -> str:
    """Return a table cell that no spreadsheet takes for a formula.

    Spreadsheets pass over white space, and some read full-width and other variants of a sign as the
    sign. Where lists are written with commas, tables may be cut at semicolons, and at ends of
    lines: what follows one is looked at, too.
    """
    first = _without_formula(visible(text))
    return re.sub(r"(?<=[;|\n])[^;|\n]+", lambda part: _without_formula(part[0]), first)


def _without_formula(text: str) -> str:
    first = text.lstrip(_SPACES)[:1]
    return "'" + text if first and unicodedata.normalize("NFKC", first)[0] in _FORMULA else text
