"""Lab 2, the instructor's side: its cases, computed by the reference in float64."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from grader.instructor.making import answers, complete, draw_state
from grader.instructor.ways import compiled
from grader.judge.golden import Cases
from grader.labs.base import Case, Task, Tensors
from grader.labs.lab2_encoder.instructor.slips import WAYS
from grader.labs.lab2_encoder.tasks import LAB as ENCODER
from labkit.tacotron2 import Encoder
from labkit.tacotron2.masking import padding_mask

_TASKS = {task.id: task for task in ENCODER.judged}
_PAPER = 0.5  # the share to be dropped; a fill may have it from the module or as this number


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
        training: whether the module is in training mode. Where the memory is asked for, the layers
            then make nothing of their input but zero, dropped or not.
        asks: what is asked of several layers in training, as the dropout of one disturbs the
            next: ``last``, whose batch norm says the same of every symbol, or ``earlier``, whose
            dropout must change what the last one says.
        dropout: the share that the module says is dropped in training.
        gradients: whether gradients are compared; of one layer, since a right fill may zero the
            padding of later ones in place, which cannot be gone back through without dropout.
        lengths_type: of ``input_lengths``.
        elsewhere: whether module and arguments lie on a device that is not the CPU.
    """

    label: str
    lengths: tuple[int, ...]
    spare: int = 0
    embedding: int = 6
    layers: int = 3
    kernel: int = 5
    masked: bool = True
    training: bool = False
    dropout: float = _PAPER
    asks: str = ""
    gradients: bool = False
    lengths_type: torch.dtype = torch.int64
    elsewhere: bool = False


_PUBLIC = {
    "encoder-1": (
        Shape("two sentences of different length", (5, 8)),
        Shape("one sentence alone, no padding passed", (7,), layers=2, masked=False),
        Shape("gradients", (7, 4), layers=1, gradients=True),
        Shape("one layer", (14, 20, 11), embedding=8, layers=1, training=True, dropout=0.3),
        Shape("two layers", (9, 7), layers=2, training=True, asks="earlier"),
        Shape("the last of two layers", (14, 20), layers=2, training=True, asks="last"),
    ),
    "encoder-2": (
        Shape("two sentences of different length", (5, 8)),
        Shape("one sentence alone", (7,), masked=False),
        Shape("gradients", (7, 4), layers=1, gradients=True),
        Shape("T_in longer than every sentence", (3, 6, 4), spare=2),
        # a slip that mixes up axes still runs here, and can be recognised by its numbers
        Shape("all sizes equal", (3, 4, 2, 1), embedding=4, layers=2, kernel=3, masked=False),
        Shape("the module is training", (4, 7, 5), training=True),
        Shape("on another device", (2, 7, 3), elsewhere=True),
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
        Shape("three layers in training mode", (19, 30), training=True, asks="earlier"),
        Shape("the last of three layers", (19, 30), training=True, dropout=0.2, asks="last"),
        Shape("little is kept in training mode", (28, 30), layers=1, training=True, dropout=0.8),
    ),
    "encoder-2": (
        *_BOTH,
        Shape("the longest sentence first", (8, 5, 2)),
        Shape("sentences of equal length", (6, 6)),
        Shape("one sentence that is padded", (5,), spare=3),
        Shape("on another device, one sentence", (5,), masked=False, elsewhere=True),
        Shape("lengths of the type int32", (3, 7, 5), lengths_type=torch.int32),
        Shape("three layers in training mode", (3, 12), training=True, dropout=0.2),
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
    wrong = compiled(task, WAYS[task.id]) if slips else None
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
        "p_encoder_dropout": shape.dropout,
    }
    case = Case(
        shape.label,
        init,
        draw_state(Encoder(**init), generator),
        _inputs(task, shape, generator),
        expected={},
        options={"elsewhere": True} if shape.elsewhere else {},
    )
    if shape.training:
        case = _in_training(task, case, shape)
    return answer(task, case, gradients=shape.gradients, slips=slips)


def _in_training(task: Task, case: Case, shape: Shape) -> Case:
    """Let chance be seen only where it is asked for (see :class:`Shape`)."""
    options: dict[str, Any] = {"training": True}
    if task.id == "encoder-2":
        nothing = (_norm(layer, 0.0, 0.0, shape) for layer in range(shape.layers))
        return replace(case, options=options, state=case.state | _joined(nothing))
    case = replace(case, options=options, dropped=shape.dropout)
    if shape.asks == "last":
        return replace(case, state=case.state | _norm(shape.layers - 1, 0.0, 1.0, shape))
    return replace(case, compare="other") if shape.asks else case


def _joined(parts: Iterable[Tensors]) -> Tensors:
    return {name: value for part in parts for name, value in part.items()}


def _norm(layer: int, gain: float, bias: float, shape: Shape) -> Tensors:
    """Return the batch norm of a layer that multiplies with a gain and adds a bias."""
    name = f"convolutions.{layer}.1"
    return {
        f"{name}.weight": torch.full((shape.embedding,), gain),
        f"{name}.bias": torch.full((shape.embedding,), bias),
    }


def _if_kept(task: Task, case: Case) -> Case:
    """Expect what the layers would answer if dropout kept everything."""
    undropped = replace(case, init={**case.init, "p_encoder_dropout": 0.0})
    kept = answers(task, undropped, Encoder)
    share = case.dropped
    return replace(case, expected={name: value / (1 - share) for name, value in kept.items()})


def _without_needless_slips(cases: list[Case]) -> list[Case]:
    """Keep of a case in training mode only slips of dropout, and those that no other shows."""
    others = [case for case in cases if not case.options.get("training")]

    def is_needed(slip: str) -> bool:
        return slip.startswith("dropout") or all(
            slip in case.slips
            and all(
                torch.equal(case.slips[slip][name], case.expected[name]) for name in case.expected
            )
            for case in others
        )

    return [
        replace(case, slips={key: value for key, value in case.slips.items() if is_needed(key)})
        if case.options.get("training")
        else case
        for case in cases
    ]


def public_cases() -> Cases:
    """Make the cases that students may see."""
    return {
        task.id: _without_needless_slips(
            [
                make_case(task, shape, seed=200 + number, slips=True)
                for number, shape in enumerate(_PUBLIC[task.id])
            ]
        )
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

    def shape(lengths: tuple[int, ...], **more: bool | float | str) -> Shape:
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
        shares = (0.2, 0.3, 0.7, 0.8)
        more = {"embedding": 8, "training": True}
        for layers, asks in ((1, ""), (2, "last"), (2, "earlier")):
            share = dice.choice(shares) if layers == 1 else _PAPER
            one = shape((longest, shorter, 16), layers=layers, dropout=share, asks=asks, **more)
            shapes.append(one)
    else:
        lengths = (shorter, longest, *(dice.randint(1, longest) for _ in range(3)))
        shapes.append(shape(lengths, masked=False))
    return [make_case(task, shape, dice.getrandbits(48)) for shape in shapes]
