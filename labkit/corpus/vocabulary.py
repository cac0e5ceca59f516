"""The words that generated sentences are made of, and an endless supply of them."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

_FOLDER = Path(__file__).parent
_HELD_OUT_EVERY = 40
# The most common words stay in: a voice that never heard them would be tested on nothing else.
_FIRST_HELD_OUT = 400
_DECK_SHARE = 0.65
_ZIPF_OFFSET = 10


@cache
def words() -> tuple[str, ...]:
    """All words of the list, the most frequent first."""
    return tuple((_FOLDER / "words.txt").read_text("utf-8").split())


@cache
def held_out_words() -> tuple[str, ...]:
    """Words that no generated training sentence contains: what a voice makes of new words."""
    return words()[_FIRST_HELD_OUT::_HELD_OUT_EVERY]


@cache
def words_by_form(held_out: bool = False) -> dict[str, tuple[str, ...]]:
    """Words sorted by what their ending says about them, the most frequent first.

    Args:
        held_out: only words of `held_out_words`, else only the others.

    Returns:
        "past" (-ed), "doing" (-ing), "many" (plural or third person), "how" (-ly) and "plain",
        what is none of these.
    """
    known = set(words())
    forms: dict[str, list[str]] = {"plain": [], "past": [], "doing": [], "many": [], "how": []}
    for word in held_out_words() if held_out else words():
        if held_out or word not in set_of_held_out_words():
            forms[_form(word, known)].append(word)
    return {form: tuple(members) for form, members in forms.items()}


@cache
def set_of_held_out_words() -> frozenset[str]:
    """`held_out_words`, to look a word up."""
    return frozenset(held_out_words())


def _form(word: str, known: set[str]) -> str:
    for ending, form in (("ed", "past"), ("ing", "doing"), ("ly", "how"), ("s", "many")):
        stem = word.removesuffix(ending)
        if stem != word and not word.endswith(("ss", "us", "is")) and _stems(stem) & known:
            return form
    return "plain"


def _stems(stem: str) -> set[str]:
    """What a word without its ending may come from: hop-ping, mak-ing, tr-ied, box-es, simp-ly."""
    found = {stem, stem + "e", stem.removesuffix("e"), stem + "le"}
    if stem.endswith(("i", "ie")):
        found.add(stem.rstrip("e")[:-1] + "y")
    if len(stem) > 2 and stem[-1] == stem[-2]:
        found.add(stem[:-1])
    return found


class Deck:
    """Deals words for ever: every word equally often, and the frequent ones more often still.

    65 % of the words come off a shuffled deck that is dealt to its end before it is shuffled
    again, so that every word is heard; 35 % are drawn as in real text, where the word of rank r
    occurs about 1 / r as often as the first.

    Args:
        members: the words, the most frequent first.
        generator: source of all chance.
    """

    def __init__(self, members: Sequence[str], generator: random.Random) -> None:
        self._members = members
        self._generator = generator
        self._deck: list[str] = []
        self._steps = list(accumulate(1 / (rank + _ZIPF_OFFSET) for rank in range(len(members))))

    def deal(self) -> str:
        """Give the next word."""
        if self._generator.random() < _DECK_SHARE:
            if not self._deck:
                self._deck = list(self._members)
                self._generator.shuffle(self._deck)
            return self._deck.pop()
        return self._members[bisect(self._steps, self._generator.random() * self._steps[-1])]
