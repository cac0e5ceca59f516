"""The weights files of a Vocos: only those that labkit saved say how their mel is taken."""

from __future__ import annotations

from pathlib import Path

from labkit.errors import CheckpointError
from labkit.models.fit import fit
from labkit.models.kind import Kind
from labkit.models.weights_file import WeightsFile
from labkit.vocoders.vocos.config import VocosConfig
from labkit.vocoders.vocos.model import Vocos


def _read(path: str | Path, weights: WeightsFile) -> Vocos:
    if weights.config is None:
        raise CheckpointError(
            f"{path} does not say how its mel is taken, and without that a Vocos cannot be used; "
            "only files that labkit saved can be loaded"
        )
    config = weights.config
    return fit(path, "Vocos", lambda: Vocos(VocosConfig(**config)), weights.state_dict)


KIND = Kind(
    name="Vocos",
    stem="vocos",
    model=Vocos,
    tensors=r"backbone\.|head\.istft",
    read=_read,
    untrained={"vocos": Vocos},
    recipes={"vocoder": "labkit.training.vocoder"},
)
load_checkpoint, save_checkpoint = KIND.load, KIND.save
