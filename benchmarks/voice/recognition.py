"""Words that a recogniser understands, and how many of them are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from labkit.audio import resample
from labkit.text.pronunciation import read_aloud
from voice.sentences import words_of

SAMPLE_RATE = 16_000
RESAMPLES = 2000
CONFIDENCE = 0.95
FEWEST = 10  # sentences for an interval


class Recogniser:
    """pocketsphinx with its own English models and beams so wide that it does not miss much.

    Args:
        vocabulary: words that it must be able to understand; those that its dictionary lacks are
            added with our pronunciation, and so rare that they have to be heard clearly.
    """

    def __init__(self, vocabulary: set[str]) -> None:
        from pocketsphinx import Decoder

        self.decoder = Decoder(
            samprate=SAMPLE_RATE, beam=1e-60, pbeam=1e-60, wbeam=1e-40, lw=8.0, loglevel="FATAL"
        )
        self.added = {
            word: " ".join(phone.rstrip("012") for phone in read_aloud(word).words[0].phones)
            for word in sorted(vocabulary)
            if self.decoder.lookup_word(word) is None
        }
        for word, phones in self.added.items():
            self.decoder.add_word(word, phones, True)

    def understand(self, audio: torch.Tensor, sample_rate: int) -> list[str]:
        """Write down what is said, in small letters.

        Args:
            audio: (N,) float32 samples.
            sample_rate: of them.
        """
        samples = resample(audio, sample_rate, SAMPLE_RATE).clamp(-1, 1)
        self.decoder.reinit_feat()  # each utterance by itself, whatever came before
        self.decoder.start_utt()
        self.decoder.process_raw(
            (samples * 32_767).to(torch.int16).numpy().tobytes(), no_search=False, full_utt=True
        )
        self.decoder.end_utt()
        found = self.decoder.hyp()
        return words_of(found.hypstr) if found else []


class Rate(NamedTuple):
    """A word error rate, or the difference of two."""

    errors: int
    words: int
    interval: tuple[float, float] | None  # for its true value

    @property
    def value(self) -> float:
        return self.errors / self.words

    def __str__(self) -> str:
        interval = " ({:.3f}–{:.3f})".format(*self.interval) if self.interval else ""
        return f"{self.value:.3f}{interval}, {self.errors}/{self.words}"

    @property
    def points(self) -> str:
        """As a difference."""
        value, *ends = (f"{100 * rate:+.1f}" for rate in (self.value, *(self.interval or ())))
        return f"{value} ({' to '.join(ends)})" if ends else value


def error_rate(errors: Sequence[int], words: Sequence[int]) -> Rate:
    """Word error rate of some sentences.

    The interval is what other sentences like these would give: they are drawn again and again,
    with repetition (bootstrap). A handful of sentences has none. For the difference of two
    systems give the differences of their errors, sentence by sentence, which leaves out what is
    hard for both.

    Args:
        errors: of each sentence.
        words: that each sentence has.
    """
    totals = int(sum(errors)), int(sum(words))
    if len(words) < FEWEST:
        return Rate(*totals, None)
    counts = np.stack([errors, words])  # (2, sentences)
    generator = np.random.default_rng(0)
    drawn = generator.integers(len(words), size=(RESAMPLES, len(words)))
    wrong, all_words = counts[:, drawn].sum(axis=2)  # (RESAMPLES,) each
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(wrong / all_words, (tail, 1 - tail))
    return Rate(*totals, (float(low), float(high)))
