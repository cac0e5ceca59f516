"""What the memory is for, to be heard: a sentence spoken from it whole, spoilt and halved.

The recordings are of the kit's own voice (``tools/record_hearing.py``): a decoder belongs to it,
and that is not yet there in lab 2. So that they are the student's all the same, the memory from
which the first one was spoken is compared with that of the student's Encoder.
"""

from __future__ import annotations

from pathlib import Path

from torch import nn

from labkit.labs.lab2_encoder.situation import built_once, change, embed, read, remember
from labkit.notebook.alignment import plot_alignment
from labkit.notebook.picture import Notice
from labkit.notebook.recordings import Hearing, Recording
from labkit.notebook.student import or_notice

DATA = Path(__file__).parent / "data"  # recordings, and what was measured while they were made

SENTENCE = "Can you hear me now?"
PADDING = 10
KINDS = {
    "memory_whole": "The memory that your Encoder makes, too",
    "memory_padded": f"Not packed, not hidden: {PADDING} symbols of padding come into the memory",
    "memory_forward": "Forward half only: the backward half set to zero",
}
_SAME = 0.01  # the stored memory is rounded to float16


@or_notice
def hear_encoder(encoder_class: type[nn.Module]) -> Hearing | Notice:
    """Play the voice speaking from the student's memory, and from two that are worse.

    Args:
        encoder_class: the student's Encoder, with both tasks done.

    Returns:
        The recordings with their alignments; a notice if the first one would not be the student's.
    """
    from safetensors.torch import load_file

    stored = load_file(DATA / "hearing_encoder.safetensors")
    reading = read(SENTENCE)
    memory = remember(built_once(encoder_class)(), embed(reading), len(reading))[0]
    difference = float(change(memory, stored["memory"].float()).max())
    if difference > _SAME:
        return Notice(
            "Your Encoder makes another memory than the one these recordings were spoken from",
            f"At one symbol it differs by {difference:.0%}. The checks above say where.",
        )
    return Hearing(
        SENTENCE,
        [
            Recording(
                title,
                Path(DATA, f"{kind}.flac").read_bytes(),
                plot_alignment(stored[kind], reading.names, title=title),
            )
            for kind, title in KINDS.items()
        ],
    )
