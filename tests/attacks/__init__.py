"""Fills that try to have marks they did not earn, or to spoil the marks of others.

Each is the cell of ``attention-2``: its answer is wrong, and beside it stands the attack. The text
of an attack runs in the sandbox only.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from attacks.reading import READING
from attacks.resources import RESOURCES
from attacks.spoiling import SPOILING
from attacks.values import VALUES
from conftest import cell

WRONG = "return self.v(processed_memory).squeeze(-1)"


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        at: where its text stands: ``cell`` (before the class), ``call`` (in the method) or
            ``instead`` (all of the method).
        text: Python.
        quick: it needs its whole time limit; the test makes that limit short.
    """

    at: str
    text: str
    quick: bool = False

    @property
    def cell(self) -> str:
        """The solution cell."""
        text = textwrap.dedent(self.text).strip("\n") + "\n"
        if self.at == "cell":
            return text + cell("attention-2", WRONG)
        return cell("attention-2", text if self.at == "instead" else text + WRONG)


ATTACKS = {
    name: Attack(*parts)
    for part in (VALUES, READING, RESOURCES, SPOILING)
    for name, parts in part.items()
}
