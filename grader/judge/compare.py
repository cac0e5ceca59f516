"""Compares a student's tensors with the expected ones and says in words what is different.

The order of questions is that of a patient teacher: is there anything, of the right kind, on the
right axes, of the right size, finite? Only then: are the numbers right?
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from grader.judge.chance import dropout_fault, dropped
from grader.judge.differences import place, relation
from grader.judge.finding import Finding
from grader.labs.base import Case, Output, Task, Tensors, call_tensors, outputs_of
from grader.sandbox.perform import CARRIED, Report

# Measured (benchmarks/tolerance.py): honest float32 solutions use less than a fifth of this bound
# over more than 150 cases of each task; the nearest named slip exceeds it more than 400 times.
ABSOLUTE_TOLERANCE = 2e-5
RELATIVE_TOLERANCE = 1e-4
_PAPER = 0.5  # the share that the paper drops; a fill may have it as a number
SAID_LIMIT = 400  # characters of anything that a message quotes from a worker


def close(got: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
    """Return elementwise whether two tensors of one shape agree within the tolerance."""
    return torch.isclose(
        got.double(),
        want.double(),
        rtol=RELATIVE_TOLERANCE,
        atol=ABSOLUTE_TOLERANCE,
        equal_nan=True,
    )


def _fits(dtype: torch.dtype, want: torch.dtype) -> bool:
    """Whether numbers are of the kind that is wanted; whole numbers may be of either size."""
    whole = (torch.int32, torch.int64)
    return dtype == want or (dtype in whole and want in whole)


def agrees(tensors: Tensors, name: str, want: torch.Tensor) -> bool:
    """Whether a tensor came back, is of the right kind, and holds the right numbers."""
    got = tensors.get(name)
    return (
        got is not None
        and _fits(got.dtype, want.dtype)
        and got.shape == want.shape
        and _one_agrees(got, want)
        and bool(close(got, want).all())
    )


def _one_agrees(got: torch.Tensor, want: torch.Tensor) -> bool:
    """Whether the number in the middle agrees: where there are many candidates, most end here."""
    if not want.numel():
        return True
    middle = want.numel() // 2
    one, other = got.reshape(-1)[middle].item(), want.reshape(-1)[middle].item()
    if not math.isfinite(one) or not math.isfinite(other):
        return True  # for the whole comparison to tell
    return abs(one - other) <= ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * abs(other)


def _shape(tensor: torch.Tensor) -> str:
    return "(" + ", ".join(str(size) for size in tensor.shape) + ")"


def _axes(output: Output) -> str:
    return "(" + ", ".join(output.axes) + ")"


def said(report: Report, key: str) -> str:
    """Return what the worker reports under a key as one short line, whatever it put there."""
    return " ".join(str(report.get(key, "nothing")).split())[:SAID_LIMIT]


def said_error(report: Report) -> str:
    """Return the error that the worker reports, and its line in the student's cells."""
    return f"{said(report, 'error')}: {said(report, 'message')}{_said_where(report)}"


def _said_where(report: Report) -> str:
    return f" in {said(report, 'where')}" if report.get("where") else ""


def _examine_error(task: Task, report: Report) -> Finding | None:
    if "missing" in report:
        missing = said(report, "missing")
        kind = "class" if task.methods else "function"
        kind = kind if missing == task.defines else "method"
        return Finding("unfilled", f"the cell does not define the {kind} {missing}.")
    if "error" not in report:
        return None
    if report["error"] == "NotImplementedError" and report.get("stub"):
        return Finding("unfilled", f"{task.unwritten(said(report, 'stub'))}{_said_where(report)}.")
    shapes = f" There: {said(report, 'shapes')}." if report.get("shapes") else ""
    return Finding("error", f"your code stopped with {said_error(report)}.{shapes}")


