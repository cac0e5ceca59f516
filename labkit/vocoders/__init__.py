"""Vocoders: log-mel to waveform, all under one protocol.

Each is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.vocoders.protocol import Vocoder

_ATTRIBUTES = {
    "Denoiser": "denoiser",
    "GriffinLim": "griffin_lim",
    "HiFiGAN": "hifigan.model",
    "HiFiGANConfig": "hifigan.config",
    "Vocoder": "protocol",
    "Vocos": "vocos.model",
    "VocosConfig": "vocos.config",
    "WaveGlow": "waveglow.model",
    "WaveGlowConfig": "waveglow.config",
    "WaveGlowLoss": "waveglow.loss",
}

__all__ = [*_ATTRIBUTES, "load_vocoder"]


def load_vocoder(path: str | Path) -> Vocoder:
    """Load whatever vocoder a weights file holds.

    Args:
        path: a PyTorch checkpoint or a safetensors file of any published layout.

    Returns:
        A WaveGlow, HiFiGAN or Vocos on the CPU, in float32 and eval mode, ready to be used.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, no vocoder, or its tensors do not
            fit; the message says which.
    """
    from labkit.errors import CheckpointError
    from labkit.models import load_checkpoint
    from labkit.vocoders.protocol import Vocoder

    model = load_checkpoint(path)
    if not isinstance(model, Vocoder):
        raise CheckpointError(f"{path} holds a {type(model).__name__}, not a vocoder")
    return model


def __getattr__(name: str) -> Any:
    if name in _ATTRIBUTES:
        return getattr(importlib.import_module(f"labkit.vocoders.{_ATTRIBUTES[name]}"), name)
    raise AttributeError(f"module 'labkit.vocoders' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
