"""What is said: words with their phones, punctuation, and notes on what was done to the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A word as it is said.

    Args:
        written: as it stands in the text, once numbers and abbreviations are written out.
        phones: ARPAbet, vowels with their stress (``"K", "AE1", "T"``).
        guessed: no lexicon has it; its sound was worked out from its letters.
    """

    written: str
    phones: tuple[str, ...]
    guessed: bool = False


@dataclass(frozen=True)
class SpokenText:
    """A text as it is said aloud.

    Args:
        tokens: words, and the marks ``, . ; : ! ?`` that stand after them.
        skipped: characters that cannot be spoken, each once.
        notes: one line each on what was skipped, respelled or guessed.
        stress: whether `symbols` keeps the stress digits.
    """

    tokens: tuple[Word | str, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stress: bool = False

    @property
    def words(self) -> tuple[Word, ...]:
        """The words alone."""
        return tuple(token for token in self.tokens if isinstance(token, Word))

    @property
    def guessed(self) -> tuple[str, ...]:
        """Words whose sound was worked out from their letters, each once."""
        return tuple(dict.fromkeys(word.written for word in self.words if word.guessed))

    @property
    def written(self) -> str:
        """The words as text, to be shown to a reader: ``"three dogs."``."""
        return self._join([t if isinstance(t, str) else t.written for t in self.tokens])

    @property
    def symbols(self) -> str:
        """What `labkit.text.text_to_sequence` turns into ids: ``"{DH AH} {K AE T}."``."""
        return self._join([t if isinstance(t, str) else self._braced(t) for t in self.tokens])

    def _braced(self, word: Word) -> str:
        phones = word.phones if self.stress else [phone.rstrip("012") for phone in word.phones]
        return f"{{{' '.join(phones)}}}"

    def _join(self, pieces: list[str]) -> str:
        """Put a blank before each word, none before a mark."""
        blanks = [" " * isinstance(token, Word) for token in self.tokens]
        return "".join(blank + piece for blank, piece in zip(blanks, pieces, strict=True)).strip()
