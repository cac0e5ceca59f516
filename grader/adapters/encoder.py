"""Calls the encoder; where its convolutions are given, they answer to the right question only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from grader.adapters import Report
from grader.adapters.method import MethodAdapter


class EncoderAdapter(MethodAdapter):
    """As for any method, but a given ``convolve`` notices what it is asked."""

    def furnish(self, instance: Any, call: Report, tensors: dict[str, torch.Tensor]) -> Any:
        """Load weights and mode, and put the given answer in place of the convolutions."""
        instance = super().furnish(instance, call, tensors)
        if call["given"]:
            instance.convolve = _answering(
                tensors["in.x"], tensors.get("in.padding"), tensors["in.convolved"]
            )
        return instance


def _answering(
    x: torch.Tensor, padding: torch.Tensor | None, answer: torch.Tensor
) -> Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]:
    """Return a ``convolve`` that gives this answer to these arguments, another one to others."""
    nothing = torch.zeros(1, 1, x.size(2), dtype=torch.bool)  # what None means
    expected = (x, nothing if padding is None else padding)

    def convolve(x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
        asked = (x, nothing if padding is None else padding)
        same = torch.equal(asked[0], expected[0]) and bool((asked[1] == expected[1]).all())
        return answer.clone() if same else answer + 1.0

    return convolve


ENCODER = EncoderAdapter()
