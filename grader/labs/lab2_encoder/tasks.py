"""Lab 2: the encoder, convolutions and a bidirectional LSTM."""

from __future__ import annotations

from grader.labs.base import Given, Output, make_lab, make_task
from grader.labs.lab2_encoder.convolve_slips import CONVOLVE_SLIPS
from grader.labs.lab2_encoder.read_slips import READ_SLIPS
from grader.labs.slip_text import read_slips

_SHARED = read_slips(
    """
mode-set: the fill changed the module's mode
    Who decides whether the module is training: this method, or whoever calls it?
    ~ left the module in another mode
batch-squeezed: a squeeze also removed the batch axis
    What does `squeeze()` do to a batch of one?
"""
)

CONVOLVE = make_task(
    "encoder-1",
    classic="ENCODER",
    arguments=("x", "padding"),
    outputs=(Output("convolved", ("B", "encoder_embedding_dim", "T_in")),),
    slips=(*CONVOLVE_SLIPS, *_SHARED),
)

FORWARD = make_task(
    "encoder-2",
    classic="ENCODER",
    arguments=("x", "input_lengths"),
    outputs=(Output("memory", ("B", "T_in", "encoder_embedding_dim")),),
    given=Given("convolve", "convolved", asks=("x", "padding")),
    slips=(*READ_SLIPS, *_SHARED),
)

LAB = make_lab(
    "lab2_encoder",
    (
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "from labkit.tacotron2.layers import ConvNorm\n"
        "from labkit.tacotron2.masking import padding_mask\n"
    ),
    CONVOLVE,
    FORWARD,
)
