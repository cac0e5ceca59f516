"""Lab 1, the instructor's side: cases from the float64 reference, and the named slips as code.

A slip is the student's class with the mistake in it. Its outputs on the public cases are stored,
so that a student edition can recognise the slip without holding this code; the same classes are
the mutants that the hidden cases must catch.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from grader.golden import Cases
from grader.tasks.attention import ATTENTION
from grader.tasks.base import Case, Task, Tensors
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
    gradients: bool = False


# All sizes equal: a slip that mixes up axes still runs, and can be recognised by its numbers.
_SQUARE = Shape(
    "all sizes equal", (4, 4, 3, 1), query=4, embedding=4, attention=4, filters=4, kernel=3
)
_PUBLIC = (
    Shape("two sentences of different length", (8, 5)),
    Shape("one sentence alone", (6,), masked=False),
    _SQUARE,
)
_HIDDEN = (
    Shape("the sizes of the paper", (37, 20), 256, 128, 128, 32, 31),
    Shape("a single symbol", (1,)),
    Shape("one sentence alone, without a mask", (9,), masked=False),
    Shape("heavy padding", (33, 2, 1, 17)),
    Shape("a filter wider than the text", (5, 3), kernel=31),
    Shape("gradients", (7, 4), gradients=True),
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


def _past_weights(lengths: torch.Tensor, steps: int, generator: torch.Generator) -> torch.Tensor:
    """Return (B, 2, T_in) previous and cumulative weights as they are after some steps."""
    mask = torch.arange(int(lengths.max()))[None] >= lengths[:, None]  # (B, T_in)
    energies = 2 * torch.randn(steps, *mask.shape, generator=generator)
    weights = energies.masked_fill(mask, -torch.inf).softmax(-1)  # (steps, B, T_in)
    return torch.stack([weights[-1], weights.sum(0)], dim=1)  # (B, 2, T_in)


def _inputs(task: Task, shape: Shape, generator: torch.Generator) -> Tensors:
    lengths = torch.tensor(shape.lengths)
    batch, length = len(shape.lengths), max(shape.lengths)

    def normal(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=generator)

    everything = {
        "query": normal(batch, shape.query),
        "memory": normal(batch, length, shape.embedding),
        "processed_memory": normal(batch, length, shape.attention),
        "attention_weights_cat": _past_weights(lengths, 3, generator),
    }
    if shape.masked:
        everything["mask"] = torch.arange(length)[None] >= lengths[:, None]
    return {name: everything[name] for name in task.arguments if name in everything}


def _state(module: nn.Module, generator: torch.Generator) -> Tensors:
    # about the scale of trained weights: energies of a few units, so that mistakes show
    return {
        name: torch.randn(value.shape, generator=generator) * (1.5 / value[0].numel() ** 0.5)
        for name, value in module.state_dict().items()
    }


def _outputs(task: Task, result: Any) -> Tensors:
    values = (result,) if len(task.outputs) == 1 else result
    return {
        output.name: value.detach().float()
        for output, value in zip(task.outputs, values, strict=True)
    }


def _call(task: Task, module: nn.Module, case_inputs: Mapping[str, torch.Tensor]) -> Any:
    arguments = [
        case_inputs[name].double()
        if name in case_inputs and case_inputs[name].is_floating_point()
        else case_inputs.get(name)
        for name in task.arguments
    ]
    return getattr(module, task.method)(*arguments)


def _cotangents(task: Task, case_inputs: Tensors, expected: Tensors) -> Tensors:
    generator = torch.Generator().manual_seed(int(sum(v.numel() for v in case_inputs.values())))
    return {
        f"cotangent.{output.name}": torch.randn(expected[output.name].shape, generator=generator)
        for output in task.outputs
    }


def make_case(task: Task, shape: Shape, seed: int, *, slips: bool = False) -> Case:
    """Draw the inputs of a case and compute what must come out, in float64, rounded once."""
    generator = torch.Generator().manual_seed(seed)
    init = _init(task, shape)
    reference = _REFERENCE[task.defines](**init)
    state = _state(reference, generator)
    inputs = _inputs(task, shape, generator)
    reference.load_state_dict(state)
    reference.double().eval()
    with torch.no_grad():
        result = _call(task, reference, inputs)
        expected = _outputs(task, result)
        inputs |= _given(task, reference, inputs)
    gradients: Tensors = {}
    if shape.gradients:
        inputs |= _cotangents(task, inputs, expected)
        result = _call(task, reference, inputs)
        values = (result,) if len(task.outputs) == 1 else result
        total = sum(
            (value * inputs[f"cotangent.{output.name}"]).sum()
            for output, value in zip(task.outputs, values, strict=True)
        )
        assert isinstance(total, torch.Tensor)
        total.backward()
        gradients = {
            f"grad.{name}": parameter.grad.float()
            for name, parameter in reference.named_parameters()
            if parameter.grad is not None
        }
    case = Case(shape.label, init, state, inputs, expected, gradients)
    if not slips:
        return case
    return Case(case.label, init, state, inputs, expected, gradients, slip_outputs(task, case))


def _given(task: Task, reference: nn.Module, inputs: Tensors) -> Tensors:
    """Return the tensor with which an earlier task can be answered for the student."""
    if task.given is None:
        return {}
    past = inputs["attention_weights_cat"].double()
    if task.given.tensor == "location":
        location_layer: Any = reference.location_layer
        return {"location": location_layer(past).float()}
    get_alignment_energies: Any = reference.get_alignment_energies
    energies = get_alignment_energies(
        inputs["query"].double(), inputs["processed_memory"].double(), past
    )
    return {"energies": energies.float()}


def slip_outputs(task: Task, case: Case) -> dict[str, Tensors]:
    """Run every slip of a task on a case; those that raise are left out."""
    found = {}
    for slip_id, cls in SLIPS[task.id].items():
        module = cls(**case.init)
        module.load_state_dict(case.state)
        module.double().eval()
        try:
            with torch.no_grad():
                result = _call(task, module, {k: v.clone() for k, v in case.inputs.items()})
            found[slip_id] = _outputs(task, result)
        except RuntimeError:  # sizes that do not fit: what a student would see, too
            continue
    return found


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
            masked=batch > 1 or dice.random() < 0.5,
        )
        cases.append(make_case(task, shape, seed=dice.getrandbits(48)))
    return cases


# --- the named slips -----------------------------------------------------------------------------
# Each is the reference with one mistake. They work in float64 on the public cases.


def _location_slip(body: Any) -> type[nn.Module]:
    return type("LocationSlip", (LocationLayer,), {"forward": body})


def _energies_slip(body: Any) -> type[nn.Module]:
    return type("EnergiesSlip", (Attention,), {"get_alignment_energies": body})


def _forward_slip(body: Any) -> type[nn.Module]:
    return type("ForwardSlip", (Attention,), {"forward": body})


def _parts(self: Any, q: Any, p: Any, w: Any) -> tuple[Any, Any, Any]:
    return self.query_layer(q.unsqueeze(1)), p, self.location_layer(w)


def _tanh_outside(s: Any, q: Any, p: Any, w: Any) -> Any:
    return torch.tanh(s.v(sum(_parts(s, q, p, w)))).squeeze(-1)


def _multiplied(s: Any, q: Any, p: Any, w: Any) -> Any:
    query, memory, location = _parts(s, q, p, w)
    return s.v(torch.tanh(query * memory + location)).squeeze(-1)


def _masked(energies: Any, mask: Any, value: float = -torch.inf) -> Any:
    return energies if mask is None else energies.masked_fill(mask, value)


def _answer(weights: Any, memory: Any) -> Any:
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights


def _mask_after(weights: Any, mask: Any) -> Any:
    return weights if mask is None else weights.masked_fill(mask, 0.0)


def _with(energies_to_weights: Any) -> type[nn.Module]:
    """A forward whose weights are made wrongly from energies and mask."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        return _answer(energies_to_weights(s.get_alignment_energies(q, p, w), mask), m)

    return _forward_slip(forward)


