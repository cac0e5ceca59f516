"""English text to phonemes: what a voice that reads ARPAbet is given.

>>> pronounce("The cat, 3 dogs.")
'{DH AH} {K AE T}, {TH R IY} {D AA G Z}.'
"""

from __future__ import annotations

from labkit.text.pronunciation.reader import read_aloud
from labkit.text.pronunciation.spoken import SpokenText, Word

__all__ = ["SpokenText", "Word", "pronounce", "read_aloud"]


def pronounce(text: str, *, stress: bool = False) -> str:
    """Write a text as `text_to_sequence` reads it: words in braces, punctuation as it stands.

    Args:
        text: any English text.
        stress: keep the stress digits of the vowels.

    Raises:
        TextError: if nothing in the text can be spoken, or it is not a string.
    """
    return read_aloud(text, stress=stress).symbols
