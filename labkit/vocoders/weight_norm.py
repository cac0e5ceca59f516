"""Convolutions with weight normalisation (Salimans and Kingma 2016, arXiv 1602.07868).

The weight is ``g · v / |v|``, one length ``g`` and one direction ``v`` for each slice along the
first axis. Training gets easier; at inference the product is computed once and kept. State dicts
have the published names, ``weight_g`` and ``weight_v``, or ``weight`` once the norm is removed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class _WeightNorm(nn.Module):
    """What both kinds of convolution share."""

    weight: nn.Parameter
    weight_g: nn.Parameter
    weight_v: nn.Parameter

    def _split(self) -> None:
        """Replace ``weight`` by length and direction, which together are the same weight."""
        weight = self.weight
        del self.weight
        self.weight_g = nn.Parameter(_norm(weight.detach()))  # (slices, 1, 1)
        self.weight_v = nn.Parameter(weight.detach())  # (slices, channels, kernel_size)

    def product(self) -> torch.Tensor:
        """The weight that the convolution uses."""
        if self.is_normed:
            return self.weight_v * (self.weight_g / _norm(self.weight_v))
        return self.weight

    @property
    def is_normed(self) -> bool:
        """Whether length and direction are still apart."""
        return "weight_v" in self._parameters

    @torch.no_grad()
    def remove(self) -> None:
        """Keep the product only: the same output, faster; training would go on without the norm."""
        if self.is_normed:
            weight = self.product()
            del self.weight_g, self.weight_v
            self.weight = nn.Parameter(weight)


class NormedConv1d(_WeightNorm, nn.Conv1d):  # type: ignore[misc]
    """:class:`torch.nn.Conv1d` whose weight is a length and a direction for each output channel."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._split()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, in_channels, T)`` to ``(B, out_channels, T')``."""
        return F.conv1d(
            x, self.product(), self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class NormedConvTranspose1d(_WeightNorm, nn.ConvTranspose1d):  # type: ignore[misc]
    """:class:`torch.nn.ConvTranspose1d`, with a length and a direction for each *input* channel.

    A subclass says in ``forward`` how the product is applied.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._split()


def remove_weight_norm(model: nn.Module) -> None:
    """Remove the norm from every convolution of a model, for good."""
    for module in model.modules():
        if isinstance(module, _WeightNorm):
            module.remove()


def _norm(weight: torch.Tensor) -> torch.Tensor:
    """(slices, 1, 1) Euclidean length of each slice along the first axis."""
    return weight.flatten(1).norm(dim=1)[:, None, None]
