"""A corpus from nothing: our own sentences, spoken by flite, in the layout of LJSpeech."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from labkit.corpus.clip import SAMPLE_RATE, Order, record
from labkit.corpus.errors import CorpusError
from labkit.corpus.flite import STYLES, VOICES, flite_version
from labkit.corpus.journal import Journal, read_card
from labkit.corpus.layout import (
    LABELS,
    METADATA,
    PARTS,
    WAVS,
    write_file_lists,
    write_json,
)
from labkit.corpus.parallel import in_order
from labkit.corpus.sentences import sentences
from labkit.files import write_lines
from labkit.progress import progress_bar

CARD = "corpus.json"
"""What a corpus was made from; written last, so where it is, the corpus is complete."""

# Of so many recordings, one validates and one tests. A prime, so that every voice and style does.
_SPLIT_EVERY = 47


@dataclass(frozen=True)
class Recipe:
    """What makes a corpus: the same recipe and flite give the same recordings.

    On one machine to the byte; on another processor to one step of 16 bits.

    Args:
        hours: how much speech; the recording that reaches it is the last.
        seed: of the sentences.
        voices: keys of `labkit.corpus.flite.VOICES`, in turn; the speakers.
        styles: keys of `labkit.corpus.flite.STYLES`; every voice speaks in all of them.
        max_characters: of a sentence; longer ones are left out.
        suffix: ".wav", or ".flac", which takes half the space.
    """

    hours: float
    seed: int = 0
    voices: tuple[str, ...] = ("rms",)
    styles: tuple[str, ...] = ("neutral",)
    max_characters: int = 200
    suffix: str = ".wav"

    def __post_init__(self) -> None:
        if not 0 < self.hours <= 1000:
            raise CorpusError(f"hours must be above 0 and at most 1000, not {self.hours}")
        if self.max_characters < 20:
            raise CorpusError(f"max_characters must be at least 20, not {self.max_characters}")
        for kind, given, known in (("voice", self.voices, VOICES), ("style", self.styles, STYLES)):
            unknown = [name for name in given if name not in known]
            if unknown or not given or len(set(given)) < len(given):
                raise CorpusError(
                    f"{kind}s must be one or more of {', '.join(known)}, each once, "
                    f"not {', '.join(given) or 'none'}"
                )

    def orders(self) -> Iterator[Order]:
        """Say what to record, for ever: voices take turns, then styles."""
        texts = (text for text in sentences(self.seed) if len(text) <= self.max_characters)
        for number, text in enumerate(texts):
            voice = self.voices[number % len(self.voices)]
            style = self.styles[number // len(self.voices) % len(self.styles)]
            yield Order(f"{voice}-{style}-{number + 1:05}", text, voice, style, self.suffix)


@dataclass(frozen=True)
class Corpus:
    """What was made.

    Args:
        folder: where it lies.
        clips: number of recordings.
        seconds: of speech.
        new_clips: number of recordings that were not there before.
    """

    folder: Path
    clips: int
    seconds: float
    new_clips: int


def make_corpus(folder: Path, recipe: Recipe, *, jobs: int = 1, progress: bool = False) -> Corpus:
    """Make a corpus, or go on with one that was interrupted.

    Args:
        folder: where to; made if it is not there, else empty or a corpus of the same recipe.
        recipe: what to make.
        jobs: how many recordings are made at a time; has no influence on the result.
        progress: show a bar.

    Raises:
        CorpusError: flite is missing or fails, or the folder holds something else.
        OutputError: the folder cannot be written.
    """
    made_from = {**asdict(recipe), "sample_rate": SAMPLE_RATE, "flite": flite_version()}
    card = folder / CARD
    if card.exists():
        made = read_card(card, made_from)
        return Corpus(folder, made["clips"], made["seconds"], 0)
    journal = Journal(folder, made_from, recipe.orders())
    labels = journal.recorded
    before = len(labels)
    target = recipe.hours * 3600
    seconds = sum(clip["seconds"] for clip in labels)
    with progress_bar(progress, "speaking", target) as advance, journal.writing() as write:
        advance(seconds)
        orders = islice(recipe.orders(), before, None)
        with closing(in_order(partial(record, folder=folder / WAVS), orders, jobs)) as recordings:
            while seconds < target:
                clip = next(recordings)
                write(clip)
                labels.append(clip)
                seconds += clip["seconds"]
                advance(clip["seconds"])
    journal.clear()
    _write_lists(folder, labels, recipe)
    write_json(card, {**made_from, "clips": len(labels), "seconds": round(seconds, 2)})
    journal.remove()
    return Corpus(folder, len(labels), seconds, len(labels) - before)


def _write_lists(folder: Path, labels: list[dict[str, Any]], recipe: Recipe) -> None:
    write_lines(folder / LABELS, map(json.dumps, labels))
    # Numbers are words already, so the text and what is read are the same.
    write_lines(
        folder / METADATA, (f"{clip['id']}|{clip['text']}|{clip['text']}" for clip in labels)
    )
    split: dict[str, list[tuple[str, str]]] = {part: [] for part in PARTS}
    for number, clip in enumerate(labels):
        part = {0: "val", 1: "test"}.get(number % _SPLIT_EVERY, "train")
        split[part].append((f"{WAVS}/{clip['id']}{recipe.suffix}", clip["text"]))
    write_file_lists(folder, split)
