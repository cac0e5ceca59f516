"""Any English text to the words that are said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from labkit.errors import TextError
from labkit.text.modern import write_out
from labkit.text.pronunciation.heteronyms import Context, read_heteronym
from labkit.text.pronunciation.spoken import SpokenText, Word
from labkit.text.pronunciation.words import say, spell
from labkit.text.pronunciation.written_forms import Screened, read_written_forms, screen
from labkit.text.symbol_table import arpabet

_GIVEN = re.compile(r"\{([^{}\n]+)\}")
_TOKEN = re.compile(
    r"'?[a-zA-Z]+(?:'[a-zA-Z]+)*'?(-(?=[a-zA-Z]))?|-{2,}|(?<=\s)-(?=\s)|[,.:;!?()\[\]]"
)
_PAUSES = {"-": ",", "(": ",", ")": ",", "[": ",", "]": ","}
_STRONGEST_FIRST = "?!.:;,"
_ENDS_OF_SENTENCE = frozenset(".?!")
_SHOWN = 8  # words or characters in one note
# Before a hyphen these are prefixes, whatever the lexicon makes of them.
_PREFIXES = {"re": ("R", "IY1"), "de": ("D", "IY1")}


@dataclass(frozen=True)
class _Written:
    """A word of the text before it is known how it is said.

    Args:
        text: its letters.
        phones: given by the text itself, in braces.
        hyphen: the next word is joined to it.
    """

    text: str
    phones: tuple[str, ...] | None = None
    hyphen: bool = False


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
    screened: list[Screened] = []
    tokens = _tidy(list(_tokens(text, screened)))
    skipped = tuple(dict.fromkeys(mark for part in screened for mark in part.skipped))
    if not any(isinstance(token, _Written) for token in tokens):
        unread = f" ({_listed(list(skipped))} cannot be read)" if skipped else ""
        raise TextError(f"nothing in the text can be spoken{unread}; give it a word in English")
    letters = [token.text for token in tokens if isinstance(token, _Written)]
    shouted = "".join(letters).isupper() and len(letters) > 1
    spoken = SpokenText(tuple(_say_all(tokens, shouted)), skipped, stress=stress)
    return replace(spoken, notes=tuple(_notes(spoken, screened)))


def _tokens(text: str, screened: list[Screened]) -> Iterator[_Written | str]:
    """Cut a text into words and marks; what was screened out is added to `screened`."""
    for position, piece in enumerate(_GIVEN.split(text)):
        if position % 2:
            yield _Written(piece, _check(piece))
            continue
        screened.append(screen(write_out(read_written_forms(piece))))
        for match in _TOKEN.finditer(screened[-1].text):
            if match[0].strip("-'").isalpha() or "'" in match[0]:
                yield _Written(match[0].rstrip("-"), hyphen=match[1] is not None)
            else:
                yield _PAUSES.get(match[0][0], match[0])


def _check(items: str) -> tuple[str, ...]:
    for item in items.split():
        if item not in arpabet:
            raise TextError(
                f"{item[:20]!r} in braces is no ARPAbet item; items look like HH, AW1, S"
            )
    return tuple(items.split())


def _tidy(tokens: list[_Written | str]) -> list[_Written | str]:
    """Of several marks in a row keep the strongest; drop marks before the first word."""
    tidy: list[_Written | str] = []
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            tidy.append(token)
        elif tidy and isinstance(tidy[-1], str):
            tidy[-1] = min(tidy[-1], token, key=_STRONGEST_FIRST.index)
        elif tidy:
            tidy.append(_pause(token, tokens[position + 1 : position + 4]))
    return tidy


def _pause(mark: str, following: list[_Written | str]) -> str:
    """Three periods inside a sentence are a pause, not its end."""
    if mark == "." and following[:2] == [".", "."]:
        word = following[2] if len(following) > 2 else None
        if isinstance(word, _Written) and word.text[0].islower():
            return ","
    return mark


def _say_all(tokens: list[_Written | str], shouted: bool) -> Iterator[Word | str]:
    """Say each word among its neighbours, from the last to the first, then turn them round."""
    said: list[Word | str] = []
    sentence: frozenset[str] = frozenset()
    for position in range(len(tokens) - 1, -1, -1):
        token = tokens[position]
        if isinstance(token, str):
            said.append(token)
            continue
        if not said or said[-1] in _ENDS_OF_SENTENCE:
            sentence = _sentence_before(tokens, position)
        said.append(_say_one(tokens, position, sentence, said[-1] if said else "", shouted))
    return reversed(said)


def _say_one(
    tokens: list[_Written | str],
    position: int,
    sentence: frozenset[str],
    following: Word | str,
    shouted: bool,
) -> Word:
    token = tokens[position]
    assert isinstance(token, _Written)
    if token.phones is not None:
        return Word(token.text, token.phones)
    before, second = _neighbour(tokens, position - 1), _neighbour(tokens, position - 2)
    after = following.written if isinstance(following, Word) else ""
    word = token.text.lower()
    opens = position == 0 or tokens[position - 1] in tuple(_ENDS_OF_SENTENCE)
    if len(word) == 1 and _is_letter(token.text, before, after, opens, shouted):
        return Word(token.text, spell(word))
    if token.hyphen and word in _PREFIXES:
        return Word(token.text, _PREFIXES[word])
    vowel_next = isinstance(following, Word) and following.phones[0][-1] in "012"
    weak = _weak_form(word, vowel_next, isinstance(following, Word))
    capital_inside = token.text.istitle() and not opens
    context = Context((before, second), word, after.lower(), sentence, capital_inside)
    phones = weak or read_heteronym(context)
    if phones and (shouted or not token.text.isupper() or len(word) == 1):
        return Word(token.text, phones)
    said = say(token.text, shouted=shouted)
    return Word(token.text.strip("'"), said.phones, said.guessed)


def _neighbour(tokens: list[_Written | str], position: int) -> str:
    token = tokens[position] if position >= 0 else ""
    return token.text.lower() if isinstance(token, _Written) else ""


def _sentence_before(tokens: list[_Written | str], last: int) -> frozenset[str]:
    words = set()
    for token in reversed(tokens[: last + 1]):
        if isinstance(token, str):
            if token in _ENDS_OF_SENTENCE:
                break
        else:
            words.add(token.text.lower())
    return frozenset(words)


def _is_letter(written: str, before: str, after: str, opens: bool, shouted: bool) -> bool:
    """Tell the letter A from the article: "a m", "plan A"; other letters are always letters."""
    if written not in ("a", "A"):
        return True
    if len(after) == 1 and after not in ("i", "I"):
        return True
    if len(before) == 1 and before not in ("i", "a"):
        return True
    return written == "A" and not opens and not shouted


def _weak_form(word: str, vowel_next: bool, word_next: bool) -> tuple[str, ...] | None:
    """Say the, a and to as they are said before the next word."""
    if word == "the":
        return ("DH", "IY0") if vowel_next else ("DH", "AH0")
    if word == "a":
        return ("AH0",)
    if word == "to" and word_next and not vowel_next:
        return ("T", "AH0")
    return None


def _notes(spoken: SpokenText, screened: list[Screened]) -> Iterator[str]:
    if spoken.skipped:
        yield f"skipped, because it has no reading: {_listed(list(spoken.skipped))}"
    respelled = {word: latin for part in screened for word, latin in part.transliterated.items()}
    if respelled:
        pairs = [f"{word} as {latin.strip()}" for word, latin in respelled.items()]
        yield f"read by its Latin spelling: {_listed(pairs)}"
    if spoken.guessed:
        yield f"guessed from the letters: {_listed(list(spoken.guessed))}"


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
