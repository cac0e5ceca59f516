"""The weights files of HiFi-GAN's generator.

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

from labkit.errors import CheckpointError, ConfigError
from labkit.models.fit import fit
from labkit.models.kind import Kind
from labkit.models.weights_file import WeightsFile
from labkit.vocoders.hifigan.config import HiFiGANConfig
from labkit.vocoders.hifigan.model import HiFiGAN
from labkit.vocoders.weight_norm import remove_weight_norm


def _read(path: str | Path, weights: WeightsFile) -> HiFiGAN:
    """Build the model without weight norm.

    The config is taken from the file, else from a ``config.json`` beside it. Without either, the
    sizes are read off the tensors; what tensors do not tell is taken from the published variant
    that they fit.
    """
    state_dict = weights.state_dict
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


KIND = Kind(
    name="HiFi-GAN",
    stem="hifigan",
    model=HiFiGAN,
    tensors=r"conv_pre\.|ups\.0",
    read=_read,
    untrained={
        "hifigan-v1": lambda: HiFiGAN(HiFiGANConfig.v1()),
        "hifigan-v2": lambda: HiFiGAN(HiFiGANConfig.v2()),
        "hifigan-v3": lambda: HiFiGAN(HiFiGANConfig.v3()),
    },
)
load_checkpoint, save_checkpoint = KIND.load, KIND.save
