"""What the encoder notebook shows, and what raises the errors that its help blocks quote."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.tacotron2 import Encoder
from notebook_tools import Shows

X = torch.rand(2, 512, 11)
MASK = torch.zeros(2, 1, 11, dtype=torch.bool)
LENGTHS = torch.tensor([7, 11])
DEFAULT = {"batch_first": True, "enforce_sorted": False}


def _encoder() -> Any:
    return Encoder(3, 512, 5)


def _packed(x: torch.Tensor, **changed: bool) -> Any:
    return pack_padded_sequence(x, LENGTHS, **(DEFAULT | changed))


def _outputs() -> Any:
    return _encoder().lstm(_packed(X.transpose(1, 2)))


VIEWS = ("encoder-1-view", "encoder-1-padding-view", "encoder-2-packing-view", "encoder-2-view")
SHOWS = Shows(
    says={
        "encoder-1-view": "IH (symbol 12) changes with 5 of 24 symbols",
        "encoder-1-padding-view": "Hidden before every layer: nothing.",
        "encoder-2-packing-view": "Packed: the backward half does not change",
        "encoder-2-view": "The backward half changes at 12 symbols",
        "hear": "The memory that your Encoder makes, too",
        "full-size": "5513728",
        "progress": "2 of 2 tasks done",
    },
    pictures=("idea-picture", *VIEWS, "hear"),
    players=("hear",),
    waits=dict.fromkeys(VIEWS[:2], "encoder-1") | dict.fromkeys((*VIEWS[2:], "hear"), "encoder-2"),
    mistakes={
        "encoder-1": (
            lambda: _encoder().convolutions(X),
            lambda: X.masked_fill(None, 0.0),  # type: ignore[arg-type]
            lambda: X.masked_fill(MASK.squeeze(1), 0.0),
            lambda: _encoder().convolutions[0](X.transpose(1, 2)),
            lambda: _encoder().dropout(X),
        ),
        "encoder-2": (
            lambda: _packed(X.transpose(1, 2), enforce_sorted=True),
            lambda: _encoder().lstm(_packed(X)),
            lambda: pad_packed_sequence(_outputs(), batch_first=True),
            lambda: _outputs()[0].transpose(1, 2),
            lambda: pad_packed_sequence(_outputs()[0], batch_first=True).transpose(1, 2),
            lambda: exec("@method_of(1)\ndef f():\n    pass"),
        ),
    },
)
