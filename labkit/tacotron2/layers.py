"""The two building blocks of every Tacotron 2 module, with the initialisation of the paper.

Each block wraps one torch layer under the name that published checkpoints use
(``linear_layer``, ``conv``), so that state dicts load without renaming.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

Gain = Literal["linear", "relu", "tanh", "sigmoid"]


class LinearNorm(nn.Module):
    """A linear layer with Xavier-uniform weights.

    Args:
        in_dim: size of the last axis of the input.
        out_dim: size of the last axis of the output.
        bias: whether a bias is added; none of the attention layers has one.
        w_init_gain: the nonlinearity that follows, for the gain of the initialisation.
    """

    def __init__(
        self, in_dim: int, out_dim: int, bias: bool = True, w_init_gain: Gain = "linear"
    ) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(in_dim, out_dim, bias=bias)
        nn.init.xavier_uniform_(self.linear_layer.weight, gain=nn.init.calculate_gain(w_init_gain))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (..., in_dim)`` to ``(..., out_dim)``."""
        return self.linear_layer(x)


class ConvNorm(nn.Module):
    """A one-dimensional convolution with Xavier-uniform weights that keeps the length.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: width of the filter in frames or symbols; odd, so that the
            default padding keeps the length.
        stride: step of the filter.
        padding: zeros added on both sides; half the kernel if not given.
        dilation: distance between the taps of the filter.
        bias: whether a bias is added.
        w_init_gain: the nonlinearity that follows, for the gain of the initialisation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        stride: int = 1,
        padding: int | None = None,
        dilation: int = 1,
        bias: bool = True,
        w_init_gain: Gain = "linear",
    ) -> None:
        super().__init__()
        if padding is None:
            padding = dilation * (kernel_size - 1) // 2
        self.conv = nn.Conv1d(
            in_channels,
            out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            bias=bias,
        )
        nn.init.xavier_uniform_(self.conv.weight, gain=nn.init.calculate_gain(w_init_gain))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, in_channels, T)`` to ``(B, out_channels, T)``."""
        return self.conv(x)
