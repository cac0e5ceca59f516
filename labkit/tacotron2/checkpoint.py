"""Load and save the weights of Tacotron 2.

:func:`load_checkpoint` reads what NVIDIA published (both repositories, every layout) and what
:func:`save_checkpoint` wrote, and refuses everything else with one line that says why.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save

from labkit.errors import CheckpointError, ConfigError
from labkit.tacotron2.config import Tacotron2Config
from labkit.tacotron2.model import Tacotron2
from labkit.tacotron2.weights_file import read_weights_file

_LOCATION_CONV = "decoder.attention_layer.location_layer.location_conv.conv.weight"
_QUERY = "decoder.attention_layer.query_layer.linear_layer.weight"

# Which axis of which tensor tells a size.
_SIZES = {
    "n_symbols": ("embedding.weight", 0),
    "symbols_embedding_dim": ("embedding.weight", 1),
    "encoder_embedding_dim": ("encoder.convolutions.0.0.conv.weight", 0),
    "encoder_kernel_size": ("encoder.convolutions.0.0.conv.weight", 2),
    "attention_dim": (_QUERY, 0),
    "attention_rnn_dim": (_QUERY, 1),
    "attention_location_n_filters": (_LOCATION_CONV, 0),
    "attention_location_kernel_size": (_LOCATION_CONV, 2),
    "decoder_rnn_dim": ("decoder.decoder_rnn.weight_hh", 1),
    "prenet_dim": ("decoder.prenet.layers.0.linear_layer.weight", 0),
    "postnet_embedding_dim": ("postnet.convolutions.0.0.conv.weight", 0),
    "n_mel_channels": ("postnet.convolutions.0.0.conv.weight", 1),
    "postnet_kernel_size": ("postnet.convolutions.0.0.conv.weight", 2),
}

# Names that only other models have.
_OTHER_MODELS = {
    r"WN\.|convinv\.": "WaveGlow",
    r"conv_pre\.|ups\.0": "HiFi-GAN",
    r"backbone\.|head\.istft": "Vocos",
    r"decoder\.flows\.": "Glow-TTS",
    r"vae_gst\.|transcript_embedding\.": "Tacotron2-VAE",
    r"mi\.proj\.|decoder\.mel_layer\.": "MMI Tacotron 2, whose decoder has more layers",
}


def load_checkpoint(path: str | Path) -> Tacotron2:
    """Load a Tacotron 2 from any published layout, or from :func:`save_checkpoint`.

    The config is taken from the file. Where the file has none (NVIDIA/tacotron2, plain state
    dicts), all sizes are read off the tensors, and the rest is as in the paper.

    Args:
        path: a PyTorch checkpoint or a safetensors file.

    Returns:
        The model on the CPU, in float32 and eval mode.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, of another model, or its tensors
            do not fit; the message says which.
    """
    state_dict, config = read_weights_file(path)
    _refuse_other_models(path, state_dict)
    try:
        # Built without memory or random numbers: every tensor comes from the file.
        with torch.device("meta"):
            model = Tacotron2(Tacotron2Config(**{**_sizes(state_dict), **(config or {})}))
    except ConfigError as error:
        raise CheckpointError(f"{path} has a config that cannot be used: {error}") from error

    expected = model.state_dict()
    for name in expected:
        # Not stored by PyTorch before 0.4.1, and not used by batch norm in this model.
        if name.endswith("num_batches_tracked"):
            state_dict.setdefault(name, torch.tensor(0))
    _refuse_misfits(path, state_dict, expected)
    model.load_state_dict(state_dict, assign=True)
    return model.eval()


def save_checkpoint(model: Tacotron2, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Save weights and config as a safetensors file.

    The file appears under its name only when it is complete; an older one is replaced then.

    Args:
        model: the model, on any device.
        path: where to, by custom with the suffix ``.safetensors``.
        dtype: how to store the floating-point tensors; float16 halves the size.

    Raises:
        CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach()
        .to(device="cpu", dtype=dtype if tensor.is_floating_point() else tensor.dtype)
        .contiguous()
        for name, tensor in model.state_dict().items()
    }
    broken = _not_finite(tensors)
    if broken:
        raise CheckpointError(f"{path} was not written: not finite as {dtype}: {_few(broken)}")
    metadata = {"format": "pt", "config": json.dumps(asdict(model.config))}
    if not path.parent.is_dir():
        raise CheckpointError(f"{path} cannot be written: there is no folder {path.parent}")
    # In the same folder, because only within one file system is a replacement atomic.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(save(tensors, metadata))
        unfinished.replace(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse_other_models(path: str | Path, state_dict: dict[str, torch.Tensor]) -> None:
    for names, model in _OTHER_MODELS.items():
        if any(re.match(names, name) for name in state_dict):
            raise CheckpointError(f"{path} holds the weights of {model}, not of Tacotron 2")
    if "embedding.weight" not in state_dict and not any(
        name.startswith(("encoder.", "decoder.", "postnet.")) for name in state_dict
    ):
        raise CheckpointError(
            f"{path} does not hold the weights of Tacotron 2: its tensors are {_few(state_dict)}"
        )


def _sizes(state_dict: dict[str, torch.Tensor]) -> dict[str, int]:
    """Read the sizes of a model off its tensors, as far as they are there."""
    sizes = {
        size: state_dict[name].shape[axis]
        for size, (name, axis) in _SIZES.items()
        if name in state_dict and state_dict[name].dim() > axis
    }
    for part in ("encoder", "postnet"):
        layer = re.compile(rf"{part}\.convolutions\.\d+\.0\.conv\.weight")
        n_convolutions = sum(1 for name in state_dict if layer.fullmatch(name))
        if n_convolutions:
            sizes[f"{part}_n_convolutions"] = n_convolutions
    projection = state_dict.get("decoder.linear_projection.linear_layer.bias")
    if projection is not None and sizes.get("n_mel_channels"):
        sizes["n_frames_per_step"] = projection.numel() // sizes["n_mel_channels"] or 1
    return sizes


def _refuse_misfits(
    path: str | Path, state_dict: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]
) -> None:
    missing = [name for name in expected if name not in state_dict]
    unexpected = [name for name in state_dict if name not in expected]
    misshapen = [
        f"{name} is {tuple(state_dict[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state_dict and state_dict[name].shape != tensor.shape
    ]
    mistyped = [
        f"{name} is {state_dict[name].dtype}"
        for name, tensor in expected.items()
        if name in state_dict and state_dict[name].dtype != tensor.dtype
    ]
    misfits = [
        f"{len(names)} {kind}: {_few(names)}"
        for names, kind in (
            (missing, "missing"),
            (unexpected, "unexpected"),
            (misshapen, "of the wrong shape"),
            (mistyped, "of the wrong type"),
        )
        if names
    ]
    if misfits:
        raise CheckpointError(f"{path} does not fit this Tacotron 2; tensors {'; '.join(misfits)}")
    broken = _not_finite(state_dict)
    if broken:
        raise CheckpointError(
            f"{path} holds NaN or infinite weights in {len(broken)} tensors: {_few(broken)}; "
            "its training had diverged, use an earlier checkpoint"
        )


def _not_finite(tensors: dict[str, torch.Tensor]) -> list[str]:
    return [name for name, tensor in tensors.items() if not tensor.isfinite().all()]


def _few(names: dict[str, torch.Tensor] | list[str]) -> str:
    """Name the first three."""
    shown = list(names)[:3]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
