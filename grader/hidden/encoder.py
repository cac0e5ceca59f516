"""Lab 2, the instructor's side: its cases, computed by the reference in float64."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import torch

from grader.golden import Cases
from grader.hidden.encoder_slips import SLIPS
from grader.hidden.making import answers, complete, draw_state
from grader.tasks.base import Case, Task, Tensors
from grader.tasks.encoder import ENCODER
from labkit.tacotron2 import Encoder
from labkit.tacotron2.masking import padding_mask

_TASKS = {task.id: task for task in ENCODER.judged}
_DROPOUT = 0.5  # of the paper; a fill may have it from the module or as a number


@dataclass(frozen=True)
class Shape:
    """Sizes of one case.

    Attributes:
        label: what is special about it, in words that a student may read.
        lengths: symbols of each sentence, in any order.
        spare: by how much T_in is longer than the longest sentence.
        embedding: size of a symbol's vector; even.
        layers: number of convolutions.
        kernel: width of their filters.
        masked: whether padding is set to zero before every layer.
        training: whether the module is in training mode; takes one layer.
        gradients: whether gradients are compared.
        lengths_type: of ``input_lengths``.
    """

    label: str
    lengths: tuple[int, ...]
    spare: int = 0
    embedding: int = 6
    layers: int = 3
    kernel: int = 5
    masked: bool = True
    training: bool = False
    gradients: bool = False
    lengths_type: torch.dtype = torch.int64


_PUBLIC = {
    "encoder-1": (
        Shape("two sentences of different length", (5, 8)),
        Shape("one sentence alone, no padding passed", (6,), masked=False),
        Shape("training mode", (9, 12, 7), embedding=8, layers=1, training=True),
    ),
    "encoder-2": (
        Shape("two sentences of different length", (5, 8)),
        Shape("one sentence alone", (6,), masked=False),
        Shape("T_in longer than every sentence", (3, 6, 4), spare=2),
        # a slip that mixes up axes still runs here, and can be recognised by its numbers
        Shape("all sizes equal", (3, 4, 2, 1), embedding=4, layers=2, kernel=3, masked=False),
    ),
}
_BOTH = (
    Shape("a wide encoder", (14, 23), embedding=48),
    Shape("a single symbol", (1,), masked=False),
    Shape("one sentence without any padding", (9,)),
    Shape("padding that is not set to zero", (4, 7, 2), spare=1, masked=False),
    Shape("heavy padding", (33, 2, 1, 17), spare=7),
    Shape("a filter wider than the text", (2, 3), kernel=9),
    Shape("gradients", (4, 7), spare=1, layers=1, gradients=True),
)
_HIDDEN = {
    "encoder-1": (
        *_BOTH,
        Shape("a single layer", (5, 3), layers=1),
        Shape("five layers", (4, 6), layers=5, kernel=3),
        Shape("training mode", (20, 9, 31, 14), embedding=16, layers=1, training=True),
        Shape(
            "training mode, no padding passed",
            (8, 17),
            embedding=24,
            layers=1,
            masked=False,
            training=True,
        ),
    ),
    "encoder-2": (
        *_BOTH,
        Shape("the longest sentence first", (8, 5, 2)),
        Shape("sentences of equal length", (6, 6)),
        Shape("lengths of the type int32", (3, 7, 5), lengths_type=torch.int32),
    ),
}


def _inputs(task: Task, shape: Shape, generator: torch.Generator) -> Tensors:
    lengths = torch.tensor(shape.lengths, dtype=shape.lengths_type)
    length = max(shape.lengths) + shape.spare
    x = torch.randn(len(lengths), shape.embedding, length, generator=generator)
    inputs = {"x": x}
    if task.id == "encoder-2":
        inputs["input_lengths"] = lengths
    if shape.masked:  # in the second task, what convolve should be called with
        inputs["padding"] = padding_mask(lengths, length).unsqueeze(1)
    return inputs


def answer(task: Task, case: Case, *, gradients: bool, slips: bool) -> Case:
    """Compute what must come out of a case, in float64, rounded once."""
    wrong = SLIPS[task.id] if slips else None
    case = complete(task, case, Encoder, gradients=gradients, slips=wrong)
    return _if_kept(task, case) if case.dropped else case


def make_case(task: Task, shape: Shape, seed: int, *, slips: bool = False) -> Case:
    """Draw the inputs of a case and compute what must come out."""
    generator = torch.Generator().manual_seed(seed)
    init: dict[str, Any] = {
        "encoder_n_convolutions": shape.layers,
        "encoder_embedding_dim": shape.embedding,
        "encoder_kernel_size": shape.kernel,
        "mask_embeddings": shape.masked,
    }
    state = draw_state(Encoder(**init), generator)
    case = Case(
        shape.label,
        init,
        state,
        _inputs(task, shape, generator),
        expected={},
        options={"training": True} if shape.training else {},
        dropped=_DROPOUT if shape.training else 0.0,
    )
    return answer(task, case, gradients=shape.gradients, slips=slips)


def _if_kept(task: Task, case: Case) -> Case:
    """Expect what a single layer would answer if its dropout kept everything."""
    undropped = replace(case, init={**case.init, "p_encoder_dropout": 0.0})
    kept = answers(task, undropped, Encoder)
    return replace(case, expected={name: value / (1 - _DROPOUT) for name, value in kept.items()})


def public_cases() -> Cases:
    """Make the cases that students may see."""
    return {
        task.id: [
            make_case(task, shape, seed=200 + number, slips=True)
            for number, shape in enumerate(_PUBLIC[task.id])
        ]
        for task in ENCODER.judged
    }


def hidden_cases() -> Cases:
    """Make the fixed cases that students may not see."""
    return {
        task.id: [
            make_case(task, shape, seed=950 + number)
            for number, shape in enumerate(_HIDDEN[task.id])
        ]
        for task in ENCODER.judged
    }


def fresh_cases(task_id: str, seed: int) -> list[Case]:
    """Draw new cases of a task; the same seed draws the same cases.

    One sentence alone, several out of order with padding between and behind them, and, where
    there is dropout, a layer in training: whichever the seed, every slip shows in one of them.
    """
    task = _TASKS[task_id]
    dice = random.Random(seed)

    def shape(lengths: tuple[int, ...], **more: bool | int) -> Shape:
        sizes = {
            "embedding": 2 * dice.randint(2, 8),
            "layers": dice.randint(2, 4),
            "kernel": dice.choice((3, 5, 7)),
        }
        return Shape("fresh numbers", lengths, **{**sizes, **more})  # type: ignore[arg-type]

    longest = dice.randint(8, 20)
    shorter = dice.randint(2, longest - 2)
    shapes = [
        shape((dice.randint(2, 20),), masked=False),
        shape((shorter, longest)),
        shape((shorter, longest, dice.randint(1, longest)), spare=dice.randint(1, 5)),
    ]
    if task.id == "encoder-1":
        shapes.append(shape((longest, shorter, 16), embedding=8, layers=1, training=True))
    else:
        lengths = (shorter, longest, *(dice.randint(1, longest) for _ in range(3)))
        shapes.append(shape(lengths, masked=False))
    return [make_case(task, shape, dice.getrandbits(48)) for shape in shapes]
