"""Lab 3, ``Tacotron2.predict``: its cases, computed by the reference in float64."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import torch

from grader.instructor.making import complete, draw_state
from grader.instructor.ways import compiled
from grader.labs.base import Case, Tensors
from grader.labs.lab3_decoder.instructor.model_ways import PREDICT
from grader.labs.lab3_decoder.model_task import TACOTRON2
from labkit.tacotron2 import Decoder, Tacotron2, Tacotron2Config

FRESH = 4
TOY_STEPS = 2  # beyond the symbols of the longest sentence: each ends before the last frame
GATE_MARGIN = 1e-3  # a gate nearer to its threshold might fire elsewhere in float32


@dataclass(frozen=True)
class Shape:
    """Sizes of one case.

    Attributes:
        label: what is special about it, in words that a student may read.
        lengths: symbols of each sentence; the longest is T_in.
        decoder: ``toy``, or ``own`` for the student's own.
        masked: whether padding is hidden from convolutions and postnet.
        r: frames of one decoder step.
    """

    label: str
    lengths: tuple[int, ...]
    decoder: str = "toy"
    masked: bool = False
    r: int = 1
    embedding: int = 6
    mels: int = 5
    postnet: int = 4
    postnet_layers: int = 3
    steps: int = 9

    @property
    def init(self) -> dict[str, Any]:
        """The configuration of the model."""
        return {
            "n_mel_channels": self.mels,
            "n_symbols": 12,
            "symbols_embedding_dim": self.embedding,
            "encoder_kernel_size": 3,
            "encoder_n_convolutions": 2,
            "encoder_embedding_dim": self.embedding,
            "attention_rnn_dim": 5,
            "attention_dim": 4,
            "attention_location_n_filters": 2,
            "attention_location_kernel_size": 3,
            "n_frames_per_step": self.r,
            "decoder_rnn_dim": 6,
            "prenet_dim": 4,
            "max_decoder_steps": self.steps,
            "postnet_embedding_dim": self.postnet,
            "postnet_kernel_size": 5,
            "postnet_n_convolutions": self.postnet_layers,
            "mask_embeddings": self.masked,
        }


_PUBLIC = (
    Shape("three sentences, the longest one second", (3, 5, 2), r=2),
    Shape("one sentence alone", (3,), r=3),
    # All sizes equal: a slip that mixes up axes still runs, and can be recognised by its numbers.
    Shape("all sizes equal, padding hidden", (4, 4, 3, 1), masked=True, r=2, embedding=4, mels=4),
)
# with the seed of each: with those of the last two, sentences end one after the other
_HIDDEN = (
    (950, Shape("heavy padding", (15, 1, 2, 9), masked=True)),
    (951, Shape("a single symbol", (1,))),
    (953, Shape("three sentences, nothing hidden", (6, 2, 4), r=2)),
    (952, Shape("a longer sentence last", (3, 8), masked=True, r=3, mels=8, postnet=7)),
    (1052, Shape("with your decoder", (6, 4, 1), decoder="own")),
    (991, Shape("with your decoder, padding hidden", (5, 7), decoder="own", masked=True, r=2)),
)


def _inputs(shape: Shape, dice: torch.Generator) -> Tensors:
    lengths = torch.tensor(shape.lengths)
    ids = torch.randint(1, 12, (len(lengths), int(lengths.max())), generator=dice)  # (B, T_in)
    inputs = {
        "ids": ids.masked_fill(torch.arange(ids.size(1)) >= lengths.unsqueeze(1), 0),
        "lengths": lengths,
    }
    if shape.decoder == "own":
        return inputs

    def normal(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=dice) * (2.0 / shape.embedding**0.5)

    return inputs | {
        "toy_steps": normal(max(shape.lengths) + TOY_STEPS, shape.embedding),
        "toy_frames": normal(shape.embedding, shape.mels, shape.r),
        "toy_gate": normal(shape.embedding),
    }


def answer(case: Case, *, slips: bool) -> Case:
    """Compute what must come out of a case, in float64, rounded once."""
    wrong = compiled(TACOTRON2, PREDICT) if slips else None
    return complete(TACOTRON2, case, Tacotron2, slips=wrong, Decoder=Decoder)


def make_case(shape: Shape, seed: int, *, slips: bool = False) -> Case:
    """Draw the inputs of a case and compute what must come out."""
    dice = torch.Generator().manual_seed(seed)
    config = Tacotron2Config(**shape.init)
    alone = shape.decoder == "toy"
    case = Case(
        shape.label, shape.init, {}, {}, {}, options={"decoder": shape.decoder}, alone=alone
    )
    while True:
        state = draw_state(Tacotron2(config), dice)
        drawn = replace(case, state=state, inputs=_inputs(shape, dice))
        drawn = answer(drawn, slips=slips)
        if alone or _ends_clearly(drawn, config.gate_threshold):
            return drawn


def _ends_clearly(case: Case, threshold: float) -> bool:
    """Whether a free-running decoder says something, and ends where rounding cannot change it."""
    distance = (case.expected["gate"].sigmoid() - threshold).abs().min()
    return bool(distance > GATE_MARGIN) and bool(case.expected["mel_lengths"].max() > 0)


def public_cases() -> list[Case]:
    """Make the cases that students may see."""
    return [make_case(shape, 303 + number, slips=True) for number, shape in enumerate(_PUBLIC)]


def hidden_cases() -> list[Case]:
    """Make the fixed cases that students may not see."""
    return [make_case(shape, seed) for seed, shape in _HIDDEN]


def fresh_cases(seed: int) -> list[Case]:
    """Draw new cases; the same seed draws the same cases."""
    dice = random.Random(seed)
    cases = []
    for number in range(FRESH):
        longest = dice.choice((3, 6, 11))
        others = (dice.randint(1, longest - 1) for _ in range((1, 2, 3, 2)[number] - 1))
        lengths = (longest, *others)
        shape = Shape(
            "fresh numbers",
            lengths[::-1] if number == 2 else lengths,
            decoder="own" if number == FRESH - 1 else "toy",
            masked=number % 2 == 1,
            r=dice.choice((1, 2)) if number % 2 else 2,
            embedding=dice.choice((4, 6, 8)),
            mels=dice.randint(3, 8),
            postnet=dice.randint(3, 8),
            postnet_layers=dice.randint(2, 4),
        )
        cases.append(make_case(shape, dice.getrandbits(48)))
    return cases
