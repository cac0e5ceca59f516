"""Where sequences of a batch end: one convention for text and mel alike.

A batch is padded on the right to its longest member. In every mask of this package **True
marks padding**, so that a mask can be handed to ``masked_fill`` as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.text import pad_id


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    """Mark the positions that lie behind the end of each sequence.

    Args:
        lengths: (B,) integers, the number of valid positions of each sequence.
        max_length: T, the length that all sequences were padded to.

    Returns:
        (B, T) bool on the device of ``lengths``, True marks padding.
    """
    positions = torch.arange(max_length, device=lengths.device)  # (T,)
    return positions >= lengths.unsqueeze(1)  # (B, T)


def pad_symbols(sequences: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Make a batch of sentences.

    Args:
        sequences: the symbol ids of each sentence; at least one, none of them empty.

    Returns:
        ``ids``: (B, T_in) symbol ids, padded on the right.
        ``lengths``: (B,) number of symbols of each sentence.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences])  # (B,)
    ids = torch.full((len(sequences), int(lengths.max())), pad_id)  # (B, T_in)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = torch.tensor(sequence)
    return ids, lengths
