"""What location features are for, to be heard: a sentence read with them and without.

The recordings are of the kit's own voice (``tools/record_hearing.py``): a decoder belongs to it,
and that is not yet there in lab 1.
"""

from __future__ import annotations

from pathlib import Path

from labkit.notebook.alignment import plot_alignment
from labkit.notebook.recordings import Hearing, Recording

DATA = Path(__file__).parent / "data"  # recordings, and what was measured while they were made

SENTENCE = "No, no, no, I said it once, and I will never, never say it again."
KINDS = {
    "with_location": "Location-sensitive: it knows where it has been",
    "without_location": "Content only: the same weights, the location term removed",
}


def hear_attention() -> Hearing:
    """Play the kit's voice reading a sentence with its location features, and without.

    Returns:
        Both recordings with their alignments.
    """
    from safetensors.torch import load_file

    alignments = load_file(DATA / "hearing.safetensors")
    return Hearing(
        SENTENCE,
        [
            Recording(
                title,
                Path(DATA, f"{kind}.flac").read_bytes(),
                plot_alignment(alignments[kind], title=title),
            )
            for kind, title in KINDS.items()
        ],
    )
