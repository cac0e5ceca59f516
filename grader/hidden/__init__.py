"""What only the instructor has: case makers, the reference, and slips as code.

This folder is left out of every student edition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.golden import Cases
from grader.tasks.base import Case


@dataclass(frozen=True)
class Maker:
    """Makes the cases of a lab.

    Attributes:
        public: fixed cases that students may see, with the outputs of every slip.
        hidden: fixed cases that they may not.
        fresh: new cases of a task from a seed.
    """

    public: Callable[[], Cases]
    hidden: Callable[[], Cases]
    fresh: Callable[[str, int], list[Case]]


def maker(lab_name: str) -> Maker:
    """Return the case maker of a lab."""
    from grader.hidden import attention, decoder, encoder, inference

    makers = {
        "lab1_attention": Maker(
            attention.public_cases, attention.hidden_cases, attention.fresh_cases
        ),
        "lab2_encoder": Maker(encoder.public_cases, encoder.hidden_cases, encoder.fresh_cases),
        "lab3_decoder": Maker(decoder.public_cases, decoder.hidden_cases, decoder.fresh_cases),
        "lab4_inference": Maker(
            inference.public_cases, inference.hidden_cases, inference.fresh_cases
        ),
    }
    return makers[lab_name]
