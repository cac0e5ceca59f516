"""Lab 3, the decoder: how cases look whose numbers are drawn anew for each submission."""

from __future__ import annotations

import random
from typing import Any

from grader.labs.lab3_decoder.instructor.shapes import Shape, frames


def _fresh_init(dice: random.Random, r: int) -> dict[str, Any]:
    """Draw sizes; all of them differ."""
    names = ("encoder_embedding_dim", "attention_rnn_dim", "decoder_rnn_dim", "prenet_dim")
    chosen = dict(zip(names, dice.sample(range(7, 15), len(names)), strict=True))
    chosen |= {"n_mel_channels": dice.choice((2, 3, 5)), "attention_dim": dice.choice((4, 6))}
    return chosen | {"n_frames_per_step": r, "attention_location_kernel_size": 5}


def _fresh_starts(dice: random.Random) -> list[Shape]:
    def shape(batch: int, r: int, **options: Any) -> Shape:
        lengths = (dice.randint(2, 6),) * batch
        return Shape("fresh numbers", "start", lengths, init=_fresh_init(dice, r), options=options)

    return [shape(1, 1), shape(dice.randint(2, 4), 2), shape(2, 3, double=True)]


def _fresh_steps(dice: random.Random) -> list[Shape]:
    def shape(ask: str, r: int, own: bool = False, **options: Any) -> Shape:
        longest = dice.randint(4, 9)
        lengths = (longest, dice.randint(1, longest - 2), dice.randint(1, longest))
        init = _fresh_init(dice, r)
        return Shape("fresh numbers", ask, lengths, init=init, options=options, own=own)

    def training(lstm: str) -> Shape:
        init = _fresh_init(dice, 1) | {f"p_{lstm}_dropout": 0.0}
        return Shape("fresh numbers", "decode", (3, 4), init=init, options={"training": True})

    endless = {"steps": 2, "skip": dice.randint(20, 40)}
    return [
        training("attention"),
        training("decoder"),
        Shape("fresh numbers", "steps", (3, 2), options=endless, fires=((0, 1), (1, 2))),
        shape("decode", dice.choice((1, 2))),
        shape("steps", dice.choice((1, 2)), steps=4, prenet_dropout=False),
        shape(
            "steps", dice.choice((1, 3)), steps=dice.randint(3, 5), generator=dice.randint(1, 99)
        ),
        shape("steps", 2, own=True, steps=4),
    ]


def _fresh_ends(dice: random.Random) -> list[Shape]:
    def shape(fires: tuple[tuple[int, ...], ...], r: int, **more: Any) -> Shape:
        longest = dice.randint(2, 6)
        lengths = (longest, *(dice.randint(1, longest) for _ in fires[1:]))
        init = {"n_mel_channels": dice.choice((2, 4)), **frames(r), **more.pop("init", {})}
        return Shape("fresh numbers", "infer", lengths, init=init, fires=fires, **more)

    first, last = dice.randint(0, 2), dice.randint(4, 5)
    threshold = dice.choice((0.2, 0.3, 0.8))
    return [
        shape(((first, first + 2), (last,), (3,)), dice.choice((2, 3)), at=((1, 1),)),
        shape(
            ((first,), (), (3,)),
            dice.choice((1, 2)),
            options={"max_decoder_steps": 6, "gate_threshold": threshold},
        ),
        shape(((first,), (2,)), 2, init={"early_stopping": False}),
        Shape(
            "fresh numbers, with your own steps",
            "infer",
            (4, 3),
            init=frames(dice.choice((1, 2))),
            options={"prenet_dropout": False},
            own=True,
        ),
    ]


FRESH = {"decoder-1": _fresh_starts, "decoder-2": _fresh_steps, "decoder-3": _fresh_ends}
