"""How far honest float32 solutions and named slips are from the float64 reference.

    python benchmarks/tolerance.py

Prints the largest error of correct fills, in several styles, over all stored and 200 fresh cases
of lab 1, and the smallest error of a named slip: the judge's tolerance must lie between them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from grader.compare import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from grader.golden import hidden_cases, public_cases
from grader.hidden import maker
from grader.tasks import LABS
from grader.tasks.base import Case, Task, Tensors
from labkit.tacotron2 import Attention, LocationLayer


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


def run(task: Task, case: Case, cls: Any) -> Tensors:
    module = cls(**case.init).eval()
    module.load_state_dict(case.state)
    with torch.no_grad():
        result = getattr(module, task.methods[-1])(*(case.inputs.get(n) for n in task.arguments))
    values = (result,) if len(task.outputs) == 1 else result
    return {output.name: value for output, value in zip(task.outputs, values, strict=True)}


def main() -> None:
    print("errors in units of the tolerance", ABSOLUTE_TOLERANCE, "+", RELATIVE_TOLERANCE, "* |x|")
    for lab in LABS.values():
        for task in lab.judged:
            cases = [*public_cases(lab)[task.id], *hidden_cases(lab)[task.id]]
            for seed in range(50):
                cases += maker(lab.name).fresh(task.id, seed)
            honest = max(
                max(errors(task, case, run(task, case, cls)))
                for case in cases
                for cls in STYLES[task.defines]
            )
            slips = {
                slip.id: max(
                    (
                        max(errors(task, case, case.slips[slip.id]), default=float("inf"))
                        for case in public_cases(lab)[task.id]
                        if slip.id in case.slips
                    ),
                )
                for slip in task.slips
            }
            nearest = min(slips, key=lambda name: slips[name])
            print(
                f"{task.id}: {len(cases)} cases; honest at most {honest:.3f}; "
                f"nearest slip {nearest} at {slips[nearest]:.0f}"
            )


if __name__ == "__main__":
    main()