def _then(weights_to_result: Any) -> type[nn.Module]:
    """A forward whose weights are right and whose result is made wrongly."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        energies = s.get_alignment_energies(q, p, w)
        weights = _masked(energies, mask).softmax(1)
        return weights_to_result(weights, m, p, energies)

    return _forward_slip(forward)


SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    "attention-1": {
        "transpose-missing": _location_slip(lambda s, w: s.location_dense(s.location_conv(w))),
        "reshaped": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).reshape(w.size(0), w.size(2), -1))
        ),
        "dense-missing": _location_slip(lambda s, w: s.location_conv(w).transpose(1, 2)),
        "transposed-back": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).transpose(1, 2)).transpose(1, 2)
        ),
        "channels-swapped": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w.flip(1)).transpose(1, 2))
        ),
        "previous-only": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(torch.stack([w[:, 0], w[:, 0]], 1)).transpose(1, 2)
            )
        ),
        "cumulative-only": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(torch.stack([w[:, 1], w[:, 1]], 1)).transpose(1, 2)
            )
        ),
        "relu-added": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).relu().transpose(1, 2))
        ),
        "tanh-added": _location_slip(
            lambda s, w: torch.tanh(s.location_dense(s.location_conv(w).transpose(1, 2)))
        ),
        "tap-shifted": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(F.pad(w, (1, 0))[..., :-1]).transpose(1, 2)
            )
        ),
        "batch-squeezed": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).transpose(1, 2)).squeeze()
        ),
    },
    "attention-2": {
        "tanh-missing": _energies_slip(lambda s, q, p, w: s.v(sum(_parts(s, q, p, w))).squeeze(-1)),
        "tanh-outside": _energies_slip(_tanh_outside),
        "tanh-each": _energies_slip(
            lambda s, q, p, w: s.v(sum(torch.tanh(x) for x in _parts(s, q, p, w))).squeeze(-1)
        ),
        "sigmoid": _energies_slip(
            lambda s, q, p, w: s.v(torch.sigmoid(sum(_parts(s, q, p, w)))).squeeze(-1)
        ),
        "relu": _energies_slip(
            lambda s, q, p, w: s.v(torch.relu(sum(_parts(s, q, p, w)))).squeeze(-1)
        ),
        "query-missing": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(p + s.location_layer(w))).squeeze(-1)
        ),
        "memory-missing": _energies_slip(
            lambda s, q, p, w: s.v(
                torch.tanh(s.query_layer(q.unsqueeze(1)) + s.location_layer(w))
            ).squeeze(-1)
        ),
        "location-missing": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(s.query_layer(q.unsqueeze(1)) + p)).squeeze(-1)
        ),
        "memory-projected-twice": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, s.memory_layer(p), w)))).squeeze(-1)
        ),
        "query-not-projected": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(q.unsqueeze(1) + p + s.location_layer(w))).squeeze(-1)
        ),
        "query-along-time": _energies_slip(
            lambda s, q, p, w: s.v(
                torch.tanh(s.query_layer(q).unsqueeze(0) + p + s.location_layer(w))
            ).squeeze(-1)
        ),
        "multiplied": _energies_slip(_multiplied),
        "axis-left": _energies_slip(lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w))))),
        "softmax-early": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w)))).squeeze(-1).softmax(-1)
        ),
        "batch-squeezed": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w)))).squeeze()
        ),
    },
    "attention-3": {
        "mask-missing": _with(lambda e, mask: e.softmax(1)),
        "mask-inverted": _with(
            lambda e, mask: _masked(e, None if mask is None else ~mask).softmax(1)
        ),
        "mask-after-softmax": _with(lambda e, mask: _mask_after(e.softmax(1), mask)),
        "mask-with-zero": _with(lambda e, mask: _masked(e, mask, 0.0).softmax(1)),
        "softmax-over-batch": _with(lambda e, mask: _masked(e, mask).softmax(0)),
        "softmax-missing": _with(lambda e, mask: _masked(e, mask)),
        "log-softmax": _with(lambda e, mask: _masked(e, mask).log_softmax(1)),
        "sigmoid": _with(lambda e, mask: _masked(e, mask).sigmoid()),
        "processed-memory": _then(lambda w, m, p, e: _answer(w, p)),
        "context-unweighted": _then(lambda w, m, p, e: (m.mean(1), w)),
        "context-from-energies": _then(lambda w, m, p, e: (_answer(e, m)[0], w)),
        "context-axis-left": _then(lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m), w)),
        "swapped": _then(lambda w, m, p, e: (w, _answer(w, m)[0])),
        "batch-squeezed": _then(
            lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m).squeeze(), w.squeeze())
        ),
    },
}
