"""Lab 1: location-sensitive attention."""

from __future__ import annotations

from grader.labs.base import Given, Output, make_lab, make_task
from grader.labs.lab1_attention.energy_slips import ENERGY_SLIPS
from grader.labs.lab1_attention.location_slips import LOCATION_SLIPS
from grader.labs.lab1_attention.look_slips import LOOK_SLIPS
from grader.labs.slip_text import read_slips

_SHARED = read_slips(
    """
dropout-added: there is a dropout where the formula has none
    Which line asks whether the module is training, and does the formula?
    ~ ^in training mode
batch-squeezed: a squeeze without an axis also removed the batch axis
    What does `squeeze()` do to a batch of one? Which axis did you mean to remove?
"""
)

LOCATION = make_task(
    "attention-1",
    classic="TEST_ATTEN",
    arguments=("attention_weights_cat",),
    outputs=(Output("processed_attention", ("B", "T_in", "attention_dim")),),
    slips=(*LOCATION_SLIPS, *_SHARED),
)

ENERGIES = make_task(
    "attention-2",
    classic="TEST_ATTEN",
    arguments=("query", "processed_memory", "attention_weights_cat"),
    outputs=(Output("energies", ("B", "T_in")),),
    given=Given("location_layer", "location", asks=("attention_weights_cat",)),
    slips=(*ENERGY_SLIPS, *_SHARED),
)

FORWARD = make_task(
    "attention-3",
    classic="TEST_ATTEN",
    arguments=("query", "memory", "processed_memory", "attention_weights_cat", "mask"),
    outputs=(
        Output("attention_context", ("B", "embedding_dim")),
        Output("attention_weights", ("B", "T_in")),
    ),
    given=Given(
        "get_alignment_energies",
        "energies",
        asks=("query", "processed_memory", "attention_weights_cat"),
    ),
    weights=("attention_weights",),
    slips=(*LOOK_SLIPS, *_SHARED),
)

ESSAY = make_task(
    "attention-4",
    title="Additive or multiplicative?",
    followed_by=(("end", "## What you have now"),),
    asked=(718, "3. Why does Tacotron 2 take the additive form?"),
)

LAB = make_lab(
    "lab1_attention",
    (
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from labkit.tacotron2.layers import ConvNorm, LinearNorm\n"
    ),
    LOCATION,
    ENERGIES,
    FORWARD,
    ESSAY,
)
