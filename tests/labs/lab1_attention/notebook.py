"""What the attention notebook shows, and what raises the errors that its help blocks quote."""

from __future__ import annotations

import torch

from labkit.labs.given import fresh_classes
from labkit.tacotron2.attention import Attention, LocationLayer
from notebook_tools import Shows


def _layer() -> LocationLayer:
    return LocationLayer(32, 31, 128)


def _attention() -> Attention:
    return Attention(1024, 512, 128, 32, 31)


PAST = torch.rand(2, 2, 11)
MEMORY = torch.rand(2, 11, 512)
WEIGHTS = torch.rand(2, 11)
MASK = torch.zeros(2, 11, dtype=torch.bool)


def _not_run() -> None:
    fresh_classes()["Attention"](8, 6, 4, 2, 3).get_alignment_energies(1, 2, 3)


def _undefined_layer() -> None:
    exec("location_conv(1)")


SHOWS = Shows(
    says={
        "attention-1-view": "features are strongest",
        "attention-2-view": "once attention-3 is done",
        "attention-3-weights-view": "The largest weight is",
        "attention-3-view": "location-sensitive reads “noo noo neeveer”",
        "full-size": "(128, 1024)",
    },
    pictures=(
        "idea-picture",
        "attention-1-view",
        "attention-2-view",
        "attention-3-weights-view",
        "attention-3-view",
        "attention-3-hear",
    ),
    players=("attention-3-hear",),
    waits=dict.fromkeys(
        ("attention-1-view", "attention-2-view", "attention-3-view"), "attention-1"
    ),
    mistakes={
        "attention-1": (
            lambda: _layer().location_dense(_layer().location_conv(PAST)),
            lambda: _layer().location_conv(PAST.transpose(1, 2)),
            _undefined_layer,
        ),
        "attention-2": (
            lambda: _attention().query_layer(torch.rand(2, 1024)) + _layer()(PAST),
            lambda: _attention().memory_layer(_attention().memory_layer(MEMORY)),
            lambda: _attention().v * torch.rand(2, 11, 128),
        ),
        "attention-3": (
            _not_run,
            lambda: WEIGHTS.masked_fill(MASK.float(), -float("inf")),
            lambda: WEIGHTS.masked_fill(None, -float("inf")),
            lambda: torch.bmm(WEIGHTS, MEMORY),
            lambda: torch.bmm(WEIGHTS.unsqueeze(2), MEMORY),
        ),
    },
)
