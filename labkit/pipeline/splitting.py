"""Cut a text into pieces that attention can hold, and that sound natural one after the other."""

from __future__ import annotations

import unicodedata
import warnings
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

from labkit.errors import InputError, TextError
from labkit.pipeline.boundaries import Boundary, Gap, gaps, paragraphs
from labkit.text import sequence_to_text, text_to_sequence
from labkit.text.symbol_table import blank_id, first_letter_id
from labkit.text.transliteration import to_ascii

MAX_SYMBOLS = 160
"""Longest piece. Published voices were trained on clips of at most 187 symbols, 100 on average."""

MIN_SYMBOLS = 20
"""Shorter sentences are read together with the next: attention often fails on a word or two."""

# A sentence that is too long is halved. A cut may lie this much further from its middle, as a
# share of its length, if it is at a better place.
_COSTS = {
    Boundary.SENTENCE: 0.0,
    Boundary.CLAUSE: 0.0,
    Boundary.COMMA: 0.1,
    Boundary.WORD: 0.4,
    Boundary.GLUED: 1.0,
}


@dataclass(frozen=True)
class TextPiece:
    """A part of a text that is read in one go.

    Args:
        text: the part as it was written.
        ids: its symbols; at least one of them makes a sound.
        boundary: what ends where it ends.
    """

    text: str
    ids: list[int]
    boundary: Boundary

    @property
    def spoken(self) -> str:
        """What is read: the symbols, spelled out."""
        return sequence_to_text(self.ids)


