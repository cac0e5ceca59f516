"""labkit: the reference package of the Tacotron 2 Lab Kit.

Reads top to bottom like the paper: text, audio, Tacotron 2, vocoders, pipeline. Submodules are
loaded when they are first used, so that ``import labkit`` is cheap.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBMODULES = (
    "audio",
    "bench",
    "corpus",
    "devices",
    "errors",
    "models",
    "notebook",
    "pipeline",
    "tacotron2",
    "text",
    "training",
    "vocoders",
)
_ATTRIBUTES = {
    "Speech": "labkit.pipeline",
    "Synthesizer": "labkit.pipeline",
    "Tacotron2": "labkit.tacotron2",
    "Tacotron2Config": "labkit.tacotron2",
    "WaveGlow": "labkit.vocoders",
    "load_checkpoint": "labkit.models",
}

__all__ = ["__version__", *_SUBMODULES, *_ATTRIBUTES]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"labkit.{name}")
    if name in _ATTRIBUTES:
        return getattr(importlib.import_module(_ATTRIBUTES[name]), name)
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
