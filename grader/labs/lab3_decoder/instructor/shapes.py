"""Lab 3: which cases of the decoder there are; ``cases`` beside it draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def _asking(ask: str) -> Callable[..., Shape]:
    """Return what makes a case of a label, the sentences' lengths, r and more: options of the call.

    Arguments of the decoder are ``init``; the others are those of :class:`Shape`.
    """

    def shape(label: str, lengths: tuple[int, ...], r: int = 1, **more: Any) -> Shape:
        init = frames(r) | dict(more.pop("init", {}))
        facts = {name: more.pop(name) for name in _FACTS if name in more}
        return Shape(label, ask, lengths, init=init, options=more, **facts)

    return shape


_FACTS = ("masked", "own", "fires", "at", "gradients")
_start, _decode, _steps, _infer, _parse = map(
    _asking, ("start", "decode", "steps", "infer", "parse")
)

PUBLIC = {
    "decoder-1": (
        _start("two sentences, two frames per step", (6, 6), 2),
        _start("one sentence, sizes that are equal", (6,), init=_EQUAL | frames(1)),
        _start("a memory of another type, on another device", (2, 2, 2), 3, double=True),
        _start("three sentences, gradients", (4, 4, 4), gradients=True),
    ),
    "decoder-2": (
        _decode("one step of two sentences, gradients", (7, 4), 2, gradients=True),
        _decode(
            "one step in training, no mask, the query dropped",
            (3, 3),
            masked=False,
            init=_SMALL | {"p_decoder_dropout": 0.0},
            training=True,
        ),
        _decode(
            "one step in training, the decoder LSTM's output dropped",
            (3, 2),
            init=_SMALL | {"p_attention_dropout": 0.0},
            training=True,
        ),
        _steps(
            "four steps, no prenet dropout",
            (6, 3),
            init={"max_decoder_steps": 3},
            steps=4,
            prenet_dropout=False,
        ),
        _steps("three steps, prenet dropout from a generator", (5,), 2, steps=3, generator=5),
        _steps("three steps, all sizes equal", (4, 2), init=_EQUAL, steps=3),
        _steps(
            "steps without end", (3, 2), init=_SMALL, steps=2, skip=1020, fires=((0, 1), (1, 2))
        ),
    ),
    "decoder-3": (
        _infer(
            "two sentences that end one after the other, a limit far away",
            (5, 3),
            max_decoder_steps=1000,
            fires=((3,), (1,)),
        ),
        _infer(
            "two frames per step, and a gate exactly at the threshold",
            (4, 4, 2),
            2,
            fires=((0,), (4,), (2, 3)),
            at=((1, 1),),
        ),
        _infer(
            "a sentence that never ends, a lower threshold",
            (3, 5),
            2,
            max_decoder_steps=4,
            gate_threshold=0.3,
            fires=((1,), ()),
        ),
        _infer(
            "one sentence that ends at its first step",
            (2,),
            3,
            init={"gate_threshold": 0.4},
            fires=((0,),),
        ),
        _infer(
            "no early stopping",
            (3, 2),
            init={"early_stopping": False, "max_decoder_steps": 5},
            fires=((1,), (2,)),
        ),
        _parse(
            "parse_decoder_outputs alone, gradients", (5, 3), 2, fires=((2,), (3,)), gradients=True
        ),
    ),
}
HIDDEN = {
    "decoder-1": (
        _start("a wide decoder", (13,) * 4, init=_WIDE),
        _start("a single symbol", (1,), 2, init=_WIDE),
        _start("five sentences, three frames per step", (9,) * 5, 3),
        _start("another type and device", (4, 4), double=True),
        _start("gradients", (3,), 2, gradients=True),
    ),
    "decoder-2": (
        _decode("one step of a wide decoder", (23, 14, 2), init=_WIDE),
        _decode("one step, all sizes equal", (4,) * 4, masked=False, init=_EQUAL),
        _decode("one step, a single symbol", (1,), masked=False),
        _decode("one step, three frames, no mask", (5, 5), 3, masked=False),
        _decode("one step, gradients", (6, 4), 2, gradients=True),
        _decode(
            "one step in training, its query dropped",
            (5, 3),
            init={"p_decoder_dropout": 0.0},
            training=True,
        ),
        _decode(
            "one step in training, the decoder LSTM's output dropped",
            (5, 3),
            init={"p_attention_dropout": 0.0},
            training=True,
        ),
        _steps(
            "eight steps of a wide decoder", (17, 5, 11), init=_WIDE, steps=8, prenet_dropout=False
        ),
        _steps(
            "steps for long",
            (2, 3),
            init=_SMALL,
            steps=3,
            skip=40,
            prenet_dropout=False,
            fires=((0, 1), (1, 3)),
        ),
        _steps("a single step", (4, 4), 3, steps=1),
        _steps("prenet dropout, no generator", (5, 2), steps=4, prenet_dropout=True),
        _steps(
            "with your own start, two frames per step", (6, 2, 4), 2, steps=5, generator=6, own=True
        ),
        _steps("with your own start, one sentence", (5,), steps=5, prenet_dropout=False, own=True),
    ),
    "decoder-3": (
        _infer(
            "five sentences, three frames per step",
            (6, 2, 4, 1, 6),
            3,
            init={"max_decoder_steps": 9},
            fires=((2, 5), (6,), (0, 1, 2), (4,), (3,)),
            at=((1, 2), (1, 4)),
        ),
        _infer("a higher threshold", (3, 4), gate_threshold=0.8, fires=((2,), (5,))),
        _infer("all end at the first step", (3, 1), 2, fires=((0,), (0,))),
        _infer("a threshold of zero", (2, 3), gate_threshold=0.0, fires=((), ())),
        _infer(
            "a limit far away",
            (2, 4, 1),
            2,
            init={"max_decoder_steps": 2000},
            fires=((1,), (3,), (0,)),
        ),
        _infer("no gate fires", (2, 4), 2, init={"gate_threshold": 0.6}, fires=((), ())),
        _infer("the last possible step", (4,), fires=((6,),), at=((0, 3),)),
        _infer("a limit of one step", (4, 2), 2, max_decoder_steps=1, fires=((), (0,))),
        _infer(
            "no early stopping, gates that fall again",
            (3, 5, 2),
            2,
            init={"early_stopping": False},
            fires=((1, 2, 4), (3,), (5,)),
        ),
        _parse("parse_decoder_outputs, three frames", (4,), 3, fires=((1,),)),
        _parse("parse_decoder_outputs, wide", (9, 3), init=_WIDE, fires=((4,), (1,))),
        _infer("with your own steps", (6, 3, 5), prenet_dropout=False, own=True),
        _infer("with your own steps, prenet dropout", (4, 5), 2, generator=8, own=True),
    ),
}
