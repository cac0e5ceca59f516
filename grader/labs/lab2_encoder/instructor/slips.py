"""Lab 2: the named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from torch import nn

from grader.labs.lab2_encoder.instructor.convolve_ways import CONVOLVE_SLIPS
from grader.labs.lab2_encoder.instructor.read_ways import READ_SLIPS

WAYS: dict[str, dict[str, tuple[type[nn.Module], ...]]] = {
    "encoder-1": CONVOLVE_SLIPS,
    "encoder-2": READ_SLIPS,
}
SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    task: {slip: ways[0] for slip, ways in slips.items()} for task, slips in WAYS.items()
}
