"""Makes text from students harmless: for terminals, for tables, for pages."""

from __future__ import annotations

import unicodedata

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
    sign.
    """
    text = visible(text)
    first = text.lstrip()[:1]
    return "'" + text if first and unicodedata.normalize("NFKC", first)[0] in _FORMULA else text
