"""Whether what was timed is what was asked for."""

from __future__ import annotations

import torch

from grader.labs.base import Tensors

# The largest difference from the reference that a right pipeline may show. Measured over right
# fills in other styles; what leaves out a step or rounds a matrix is beyond it.
TOLERANCE = {"memory": 1e-4, "mel": 2e-3, "correction": 1e-3, "audio": 1e-3}


def difference(got: Tensors, want: Tensors) -> str:
    """Say what is wrong with the results of a turn; nothing if they are right.

    Args:
        got: of the student's pipeline, as they came.
        want: of the reference, for the same input.
    """
    for name, wanted in sorted(want.items()):
        found = got.get(name)
        if found is None:
            return f"there is no {name}"
        if found.shape != wanted.shape:
            return f"the {name} has the shape {tuple(found.shape)}, not {tuple(wanted.shape)}"
        if name not in TOLERANCE:
            if not torch.equal(found.long(), wanted.long()):
                return f"the {name.replace('_', ' ')} are not those of the reference"
            continue
        if not found.isfinite().all():
            return f"the {name} holds numbers that are not finite"
        largest = float((found.double() - wanted.double()).abs().max()) if wanted.numel() else 0.0
        if largest > TOLERANCE[name]:
            return f"the {name} is not that of the reference: it differs by up to {largest:.2g}"
    return ""
