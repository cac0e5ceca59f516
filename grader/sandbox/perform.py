"""What a worker does with a submission: run cells, make calls, return tensors.

This runs beside student code and is therefore trusted by nobody: it returns numbers and
descriptions, never a verdict. The self-check in a notebook uses the same functions.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import labkit
import labkit.labs.given
from grader.sandbox.adapter import Namespace, NotDefined, Report, adapter_of
from grader.sandbox.line import take_turn
from labkit.cells.running import Kernel

TEXT_LIMIT = 2000  # characters of any text that leaves the worker
ELEMENT_LIMIT = 4 * 1024 * 1024  # elements of any tensor that leaves the worker
# what a tensor is, travels with its numbers: a check beside student code could be taken away
CARRIED = (torch.float32, torch.float64, torch.int32, torch.int64)

_LIBRARIES = (str(Path(torch.__file__).parent), str(Path(labkit.__file__).parent))
_GIVEN_STUBS = labkit.labs.given.__file__
_NAMED_SUPER = re.compile(r"super\(\w+, *self\)")
_CELL_FILE = "<cell {}>"
_CELL_FILES = ("<cell ", "<ipython-input", "ipykernel_")  # as a worker and as notebooks name them

_OTHER_GRADIENTS = "the call left gradients switched on or off for everything that comes after it"


def run_cell(cell_id: str, source: str, namespace: Namespace) -> None:
    """Execute one cell, as :meth:`labkit.cells.running.Kernel.run` does."""
    Kernel(namespace).run(source, _CELL_FILE.format(cell_id))


def _shapes(line: str, variables: Mapping[str, Any]) -> str:
    """Say which shapes the tensors have that a line names."""
    names = dict.fromkeys(re.findall(r"(?<![\w.])[^\W\d]\w*", line))
    found = {name: variables[name] for name in names if name in variables}
    return ", ".join(
        f"{name} {tuple(value.shape)}"
        for name, value in found.items()
        if type(value) in (torch.Tensor, torch.nn.Parameter)
    )


def _reached(method: str, variables: Mapping[str, Any]) -> str:
    """Name the stub that was reached, with the class that has it, if one has."""
    owners = type(variables.get("self")).__mro__
    return next((f"{owner.__name__}.{method}" for owner in owners if method in vars(owner)), method)


def describe_error(error: BaseException) -> Report:
    """Say what went wrong and in which line of the student's cells."""
    where, shapes, stub = "", "", ""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for number, frame in enumerate(traceback.extract_tb(error.__traceback__)):
        line = (frame.line or "").strip()
        if any(part in frame.filename for part in _CELL_FILES):
            where, shapes = f"line {frame.lineno}: {line}", _shapes(line, frames[number].f_locals)
        # Torch raises this error, too: for a module without a forward, and inside its operators.
        # And so does what the kit leaves out of a student edition: its message says what it is.
        raised = not line or line.startswith("raise ")
        own = raised and (
            not frame.filename.startswith(_LIBRARIES) or frame.filename == _GIVEN_STUBS
        )
        stub = _reached(frame.name, frames[number].f_locals) if own else ""
    if isinstance(error, SyntaxError) and not where:
        where = f"line {error.lineno}: {(error.text or '').strip()}"
    try:
        message = str(error)
    except BaseException:  # an exception class of the student's may do anything
        message = ""
    named = _NAMED_SUPER.search(where)
    if named and isinstance(error, (RecursionError, TypeError)):
        message = (
            f"{message}; in a class that is continued, {named[0]} leads back to the class itself: "
            "write super()"
        )
    return {
        "error": type(error).__name__,
        "message": message[:TEXT_LIMIT],
        "where": where[:TEXT_LIMIT],
        "shapes": shapes[:TEXT_LIMIT],
        "stub": stub,
    }


