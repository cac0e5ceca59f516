"""Lab 3: the decoder, from its go frame to its end, and the whole model around it."""

from __future__ import annotations

from grader.tasks import decoder_slips, decoder_step_slips
from grader.tasks.base import Lab, Output, Task
from grader.tasks.tacotron2 import TACOTRON2

_STATE = {
    name: Output(name, axes)
    for name, axes in (
        ("attention_hidden", ("B", "attention_rnn_dim")),
        ("attention_cell", ("B", "attention_rnn_dim")),
        ("decoder_hidden", ("B", "decoder_rnn_dim")),
        ("decoder_cell", ("B", "decoder_rnn_dim")),
        ("attention_weights", ("B", "T_in")),
        ("attention_weights_cum", ("B", "T_in")),
        ("attention_context", ("B", "encoder_embedding_dim")),
        ("processed_memory", ("B", "T_in", "attention_dim")),
    )
}

START = Task(
    id="decoder-1",
    title="Decoder.get_go_frame and initialize_decoder_states",
    points=20,
    defines="Decoder",
    methods=("get_go_frame", "initialize_decoder_states"),
    classic="DECODER",
    adapter="decoder",
    arguments=("memory",),
    outputs=(Output("go_frame", ("B", "r · n_mel_channels")), *_STATE.values()),
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
    # in the order in which a step makes them: what is told first is where it went wrong
    outputs=(
        *(_STATE[f"attention_{part}"] for part in ("hidden", "cell", "weights", "context")),
        *(_STATE[f"decoder_{part}"] for part in ("hidden", "cell")),
        Output("mel_output", ("B", "r · n_mel_channels")),
        Output("gate_output", ("B", "1")),
        *(_STATE[name] for name in ("attention_weights_cum", "processed_memory")),
        Output("frames", ("B", "step", "r · n_mel_channels")),
        Output("gates", ("B", "step", "1")),
        Output("alignments", ("B", "step", "T_in")),
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
        Output("parsed_mel", ("B", "n_mel_channels", "T"), "parse_decoder_outputs: the mel"),
        Output("parsed_gates", ("B", "T / r"), "parse_decoder_outputs: the gates"),
        Output(
            "parsed_alignments", ("B", "T / r", "T_in"), "parse_decoder_outputs: the alignments"
        ),
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
