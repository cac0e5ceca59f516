"""Any English text to the words that are said, each in the light of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from labkit.errors import TextError
from labkit.text.pronunciation.heteronyms import Context, read_heteronym
from labkit.text.pronunciation.spoken import SpokenText, Word
from labkit.text.pronunciation.tokens import Token, WrittenWord, cut
from labkit.text.pronunciation.words import Said, say, spell
from labkit.text.pronunciation.written_forms import Screened

_ENDS_OF_SENTENCE = (".", "?", "!")
_SHOWN = 8  # words or characters in one note
# Before a hyphen these are prefixes, whatever the lexicon makes of them.
_PREFIXES = {"re": ("R", "IY1"), "de": ("D", "IY1")}


def read_aloud(text: str, *, stress: bool = False) -> SpokenText:
    """Work out how a text is said.

    Numbers, dates, units, addresses and abbreviations are written out; words are looked up, told
    apart by their neighbours, spelled or guessed. ARPAbet in braces is taken as it is.

    Args:
        text: any English text.
        stress: let `SpokenText.symbols` keep the stress digits of the vowels.

    Raises:
        TextError: if nothing in the text can be spoken, it is not a string, or braces hold an
            item that is not ARPAbet.
    """
    if not isinstance(text, str):
        raise TextError(f"the text must be a str, got {type(text).__name__}")
    tokens, screened = cut(text)
    skipped = tuple(dict.fromkeys(mark for part in screened for mark in part.skipped))
    if not tokens:
        unread = f" ({_listed(skipped)} cannot be read)" if skipped else ""
        raise TextError(f"nothing in the text can be spoken{unread}; give it a word in English")
    shouted = text.isupper() and len(text.split()) > 1
    spoken = SpokenText(_say_all(tokens, shouted), skipped, stress=stress)
    return replace(spoken, notes=tuple(_notes(spoken, screened)))


def _say_all(tokens: list[Token], shouted: bool) -> tuple[Word | str, ...]:
    """Say the words from the last to the first: some depend on the sound that follows."""
    sentences = _sentences(tokens)
    said: list[Word | str] = []
    for position in range(len(tokens) - 1, -1, -1):
        token = tokens[position]
        if isinstance(token, WrittenWord):
            place = _Place(tokens, position, said[-1] if said else "", sentences[position], shouted)
            said.append(place.say())
        else:
            said.append(token)
    return tuple(reversed(said))


class _Place:
    """One word of a text, and what stands around it.

    Args:
        tokens: the whole text.
        position: of the word.
        following: what comes next, as it is said; "" at the end.
        sentence: the words of its sentence, in lower case.
        shouted: the whole text is in capitals.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        position: int,
        following: Word | str,
        sentence: frozenset[str],
        shouted: bool,
    ) -> None:
        around = [_word_at(tokens, position + step) for step in (-2, -1, 0, 1)]
        self.second, self.before, self.written, self.after = around
        if not self.before:
            self.second = ""  # on the other side of a mark
        token = tokens[position]
        assert isinstance(token, WrittenWord)
        self.token = token
        self.following = following if isinstance(following, Word) else None
        self.sentence = sentence
        self.opens = position == 0 or tokens[position - 1] in _ENDS_OF_SENTENCE
        neighbours = [word for word in (self.before, self.after) if word]
        capitals = bool(neighbours) and all(len(w) > 1 and w.isupper() for w in neighbours)
        self.shouted = shouted or (capitals and len(neighbours) == 2)

    def say(self) -> Word:
        said = self._said()
        return Word(self.written.strip("'") or self.written, said.phones, said.guessed)

    def _said(self) -> Said:
        word = self.written.lower()
        if self.token.phones is not None:
            return Said(self.token.phones)
        if len(word) == 1 and self._is_letter():
            return Said(spell(word))
        if self.token.prefix and word in _PREFIXES:
            return Said(_PREFIXES[word])
        in_capitals = self.written.isupper() and len(word) > 1 and not self.shouted
        phones = None if in_capitals else self._weak_form(word) or self._heteronym(word)
        return Said(phones) if phones else say(self.written, shouted=self.shouted)

    def _is_letter(self) -> bool:
        """Tell the letter A from the article: "ten a m", "plan A"; other letters are letters."""
        if self.written not in ("a", "A"):
            return True
        if len(self.after) == 1 and self.after.lower() != "i":
            return True
        if len(self.before) == 1 and self.before.lower() not in ("i", "a"):
            return True
        in_title = self.after[:1].isupper()
        return self.written == "A" and not (self.opens or self.shouted or in_title)

    def _weak_form(self, word: str) -> tuple[str, ...] | None:
        """Say the, a and to as they are said before the next word."""
        vowel_next = self.following is not None and self.following.phones[0][-1] in "012"
        if word == "the":
            return ("DH", "IY0") if vowel_next else ("DH", "AH0")
        if word == "a":
            return ("AH0",)
        if word == "to" and self.following and not vowel_next:
            return ("T", "AH0")
        return None

    def _heteronym(self, word: str) -> tuple[str, ...] | None:
        before = (self.before.lower(), self.second.lower())
        capital_inside = self.written.istitle() and not self.opens
        return read_heteronym(
            Context(before, word, self.after.lower(), self.sentence, capital_inside)
        )


def _word_at(tokens: Sequence[Token], position: int) -> str:
    token = tokens[position] if 0 <= position < len(tokens) else ""
    return token.text if isinstance(token, WrittenWord) else ""


def _sentences(tokens: Sequence[Token]) -> list[frozenset[str]]:
    """For each token the words of its sentence, in lower case."""
    sentences: list[frozenset[str]] = []
    start = 0
    for end in range(1, len(tokens) + 1):
        if end == len(tokens) or tokens[end - 1] in _ENDS_OF_SENTENCE:
            words = {_word_at(tokens, position).lower() for position in range(start, end)}
            sentences += [frozenset(words - {""})] * (end - start)
            start = end
    return sentences


def _notes(spoken: SpokenText, screened: list[Screened]) -> Iterator[str]:
    if spoken.skipped:
        yield f"skipped, because it has no reading: {_listed(spoken.skipped)}"
    respelled = {word: latin for part in screened for word, latin in part.transliterated.items()}
    if respelled:
        pairs = [f"{word} as {latin}" for word, latin in respelled.items()]
        yield f"read by its Latin spelling: {_listed(pairs)}"
    if spoken.guessed:
        yield f"guessed from the letters: {_listed(spoken.guessed)}"


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
