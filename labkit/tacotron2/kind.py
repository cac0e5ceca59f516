"""The weights files of Tacotron 2: ours, and what NVIDIA published (both repositories)."""

from __future__ import annotations

from pathlib import Path

import torch

from labkit.models.fit import fit, read_sizes
from labkit.models.kind import Kind
from labkit.models.weights_file import WeightsFile
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
_LAYERS = {
    f"{part}_n_convolutions": rf"{part}\.convolutions\.\d+\.0\.conv\.weight"
    for part in ("encoder", "postnet")
}


def _read(path: str | Path, weights: WeightsFile) -> Tacotron2:
    """Build the model by the file's config; where it has none, by the tensors and the paper."""
    state_dict, config = weights
    return fit(
        path,
        "Tacotron 2",
        lambda: Tacotron2(Tacotron2Config(**{**_sizes(state_dict), **(config or {})})),
        state_dict,
    )


def _sizes(state_dict: dict[str, torch.Tensor]) -> dict[str, int]:
    """Read the sizes of a model off its tensors, as far as they are there."""
    sizes = read_sizes(state_dict, _SIZES, _LAYERS)
    projection = state_dict.get("decoder.linear_projection.linear_layer.bias")
    if projection is not None and sizes.get("n_mel_channels"):
        sizes["n_frames_per_step"] = projection.numel() // sizes["n_mel_channels"] or 1
    return sizes


KIND = Kind(
    name="Tacotron 2",
    stem="tacotron2",
    model=Tacotron2,
    tensors=r"embedding\.weight$|encoder\.|decoder\.|postnet\.",
    read=_read,
    untrained={"tacotron2": lambda: Tacotron2(Tacotron2Config())},
    recipes={"acoustic": "labkit.training.acoustic"},
)
load_checkpoint, save_checkpoint = KIND.load, KIND.save
