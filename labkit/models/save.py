"""Write weights and config as one safetensors file, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from labkit.errors import CheckpointError
from labkit.files import write_tensors
from labkit.models.fit import few, not_finite


def save_weights(
    state_dict: dict[str, torch.Tensor],
    config: dict[str, Any],
    path: str | Path,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Save weights and config.

    The file appears under its name only when it is complete; an older one is replaced then.

    Args:
        state_dict: the weights, on any device.
        config: what the model is built from; must be JSON.
        path: where to, by custom with the suffix ``.safetensors``.
        dtype: how to store the floating-point tensors; float16 halves the size.

    Raises:
        CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach()
        .to(device="cpu", dtype=dtype if tensor.is_floating_point() else tensor.dtype)
        .contiguous()
        for name, tensor in state_dict.items()
    }
    broken = not_finite(tensors)
    if broken:
        raise CheckpointError(f"{path} was not written: not finite as {dtype}: {few(broken)}")
    metadata = {"format": "pt", "config": json.dumps(config)}
    write_tensors(path, tensors, metadata, CheckpointError)
