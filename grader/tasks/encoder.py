"""Lab 2: the encoder, convolutions and a bidirectional LSTM."""

from __future__ import annotations

from grader.tasks.base import Given, Lab, Output, Slip, Task
from grader.tasks.encoder_convolve_slips import CONVOLVE_SLIPS
from grader.tasks.encoder_read_slips import READ_SLIPS

_SHARED = (
    Slip(
        "mode-set",
        "the fill changed the module's mode",
        "Who decides whether the module is training: this method, or whoever calls it?",
        tells=r"left the module in another mode",
    ),
    Slip(
        "batch-squeezed",
        "a squeeze also removed the batch axis",
        "What does `squeeze()` do to a batch of one?",
    ),
)

CONVOLVE = Task(
    id="encoder-1",
    title="Encoder.convolve",
    points=30,
    defines="Encoder",
    methods=("convolve",),
    classic="ENCODER",
    arguments=("x", "padding"),
    outputs=(Output("convolved", ("B", "encoder_embedding_dim", "T_in")),),
    slips=(*CONVOLVE_SLIPS, *_SHARED),
)

FORWARD = Task(
    id="encoder-2",
    title="Encoder.forward",
    points=30,
    defines="Encoder",
    methods=("forward",),
    classic="ENCODER",
    arguments=("x", "input_lengths"),
    outputs=(Output("memory", ("B", "T_in", "encoder_embedding_dim")),),
    given=Given("convolve", "convolved", asks=("x", "padding")),
    slips=(*READ_SLIPS, *_SHARED),
)

ENCODER = Lab(
    name="lab2_encoder",
    notebook="encoder",
    title="Lab 2: the encoder",
    setup=(
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "from labkit.tacotron2.layers import ConvNorm\n"
        "from labkit.tacotron2.masking import padding_mask\n"
    ),
    tasks=(CONVOLVE, FORWARD),
)
