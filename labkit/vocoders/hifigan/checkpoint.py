"""Load and save the weights of HiFi-GAN's generator.

Published are files ``g_02500000`` with the generator's tensors and, in the same folder, a
``config.json`` with its sizes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from labkit.checkpoints.fit import fit
from labkit.checkpoints.kinds import require
from labkit.checkpoints.save import save_weights
from labkit.checkpoints.weights_file import WeightsFile, read_weights_file
from labkit.errors import CheckpointError, ConfigError
from labkit.vocoders.hifigan.config import HiFiGANConfig
from labkit.vocoders.hifigan.model import HiFiGAN
from labkit.vocoders.weight_norm import remove_weight_norm


def load_checkpoint(path: str | Path) -> HiFiGAN:
    """Load a generator as published, or from :func:`save_checkpoint`.

    The config is taken from the file, else from a ``config.json`` beside it. Without either, the
    sizes are read off the tensors; what tensors do not tell is taken from the published variant
    that they fit.

    Args:
        path: a PyTorch checkpoint or a safetensors file, with or without weight norm.

    Returns:
        The model on the CPU, in float32 and eval mode, without weight norm.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, of another model, its tensors do
            not fit, or its config is unusable or missing where it is needed; the message says
            which.
    """
    return from_weights(path, read_weights_file(path))


def from_weights(path: str | Path, weights: WeightsFile) -> HiFiGAN:
    """Do the same with a file that has been read; ``path`` is for messages."""
    state_dict = weights.state_dict
    require(path, state_dict, "HiFi-GAN")
    beside = Path(path).with_name("config.json")
    if weights.config is not None:
        source, config = str(path), _config(path, weights.config)
    elif beside.is_file():
        source, config = str(beside), _config(beside, _read_json(beside))
    else:
        source, config = "its tensors", _config_of_tensors(path, state_dict)

    def build() -> HiFiGAN:
        model = HiFiGAN(config)
        if not any(name.endswith("weight_v") for name in state_dict):
            remove_weight_norm(model)
        return model

    model = fit(path, f"HiFi-GAN (sizes from {source})", build, state_dict)
    remove_weight_norm(model)
    return model


def save_checkpoint(model: HiFiGAN, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Save weights and config as a safetensors file, whole or not at all.

    Args:
        model: the model, on any device, with or without weight norm.
        path: where to, by custom with the suffix ``.safetensors``; an older file is replaced.
        dtype: how to store the floating-point tensors; float16 halves the size.

    Raises:
        CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
    """
    save_weights(model.state_dict(), asdict(model.config), path, dtype)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}; expected the config of a HiFi-GAN"
        )
    return content


def _config(path: str | Path, content: dict[str, Any]) -> HiFiGANConfig:
    try:
        return HiFiGANConfig.from_published(content)
    except ConfigError as error:
        raise CheckpointError(f"{path} has a config that cannot be used: {error}") from error


def _config_of_tensors(path: str | Path, state_dict: dict[str, torch.Tensor]) -> HiFiGANConfig:
    """Read the sizes off the tensors, and the dilations and the mel off the published variants.

    The published kernels of the transposed convolutions are twice as wide as their rates.
    """
    shapes = {
        re.sub(r"\.weight(_v)?$", "", name): tensor.shape
        for name, tensor in state_dict.items()
        if re.search(r"\.weight(_v)?$", name) and tensor.dim() == 3
    }
    resblock = "1" if any(".convs1." in name for name in shapes) else "2"
    convs = "convs1" if resblock == "1" else "convs"
    kernel_sizes = [shapes[name][2] for name in _numbered(shapes, r"ups\.#")]
    rates = tuple(kernel_size // 2 for kernel_size in kernel_sizes)
    blocks = _numbered(shapes, rf"resblocks\.#\.{convs}\.0")
    widths = tuple(shapes[name][2] for name in blocks[: len(blocks) // max(1, len(rates))])
    for variant in (HiFiGANConfig.v1(), HiFiGANConfig.v3()):
        if (
            resblock == variant.resblock
            and widths == variant.resblock_kernel_sizes
            and math.prod(rates) == variant.hop_size
            and "conv_pre" in shapes
            and shapes["conv_pre"][1] == variant.num_mels
        ):
            sizes = {
                "upsample_rates": rates,
                "upsample_kernel_sizes": kernel_sizes,
                "upsample_initial_channel": shapes["conv_pre"][0],
            }
            try:
                return HiFiGANConfig(**{**asdict(variant), **sizes})
            except ConfigError:
                break
    raise CheckpointError(
        f"{path} is none of the published HiFi-GANs, and its dilations and its mel cannot be "
        "read off the tensors: put the config.json it was trained with into the same folder"
    )


def _numbered(names: Iterable[str], pattern: str) -> list[str]:
    """Names that match, in the order of the number that stands for ``#``."""
    number = re.compile(pattern.replace("#", r"(\d+)"))
    found = {int(match[1]): name for name in names if (match := number.fullmatch(name))}
    return [found[key] for key in sorted(found)]
