"""Lab 3: the decoder, from its go frame to its end, and the whole model around it."""

from __future__ import annotations

from grader.tasks import decoder_slips, decoder_step_slips
from grader.tasks.base import Lab, Output, Task
from grader.tasks.tacotron2 import TACOTRON2

_STATE = (
    Output("attention_hidden", ("B", "attention_rnn_dim")),
    Output("attention_cell", ("B", "attention_rnn_dim")),
    Output("decoder_hidden", ("B", "decoder_rnn_dim")),
    Output("decoder_cell", ("B", "decoder_rnn_dim")),
    Output("attention_weights", ("B", "T_in")),
    Output("attention_weights_cum", ("B", "T_in")),
    Output("attention_context", ("B", "encoder_embedding_dim")),
    Output("processed_memory", ("B", "T_in", "attention_dim")),
)

START = Task(
    id="decoder-1",
    title="Decoder.get_go_frame and initialize_decoder_states",
    points=20,
    defines="Decoder",
    methods=("get_go_frame", "initialize_decoder_states"),
    classic="DECODER",
    adapter="decoder",
    arguments=("memory",),
    outputs=(Output("go_frame", ("B", "r · n_mel_channels")), *_STATE),
    slips=decoder_slips.START,
)

STEP = Task(
    id="decoder-2",
    title="Decoder.decode and steps",
    points=20,
    defines="Decoder",
    methods=("decode", "steps"),
    classic="DECODER",
    adapter="decoder",
    arguments=("decoder_input", "memory", "memory_lengths", "mask"),
    outputs=(
        Output("mel_output", ("B", "r · n_mel_channels")),
        Output("gate_output", ("B", "1")),
        *_STATE,
        Output("frames", ("B", "steps", "r · n_mel_channels")),
        Output("gates", ("B", "steps", "1")),
        Output("alignments", ("B", "steps", "T_in")),
    ),
    slips=decoder_step_slips.STEP,
)

END = Task(
    id="decoder-3",
    title="Decoder.infer and parse_decoder_outputs",
    points=20,
    defines="Decoder",
    methods=("infer", "parse_decoder_outputs"),
    classic="DECODER",
    adapter="decoder",
    arguments=("memory", "memory_lengths"),
    outputs=(
        Output("mel_outputs", ("B", "n_mel_channels", "T")),
        Output("gate_outputs", ("B", "T / r")),
        Output("alignments", ("B", "T / r", "T_in")),
        Output("mel_lengths", ("B",)),
    ),
    slips=decoder_slips.END,
)

DECODER = Lab(
    name="lab3_decoder",
    notebook="decoder",
    title="Lab 3: the decoder",
    setup=(
        "from collections.abc import Iterator\n"
        "from itertools import islice\n"
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from labkit.tacotron2 import Attention, DecoderState, Prenet, Tacotron2\n"
        "from labkit.tacotron2.layers import LinearNorm\n"
        "from labkit.tacotron2.masking import padding_mask\n"
        "from labkit.tacotron2.model import Decode\n"
    ),
    tasks=(START, STEP, END, TACOTRON2),
)
