"""Abbreviations in one table: what they are read as, and what their period says."""

from __future__ import annotations

TITLES = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "drs": "doctors",
    "prof": "professor",
    "gen": "general",
    "maj": "major",
    "col": "colonel",
    "capt": "captain",
    "lt": "lieutenant",
    "sgt": "sergeant",
    "rev": "reverend",
    "hon": "honorable",
    "gov": "governor",
    "sen": "senator",
    "mt": "mount",
    "ft": "fort",
    "e.g": "for example",
    "i.e": "that is",
    "vs": "versus",
    "approx": "approximately",
}
"""Their period never ends a sentence."""

SUFFIXES = {
    "st": "street",
    "ave": "avenue",
    "blvd": "boulevard",
    "rd": "road",
    "jr": "junior",
    "sr": "senior",
    "esq": "esquire",
    "ph.d": "p h d",
    "co": "company",
    "corp": "corporation",
    "inc": "incorporated",
    "ltd": "limited",
    "dept": "department",
    "etc": "et cetera",
}
"""Their period ends a sentence if a capital follows."""

_MORE_TITLES = "rep pres messrs mme cf viz ca al ed eds tr"
UNREAD_TITLES = frozenset(_MORE_TITLES.split())
"""Of the same kind as the titles, and read as they are written."""

UNREAD_SUFFIXES = frozenset(("b.a", "m.a", "m.d"))
"""Of the same kind as the suffixes, and read as they are written."""

_ORDER = "mrs mr dr st co jr maj gen drs rev lt hon sgt capt esq ltd col ft"
_OTHERWISE = {"mrs": "misess", "st": "saint"}
PUBLISHED = {short: (TITLES | SUFFIXES | _OTHERWISE)[short] for short in _ORDER.split()}
"""What the published front end reads, in its order."""
