"""What the decoder holds before its first step."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from labkit.labs.lab3_decoder.decoding import decoder_of, encode
from labkit.notebook.picture import Picture, Table, new_figure
from labkit.notebook.student import expect, or_notice, students_code, unexpected
from labkit.tacotron2 import DecoderState

_MEANINGS = {
    "attention_hidden": "output of the attention LSTM: the query",
    "attention_cell": "its cell",
    "decoder_hidden": "output of the decoder LSTM",
    "decoder_cell": "its cell",
    "attention_weights": "where the last step looked",
    "attention_weights_cum": "where all steps so far have looked",
    "attention_context": "what the last step found",
    "processed_memory": "the memory as the attention compares it",
}


@or_notice
def show_start(
    decoder_class: type[nn.Module], text: str = "The river runs down to the sea."
) -> Picture:
    """Draw what the student's Decoder holds before its first step.

    Args:
        decoder_class: the student's Decoder, with decoder-1 done.
        text: a sentence, at most 60 symbols.
    """
    sentence = encode(text)
    decoder = decoder_of(decoder_class, "get_go_frame", "initialize_decoder_states")
    with students_code("Decoder"), torch.no_grad():
        go_frame = decoder.get_go_frame(sentence.memory)
        state = decoder.initialize_decoder_states(sentence.memory)
    frame_dim = decoder.n_frames_per_step * decoder.n_mel_channels
    go_frame = expect(go_frame, (1, frame_dim), "Decoder.get_go_frame")
    parts = _parts(decoder, sentence.memory, state)
    figure = new_figure(8.6, 4.6)
    left, right = figure.subplots(1, 2, sharey=True)
    processed = parts["processed_memory"][0]  # (T_in, attention_dim)
    for axes, values, name in (
        (left, sentence.memory[0], "memory"),
        (right, processed, "processed_memory"),
    ):
        limit = float(values.abs().max())
        image = axes.imshow(
            values.numpy(), aspect="auto", cmap="cividis", vmin=-limit, vmax=limit, origin="lower"
        )
        figure.colorbar(image, ax=axes, location="bottom", pad=0.02)
        axes.set_title(f"{name} {tuple(values.shape)}")
        axes.set_xlabel("number")
    left.set_yticks(range(len(sentence.names)), sentence.names, fontsize=8)
    left.set_ylabel("symbol")
    rows = [["go frame", _shape(go_frame), _content(go_frame), "the frame before the first one"]]
    rows += [[name, _shape(part), _content(part), _MEANINGS[name]] for name, part in parts.items()]
    zeros = [row[0] for row in rows if row[2] == "zeros"]
    text = (
        f"Before the first step for “{text}” ({len(sentence.names)} symbols): of the go frame and "
        f"the {len(parts)} parts of the state, {len(zeros)} are all zeros; processed_memory is "
        f"what memory_layer makes of the memory, {processed.size(1)} numbers for each symbol in "
        f"place of {sentence.memory.size(2)}."
    )
    return Picture(figure, "Before the first step", text, Table(_HEAD, rows))


_HEAD = ["part", "shape", "holds", "what it is"]


def _parts(decoder: Any, memory: torch.Tensor, state: Any) -> dict[str, torch.Tensor]:
    """Check the state part by part.

    Raises:
        NotReadyError: it is no DecoderState, or a part has another shape.
    """
    if not isinstance(state, DecoderState):
        found = f"a {type(state).__name__}" if state is not None else "None"
        title = f"Decoder.initialize_decoder_states returned {found}, not a DecoderState"
        raise unexpected(title)
    _, T_in, embedding = memory.shape
    attention_dim = decoder.attention_layer.memory_layer.linear_layer.out_features
    shapes = {
        "attention_hidden": (1, decoder.attention_rnn_dim),
        "attention_cell": (1, decoder.attention_rnn_dim),
        "decoder_hidden": (1, decoder.decoder_rnn_dim),
        "decoder_cell": (1, decoder.decoder_rnn_dim),
        "attention_weights": (1, T_in),
        "attention_weights_cum": (1, T_in),
        "attention_context": (1, embedding),
        "processed_memory": (1, T_in, attention_dim),
    }
    return {
        name: expect(getattr(state, name), shape, f"initialize_decoder_states, as {name},")
        for name, shape in shapes.items()
    }


def _shape(part: torch.Tensor) -> str:
    return str(tuple(part.shape))


def _content(part: torch.Tensor) -> str:
    return "numbers" if part.any() else "zeros"
