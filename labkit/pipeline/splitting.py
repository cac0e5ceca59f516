"""Cut a text into pieces that attention can hold, and that sound natural one after the other."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from labkit.errors import InputError, TextError
from labkit.pipeline.boundaries import Boundary, Gap, gaps, paragraphs
from labkit.pipeline.front_end import Characters, FrontEnd, SymbolText, spell_words
from labkit.text import symbols
from labkit.text.symbol_table import blank_id, first_letter_id

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
        words: what each stretch of symbols between two blanks says, with its marks.
        boundary: what ends where it ends.
    """

    text: str
    ids: list[int]
    words: tuple[str, ...]
    boundary: Boundary

    @property
    def spoken(self) -> str:
        """What is read, with numbers and abbreviations written out."""
        return " ".join(self.words)


def split_text(
    text: str,
    max_symbols: int = MAX_SYMBOLS,
    *,
    front_end: FrontEnd | None = None,
) -> tuple[list[TextPiece], list[str]]:
    """Cut a text at the ends of paragraphs and sentences; where those are too long, within.

    A sentence that is too long is cut at a clause or comma near its middle, else between words;
    never within a group in braces, within a number, or after an abbreviation. A single word that
    is too long is cut anywhere. The characters of all pieces that make a sound are those of the
    text; phonemes may differ from them where a cut parts two words that depend on each other.

    Args:
        text: any text; blank lines separate its paragraphs.
        max_symbols: most symbols of a piece.
        front_end: turns a part of the text into symbols; `Characters` if None.

    Returns:
        The pieces in order, at least one; and notes on what was left out or cut, in words.

    Raises:
        TextError: the text is empty, only punctuation, or has nothing that can be spoken.
        InputError: ``max_symbols`` is not positive.
    """
    if max_symbols < 1:
        raise InputError(f"max_symbols must be at least 1, but is {max_symbols}")
    front_end = front_end or Characters()
    whole = _read_whole(text, front_end)
    notes = list(whole.notes)
    splitter = _Splitter(max_symbols, front_end, notes, {text: whole})
    pieces = [piece for paragraph in paragraphs(text) for piece in splitter.split(paragraph)]
    return pieces, notes


@dataclass
class _Splitter:
    max_symbols: int
    front_end: FrontEnd
    notes: list[str]
    known: dict[str, SymbolText | None]  # what was read before: no part is read a second time

    def split(self, paragraph: str) -> list[TextPiece]:
        """Cut one paragraph; what cannot be spoken is noted and left out."""
        self._paragraph = paragraph
        self._gaps = gaps(paragraph)
        sentences = self._sentences()
        if not any(self._read(start, end) for start, end, _ in sentences):
            self.notes.append(f"left out {_shorten(paragraph)}: nothing in it can be spoken")
            return []
        pieces: list[TextPiece] = []
        for start, end, boundary in sentences:
            parts = self._halve(start, end, boundary)
            if len(parts) > 1:
                sentence = _shorten(paragraph[start:end])
                self.notes.append(f"the long sentence {sentence} is read in {len(parts)} pieces")
            pieces += parts
        return pieces

    def _read(self, start: int, end: int) -> SymbolText | None:
        """Read a part of the paragraph; None if nothing in it can be spoken."""
        part = self._paragraph[start:end]
        if part not in self.known:
            try:
                self.known[part] = self.front_end.read(part)
            except TextError:  # The whole text was read before, so nothing else can be the matter.
                self.known[part] = None
        return self.known[part]

    def _sentences(self) -> list[tuple[int, int, Boundary]]:
        """Spans of the sentences; one that is short, or silent, is joined to its neighbour."""
        ends = [gap for gap in self._gaps if gap.boundary == Boundary.SENTENCE]
        last = Gap(len(self._paragraph), len(self._paragraph), Boundary.PARAGRAPH)
        joined: list[tuple[int, int, Boundary]] = []
        size = 0  # symbols of the sentence before
        for before, after in pairwise([Gap(0, 0, Boundary.PARAGRAPH), *ends, last]):
            span = (before.start, after.end, after.boundary)
            read = self._read(*span[:2])
            own_size = len(read.ids) if read else 0
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
        read = self._read(start, end)
        if not read:
            self.notes.append(f"left out {_shorten(self._paragraph[start:end])}: marks only")
            return []
        if len(read.ids) <= self.max_symbols:
            return [TextPiece(self._paragraph[start:end], read.ids, read.words, boundary)]
        first = bisect_right(self._gaps, start, key=lambda gap: gap.end)
        stop = bisect_left(self._gaps, end, key=lambda gap: gap.end)
        if first == stop:
            return self._chop(start, end, read, boundary)
        middle, length = (start + end) / 2, end - start
        cut = min(
            self._gaps[first:stop],
            key=lambda gap: abs(gap.end - middle) / length + _COSTS[gap.boundary],
        )
        return self._halve(start, cut.end, cut.boundary) + self._halve(cut.start, end, boundary)

    def _chop(self, start: int, end: int, read: SymbolText, boundary: Boundary) -> list[TextPiece]:
        """Cut the symbols of one endless word between the words that it is read as, or anywhere."""
        self.notes.append(f"cut the endless word {_shorten(self._paragraph[start:end])}")
        most = max(1, self.max_symbols + 1 - len(self.front_end.end(read.ids[:1])))
        chunks: list[tuple[list[int], list[str]]] = []
        for ids, word in _words(read, most):
            if chunks and len(chunks[-1][0]) + 1 + len(ids) <= most:
                chunks[-1][0].extend([blank_id, *ids])
                chunks[-1][1].append(word)
            else:
                chunks.append((ids, [word]))
        pieces = [
            TextPiece(" ".join(words), self.front_end.end(ids), tuple(words), Boundary.GLUED)
            for ids, words in chunks
            if any(index >= first_letter_id for index in ids)
        ]
        return [*pieces[:-1], replace(pieces[-1], boundary=boundary)]


def _words(read: SymbolText, most: int) -> Iterator[tuple[list[int], str]]:
    """Yield the symbols and the name of each word; of an endless one, those of its parts."""
    names = (word for word in read.words if word)
    for is_blank, group in groupby(read.ids, key=lambda index: index == blank_id):
        if is_blank:
            continue
        ids, name = list(group), next(names)
        for start in range(0, len(ids), most):
            part = ids[start : start + most]
            spelled = "".join(spell_words([symbols[index] for index in part]))
            yield part, name if len(ids) <= most else spelled


def _read_whole(text: str, front_end: FrontEnd) -> SymbolText:
    try:
        return front_end.read(text)
    except TextError as error:
        if isinstance(text, str) and not text.strip():
            raise TextError("the text is empty; give it a word") from error
        if isinstance(text, str) and all(unicodedata.category(mark)[0] in "PZC" for mark in text):
            raise TextError(
                f"the text {_shorten(text)} is only punctuation; give it a word"
            ) from error
        raise


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
