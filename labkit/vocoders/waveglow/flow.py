"""The two halves of a WaveGlow flow: an invertible 1×1 convolution and an affine coupling.

Both as in Prenger, Valle and Catanzaro 2018 (arXiv 1811.00002), section 2.
"""

from __future__ import annotations

import torch
from torch import nn

from labkit.errors import InputError
from labkit.vocoders.weight_norm import NormedConv1d


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """Choose the type in which the waveform itself is computed, whatever the weights have."""
    return torch.promote_types(dtype, torch.float32)


class Invertible1x1Conv(nn.Module):
    """Mix the channels by a square matrix W, so that the next coupling sees both halves.

    The matrix is applied and inverted in float32 at least. It starts as a random rotation, so it
    keeps volumes and has an inverse (Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.2).

    Args:
        c: number of channels.
    """

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(c, c, kernel_size=1, bias=False)
        rotation, _ = torch.linalg.qr(torch.randn(c, c))
        rotation[:, 0] *= torch.linalg.det(rotation).sign()
        self.conv.weight = nn.Parameter(rotation.unsqueeze(2).contiguous())  # (c, c, 1)

    def matrix(self) -> torch.Tensor:
        """W: (c, c), in float32 at least."""
        weight = self.conv.weight.squeeze(2)  # (c, c)
        return weight.to(at_least_float32(weight.dtype))

    def forward(self, audio: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mix ``audio: (B, c, T)``.

        Returns:
            (B, c, T) W·audio; scalar B · T · log|det W|, by how much volumes grow.
        """
        matrix = self.matrix()
        log_det = torch.linalg.slogdet(matrix).logabsdet
        return matrix @ audio, audio.size(0) * audio.size(2) * log_det

    def inverse(self) -> torch.Tensor:
        """W⁻¹: (c, c), in float32 at least.

        Raises:
            InputError: the matrix has none.
        """
        matrix = self.matrix()
        inverse, info = torch.linalg.inv_ex(matrix)
        if info != 0 or not inverse.isfinite().all():
            raise InputError(
                "a 1x1 convolution of this WaveGlow is singular and has no inverse; "
                "its training had diverged, use an earlier checkpoint"
            )
        return inverse


class WN(nn.Module):
    """Predict shift and scale of one half of the channels from the other half and the mel.

    A WaveNet without causality: gated dilated convolutions whose skip outputs are summed. What is
    here is for training; :func:`labkit.vocoders.waveglow.inference.run` computes the same faster.

    Args:
        n_in_channels: channels of the half that is read.
        n_cond_channels: channels of the conditioning.
        n_layers: number of dilated layers; layer i has dilation 2^i.
        n_channels: channels inside.
        kernel_size: width of the dilated filters; odd.
    """

    def __init__(
        self,
        n_in_channels: int,
        n_cond_channels: int,
        n_layers: int,
        n_channels: int,
        kernel_size: int,
    ) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.start = NormedConv1d(n_in_channels, n_channels, 1)
        # At zero the coupling changes nothing, which is where training starts.
        self.end = nn.Conv1d(n_channels, 2 * n_in_channels, 1)
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]
        self.in_layers = nn.ModuleList()
        self.cond_layers = nn.ModuleList()
        self.res_skip_layers = nn.ModuleList()
        for i in range(n_layers):
            dilation = 2**i
            padding = dilation * (kernel_size - 1) // 2
            self.in_layers.append(
                NormedConv1d(
                    n_channels, 2 * n_channels, kernel_size, dilation=dilation, padding=padding
                )
            )
            self.cond_layers.append(NormedConv1d(n_cond_channels, 2 * n_channels, 1))
            # After the last layer there is nothing that a residual could go to.
            outputs = 2 * n_channels if i < n_layers - 1 else n_channels
            self.res_skip_layers.append(NormedConv1d(n_channels, outputs, 1))

    def forward(self, audio: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        """Predict from half of the channels.

        Args:
            audio: (B, n_in_channels, T).
            cond: (B, n_cond_channels, T).

        Returns:
            (B, 2 · n_in_channels, T) shift, then logarithm of the scale.
        """
        hidden = self.start(audio)  # (B, n_channels, T)
        skips = torch.zeros_like(hidden)
        layers = zip(self.in_layers, self.cond_layers, self.res_skip_layers, strict=True)
        for in_layer, cond_layer, res_skip_layer in layers:
            filtered, gate = (in_layer(hidden) + cond_layer(cond)).chunk(2, dim=1)
            acts = torch.tanh(filtered) * torch.sigmoid(gate)  # (B, n_channels, T)
            outputs = res_skip_layer(acts)  # (B, 2 · n_channels, T); in the last layer half of it
            if outputs.size(1) > self.n_channels:
                hidden = hidden + outputs[:, : self.n_channels]
            skips = skips + outputs[:, -self.n_channels :]
        shift_and_log_scale: torch.Tensor = self.end(skips)  # (B, 2 · n_in_channels, T)
        return shift_and_log_scale
