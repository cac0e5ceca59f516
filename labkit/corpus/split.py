"""Which recordings train a voice, and which only judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from labkit.corpus.listing import Clip

# Of 13 100 recordings, LJSpeech has 100 to validate and 500 to test with.
_VALIDATION_SHARE = 100 / 13_100
_TEST_SHARE = 500 / 13_100


def split_by_name(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Split a corpus that does not say how, the same way wherever it lies.

    Recordings are put in the order of the SHA-256 of their name (the file's, without its suffix);
    the first 100 of 13 100 validate, the next 500 test, at least one each. In every part they
    keep the order of the corpus.

    Args:
        clips: three or more.
    """
    drawn = sorted(clips, key=lambda clip: hashlib.sha256(clip.audio.stem.encode()).digest())
    n_validation = max(1, round(_VALIDATION_SHARE * len(clips)))
    n_test = max(1, round(_TEST_SHARE * len(clips)))
    validation = set(drawn[:n_validation])
    test = set(drawn[n_validation : n_validation + n_test])
    return {
        "train": [clip for clip in clips if clip not in validation | test],
        "val": [clip for clip in clips if clip in validation],
        "test": [clip for clip in clips if clip in test],
    }
