"""How a fill is called: the one place that knows what a student's class or function looks like.

An adapter gets tensors by name and returns the outputs of its task in order. It holds nothing
that a student should write, and runs beside student code: nobody trusts what it says.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any, Protocol

import torch

Report = dict[str, Any]
Namespace = dict[str, Any]


class NotDefined(Exception):
    """The student's cells do not define what the call needs; the message is its name."""


class Adapter(Protocol):
    """Builds what is called, and calls it."""

    def build(self, call: Report, tensors: dict[str, torch.Tensor], namespace: Namespace) -> Any:
        """Make the object under test.

        Args:
            call: what :func:`grader.labs.base.call_document` describes.
            tensors: ``state.*`` and ``in.*``.
            namespace: the names that the student's cells defined.
        """

    def call(self, subject: Any, call: Report, inputs: dict[str, torch.Tensor]) -> Any:
        """Call it, and return the outputs that ``call["outputs"]`` names: one, or a tuple.

        Args:
            subject: what :meth:`build` made.
            call: as there.
            inputs: the tensors of the case by name; the call may do with them what it wants.
        """


def adapter_of(home: str) -> Adapter:
    """Return the adapter that a task names, as ``module:object``."""
    adapter: Adapter = resolve_name(home)
    return adapter
