"""Lab 3: which cases of the decoder there are; ``cases`` beside it draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shape:
    """One case.

    Attributes:
        label: what is special about it, in words that a student may read.
        ask: which part of the decoder is called, see
            :mod:`grader.labs.lab3_decoder.decoder_adapter`.
        lengths: symbols of each sentence; the longest is T_in.
        masked: whether ``decode`` is told what is padding.
        init: arguments of the decoder that are not as usual.
        options: what the adapter is told beside ``ask``.
        own: whether the student's own earlier fills are used.
        fires: the steps at which the gate of each sentence fires, if steps are scripted.
        at: (sentence, step) of gates that lie exactly on their threshold.
        gradients: whether gradients are compared: of the weights, and of all inputs.
    """

    label: str
    ask: str
    lengths: tuple[int, ...]
    masked: bool = True
    init: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False
    fires: tuple[tuple[int, ...], ...] = ()
    at: tuple[tuple[int, int], ...] = ()
    gradients: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """The decoder's: no two sizes are equal, and dropout that is left on drops everything."""
        usual = {
            "n_mel_channels": 3,
            "n_frames_per_step": 1,
            "encoder_embedding_dim": 5,
            "attention_dim": 4,
            "attention_location_n_filters": 2,
            "attention_location_kernel_size": 3,
            "attention_rnn_dim": 7,
            "decoder_rnn_dim": 8,
            "prenet_dim": 9,
            "max_decoder_steps": 7,
            "gate_threshold": 0.5,
            "p_attention_dropout": 1.0,
            "p_decoder_dropout": 1.0,
            "early_stopping": True,
        }
        return usual | dict(self.init)

    def setting(self, name: str) -> Any:
        """Return an option of ``infer``, or what the decoder is configured to."""
        return self.options.get(name, self.arguments[name])

    @property
    def elsewhere(self) -> bool:
        """Whether the memory is of another type, on another device."""
        return bool(self.options.get("double"))


def frames(r: int, **more: Any) -> dict[str, Any]:
    """Return the sizes of a decoder of so many frames per step."""
    return {"n_frames_per_step": r, **more}


# A slip that mixes up sizes still runs here, and can be recognised by its numbers.
_EQUAL = {
    "n_mel_channels": 2,
    "n_frames_per_step": 2,
    "encoder_embedding_dim": 4,
    "attention_rnn_dim": 4,
    "decoder_rnn_dim": 4,
    "prenet_dim": 4,
}
_SMALL = {"encoder_embedding_dim": 3, "attention_rnn_dim": 5, "decoder_rnn_dim": 4, "prenet_dim": 6}
_WIDE = {
    "n_mel_channels": 20,
    "encoder_embedding_dim": 24,
    "attention_dim": 16,
    "attention_location_n_filters": 8,
    "attention_location_kernel_size": 31,
    "attention_rnn_dim": 28,
    "decoder_rnn_dim": 26,
    "prenet_dim": 12,
}

