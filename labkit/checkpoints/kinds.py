"""Which model a set of weights belongs to, told by the names of its tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from labkit.checkpoints.fit import few
from labkit.errors import CheckpointError

# In this order, because the first match decides: names that only this model has.
_NAMES = {
    "WaveGlow": r"WN\.|convinv\.",
    "HiFi-GAN": r"conv_pre\.|ups\.0",
    "Vocos": r"backbone\.|head\.istft",
    "Glow-TTS": r"decoder\.flows\.",
    "Tacotron2-VAE": r"vae_gst\.|transcript_embedding\.",
    "MMI Tacotron 2, whose decoder has more layers": r"mi\.proj\.|decoder\.mel_layer\.",
    "Tacotron 2": r"(embedding\.weight$|encoder\.|decoder\.|postnet\.)",
}


def kind_of(state_dict: Iterable[str]) -> str | None:
    """Name the model that tensors of these names belong to; None if no known one."""
    names = list(state_dict)
    for kind, pattern in _NAMES.items():
        if any(re.match(pattern, name) for name in names):
            return kind
    return None


def require(path: str | Path, state_dict: Iterable[str], wanted: str) -> None:
    """Refuse the weights of another model.

    Raises:
        CheckpointError: the tensors belong to another model, or to none that is known.
    """
    found = kind_of(state_dict)
    if found is None:
        raise CheckpointError(
            f"{path} does not hold the weights of {wanted}: its tensors are {few(state_dict)}"
        )
    if found != wanted:
        raise CheckpointError(f"{path} holds the weights of {found}, not of {wanted}")
