"""How far honest float32 solutions and named slips are from the float64 reference.

    python benchmarks/tolerance.py

Prints, for each task, the largest error of correct fills over all stored cases and those of 50
fresh draws (lab 1's in several styles, the others' as labkit has them), and the smallest error of
a named slip: the judge's tolerance must lie between them.
"""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from grader.instructor.maker import maker
from grader.judge.compare import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from grader.judge.golden import hidden_cases, public_cases
from grader.judge.stage import partner_of
from grader.labs import LABS
from grader.labs.base import Case, Lab, Task, Tensors, call_document, call_tensors
from grader.sandbox.line import answered_by
from grader.sandbox.perform import perform_call
from labkit.tacotron2 import Attention, LocationLayer

FRESH = 50


class EinsumLocation(LocationLayer):
    def forward(self, attention_weights_cat: Any) -> Any:
        weight = self.location_dense.linear_layer.weight
        return torch.einsum("bft,df->btd", self.location_conv(attention_weights_cat), weight)


class UnfoldLocation(LocationLayer):
    def forward(self, attention_weights_cat: Any) -> Any:
        kernel = self.location_conv.conv.weight
        half = kernel.size(-1) // 2
        windows = F.pad(attention_weights_cat, (half, half)).unfold(2, kernel.size(-1), 1)
        return self.location_dense(torch.einsum("bctk,fck->btf", windows, kernel))


class OtherOrder(Attention):
    def get_alignment_energies(self, query: Any, processed_memory: Any, past: Any) -> Any:
        total = processed_memory + self.location_layer(past)
        total = total + self.query_layer(query)[:, None]
        return torch.tanh(total) @ self.v.linear_layer.weight[0]

    def forward(self, query: Any, memory: Any, processed: Any, past: Any, mask: Any) -> Any:
        energies = self.get_alignment_energies(query, processed, past)
        scores = energies.exp() if mask is None else energies.exp() * ~mask
        weights = scores / scores.sum(1, keepdim=True)
        return (weights[:, :, None] * memory).sum(1), weights


STYLES = {
    "LocationLayer": (LocationLayer, EinsumLocation, UnfoldLocation),
    "Attention": (Attention, OtherOrder),
}


def errors(task: Task, case: Case, outputs: Tensors) -> list[float]:
    """Return the largest |error| / (absolute + relative * |expected|) of each output."""
    found = []
    for name, want in case.expected.items():
        if name not in outputs or outputs[name].shape != want.shape:
            found.append(float("inf"))
        else:
            bound = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * want.double().abs()
            error = (outputs[name].double() - want.double()).abs().nan_to_num(1e9) / bound
            found.append(float(error.max()))
    return found


def run(lab: Lab, task: Task, case: Case, fill: Any) -> Tensors:
    """Call a fill as a worker does; what other tasks define is the reference's."""
    names = vars(importlib.import_module(task.home)) | {task.defines: fill}
    case = replace(case, gradients={})
    partner = partner_of(task, case)
    with answered_by(partner.answer) if partner else nullcontext():
        report, outputs = perform_call(
            call_document(task, case), call_tensors(task, case), dict(names)
        )
    assert "error" not in report, report
    return {name: outputs[name] for name in case.expected}


def main() -> None:
    print("errors in units of the tolerance", ABSOLUTE_TOLERANCE, "+", RELATIVE_TOLERANCE, "* |x|")
    for lab in LABS.values():
        for task in lab.judged:
            cases = [*public_cases(lab)[task.id], *hidden_cases(lab)[task.id]]
            for seed in range(FRESH):
                cases += maker(lab.name).fresh(task.id, seed)
            # dropout in training and sound are compared in other ways
            cases = [case for case in cases if not case.dropped and case.compare == "numbers"]
            reference = getattr(importlib.import_module(task.home), task.defines)
            honest = max(
                max(errors(task, case, run(lab, task, case, fill)))
                for case in cases
                for fill in STYLES.get(task.defines, (reference,))
            )
            public = public_cases(lab)[task.id]
            slips = {
                slip.id: max(max(errors(task, case, case.slips[slip.id])) for case in public)
                for slip in task.slips
                if all(slip.id in case.slips for case in public)  # others show by an error
            }
            nearest = min(slips, key=lambda name: slips[name])
            print(
                f"{task.id}: {len(cases)} cases; honest at most {honest:.3f}; "
                f"nearest slip {nearest} at {slips[nearest]:.0f}"
            )


if __name__ == "__main__":
    main()
