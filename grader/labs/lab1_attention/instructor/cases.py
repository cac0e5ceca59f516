"""Lab 1, the instructor's side: its cases, computed by the reference in float64."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import nn

from grader.instructor.making import complete, draw_state
from grader.instructor.ways import compiled
from grader.judge.golden import Cases
from grader.labs.base import Case, Task, Tensors
from grader.labs.lab1_attention.instructor.slips import WAYS
from grader.labs.lab1_attention.tasks import LAB as ATTENTION
from labkit.tacotron2 import Attention, LocationLayer

FRESH_PER_QUESTION = 4

_TASKS = {task.id: task for task in ATTENTION.judged}
_REFERENCE: dict[str, type[nn.Module]] = {
    "LocationLayer": LocationLayer,
    "Attention": Attention,
}


@dataclass(frozen=True)
class Shape:
    """Sizes of one case.

    Attributes:
        label: what is special about it, in words that a student may read.
        lengths: symbols of each sentence; the longest is T_in.
        masked: whether a mask is passed.
        spare: by how much T_in is longer than the longest sentence.
        training: whether the module is in training mode, which must make no difference.
        gradients: whether gradients are compared.
    """

    label: str
    lengths: tuple[int, ...]
    query: int = 7
    embedding: int = 6
    attention: int = 5
    filters: int = 3
    kernel: int = 5
    masked: bool = True
    spare: int = 0
    training: bool = False
    gradients: bool = False


# All sizes equal: a slip that mixes up axes still runs, and can be recognised by its numbers.
_SQUARE = Shape(
    "all sizes equal", (4, 4, 3, 1), query=4, embedding=4, attention=4, filters=4, kernel=3
)
_PUBLIC = (
    Shape("two sentences of different length", (8, 5), gradients=True),
    Shape("one sentence alone", (6,), masked=False, training=True),
    _SQUARE,
)
_HIDDEN = (
    Shape("the sizes of the paper", (37, 20), 256, 128, 128, 32, 31),
    Shape("a single symbol", (1,)),
    Shape("one sentence alone, without a mask", (9,), masked=False),
    Shape("heavy padding", (33, 2, 1, 17)),
    Shape("one sentence that is padded", (5,), spare=2),
    Shape("a filter wider than the text", (5, 3), kernel=31),
    Shape("gradients", (7, 4), gradients=True),
    Shape("training mode", (3, 11, 8), training=True, gradients=True),
)


def _init(task: Task, shape: Shape) -> dict[str, int]:
    location = {
        "attention_n_filters": shape.filters,
        "attention_kernel_size": shape.kernel,
        "attention_dim": shape.attention,
    }
    if task.defines == "LocationLayer":
        return location
    return {
        "attention_rnn_dim": shape.query,
        "embedding_dim": shape.embedding,
        "attention_dim": shape.attention,
        "attention_location_n_filters": shape.filters,
        "attention_location_kernel_size": shape.kernel,
    }


def _past_weights(mask: torch.Tensor, steps: int, generator: torch.Generator) -> torch.Tensor:
    """Return (B, 2, T_in) previous and cumulative weights as they are after some steps."""
    energies = 2 * torch.randn(steps, *mask.shape, generator=generator)
    weights = energies.masked_fill(mask, -torch.inf).softmax(-1)  # (steps, B, T_in)
    return torch.stack([weights[-1], weights.sum(0)], dim=1)  # (B, 2, T_in)


def _inputs(task: Task, shape: Shape, generator: torch.Generator) -> Tensors:
    lengths = torch.tensor(shape.lengths)
    batch, length = len(shape.lengths), max(shape.lengths) + shape.spare
    mask = torch.arange(length)[None] >= lengths[:, None]  # (B, T_in)

    def normal(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=generator)

    everything = {
        "query": normal(batch, shape.query),
        "memory": normal(batch, length, shape.embedding),
        "processed_memory": normal(batch, length, shape.attention),
        "attention_weights_cat": _past_weights(mask, 3, generator),
    }
    if shape.masked:
        everything["mask"] = mask
    return {name: everything[name] for name in task.arguments if name in everything}


def answer(task: Task, case: Case, *, gradients: bool, slips: bool) -> Case:
    """Compute what must come out of a case, in float64, rounded once."""
    wrong = compiled(task, WAYS[task.id]) if slips else None
    return complete(task, case, _REFERENCE[task.defines], gradients=gradients, slips=wrong)


def make_case(task: Task, shape: Shape, seed: int, *, slips: bool = False) -> Case:
    """Draw the inputs of a case and compute what must come out."""
    generator = torch.Generator().manual_seed(seed)
    init = _init(task, shape)
    state = draw_state(_REFERENCE[task.defines](**init), generator)
    options = {"training": True} if shape.training else {}
    inputs = _inputs(task, shape, generator)
    case = Case(shape.label, init, state, inputs, expected={}, options=options)
    return answer(task, case, gradients=shape.gradients, slips=slips)


def public_cases() -> Cases:
    """Make the cases that students may see."""
    return {
        task.id: [
            make_case(task, shape, seed=100 + number, slips=True)
            for number, shape in enumerate(_PUBLIC)
        ]
        for task in ATTENTION.judged
    }


def hidden_cases() -> Cases:
    """Make the fixed cases that students may not see."""
    return {
        task.id: [make_case(task, shape, seed=900 + number) for number, shape in enumerate(_HIDDEN)]
        for task in ATTENTION.judged
    }


def fresh_cases(task_id: str, seed: int) -> list[Case]:
    """Draw new cases of a task; the same seed draws the same cases."""
    task = _TASKS[task_id]
    dice = random.Random(seed)
    cases = []
    for number in range(FRESH_PER_QUESTION):
        batch = (1, 2, 3, 5)[number % 4]
        longest = dice.choice((2, 7, 12, 19, 31))
        lengths = (longest, *(dice.randint(1, longest) for _ in range(batch - 1)))
        shape = Shape(
            "fresh numbers",
            lengths,
            query=dice.randint(3, 24),
            embedding=dice.randint(3, 24),
            attention=dice.randint(3, 24),
            filters=dice.randint(2, 8),
            kernel=dice.choice((3, 5, 11, 31)),
            masked=batch > 1,
            training=number % 2 == 1,
        )
        cases.append(make_case(task, shape, seed=dice.getrandbits(48)))
    return cases