def _describe(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _is_odd(tensor: torch.Tensor) -> bool:
    """Whether a tensor is no plain block of numbers."""
    return tensor.layout != torch.strided or tensor.is_quantized


def _collect(
    result: Any, names: list[str], report: Report, answers: dict[str, torch.Tensor]
) -> None:
    """Put the outputs of a call into ``answers`` and what they are into ``report``."""
    report["returned"] = _describe(result)
    values = [result] if len(names) == 1 else result
    if len(names) > 1 and (not isinstance(result, (tuple, list)) or len(result) != len(names)):
        return
    report["outputs"] = {}
    for name, value in zip(names, values, strict=True):
        kind = {"type": type(value).__name__}
        if isinstance(value, torch.Tensor) and _is_odd(value):
            kind["type"] = f"a tensor of the layout {value.layout} and type {value.dtype}"
        elif isinstance(value, torch.Tensor):
            value = value.detach().as_subclass(torch.Tensor)
            kind |= {"dtype": str(value.dtype), "device": str(value.device)}
            if value.numel() > ELEMENT_LIMIT:
                kind["too_large"] = str(tuple(value.shape))
            elif value.dtype in CARRIED and value.device.type == "cpu":
                # a copy: views of one tensor may not share memory in a frame
                answers[name] = value.clone(memory_format=torch.contiguous_format)
        report["outputs"][name] = kind


def _collect_gradients(
    subject: Any,
    result: Any,
    call: Report,
    tensors: dict[str, torch.Tensor],
    leaves: dict[str, torch.Tensor],
    answers: dict[str, torch.Tensor],
) -> None:
    """Put the gradients of parameters and inputs into ``answers``, as far as there are any."""
    names = call["outputs"]
    cotangents = [tensors.get(f"cotangent.{name}") for name in names]
    total = sum(
        (value * cotangent).sum()
        for value, cotangent in zip(
            [result] if len(names) == 1 else result, cotangents, strict=True
        )
        if isinstance(value, torch.Tensor)
        and cotangent is not None
        and value.shape == cotangent.shape
    )
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return
    total.backward()
    for name, leaf in (*subject.named_parameters(), *leaves.items()):
        if leaf.grad is not None:
            answers[f"grad.{name}"] = leaf.grad.clone()


def seed(number: int) -> None:
    """Seed the global dice of the processor, on which fills are asked.

    ``torch.manual_seed`` seeds those of every other device, too: where there is none it keeps a
    note, with the whole call stack in words, each time.
    """
    torch.default_generator.manual_seed(number)


def perform_call(
    call: Report, tensors: dict[str, torch.Tensor], namespace: Namespace
) -> tuple[Report, dict[str, torch.Tensor]]:
    """Make one call on the student's class.

    Args:
        call: what :func:`grader.labs.base.call_document` describes.
        tensors: ``state.*``, ``in.*`` and, for gradients, ``cotangent.*``
            (:func:`grader.labs.base.call_tensors`).
        namespace: the names that the student's cells defined.

    Returns:
        a report (kinds of the outputs, or the error) and the tensors: outputs by name,
        inputs after the call (``after.*``) and gradients (``grad.*``).
    """
    report: Report = {}
    answers: dict[str, torch.Tensor] = {}
    torch.set_flush_denormal(False)  # a weight of 1e-44 on padding is not zero
    try:
        if call["construct"] not in namespace:
            raise NotDefined(call["construct"])
        adapter, options = adapter_of(call["adapter"]), call["options"]
        # the self-check leaves the notebook's dice alone
        leaves = {
            name: tensors[name].clone().requires_grad_()
            for name in (wanted.removeprefix("grad.") for wanted in call["gradients"])
            if name in tensors
        }
        tensors = tensors | leaves
        with (
            torch.random.fork_rng(devices=[]),
            torch.set_grad_enabled(bool(call["gradients"]) or options.get("grad", False)),
        ):
            subject = adapter.build(call, tensors, namespace)
            seed(options.get("seed", 0))
            # copies: what a fill does to its inputs shows in them, and breaks nothing else
            inputs = {
                name.removeprefix("in."): tensor.clone()
                for name, tensor in tensors.items()
                if name.startswith("in.")
            }
            gradients = torch.is_grad_enabled()
            result = adapter.call(subject, call, inputs)
            if torch.is_grad_enabled() != gradients:
                raise RuntimeError(_OTHER_GRADIENTS)
        _collect(result, call["outputs"], report, answers)
        for name, value in inputs.items():
            answers[f"after.{name}"] = value.detach().clone()
        try:
            if call["gradients"] and "outputs" in report:
                _collect_gradients(subject, result, call, tensors, leaves, answers)
        except Exception as error:  # what came out may still be right, and says more if it is not
            report["backward"] = describe_error(error)
    except NotDefined as error:
        report |= {"missing": str(error)[:TEXT_LIMIT]}
    except BaseException as error:  # SystemExit and KeyboardInterrupt are findings, too
        report |= describe_error(error)
    return report, answers


def perform(
    document: Report, tensors: dict[str, torch.Tensor]
) -> tuple[Report, dict[str, torch.Tensor]]:
    """Run the cells of a request and make its calls.

    Args:
        document: ``setup`` (source), ``cells`` ([id, source] in order, the last one is the one
            under test), ``calls`` (list of call documents).
        tensors: the calls' tensors, ``<index>/<name>``.

    Returns:
        ``{"cell": report of the last cell's execution, "calls": [reports]}`` and tensors
        ``<index>/<name>``.
    """
    torch.set_num_threads(1)
    namespace: Namespace = {"__name__": "__main__"}
    kernel = Kernel(namespace)
    kernel.run(document["setup"], _CELL_FILE.format("setup"))
    cell_report: Report = {}
    for cell_id, source in document["cells"]:
        cell_report = {}
        try:
            kernel.run(source, _CELL_FILE.format(cell_id))
        except BaseException as error:
            cell_report = describe_error(error)
    reports: list[Report] = []
    answers: dict[str, torch.Tensor] = {}
    for index, call in enumerate(document["calls"]):
        prefix = f"{index}/"
        mine = {
            name[len(prefix) :]: tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        take_turn(index)
        report, found = perform_call(call, mine, namespace)
        reports.append(report)
        answers |= {prefix + name: tensor for name, tensor in found.items()}
    return {"cell": cell_report, "calls": reports}, answers
