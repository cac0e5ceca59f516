"""E-mail addresses, web addresses and file names, read mark by mark: "jane dot doe at example"."""

from __future__ import annotations

import re

_MARKS = {
    ".": "dot",
    "@": "at",
    "/": "slash",
    "-": "dash",
    "_": "underscore",
    ":": "colon",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
}
_DOMAINS = "com|org|net|edu|gov|int|info|io|ai|dev|app|uk|de|fr|eu|us|ca|au|jp|cn|ch|at|nl|es|it"
_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}\.)"  # one part of a domain, with its dot
# A trailing mark belongs to the sentence, not to the address.
_PATH = r"(?::[0-9]{1,5})?(?:[/?#](?:[\w/.\-_?=&#%+~:]*[\w/])?)?"
# Addresses begin where a word begins: looking from every letter would take quadratic time.
_EMAIL = re.compile(rf"(?<![\w.+@-])[\w.+-]{{1,64}}@(?:{_NAME})+[a-zA-Z]{{2,}}\b")
_WEB = re.compile(
    rf"(?<![\w.@-])(?:https?://(?:{_NAME})*[a-zA-Z0-9-]+"
    rf"|(?:{_NAME})+(?:{_DOMAINS})(?![\w-]|\.\w)){_PATH}"
)
_SCHEME = re.compile(r"https?://")
# "report.pdf", "node.js"; a capital after the point opens a sentence.
_FILE = re.compile(r"(?<=[a-zA-Z0-9_][a-z0-9_])\.(?=[a-z][a-z0-9]{1,3}\b)")
_MARK = re.compile(f"[{re.escape(''.join(_MARKS))}]")
_SPELLED = re.compile(r"\b(?:www|edu|io|uk|eu|us|ai)\b", re.IGNORECASE)


def read_addresses(text: str) -> str:
    """Write out every address in ``text``, so that no mark in it is taken for punctuation."""
    text = _WEB.sub(_spell_out, _EMAIL.sub(_spell_out, text))
    return _FILE.sub(" dot ", text)


def _spell_out(match: re.Match[str]) -> str:
    address = _SCHEME.sub("", match[0]).rstrip("/")
    words = _MARK.sub(lambda mark: f" {_MARKS[mark[0]]} ", address)
    return _SPELLED.sub(lambda name: " ".join(name[0]), words)
