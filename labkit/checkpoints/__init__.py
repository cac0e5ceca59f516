"""Weights files of every published layout: read without running code, written whole or not at all.

:func:`load_checkpoint` finds out which model a file holds and returns it, ready to be used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from torch import nn

from labkit.checkpoints.fit import few
from labkit.checkpoints.kinds import kind_of
from labkit.checkpoints.weights_file import WeightsFile, read_weights_file
from labkit.errors import CheckpointError

# Each module has ``from_weights(path, weights)``.
_LOADERS = {
    "Tacotron 2": "labkit.tacotron2.checkpoint",
    "WaveGlow": "labkit.vocoders.waveglow.checkpoint",
    "HiFi-GAN": "labkit.vocoders.hifigan.checkpoint",
    "Vocos": "labkit.vocoders.vocos.checkpoint",
}


def load_checkpoint(path: str | Path) -> nn.Module:
    """Load whatever model a weights file holds.

    Args:
        path: a PyTorch checkpoint or a safetensors file of any published layout.

    Returns:
        A Tacotron2, WaveGlow, HiFiGAN or Vocos on the CPU, in float32 and eval mode.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, of an unknown model, or its tensors
            do not fit; the message says which.
    """
    weights = read_weights_file(path)
    kind = kind_of(weights.state_dict)
    if kind is None:
        raise CheckpointError(
            f"{path} holds no model that is known here: its tensors are {few(weights.state_dict)}"
        )
    if kind not in _LOADERS:
        raise CheckpointError(
            f"{path} holds the weights of {kind}; known here are {', '.join(_LOADERS)}"
        )
    model: nn.Module = import_module(_LOADERS[kind]).from_weights(path, weights)
    return model


__all__ = ["WeightsFile", "load_checkpoint", "read_weights_file"]
