"""The weights files of WaveGlow, in every published layout."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from labkit.errors import CheckpointError, ConfigError, InputError
from labkit.models.fit import fit, read_sizes
from labkit.models.kind import Kind
from labkit.models.weights_file import WeightsFile
from labkit.vocoders.waveglow.config import WaveGlowConfig
from labkit.vocoders.waveglow.layouts import normed_like, one_conditioning_per_layer
from labkit.vocoders.waveglow.model import WaveGlow
from labkit.vocoders.weight_norm import remove_weight_norm

# Which axis of which tensor tells a size.
_SIZES = {
    "n_mel_channels": ("upsample.bias", 0),
    "n_group": ("convinv.0.conv.weight", 0),
    "n_channels": ("WN.0.start.bias", 0),
    "kernel_size": ("WN.0.in_layers.0.weight", 2),
}
_LAYERS = {
    "n_flows": r"convinv\.\d+\.conv\.weight",
    "n_layers": r"WN\.0\.in_layers\.\d+\.weight",
}


def _read(path: str | Path, weights: WeightsFile) -> WaveGlow:
    """Build the model without weight norm; a config in the file must agree with the tensors."""
    _refuse_old_generation(path, weights.state_dict)
    state_dict = one_conditioning_per_layer(weights.state_dict)
    plain = {re.sub(r"weight_[gv]$", "weight", name) for name in state_dict}
    state_dict = normed_like(state_dict, plain)
    config = _config(path, weights.config, state_dict)

    def build() -> WaveGlow:
        model = WaveGlow(config)
        remove_weight_norm(model)
        return model

    model = fit(path, "WaveGlow", build, state_dict)
    try:
        for convinv in model.convinv:
            convinv.inverse()  # type: ignore[operator]
    except InputError as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
    return model


def _refuse_old_generation(path: str | Path, state_dict: dict[str, torch.Tensor]) -> None:
    # There were two: one of them lets the halves of the channels take turns. The names are the
    # same, so that a guess could make nothing but noise.
    if any(re.match(r"WN\.\d+\.(res|skip)_layers\.", name) for name in state_dict):
        raise CheckpointError(
            f"{path} is of an older generation of WaveGlow, with res_layers and skip_layers apart; "
            "convert it with convert_model.py of NVIDIA/waveglow and save its state_dict()"
        )


def _config(
    path: str | Path, given: dict[str, Any] | None, state_dict: dict[str, torch.Tensor]
) -> WaveGlowConfig:
    """Make the config of a file from its tensors; what it says of itself must agree."""
    sizes = _sizes(state_dict)
    # Where no channels leave early, they leave after the last flow.
    never = {"n_early_every": sizes.get("n_flows", 1)}
    try:
        config = WaveGlowConfig(**{**never, **sizes, **(given or {})})
    except ConfigError as error:
        raise CheckpointError(f"{path} has a config that cannot be used: {error}") from error
    wrong = [name for name, size in sizes.items() if getattr(config, name) != size]
    if wrong:
        raise CheckpointError(
            f"{path} does not fit its own config: that says "
            f"{', '.join(f'{name}={getattr(config, name)}' for name in wrong)}, but the tensors "
            f"are of {', '.join(f'{name}={sizes[name]}' for name in wrong)}"
        )
    return config


def _sizes(state_dict: dict[str, torch.Tensor]) -> dict[str, int]:
    """Read the sizes of a model off its tensors, as far as they are there."""
    sizes = read_sizes(state_dict, _SIZES, _LAYERS)
    mixed = [state_dict.get(f"convinv.{k}.conv.weight") for k in range(sizes.get("n_flows", 0))]
    channels = [len(weight) for weight in mixed if weight is not None and weight.dim() > 0]
    for flow, (before, after) in enumerate(pairwise(channels), start=1):
        if before > after:
            return sizes | {"n_early_every": flow, "n_early_size": before - after}
    return sizes


def _untrained(n_channels: int) -> WaveGlow:
    return WaveGlow(WaveGlowConfig(n_channels=n_channels))


KIND = Kind(
    name="WaveGlow",
    stem="waveglow",
    model=WaveGlow,
    tensors=r"WN\.|convinv\.",
    read=_read,
    untrained={
        f"waveglow-{n_channels}": partial(_untrained, n_channels) for n_channels in (256, 512)
    },
)
load_checkpoint, save_checkpoint = KIND.load, KIND.save
