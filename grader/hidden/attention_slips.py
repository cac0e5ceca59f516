"""Lab 1: the named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from torch import nn

from grader.hidden.attention_energy_slips import ENERGY_SLIPS
from grader.hidden.attention_location_slips import LOCATION_SLIPS
from grader.hidden.attention_look_slips import LOOK_SLIPS

WAYS: dict[str, dict[str, tuple[type[nn.Module], ...]]] = {
    "attention-1": LOCATION_SLIPS,
    "attention-2": ENERGY_SLIPS,
    "attention-3": LOOK_SLIPS,
}
SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    task: {slip: ways[0] for slip, ways in slips.items()} for task, slips in WAYS.items()
}
