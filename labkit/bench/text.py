"""The text that every report reads, so that reports can be compared."""

from __future__ import annotations

from itertools import cycle, islice

# The first sentence ends with character 166, as in the original report.
TEXT = (
    "A voice made by a machine should be easy to follow, and its pauses should fall where a "
    "sensible reader would take a breath, so that a listener never loses the thread. "
    "Every sentence is read again and again, because only what is repeated can be measured. "
)


def text_of_length(input_length: int) -> str:
    """Cut the text to a number of characters; a longer one begins again.

    Args:
        input_length: characters, at least 1.
    """
    return "".join(islice(cycle(TEXT), input_length))
