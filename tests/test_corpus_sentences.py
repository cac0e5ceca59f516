"""What generated sentences are made of."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from labkit.corpus.sentences import frames, sentences
from labkit.corpus.vocabulary import held_out_words
from labkit.text import text_to_sequence
from labkit.text.symbol_table import symbol_to_id

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def words_of(texts: list[str]) -> list[str]:
    return [word for text in texts for word in WORD.findall(text.lower())]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return list(islice(sentences(7), 6000))


def test_the_same_seed_writes_the_same_sentences(texts: list[str]) -> None:
    assert list(islice(sentences(7), 100)) == texts[:100]
    assert list(islice(sentences(8), 100)) != texts[:100]


def test_no_sentence_comes_twice(texts: list[str]) -> None:
    assert len(set(texts)) == len(texts)


def test_sentences_are_varied(texts: list[str]) -> None:
    assert len(frames()) >= 34
    found = words_of(texts)
    assert len(set(found)) > 10_000
    lengths = [len(WORD.findall(text.lower())) for text in texts]
    assert {1, 2, 15} <= set(lengths)
    for mark in '.,;:!?"':
        assert any(mark in text for text in texts), mark
    assert {
        "he",
        "him",
        "was",
        "been",
        "isn't",
        "monday",
        "july",
        "seventeen",
        "anna",
        "whose",
    } <= {*found}


def test_held_out_words_never_occur(texts: list[str]) -> None:
    held_out = set(held_out_words())
    assert 300 < len(held_out) < 500
    for seed in (1, 2):
        assert not held_out & set(words_of(list(islice(sentences(seed), 3000))))
    assert not held_out & set(words_of(texts))


def test_sentences_of_held_out_words_have_them() -> None:
    found = set(words_of(list(islice(sentences(7, held_out=True), 500))))
    assert len(found & set(held_out_words())) > 250


def test_every_sentence_is_words_and_marks_that_a_voice_knows(texts: list[str]) -> None:
    for text in texts[:1000]:
        assert not re.search(r"[0-9|{}]", text), text
        assert all(mark in symbol_to_id or mark == '"' for mark in text), text
        assert text_to_sequence(text)


def test_an_article_goes_with_the_sound_that_follows(texts: list[str]) -> None:
    articles = re.findall(r"\b([Aa]n?) (\w)", " ".join(texts))
    assert len(articles) > 100
    assert not [pair for pair in articles if pair[0].lower() == "a" and pair[1] in "aei"]
    assert not [pair for pair in articles if pair[0].lower() == "an" and pair[1] in "bcdfgklmnp"]