PUBLIC = {
    "decoder-1": (
        Shape("two sentences, two frames per step", "start", (6, 6), init=frames(2)),
        Shape("one sentence, sizes that are equal", "start", (6,), init=_EQUAL | frames(1)),
        Shape(
            "a memory of another type, on another device",
            "start",
            (2, 2, 2),
            init=frames(3),
            options={"double": True},
        ),
        Shape("three sentences, gradients", "start", (4, 4, 4), gradients=True),
    ),
    "decoder-2": (
        Shape(
            "one step of two sentences, gradients",
            "decode",
            (7, 4),
            init=frames(2),
            gradients=True,
        ),
        Shape(
            "one step in training, no mask, the query dropped",
            "decode",
            (3, 3),
            masked=False,
            init=_SMALL | {"p_decoder_dropout": 0.0},
            options={"training": True},
        ),
        Shape(
            "one step in training, the decoder LSTM's output dropped",
            "decode",
            (3, 2),
            init=_SMALL | {"p_attention_dropout": 0.0},
            options={"training": True},
        ),
        Shape(
            "four steps, no prenet dropout",
            "steps",
            (6, 3),
            init={"max_decoder_steps": 3},
            options={"steps": 4, "prenet_dropout": False},
        ),
        Shape(
            "three steps, prenet dropout from a generator",
            "steps",
            (5,),
            init=frames(2),
            options={"steps": 3, "generator": 5},
        ),
        Shape("three steps, all sizes equal", "steps", (4, 2), init=_EQUAL, options={"steps": 3}),
        Shape(
            "steps without end",
            "steps",
            (3, 2),
            init=_SMALL,
            options={"steps": 2, "skip": 1020},
            fires=((0, 1), (1, 2)),
        ),
    ),
    "decoder-3": (
        Shape(
            "two sentences that end one after the other, a limit far away",
            "infer",
            (5, 3),
            options={"max_decoder_steps": 1000},
            fires=((3,), (1,)),
        ),
        Shape(
            "two frames per step, and a gate exactly at the threshold",
            "infer",
            (4, 4, 2),
            init=frames(2),
            fires=((0,), (4,), (2, 3)),
            at=((1, 1),),
        ),
        Shape(
            "a sentence that never ends, a lower threshold",
            "infer",
            (3, 5),
            init=frames(2),
            options={"max_decoder_steps": 4, "gate_threshold": 0.3},
            fires=((1,), ()),
        ),
        Shape(
            "one sentence that ends at its first step",
            "infer",
            (2,),
            init=frames(3, gate_threshold=0.4),
            fires=((0,),),
        ),
        Shape(
            "no early stopping",
            "infer",
            (3, 2),
            init={"early_stopping": False, "max_decoder_steps": 5},
            fires=((1,), (2,)),
        ),
        Shape(
            "parse_decoder_outputs alone, gradients",
            "parse",
            (5, 3),
            init=frames(2),
            fires=((2,), (3,)),
            gradients=True,
        ),
    ),
}
HIDDEN = {
    "decoder-1": (
        Shape("a wide decoder", "start", (13,) * 4, init=_WIDE),
        Shape("a single symbol", "start", (1,), init=_WIDE | frames(2)),
        Shape("five sentences, three frames per step", "start", (9,) * 5, init=frames(3)),
        Shape("another type and device", "start", (4, 4), options={"double": True}),
        Shape("gradients", "start", (3,), init=frames(2), gradients=True),
    ),
    "decoder-2": (
        Shape("one step of a wide decoder", "decode", (23, 14, 2), init=_WIDE),
        Shape("one step, all sizes equal", "decode", (4,) * 4, masked=False, init=_EQUAL),
        Shape("one step, a single symbol", "decode", (1,), masked=False),
        Shape("one step, three frames, no mask", "decode", (5, 5), masked=False, init=frames(3)),
        Shape("one step, gradients", "decode", (6, 4), init=frames(2), gradients=True),
        Shape(
            "one step in training, its query dropped",
            "decode",
            (5, 3),
            init={"p_decoder_dropout": 0.0},
            options={"training": True},
        ),
        Shape(
            "one step in training, the decoder LSTM's output dropped",
            "decode",
            (5, 3),
            init={"p_attention_dropout": 0.0},
            options={"training": True},
        ),
        Shape(
            "eight steps of a wide decoder",
            "steps",
            (17, 5, 11),
            init=_WIDE,
            options={"steps": 8, "prenet_dropout": False},
        ),
        Shape(
            "steps for long",
            "steps",
            (2, 3),
            init=_SMALL,
            options={"steps": 3, "skip": 40, "prenet_dropout": False},
            fires=((0, 1), (1, 3)),
        ),
        Shape("a single step", "steps", (4, 4), init=frames(3), options={"steps": 1}),
        Shape(
            "prenet dropout, no generator",
            "steps",
            (5, 2),
            options={"steps": 4, "prenet_dropout": True},
        ),
        Shape(
            "with your own start, two frames per step",
            "steps",
            (6, 2, 4),
            init=frames(2),
            options={"steps": 5, "generator": 6},
            own=True,
        ),
        Shape(
            "with your own start, one sentence",
            "steps",
            (5,),
            options={"steps": 5, "prenet_dropout": False},
            own=True,
        ),
    ),
    "decoder-3": (
        Shape(
            "five sentences, three frames per step",
            "infer",
            (6, 2, 4, 1, 6),
            init=frames(3, max_decoder_steps=9),
            fires=((2, 5), (6,), (0, 1, 2), (4,), (3,)),
            at=((1, 2), (1, 4)),
        ),
        Shape(
            "a higher threshold",
            "infer",
            (3, 4),
            options={"gate_threshold": 0.8},
            fires=((2,), (5,)),
        ),
        Shape("all end at the first step", "infer", (3, 1), init=frames(2), fires=((0,), (0,))),
        Shape(
            "a threshold of zero", "infer", (2, 3), options={"gate_threshold": 0.0}, fires=((), ())
        ),
        Shape(
            "a limit far away",
            "infer",
            (2, 4, 1),
            init=frames(2, max_decoder_steps=2000),
            fires=((1,), (3,), (0,)),
        ),
        Shape("no gate fires", "infer", (2, 4), init=frames(2, gate_threshold=0.6), fires=((), ())),
        Shape("the last possible step", "infer", (4,), fires=((6,),), at=((0, 3),)),
        Shape(
            "a limit of one step",
            "infer",
            (4, 2),
            init=frames(2),
            options={"max_decoder_steps": 1},
            fires=((), (0,)),
        ),
        Shape(
            "no early stopping, gates that fall again",
            "infer",
            (3, 5, 2),
            init=frames(2, early_stopping=False),
            fires=((1, 2, 4), (3,), (5,)),
        ),
        Shape("parse_decoder_outputs, three frames", "parse", (4,), init=frames(3), fires=((1,),)),
        Shape("parse_decoder_outputs, wide", "parse", (9, 3), init=_WIDE, fires=((4,), (1,))),
        Shape(
            "with your own steps",
            "infer",
            (6, 3, 5),
            options={"prenet_dropout": False},
            own=True,
        ),
        Shape(
            "with your own steps, prenet dropout",
            "infer",
            (4, 5),
            init=frames(2),
            options={"generator": 8},
            own=True,
        ),
    ),
}
