"""Load and save the weights of Tacotron 2.

:func:`load_checkpoint` reads what NVIDIA published (both repositories, every layout) and what
:func:`save_checkpoint` wrote, and refuses everything else with one line that says why.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import torch

from labkit.checkpoints.fit import fit
from labkit.checkpoints.kinds import require
from labkit.checkpoints.save import save_weights
from labkit.checkpoints.weights_file import WeightsFile, read_weights_file
from labkit.tacotron2.config import Tacotron2Config
from labkit.tacotron2.model import Tacotron2

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
    return from_weights(path, read_weights_file(path))


def from_weights(path: str | Path, weights: WeightsFile) -> Tacotron2:
    """Do the same with a file that has been read; ``path`` is for messages."""
    state_dict, config = weights
    require(path, state_dict, "Tacotron 2")
    return fit(
        path,
        "Tacotron 2",
        lambda: Tacotron2(Tacotron2Config(**{**_sizes(state_dict), **(config or {})})),
        state_dict,
    )


def save_checkpoint(model: Tacotron2, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
    """Save weights and config as a safetensors file, whole or not at all.

    Args:
        model: the model, on any device.
        path: where to, by custom with the suffix ``.safetensors``; an older file is replaced.
        dtype: how to store the floating-point tensors; float16 halves the size.

    Raises:
        CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
    """
    save_weights(model.state_dict(), asdict(model.config), path, dtype)


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