def split_text(
    text: str,
    max_symbols: int = MAX_SYMBOLS,
    *,
    cleaners: str | list[str] | tuple[str, ...] = ("english_cleaners",),
    normalise: str = "published",
) -> tuple[list[TextPiece], list[str]]:
    """Cut a text at the ends of paragraphs and sentences; where those are too long, within.

    A sentence that is too long is cut at a clause or comma near its middle, else between words;
    never within a group in braces, within a number, or after an abbreviation. A single word that
    is too long is cut anywhere. The sounding symbols of all pieces are those of the text.

    Args:
        text: any text; blank lines separate its paragraphs.
        max_symbols: most symbols of a piece.
        cleaners: as in :func:`labkit.text.text_to_sequence`.
        normalise: as in :func:`labkit.text.text_to_sequence`.

    Returns:
        The pieces in order, at least one; and notes on what was left out or cut, in words.

    Raises:
        TextError: the text is empty, only punctuation, or has nothing that can be spoken.
        InputError: ``max_symbols`` is not positive.
    """
    if max_symbols < 1:
        raise InputError(f"max_symbols must be at least 1, but is {max_symbols}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _refuse_unspeakable(text, cleaners, normalise)
        notes = [str(warning.message) for warning in caught] + _unread(text)
        splitter = _Splitter(max_symbols, cleaners, normalise, notes)
        pieces = [piece for paragraph in paragraphs(text) for piece in splitter.split(paragraph)]
    return pieces, notes


@dataclass
class _Splitter:
    max_symbols: int
    cleaners: str | list[str] | tuple[str, ...]
    normalise: str
    notes: list[str]

    def split(self, paragraph: str) -> list[TextPiece]:
        """Cut one paragraph; what cannot be spoken is noted and left out."""
        self._paragraph = paragraph
        self._gaps = gaps(paragraph)
        if not self._read(0, len(paragraph)):
            self.notes.append(f"left out {_shorten(paragraph)}: nothing in it can be spoken")
            return []
        pieces: list[TextPiece] = []
        for start, end, boundary in self._sentences():
            parts = self._halve(start, end, boundary)
            if len(parts) > 1:
                sentence = _shorten(paragraph[start:end])
                self.notes.append(f"the long sentence {sentence} is read in {len(parts)} pieces")
            pieces += parts
        return pieces

    def _read(self, start: int, end: int) -> list[int]:
        """Ids of a part of the paragraph; none if nothing in it can be spoken."""
        try:
            ids = text_to_sequence(
                self._paragraph[start:end], self.cleaners, normalise=self.normalise
            )
        except TextError:  # The whole text was read before, so nothing else can be the matter.
            return []
        return _strip_blanks(ids)

    def _sentences(self) -> list[tuple[int, int, Boundary]]:
        """Spans of the sentences; one that is short, or silent, is joined to its neighbour."""
        ends = [gap for gap in self._gaps if gap.boundary == Boundary.SENTENCE]
        last = Gap(len(self._paragraph), len(self._paragraph), Boundary.PARAGRAPH)
        joined: list[tuple[int, int, Boundary]] = []
        size = 0  # symbols of the sentence before
        for before, after in pairwise([Gap(0, 0, Boundary.PARAGRAPH), *ends, last]):
            span = (before.start, after.end, after.boundary)
            own_size = len(self._read(*span[:2]))
            together = size + 1 + own_size
            is_short = size < MIN_SYMBOLS or (after is last and own_size < MIN_SYMBOLS)
            # A sentence that is too long will be cut anyway, so a short one makes no difference.
            fits = together <= self.max_symbols or max(size, own_size) > self.max_symbols
            if joined and (not size or not own_size or (is_short and fits)):
                joined[-1] = (joined[-1][0], *span[1:])
                size = together
            else:
                joined.append(span)
                size = own_size
        return joined

    def _halve(self, start: int, end: int, boundary: Boundary) -> list[TextPiece]:
        ids = self._read(start, end)
        if not ids:
            self.notes.append(f"left out {_shorten(self._paragraph[start:end])}: marks only")
            return []
        if len(ids) <= self.max_symbols:
            return [TextPiece(self._paragraph[start:end], ids, boundary)]
        first = bisect_right(self._gaps, start, key=lambda gap: gap.end)
        stop = bisect_left(self._gaps, end, key=lambda gap: gap.end)
        if first == stop:
            return self._chop(start, end, ids, boundary)
        middle, length = (start + end) / 2, end - start
        cut = min(
            self._gaps[first:stop],
            key=lambda gap: abs(gap.end - middle) / length + _COSTS[gap.boundary],
        )
        return self._halve(start, cut.end, cut.boundary) + self._halve(cut.start, end, boundary)

    def _chop(self, start: int, end: int, ids: list[int], boundary: Boundary) -> list[TextPiece]:
        """Cut the symbols of one endless word, after a number word or anywhere."""
        self.notes.append(f"cut the endless word {_shorten(self._paragraph[start:end])}")
        chunks: list[list[int]] = []
        while ids:
            size = self.max_symbols
            if len(ids) > size and blank_id in ids[size // 2 : size]:
                size -= ids[:size][::-1].index(blank_id)
            chunk, ids = _strip_blanks(ids[:size]), ids[size:]
            if any(index >= first_letter_id for index in chunk):
                chunks.append(chunk)
        return [
            TextPiece(sequence_to_text(chunk), chunk, Boundary.GLUED) for chunk in chunks[:-1]
        ] + [TextPiece(sequence_to_text(chunks[-1]), chunks[-1], boundary)]


def _refuse_unspeakable(
    text: str, cleaners: str | list[str] | tuple[str, ...], normalise: str
) -> None:
    try:
        text_to_sequence(text, cleaners, normalise=normalise)
    except TextError as error:
        if isinstance(text, str) and not text.strip():
            raise TextError("the text is empty; give it a word") from error
        if isinstance(text, str) and all(unicodedata.category(mark)[0] in "PZC" for mark in text):
            raise TextError(
                f"the text {_shorten(text)} is only punctuation; give it a word"
            ) from error
        raise


def _unread(text: str) -> list[str]:
    """Note the characters that have no reading: emoji, pictures, ..."""
    if text.isascii():
        return []
    lost = [
        mark
        for mark in dict.fromkeys(text)
        if not mark.isascii() and unicodedata.category(mark)[0] in "SLN" and not to_ascii(mark)
    ]
    return [f"left out what has no reading: {' '.join(lost[:10])}"] if lost else []


def _strip_blanks(ids: list[int]) -> list[int]:
    sounding = [position for position, index in enumerate(ids) if index != blank_id]
    return ids[sounding[0] : sounding[-1] + 1] if sounding else []


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