def _examine_kind(
    task: Task, outputs: tuple[Output, ...], expected: Tensors, report: Report
) -> Finding | None:
    count = len(outputs)
    kinds = report.get("outputs")
    if report.get("returned") == "NoneType":
        what = "method" if task.methods else "function"
        return Finding("type", f"the {what} returns None: is there a `return`?")
    if not isinstance(kinds, dict):
        names = ", ".join(output.name for output in outputs)
        wanted = task.returns or f"{count} values are expected ({names})"
        return Finding("type", f"{wanted}, not {said(report, 'returned')}.")
    for output in outputs:
        kind = kinds.get(output.name)
        kind = kind if isinstance(kind, dict) else {}
        if "too_large" in kind:
            size = said(kind, "too_large")
            return Finding("size", f"{output.title} has the shape {size}: far too large.")
        if "dtype" not in kind:
            return Finding(
                "type", f"{output.title} must be a torch.Tensor, not {said(kind, 'type')}."
            )
        right = expected[output.name].dtype
        if not any(kind["dtype"] == str(dtype) and _fits(dtype, right) for dtype in CARRIED):
            found = said(kind, "dtype")
            return Finding("dtype", f"{output.title} is {found}; expected {right}.")
        if kind.get("device") != "cpu":
            return Finding("dtype", f"{output.title} lies on {said(kind, 'device')}; expected cpu.")
    return None


def _examine_shape(output: Output, got: torch.Tensor, want: torch.Tensor) -> Finding | None:
    if got.shape == want.shape:
        return None
    wanted = f"{_axes(output)} = {_shape(want)}"
    if got.dim() != want.dim():
        more = got.dim() - want.dim()
        count = f"{abs(more)} axis" if abs(more) == 1 else f"{abs(more)} axes"
        return Finding(
            "rank",
            f"{output.title} has {count} too {'many' if more > 0 else 'few'}: its shape is "
            f"{_shape(got)}; expected {wanted}.",
        )
    if sorted(got.shape) == sorted(want.shape):
        return Finding(
            "axes",
            f"{output.title} has the shape {_shape(got)}; expected {wanted}: "
            "the sizes are right, the axes are in another order.",
        )
    return Finding("size", f"{output.title} has the shape {_shape(got)}; expected {wanted}.")


def _examine_weights(name: str, got: torch.Tensor, case: Case) -> Finding | None:
    if bool((got < 0).any()):
        return Finding("property", f"{name} holds negative numbers (smallest {got.min():.4g}).")
    mask = case.inputs.get("mask")
    if mask is not None and bool((got[mask] != 0).any()):
        return Finding(
            "property",
            f"{name} is not zero on padding: up to {got[mask].max():.4g} where the mask is True.",
        )
    sums = got.double().sum(dim=-1)
    if bool(((sums - 1).abs() > 1e-4).any()):
        worst = sums[(sums - 1).abs().argmax()]
        return Finding("property", f"{name} must sum to one for each sentence; found {worst:.4g}.")
    return None


def _examine_values(output: Output, got: torch.Tensor, want: torch.Tensor) -> Finding | None:
    wrong = ~close(got, want)
    if not bool(wrong.any()):
        return None
    first = tuple(int(i) for i in wrong.nonzero()[0])
    difference = (got.double() - want.double()).abs()
    where = "[" + ", ".join(map(str, first)) + "]"
    how = relation(got, want, output.axes, close) or place(wrong, output.axes)
    return Finding(
        "value",
        f"{output.at(where)} is {got[first].item():.6g}, expected {want[first].item():.6g}; "
        f"{wrong.double().mean():.0%} of the numbers are wrong "
        f"(largest difference {difference.max():.3g}, mean {difference.mean():.3g})"
        + (f"; {how}." if how else "."),
    )


def _examine_numbers(outputs: tuple[Output, ...], case: Case, tensors: Tensors) -> Finding | None:
    for output in outputs:
        got, want = tensors[output.name], case.expected[output.name]
        if case.dropped:
            finding = _examine_dropout(output, got, want, case)
        else:
            finding = _examine_values(output, got, want)
        if finding:
            return finding
    return None


def _examine_dropout(
    output: Output, got: torch.Tensor, want: torch.Tensor, case: Case
) -> Finding | None:
    """In training, some numbers are zero by chance; all others must be as expected.

    A fill may drop what the case says, or what the paper says; what is said is about the first.
    """
    findings = []
    for share in dict.fromkeys((case.dropped, _PAPER)):
        kept = want * (1 - case.dropped) / (1 - share)
        fault = dropout_fault(output.title, output.axes, got, kept, share)
        if case.compare == "other":
            kept_all = _examine_values(output, got, torch.where(dropped(got, kept), got, kept))
            if kept_all is not None:
                continue
            message = "nothing is dropped before the last layer."
            return Finding(
                "property",
                f"({case.label}) {message}",
                "After which of the layers comes dropout: after one of them, or after each?",
            )
        if fault is None:
            found = _examine_values(output, got, torch.where(dropped(got, kept), got, kept))
            if found is None:
                return None
            findings.append(found)
        else:
            findings.append(Finding("property", f"({case.label}) {fault[0]}", fault[1]))
    return findings[0] if findings else None


