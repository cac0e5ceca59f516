"""Load and save the weights of a Vocos."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from labkit.checkpoints.fit import fit
from labkit.checkpoints.kinds import require
from labkit.checkpoints.save import save_weights
from labkit.checkpoints.weights_file import WeightsFile, read_weights_file
from labkit.errors import CheckpointError, ConfigError
from labkit.vocoders.vocos.config import VocosConfig
from labkit.vocoders.vocos.model import Vocos


def load_checkpoint(path: str | Path) -> Vocos:
    """Load a file from :func:`save_checkpoint`.

    Args:
        path: a safetensors file.

    Returns:
        The model on the CPU, in float32 and eval mode.

    Raises:
        CheckpointError: the file is missing, damaged, of another model or another Vocos than
            this, or its config is missing or unusable; the message says which.
    """
    return from_weights(path, read_weights_file(path))


def from_weights(path: str | Path, weights: WeightsFile) -> Vocos:
    """Do the same with a file that has been read; ``path`` is for messages."""
    require(path, weights.state_dict, "Vocos")
    if weights.config is None:
        raise CheckpointError(
            f"{path} does not say how its mel is taken, and without that a Vocos cannot be used; "
            "only files that labkit saved can be loaded"
        )
    try:
        config = VocosConfig(**weights.config)
    except (TypeError, ConfigError) as error:
        raise CheckpointError(f"{path} has a config that cannot be used: {error}") from error
    return fit(path, "Vocos", lambda: Vocos(config), weights.state_dict)


def save_checkpoint(model: Vocos, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Save weights and config as a safetensors file, whole or not at all.

    Args:
        model: the model, on any device.
        path: where to, by custom with the suffix ``.safetensors``; an older file is replaced.
        dtype: how to store the floating-point tensors; float16 halves the size.

    Raises:
        CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
    """
    save_weights(model.state_dict(), asdict(model.config), path, dtype)
