"""What the decoder notebook shows, and what raises the errors that its help blocks quote."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch

from labkit.notebook.shipped_voice import voice
from labkit.tacotron2 import DecoderState
from notebook_tools import Shows


def _ids() -> torch.Tensor:
    return torch.ones(2, 11, dtype=torch.long)


MEMORY = torch.rand(2, 11, 192)
HEARD = torch.rand(2, 96)
LENGTHS = torch.tensor([11, 9])
INPUT = torch.rand(2, 288)


def _decoder() -> Any:
    return voice().tacotron2.decoder


def _state() -> DecoderState:
    return _decoder().initialize_decoder_states(MEMORY)


def _ask(past: torch.Tensor) -> object:
    state = _state()
    return _decoder().attention_layer(
        state.attention_hidden, MEMORY, state.processed_memory, past, None
    )


def _change_state() -> None:
    _state().attention_weights = torch.ones(2, 11)  # type: ignore[misc]


def _no_return() -> None:
    _frame, _gate, _state = (lambda: None)()  # type: ignore[misc]


def _add_probability() -> None:
    lengths = torch.zeros(2, dtype=torch.int32)
    lengths += 2 * torch.rand(2)


def _add_column() -> None:
    lengths = torch.zeros(2, dtype=torch.int32)
    lengths += 2 * (torch.rand(2, 1) <= 0.5)


def _break_if(gate: torch.Tensor) -> None:
    if gate > 0.5:
        raise AssertionError


VIEWS = (
    *("decoder-1-view", "decoder-2-view", "decoder-2-live"),
    *("decoder-3-view", "decoder-3-dropout-view", "tacotron2-1-view", "tacotron2-1-say"),
)
SHOWS = Shows(
    says={
        "decoder-1-view": "8 are all zeros",
        "decoder-2-view": "Step 30 of 84. It hears frames 57 and 58.",
        "decoder-2-live": "has ended by its gate",
        "decoder-3-view": "The gate fires in step 85.",
        "decoder-3-dropout-view": "without dropout it is always 84",
        "gallery-view": "Reading E",
        "gallery-answers": "Reading B: stuck",
        "tacotron2-1-view": "The postnet on",
        "tacotron2-1-say": "<Speech 'Every frame you hear",
    },
    pictures=("idea-picture", *VIEWS[:5], "gallery-view", *VIEWS[5:]),
    players=(*VIEWS[3:5], "gallery-view", *VIEWS[5:]),
    waits=dict.fromkeys(VIEWS, "decoder-1"),
    says_unfilled={"gallery-view": "Reading A"},
    mistakes={
        "decoder-1": (
            lambda: exec("@method_of(1)\ndef f():\n    pass"),
            lambda: _decoder().encoder_embedding_dim,
            lambda: DecoderState(*_state()[:7]),  # type: ignore[call-arg]
            lambda: _decoder().attention_layer(MEMORY),
        ),
        "decoder-2": (
            lambda: torch.cat((HEARD, _state().attention_context)),
            lambda: torch.cat(HEARD, _state().attention_context, dim=1),
            lambda: _decoder().attention_rnn(
                INPUT, _state().attention_hidden, _state().attention_cell
            ),
            lambda: _decoder().attention_rnn(INPUT, _state().attention_hidden),
            lambda: _ask(torch.zeros(2, 11, 2)),
            lambda: _decoder().decode(_decoder().get_go_frame(MEMORY), _state(), MEMORY, None),
            _change_state,
            _no_return,
            lambda: list(islice(None, 3)),  # type: ignore[call-overload]
        ),
        "decoder-3": (
            lambda: _break_if(torch.rand(2, 1)),
            _add_column,
            _add_probability,
            lambda: torch.stack([], dim=1),
            lambda: torch.rand(2, 160, 3).unflatten(2, (-1, 80)),
        ),
        "tacotron2-1": (
            lambda: voice().tacotron2.encoder(voice().tacotron2.embedding(_ids()), LENGTHS),
            lambda: voice().tacotron2.encoder(torch.rand(2, 192, 11)),
            lambda: voice().tacotron2.postnet(torch.rand(2, 80, 9), torch.tensor([9, 8])),
        ),
    },
)
