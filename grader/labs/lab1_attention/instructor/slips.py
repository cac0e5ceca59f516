"""Lab 1: the named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from torch import nn

from grader.labs.lab1_attention.instructor.energy_ways import ENERGY_SLIPS
from grader.labs.lab1_attention.instructor.location_ways import LOCATION_SLIPS
from grader.labs.lab1_attention.instructor.look_ways import LOOK_SLIPS

WAYS: dict[str, dict[str, tuple[type[nn.Module], ...]]] = {
    "attention-1": LOCATION_SLIPS,
    "attention-2": ENERGY_SLIPS,
    "attention-3": LOOK_SLIPS,
}
SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    task: {slip: ways[0] for slip, ways in slips.items()} for task, slips in WAYS.items()
}
