"""What the case makers of all labs share: drawing weights, and asking a fill in float64.

A maker draws a case without its answers and hands it to :func:`complete`. Fills are called by the
task's own adapter, so that reference, slips and submissions are all asked in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from grader.judge.stage import partner_of
from grader.labs.base import Case, Task, Tensors, call_document, call_tensors
from grader.sandbox.adapter import adapter_of
from grader.sandbox.line import answered_by
from grader.sandbox.perform import seed


def draw_state(module: nn.Module, generator: torch.Generator) -> Tensors:
    """Draw weights, and what batch norms remember, as a trained module might hold them.

    Matrices get about the scale of trained weights, so that sums are a few units large and
    mistakes show. Nothing is left at a value that hides a mistake: gains are not one, biases and
    running means not zero. Counters are kept.
    """
    return {name: _draw(name, value, generator) for name, value in module.state_dict().items()}


def _draw(name: str, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if not value.is_floating_point():
        return value.clone()
    drawn = torch.randn(value.shape, generator=generator)
    if value.dim() > 1:
        return drawn * (1.5 / value[0].numel() ** 0.5)
    if name.endswith("running_var"):
        return (0.5 * drawn).exp()
    # a weight with one axis is the gain of a normalisation
    return 1 + 0.3 * drawn if name.endswith("weight") else 0.5 * drawn


def answers(task: Task, case: Case, fill: Any, **others: Any) -> Tensors:
    """Return what a fill answers to a case, computed in float64 and rounded once.

    Args:
        task: the task.
        case: the call; what it expects does not matter.
        fill: what the student's cell defines.
        others: what other cells define.
    """
    _, outputs = _ask(task, case, fill, others)
    return _rounded(outputs, case)


def complete(
    task: Task,
    case: Case,
    reference: Any,
    *,
    gradients: bool | Sequence[str] = False,
    slips: Mapping[str, Any] | None = None,
    **others: Any,
) -> Case:
    """Put into a case what the reference answers, and what else is to be stored beside it.

    Args:
        task: the task.
        case: the call. If it expects outputs already, only those are asked for.
        reference: the right fill.
        gradients: whether gradients are expected, too: of all parameters, and of the inputs that
            are named; of the task's arguments if only True is said.
        slips: wrong fills by slip id, whose outputs are stored; those that raise are left out.
        others: what other cells define.
    """
    given: Tensors = {}
    _, outputs = _ask(task, case, reference, others, record=given)
    expected = _rounded(outputs, case)
    case = replace(case, inputs={**case.inputs, **given}, expected=expected)
    if gradients:
        names = task.arguments if gradients is True else gradients
        # a stored case has its own
        case = replace(case, inputs={**_cotangents(case), **case.inputs})
        case = replace(case, gradients=_gradients(task, case, reference, others, names))
        if task.given is not None:
            names = (*names, task.given.tensor)
            found = _gradients(task, case, reference, others, names, given=True)
            case = replace(case, given_gradients=found)
    if slips is None:
        return case
    return replace(case, slips=_slip_outputs(task, case, slips, others))


def _ask(
    task: Task,
    case: Case,
    fill: Any,
    others: Mapping[str, Any],
    *,
    grad: bool = False,
    given: bool = False,
    leaves: Tensors | None = None,
    record: Tensors | None = None,
) -> tuple[Any, dict[str, torch.Tensor]]:
    """Call a fill in float64 as :func:`grader.sandbox.perform.perform_call` does in float32.

    Returns:
        what was called, and the outputs by name; ``record`` gets the answer that could be given.
        ``leaves`` take the places of inputs.
    """
    call = call_document(task, case, given=given)
    call["outputs"] = call["outputs"] or [output.name for output in task.outputs]
    adapter = adapter_of(task.adapter)
    leaves = {f"in.{name}": leaf for name, leaf in (leaves or {}).items()}
    tensors = call_tensors(task, case, given=given) | leaves
    with torch.random.fork_rng(devices=[]):
        subject = adapter.build(call, tensors, {task.defines: fill, **others})
        if isinstance(subject, nn.Module):
            subject.double()
        if record is not None and task.given is not None:
            _record(subject, task.given.name, record, task.given.tensor)
        seed(case.options.get("seed", 0))
        inputs = {
            name.removeprefix("in."): value.double() if value.is_floating_point() else value.clone()
            for name, value in tensors.items()
            if name.startswith("in.")
        }
        partner = partner_of(task, case)
        with (
            torch.set_grad_enabled(grad or case.options.get("grad", False)),
            answered_by(partner.answer) if partner else nullcontext(),
        ):
            result = adapter.call(subject, call, inputs)
    values = [result] if len(call["outputs"]) == 1 else result
    return subject, dict(zip(call["outputs"], values, strict=True))


def _record(subject: Any, name: str, record: Tensors, key: str) -> None:
    """Let a method or submodule write down its answer."""
    part = getattr(subject, name)

    def recorded(*arguments: Any, **more: Any) -> Any:
        answer = part(*arguments, **more)
        record[key] = answer.detach().float()
        return answer

    if isinstance(part, nn.Module):
        part.register_forward_hook(
            lambda module, arguments, answer: record.update({key: answer.detach().float()})
        )
    else:
        setattr(subject, name, recorded)


def _rounded(outputs: Mapping[str, torch.Tensor], case: Case) -> Tensors:
    """Round to the precision in which a case is asked; whole numbers are left as they are."""
    kind = torch.float64 if case.options.get("double") else torch.float32
    return {
        name: value.detach().to(kind) if value.is_floating_point() else value.detach()
        for name, value in outputs.items()
    }


def _cotangents(case: Case) -> Tensors:
    seed = sum(value.numel() for value in case.inputs.values())
    generator = torch.Generator().manual_seed(seed)
    return {
        f"cotangent.{name}": torch.randn(value.shape, generator=generator)
        for name, value in case.expected.items()
    }


def _gradients(
    task: Task,
    case: Case,
    reference: Any,
    others: Mapping[str, Any],
    names: Sequence[str],
    *,
    given: bool = False,
) -> Tensors:
    leaves = {
        name: case.inputs[name].double().requires_grad_()
        for name in names
        if name in case.inputs and case.inputs[name].is_floating_point()
    }
    subject, outputs = _ask(task, case, reference, others, grad=True, given=given, leaves=leaves)
    total = sum((value * case.inputs[f"cotangent.{name}"]).sum() for name, value in outputs.items())
    assert isinstance(total, torch.Tensor)
    total.backward()
    reached = [(f"in.{name}", leaf) for name, leaf in leaves.items()]
    return {
        f"grad.{name}": leaf.grad.float()
        for name, leaf in (*subject.named_parameters(), *reached)
        if leaf.grad is not None
    }


def _slip_outputs(
    task: Task, case: Case, slips: Mapping[str, Any], others: Mapping[str, Any]
) -> dict[str, Tensors]:
    found = {}
    for slip_id, fill in slips.items():
        try:
            found[slip_id] = answers(task, case, fill, **others)
        except Exception:  # sizes that do not fit: what a student would see, too
            continue
    return found
