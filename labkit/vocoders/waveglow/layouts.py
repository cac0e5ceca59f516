"""The layouts that WaveGlow's weights are published in, brought into one.

NVIDIA/waveglow computes the conditioning of all layers of a flow in one convolution,
DeepLearningExamples in one for each layer. Either may have its weight norm removed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

import torch

Tensors = dict[str, torch.Tensor]

_FUSED = re.compile(r"(WN\.\d+)\.cond_layer\.(\w+)")


def one_conditioning_per_layer(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Split every fused ``WN.k.cond_layer`` into the ``WN.k.cond_layers.i`` of its layers."""
    layer = re.compile(r"WN\.0\.in_layers\.\d+\.bias")
    n_layers = sum(1 for name in tensors if layer.fullmatch(name))
    split: Tensors = {}
    for name, tensor in tensors.items():
        fused = _FUSED.fullmatch(name)
        if fused is None or n_layers == 0 or len(tensor) % n_layers != 0:
            split[name] = tensor
            continue
        # The output channels of the layers follow one another.
        for i, part in enumerate(tensor.chunk(n_layers)):
            split[f"{fused[1]}.cond_layers.{i}.{fused[2]}"] = part
    return split


def normed_like(tensors: Mapping[str, torch.Tensor], names: Container[str]) -> Tensors:
    """Put weights together from length and direction, or take them apart, as a model has them.

    Args:
        tensors: the weights, as ``weight`` or as ``weight_g`` and ``weight_v``.
        names: of the model's tensors.
    """
    fitting: Tensors = {}
    for name, tensor in tensors.items():
        stem, _, kind = name.rpartition(".")
        whole, length, direction = (f"{stem}.{part}" for part in ("weight", "weight_g", "weight_v"))
        in_parts = whole in names and length in tensors and direction in tensors
        if in_parts and kind == "weight_v":
            fitting[whole] = tensor * (tensors[length] / _norm(tensor))
        elif kind == "weight" and direction in names:
            fitting[length] = _norm(tensor)
            fitting[direction] = tensor
        elif not (in_parts and kind == "weight_g"):
            fitting[name] = tensor
    return fitting


def _norm(weight: torch.Tensor) -> torch.Tensor:
    """(out_channels, 1, 1) Euclidean length of each output channel's filter."""
    return torch.linalg.vector_norm(weight, dim=(1, 2), keepdim=True)
