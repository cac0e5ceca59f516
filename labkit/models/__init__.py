"""What all models have in common: two protocols, their kinds, and their weights files.

Read in this order: ``acoustic`` and :mod:`labkit.vocoders.protocol` (what a model must be able to
do), ``registry`` (which there are), ``kind`` (what the kit must know of one), ``weights_file`` and
``fit`` (tensors from a file).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "AcousticModel": "models.acoustic",
    "Kind": "models.kind",
    "Spoken": "models.acoustic",
    "Vocoder": "vocoders.protocol",
    "WeightsFile": "models.weights_file",
    "load_acoustic": "models.kind",
    "load_checkpoint": "models.kind",
    "read_weights_file": "models.weights_file",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"labkit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'labkit.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
