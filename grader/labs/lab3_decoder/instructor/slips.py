"""Lab 3, the decoder's named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import torch
from torch.nn import functional as F

from grader.labs.lab3_decoder.instructor import edits_of_steps as decoder_edits
from grader.labs.lab3_decoder.instructor import habits as decoder_habits
from grader.labs.lab3_decoder.instructor import model_slips
from grader.labs.lab3_decoder.instructor.end_slips import END, slip
from labkit.tacotron2 import Decoder
from labkit.tacotron2.masking import padding_mask

# decoder-1


def _go(go_frame: Callable[[Any, Any], Any]) -> type[Decoder]:
    return slip(get_go_frame=go_frame)


def _begun(**parts: Callable[[Any, Any], Any]) -> type[Decoder]:
    """A first state, some of whose parts are made wrongly: part(decoder, memory)."""

    def initialize_decoder_states(s: Any, memory: Any) -> Any:
        state = Decoder.initialize_decoder_states(s, memory)
        return state._replace(**{name: part(s, memory) for name, part in parts.items()})

    return slip(initialize_decoder_states=initialize_decoder_states)


def _zeros(*sizes: Callable[[Any, Any], int]) -> Callable[[Any, Any], Any]:
    return lambda s, memory: memory.new_zeros(*(size(s, memory) for size in sizes))


def _on_first(s: Any, memory: Any) -> Any:
    weights = memory.new_zeros(memory.shape[:2])
    weights[:, 0] = 1
    return weights


def _batch(s: Any, memory: Any) -> int:
    return memory.size(0)


def _attention_size(s: Any, memory: Any) -> int:
    return s.attention_rnn_dim


def _decoder_size(s: Any, memory: Any) -> int:
    return s.decoder_rnn_dim


def _of_one(s: Any, memory: Any) -> Any:
    state = Decoder.initialize_decoder_states(s, memory)
    first = {name: part[:1] for name, part in state._asdict().items()}
    return state._replace(**first | {"processed_memory": state.processed_memory})


def _in_another_order(s: Any, memory: Any) -> Any:
    state = Decoder.initialize_decoder_states(s, memory)
    return state._replace(attention_cell=state.decoder_hidden, decoder_hidden=state.attention_cell)


_ONES = {
    "attention_hidden": _attention_size,
    "attention_cell": _attention_size,
    "decoder_hidden": _decoder_size,
    "decoder_cell": _decoder_size,
    "attention_weights": lambda s, memory: memory.size(1),
    "attention_weights_cum": lambda s, memory: memory.size(1),
    "attention_context": lambda s, memory: memory.size(2),
}


def _ones(size: Callable[[Any, Any], int]) -> Callable[[Any, Any], Any]:
    return lambda s, memory: memory.new_ones(memory.size(0), size(s, memory))


class _PlaceIgnored(Decoder):
    """Zeros of the default type, on the default device."""

    def get_go_frame(self, memory: Any) -> Any:
        return torch.zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)


_START = {
    "go-ones": _go(lambda s, memory: Decoder.get_go_frame(s, memory) + 1),
    "go-random": _go(
        # drawn as float32 whatever the memory is, so that the dice fall as for students
        lambda s, memory: torch.randn(Decoder.get_go_frame(s, memory).shape).to(memory)
    ),
    "go-one-frame": _go(lambda s, memory: memory.new_zeros(memory.size(0), s.n_mel_channels)),
    "go-axis": _go(lambda s, memory: Decoder.get_go_frame(s, memory).unsqueeze(0)),
    "go-prenet": _go(
        lambda s, memory: memory.new_zeros(
            memory.size(0), s.prenet.layers[-1].linear_layer.out_features
        )
    ),
    "batch-of-one": slip(initialize_decoder_states=_of_one),
    "ones": _begun(**{name: _ones(size) for name, size in _ONES.items()}),
    "sizes-swapped": _begun(
        attention_hidden=_zeros(_batch, _decoder_size),
        attention_cell=_zeros(_batch, _decoder_size),
        decoder_hidden=_zeros(_batch, _attention_size),
        decoder_cell=_zeros(_batch, _attention_size),
    ),
    "order": slip(initialize_decoder_states=_in_another_order),
    "weights-as-context": _begun(
        attention_weights=lambda s, memory: memory.new_zeros(memory.size(0), memory.size(2)),
        attention_weights_cum=lambda s, memory: memory.new_zeros(memory.size(0), memory.size(2)),
        attention_context=lambda s, memory: memory.new_zeros(memory.shape[:2]),
    ),
    "weights-uniform": _begun(
        attention_weights=lambda s, memory: memory.new_full(memory.shape[:2], 1 / memory.size(1))
    ),
    "weights-on-first": _begun(attention_weights=_on_first),
    "cumulative-ones": _begun(
        attention_weights_cum=lambda s, memory: memory.new_ones(memory.shape[:2])
    ),
    "context-mean": _begun(attention_context=lambda s, memory: memory.mean(1)),
    "context-last": _begun(attention_context=lambda s, memory: memory[:, -1]),
    "memory-unprocessed": _begun(processed_memory=lambda s, memory: memory),
    "memory-processed-twice": _begun(
        processed_memory=lambda s, memory: s.attention_layer.memory_layer(
            s.attention_layer.memory_layer(memory)
        )
    ),
    "query-layer": _begun(processed_memory=lambda s, memory: s.attention_layer.query_layer(memory)),
    "memory-tanh": _begun(
        processed_memory=lambda s, memory: s.attention_layer.memory_layer(memory).tanh()
    ),
    "place-ignored": _PlaceIgnored,
}


# decoder-2: v holds what a step knows so far


def _listen(s: Any, v: Any) -> Any:
    heard = torch.cat((v.decoder_input, v.old.attention_context), 1)
    return s.attention_rnn(heard, (v.old.attention_hidden, v.old.attention_cell))


def _look(s: Any, v: Any, **wrong: Any) -> Any:
    """Ask the attention; query, past (its two channels), processed or mask may be wrong."""
    past = wrong.get("past", (v.old.attention_weights, v.old.attention_weights_cum))
    return s.attention_layer(
        wrong.get("query", v.attention_hidden),
        v.memory,
        wrong.get("processed", v.old.processed_memory),
        torch.stack(past, 1),
        wrong.get("mask", v.mask),
    )


def _speak(s: Any, v: Any, query: Any = None, context: Any = None) -> Any:
    query = v.attention_hidden if query is None else query
    context = v.context if context is None else context
    return s.decoder_rnn(torch.cat((query, context), 1), (v.old.decoder_hidden, v.old.decoder_cell))


def _project(s: Any, v: Any, context: Any = None) -> Any:
    found = torch.cat((v.decoder_hidden, v.context if context is None else context), 1)
    return s.linear_projection(found), s.gate_layer(found)


def _hand_on(s: Any, v: Any, **wrong: Any) -> Any:
    cumulative = v.old.attention_weights_cum + v.weights
    state = type(v.old)(
        *(v.attention_hidden, v.attention_cell, v.decoder_hidden, v.decoder_cell),
        *(v.weights, cumulative, v.context, v.old.processed_memory),
    )
    return state._replace(**wrong)


def _step(
    listen: Any = _listen,
    look: Any = _look,
    speak: Any = _speak,
    project: Any = _project,
    hand_on: Any = _hand_on,
    drop: Any = F.dropout,
) -> type[Decoder]:
    """A step, one of whose five parts is wrong, or its dropout."""

    def decode(s: Any, decoder_input: Any, state: Any, memory: Any, mask: Any) -> Any:
        v = SimpleNamespace(decoder_input=decoder_input, old=state, memory=memory, mask=mask)
        v.attention_hidden, v.attention_cell = listen(s, v)
        v.attention_hidden = drop(v.attention_hidden, s.p_attention_dropout, s.training)
        v.context, v.weights = look(s, v)
        v.decoder_hidden, v.decoder_cell = speak(s, v)
        v.decoder_hidden = drop(v.decoder_hidden, s.p_decoder_dropout, s.training)
        return (*project(s, v), hand_on(s, v))

    return slip(decode=decode)


def _listen_to_context_first(s: Any, v: Any) -> Any:
    heard = torch.cat((v.old.attention_context, v.decoder_input), 1)
    return s.attention_rnn(heard, (v.old.attention_hidden, v.old.attention_cell))


def _speak_of_context_first(s: Any, v: Any) -> Any:
    heard = torch.cat((v.context, v.attention_hidden), 1)
    return s.decoder_rnn(heard, (v.old.decoder_hidden, v.old.decoder_cell))


def _project_context_first(s: Any, v: Any) -> Any:
    found = torch.cat((v.context, v.decoder_hidden), 1)
    return s.linear_projection(found), s.gate_layer(found)


def _project_query(s: Any, v: Any) -> Any:
    return s.linear_projection(torch.cat((v.attention_hidden, v.context), 1)), _project(s, v)[1]


def _hear(s: Any, frame: Any, dropout: bool, generator: Any) -> Any:
    return s.prenet(frame, dropout=dropout, generator=generator)


def _run(
    hear: Any = _hear,
    mask: Any = padding_mask,
    keep: Any = None,
    hand_out: Any = None,
    ends: int = 0,
) -> type[Decoder]:
    """Wrong steps.

    Args:
        hear: what the prenet makes of a frame.
        mask: of the memory.
        keep: chooses from (go frame and first state, those of this step) what comes next.
        hand_out: chooses from (what the step heard, what it made) what is yielded.
        ends: number of steps; without end if 0.
    """

    def steps(
        s: Any,
        memory: Any,
        memory_lengths: Any,
        *,
        prenet_dropout: bool = True,
        generator: Any = None,
    ) -> Iterator[Any]:
        padding = mask(memory_lengths, memory.size(1))
        start = frame, state = s.get_go_frame(memory), s.initialize_decoder_states(memory)
        for _ in range(ends) if ends else count():
            heard = hear(s, frame, prenet_dropout, generator)
            made, gate, after = s.decode(heard, state, memory, padding)
            new = made, after
            shown = hand_out((frame, state), new) if hand_out else new
            yield shown[0], gate, shown[1]
            frame, state = keep(start, new) if keep else new

    return slip(steps=steps)


_STEP = {
    "previous-twice": _step(
        look=lambda s, v: _look(s, v, past=(v.old.attention_weights, v.old.attention_weights))
    ),
    "cumulative-twice": _step(
        look=lambda s, v: _look(
            s, v, past=(v.old.attention_weights_cum, v.old.attention_weights_cum)
        )
    ),
    "channels-swapped": _step(
        look=lambda s, v: _look(s, v, past=(v.old.attention_weights_cum, v.old.attention_weights))
    ),
    "attention-input-order": _step(listen=_listen_to_context_first),
    "decoder-input-order": _step(speak=_speak_of_context_first),
    "projection-input-order": _step(project=_project_context_first),
    "attention-forgets": _step(
        listen=lambda s, v: s.attention_rnn(
            torch.cat((v.decoder_input, v.old.attention_context), 1)
        )
    ),
    "decoder-forgets": _step(
        speak=lambda s, v: s.decoder_rnn(torch.cat((v.attention_hidden, v.context), 1))
    ),
    "attention-cell-first": _step(listen=lambda s, v: _listen(s, v)[::-1]),
    "decoder-cell-first": _step(speak=lambda s, v: _speak(s, v)[::-1]),
    "query-old": _step(look=lambda s, v: _look(s, v, query=v.old.attention_hidden)),
    "query-decoder": _step(look=lambda s, v: _look(s, v, query=v.old.decoder_hidden)),
    "memory-unprocessed": _step(look=lambda s, v: _look(s, v, processed=v.memory)),
    "mask-missing": _step(look=lambda s, v: _look(s, v, mask=None)),
    "context-old-for-decoder": _step(
        speak=lambda s, v: _speak(s, v, context=v.old.attention_context)
    ),
    "context-old-for-projection": _step(
        project=lambda s, v: _project(s, v, context=v.old.attention_context)
    ),
    "decoder-hears-frame": _step(speak=lambda s, v: _speak(s, v, query=v.decoder_input)),
    "mel-from-query": _step(project=_project_query),
    "gate-probability": _step(
        project=lambda s, v: (_project(s, v)[0], _project(s, v)[1].sigmoid())
    ),
    "state-unchanged": _step(hand_on=lambda s, v: v.old),
    "weights-stale": _step(
        hand_on=lambda s, v: _hand_on(s, v, attention_weights=v.old.attention_weights)
    ),
    "cumulative-stale": _step(
        hand_on=lambda s, v: _hand_on(s, v, attention_weights_cum=v.old.attention_weights_cum)
    ),
    "cumulative-replaced": _step(
        hand_on=lambda s, v: _hand_on(s, v, attention_weights_cum=v.weights)
    ),
    "context-stale": _step(
        hand_on=lambda s, v: _hand_on(s, v, attention_context=v.old.attention_context)
    ),
    "dropout-left-on": _step(drop=lambda x, p, training: F.dropout(x, p)),
    "prenet-dropout-off": _run(lambda s, frame, dropout, g: _hear(s, frame, False, g)),
    "prenet-dropout-on": _run(lambda s, frame, dropout, g: _hear(s, frame, True, g)),
    "generator-forgotten": _run(lambda s, frame, dropout, g: _hear(s, frame, dropout, None)),
    "prenet-skipped": _run(lambda s, frame, dropout, g: frame),
    "prenet-twice": _run(
        lambda s, frame, dropout, g: _hear(s, _hear(s, frame, dropout, g), dropout, g)
    ),
    "go-again": _run(keep=lambda start, new: (start[0], new[1])),
    "state-again": _run(keep=lambda start, new: (new[0], start[1])),
    "mask-not-passed": _run(mask=lambda lengths, length: None),
    "frame-before": _run(hand_out=lambda heard, new: (heard[0], new[1])),
    "state-before": _run(hand_out=lambda heard, new: (new[0], heard[1])),
    "one-step": _run(ends=1),
}


SLIPS: dict[str, dict[str, Any]] = {
    "decoder-1": _START | decoder_edits.START | decoder_habits.START,
    "decoder-2": _STEP | decoder_edits.STEP | decoder_habits.STEP,
    "decoder-3": END | decoder_edits.END | decoder_habits.END,
    "tacotron2-1": dict(model_slips.SLIPS),
}
