"""The prenet (Shen et al. 2018, section 2.2): how the decoder hears its previous frame."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2.layers import LinearNorm


class Prenet(nn.Module):
    """A bottleneck that the previous frame must pass; without biases.

    Its dropout stays on in inference: a decoder that hears every detail of the previous frame
    learns to copy it and to ignore the text.

    Args:
        in_dim: mel bands of a frame (80 in the paper).
        sizes: size of each layer (256 and 256 in the paper).
        p_prenet_dropout: probability that a unit is dropped (0.5 in the paper).
    """

    def __init__(self, in_dim: int, sizes: Sequence[int], p_prenet_dropout: float = 0.5) -> None:
        super().__init__()
        self.p_prenet_dropout = p_prenet_dropout
        self.layers = nn.ModuleList(
            LinearNorm(in_size, out_size, bias=False)
            for in_size, out_size in zip([in_dim, *sizes[:-1]], sizes, strict=True)
        )

    def forward(
        self, x: torch.Tensor, *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Squeeze frames through the bottleneck.

        Args:
            x: (..., in_dim) previous frames.
            dropout: whether units are dropped, in training and inference alike.
            generator: where the dropout is drawn from; the global generator if None.

        Returns:
            (..., sizes[-1]) what the decoder hears of the frames.
        """
        for layer in self.layers:
            x = F.relu(layer(x))  # (..., size)
            if dropout:
                # F.dropout takes no generator, hence the mask made by hand.
                keep = torch.empty_like(x).bernoulli_(
                    1 - self.p_prenet_dropout, generator=generator
                )
                x = x * keep / (1 - self.p_prenet_dropout)
        return x