def _examine_gradients(case: Case, report: Report, tensors: Tensors) -> Finding | None:
    backward = report.get("backward")
    if case.gradients and isinstance(backward, dict):
        return Finding(
            "gradient",
            "the numbers are right, but going backward through them stopped with "
            f"{said_error(backward)}.",
            "Which of your lines changes in place what is still needed?",
        )
    for name, want in case.gradients.items():
        leaf = name.removeprefix("grad.")
        leaf = f"the input {leaf.removeprefix('in.')}" if leaf.startswith("in.") else leaf
        if name not in tensors:
            trained = "what comes before it" if leaf.startswith("the input") else "this module"
            return Finding(
                "gradient",
                f"the numbers are right, but no gradient reaches {leaf}: "
                f"{trained} could not be trained.",
                "Does every step stay inside torch, without detach, item, data, no_grad or numpy?",
            )
        if not agrees(tensors, name, want):
            return Finding(
                "gradient",
                f"the numbers are right, but the gradient of {leaf} is not.",
                "Is one of several ways from it to the result cut by detach, item, data or "
                "no_grad?",
            )
    return None


def examine(
    task: Task, case: Case, report: Report, tensors: Tensors, *, alone: bool = False
) -> Finding | None:
    """Judge one call; None if everything is as expected.

    Args:
        task: the task.
        case: the call and its expected outcome.
        report: what the worker says about the call.
        tensors: what the worker returned for the call.
        alone: whether the task's given answer was sent.
    """
    try:
        finding = _examine(task, case, report, tensors, alone)
        if finding and case.options.get("training") and finding.stage in ("property", "value"):
            return replace(finding, message=f"in training mode {finding.message}")
        return finding
    except Exception as error:  # whatever a forger sends is a finding, and his own
        return Finding(
            "type",
            f"what came back cannot be compared ({type(error).__name__}): no plain numbers.",
        )


def _examine(
    task: Task, case: Case, report: Report, tensors: Tensors, alone: bool
) -> Finding | None:
    outputs = outputs_of(task, case)
    if finding := _examine_error(task, report):
        return finding
    if finding := _examine_kind(task, outputs, case.expected, report):
        return finding
    for output in outputs:
        if output.name not in tensors:
            return Finding("type", f"{output.title} did not come back.")
    if case.compare == "audio":
        from grader.judge.sound import examine_sound

        return examine_sound(task, case, tensors)
    for output in outputs:
        got, want = tensors[output.name], case.expected[output.name]
        if finding := _examine_shape(output, got, want):
            return finding
    for output in outputs:
        got = tensors[output.name]
        wanted = case.expected[output.name].dtype
        if not _fits(got.dtype, wanted):
            return Finding("dtype", f"{output.title} is {got.dtype}; expected {wanted}.")
        bad = ~torch.isfinite(got)
        if bool(bad.any()):
            return Finding(
                "finite",
                f"{output.title} holds {int(bad.sum())} of {got.numel()} numbers that are "
                "NaN or infinite.",
            )
        if output.name in task.weights and (finding := _examine_weights(output.name, got, case)):
            return finding
    numbers = _examine_numbers(outputs, case, tensors)
    changed = _examine_inputs(task, case, tensors, alone)
    if numbers and changed:  # what was changed may be why the numbers are wrong
        return replace(numbers, message=f"{numbers.message} Besides, {changed.message}")
    return numbers or changed or _examine_gradients(case, report, tensors)


def _examine_inputs(task: Task, case: Case, tensors: Tensors, alone: bool) -> Finding | None:
    for name, before in call_tensors(task, case, given=alone).items():
        after = tensors.get(name.replace("in.", "after.", 1))
        if not name.startswith("in."):
            continue
        if after is None or after.dtype != before.dtype or not torch.equal(after, before):
            return Finding(
                "changed",
                f"the call changed its own input {name.removeprefix('in.')}: whoever called still "
                "needs it as it was.",
                "Which of your lines works in place (`+=`, a method that ends in `_`)?",
            )
    return None
