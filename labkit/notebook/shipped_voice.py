"""The shipped voice, for whatever a notebook lets it say."""

from __future__ import annotations

from functools import cache

from labkit.pipeline import Synthesizer


@cache
def voice() -> Synthesizer:
    """Load the shipped voice, once."""
    return Synthesizer.from_pretrained(device="cpu")
