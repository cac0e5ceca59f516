"""The 148 symbols that published English Tacotron 2 checkpoints were trained on.

A checkpoint's embedding has one row for each symbol, so the order is part of the weights: moving
one symbol makes every published voice babble.
"""

from __future__ import annotations

_PADDING = "_"
_PUNCTUATION = "-!'(),.:;? "
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_PHONEMES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V "
    "W Y Z ZH"
)

arpabet: tuple[str, ...] = tuple(
    phoneme + stress
    for phoneme in _PHONEMES.split()
    for stress in (("", "0", "1", "2") if phoneme in _VOWELS.split() else ("",))
)
"""The 84 ARPAbet items as they are written in braces; vowels may carry a stress digit."""

symbols: tuple[str, ...] = (_PADDING, *_PUNCTUATION, *_LETTERS, *("@" + item for item in arpabet))
"""Symbol of each id. ARPAbet items carry an ``@``: ``@B`` is the sound, ``B`` the letter."""

symbol_to_id: dict[str, int] = {symbol: index for index, symbol in enumerate(symbols)}
"""Id of each symbol."""

pad_id: int = symbol_to_id[_PADDING]
"""Fills the end of shorter texts in a batch; never comes out of a text."""

blank_id: int = symbol_to_id[" "]
"""The blank between words."""

first_letter_id: int = symbol_to_id["A"]
"""Letters and ARPAbet items, all that makes a sound, lie from here on."""
