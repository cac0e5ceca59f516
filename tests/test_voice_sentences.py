"""The sentences that voices are measured on."""

from __future__ import annotations

import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from labkit.corpus import sentences
from labkit.corpus.vocabulary import held_out_words
from labkit.text.pronunciation import read_aloud

ROOT = Path(__file__).parent.parent
TRAINING_SEED = 1  # of the shipped voice
TRAINING_SENTENCES = 8000  # more than it was trained on

sys.path.insert(0, str(ROOT / "benchmarks"))

from voice.sentences import Sentence, a_few, read_sentences, words_of  # noqa: E402


@pytest.fixture(scope="module")
def measured() -> list[Sentence]:
    return read_sentences()


def test_there_are_a_hundred_of_three_groups(measured: list[Sentence]) -> None:
    assert len({" ".join(sentence.words) for sentence in measured}) == len(measured) == 100
    assert Counter(sentence.group for sentence in measured) == {
        "natural": 30,
        "held-out words": 40,
        "hard": 30,
    }


def test_the_hard_ones_are_of_six_kinds(measured: list[Sentence]) -> None:
    kinds = {"one word", "repeats", "lists", "forty words", "numbers", "odd punctuation"}
    hard = [sentence for sentence in measured if sentence.group == "hard"]
    assert Counter(sentence.kind for sentence in hard) == dict.fromkeys(kinds, 5)
    for sentence in hard:
        words = len(sentence.text.split())
        assert (sentence.kind == "one word") == (words == 1), sentence
        assert (sentence.kind == "forty words") == (words == 40), sentence
        assert (sentence.kind == "numbers") == bool(re.search("[0-9]", sentence.text)), sentence


def test_training_never_contains_them(measured: list[Sentence]) -> None:
    trained = {
        tuple(words_of(text)) for text in islice(sentences(TRAINING_SEED), TRAINING_SENTENCES)
    }
    for metadata in (ROOT / "data").glob("*/metadata.csv"):
        trained |= {tuple(words_of(line.split("|")[1])) for line in metadata.open(encoding="utf-8")}
    assert not [sentence for sentence in measured if tuple(sentence.words) in trained]


def test_held_out_words_are_in_each_sentence_of_their_group(measured: list[Sentence]) -> None:
    held_out = set(held_out_words())
    for sentence in measured:
        if sentence.group == "held-out words":
            assert len(held_out & set(sentence.words)) >= 2, sentence


def test_they_are_read_as_is_written_beside_them(measured: list[Sentence]) -> None:
    for sentence in measured:
        assert words_of(read_aloud(sentence.text).written) == sentence.words
        assert not read_aloud(sentence.text).guessed, sentence


def test_a_few_of_them_are_of_all_groups(measured: list[Sentence]) -> None:
    assert len(a_few(measured, 4)) == 4
    assert {sentence.group for sentence in a_few(measured, 4)} == {
        "natural",
        "held-out words",
        "hard",
    }
    assert a_few(measured, 1000) == measured
