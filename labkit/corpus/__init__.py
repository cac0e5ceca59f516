"""Speech corpora: made from our own sentences, prepared for training, checked for faults."""

from __future__ import annotations

from labkit.corpus.check import Checkup, Limits, check_corpus
from labkit.corpus.errors import CorpusError
from labkit.corpus.features import Features
from labkit.corpus.listing import Clip, Fault, Listing, read_listing
from labkit.corpus.make import Corpus, Recipe, make_corpus
from labkit.corpus.prepare import Prepared, prepare_corpus
from labkit.corpus.sentences import sentences

__all__ = [
    "Checkup",
    "Clip",
    "Corpus",
    "CorpusError",
    "Fault",
    "Features",
    "Limits",
    "Listing",
    "Prepared",
    "Recipe",
    "check_corpus",
    "make_corpus",
    "prepare_corpus",
    "read_listing",
    "sentences",
]
