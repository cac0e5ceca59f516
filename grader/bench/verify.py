"""Whether what was timed is what was asked for."""

from __future__ import annotations

from typing import NamedTuple

import torch

from grader.labs.base import Tensors

# The largest difference that a right pipeline may show: of one number of what is computed once,
# and on average of a mel, in which a rounding at one step is heard at every later one. Now and then
# a sentence makes much of it (docs/decisions.md, "How fast a pipeline is").
LARGEST = {"memory": 1e-4, "correction": 1e-3, "audio": 1e-3}
AVERAGE = {"mel": 2.5e-4}


class Difference(NamedTuple):
    """What is wrong with the results of a turn.

    Attributes:
        said: in words.
        is_certain: whether no rounding could have done this.
    """

    said: str
    is_certain: bool = True


def difference(got: Tensors, want: Tensors) -> Difference | None:
    """Say what is wrong with the results of a turn; None if they are right.

    Args:
        got: of the student's pipeline, as they came.
        want: of the reference, for the same input.
    """
    for name, wanted in sorted(want.items()):
        found, called = got.get(name), name.replace("_", " ")
        if found is None:
            return Difference(f"there is no {called}")
        if found.shape != wanted.shape:
            shapes = f"{tuple(found.shape)}, not {tuple(wanted.shape)}"
            return Difference(f"the {called} has the shape {shapes}")
        if not wanted.is_floating_point():
            if not torch.equal(found.long(), wanted.long()):
                return Difference(f"the {called} are not those of the reference")
            continue
        if not found.isfinite().all():
            return Difference(f"the {called} holds numbers that are not finite")
        if not wanted.numel():
            continue
        off = (found.double() - wanted.double()).abs()
        largest, average = float(off.max()), float(off.mean())
        if average > AVERAGE[name] if name in AVERAGE else largest > LARGEST[name]:
            return Difference(
                f"the {called} is not that of the reference: it differs by {average:.2g} on "
                f"average, at most by {largest:.2g}",
                is_certain=False,
            )
    return None
