"""Lab 3: the decoder, from its go frame to its end, and the whole model around it."""

from __future__ import annotations

from grader.labs.base import Output, make_lab, make_task
from grader.labs.lab3_decoder import decoder_slips
from grader.labs.lab3_decoder import step_slips as decoder_step_slips
from grader.labs.lab3_decoder.model_task import TACOTRON2

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

START = make_task(
    "decoder-1",
    classic="DECODER",
    adapter="grader.labs.lab3_decoder.decoder_adapter:DECODER",
    arguments=("memory",),
    outputs=(Output("go_frame", ("B", "r · n_mel_channels")), *_STATE.values()),
    slips=decoder_slips.START,
)

STEP = make_task(
    "decoder-2",
    classic="DECODER",
    adapter="grader.labs.lab3_decoder.decoder_adapter:DECODER",
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

END = make_task(
    "decoder-3",
    classic="DECODER",
    adapter="grader.labs.lab3_decoder.decoder_adapter:DECODER",
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

LAB = make_lab(
    "lab3_decoder",
    (
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
    START,
    STEP,
    END,
    TACOTRON2,
)
