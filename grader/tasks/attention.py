"""Lab 1: location-sensitive attention."""

from __future__ import annotations

from grader.tasks.attention_energy_slips import ENERGY_SLIPS
from grader.tasks.attention_location_slips import LOCATION_SLIPS
from grader.tasks.attention_look_slips import LOOK_SLIPS
from grader.tasks.base import Given, Lab, Output, Slip, Task

_SHARED = (
    Slip(
        "dropout-added",
        "there is a dropout where the formula has none",
        "Which line asks whether the module is training, and does the formula?",
        tells=r"^in training mode",
    ),
    Slip(
        "batch-squeezed",
        "a squeeze without an axis also removed the batch axis",
        "What does `squeeze()` do to a batch of one? Which axis did you mean to remove?",
    ),
)

LOCATION = Task(
    id="attention-1",
    title="LocationLayer.forward",
    points=20,
    defines="LocationLayer",
    methods=("forward",),
    classic="TEST_ATTEN",
    arguments=("attention_weights_cat",),
    outputs=(Output("processed_attention", ("B", "T_in", "attention_dim")),),
    slips=(*LOCATION_SLIPS, *_SHARED),
)

ENERGIES = Task(
    id="attention-2",
    title="Attention.get_alignment_energies",
    points=20,
    defines="Attention",
    methods=("get_alignment_energies",),
    classic="TEST_ATTEN",
    arguments=("query", "processed_memory", "attention_weights_cat"),
    outputs=(Output("energies", ("B", "T_in")),),
    given=Given("location_layer", "location", asks=("attention_weights_cat",)),
    slips=(*ENERGY_SLIPS, *_SHARED),
)

FORWARD = Task(
    id="attention-3",
    title="Attention.forward",
    points=20,
    defines="Attention",
    methods=("forward",),
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

ESSAY = Task(
    id="attention-4",
    title="Additive or multiplicative?",
    points=10,
    manual=True,
    followed_by=("end", "## What you have now"),
    asked=(718, "3. Why does Tacotron 2 take the additive form?"),
)

ATTENTION = Lab(
    name="lab1_attention",
    notebook="attention",
    title="Lab 1: location-sensitive attention",
    setup=(
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from labkit.tacotron2.layers import ConvNorm, LinearNorm\n"
    ),
    tasks=(LOCATION, ENERGIES, FORWARD, ESSAY),
)
