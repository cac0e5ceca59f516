"""Weights files of models that are made and run in a moment, and how others are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from labkit.errors import CheckpointError
from labkit.tacotron2 import Tacotron2, Tacotron2Config, save_checkpoint
from labkit.vocoders import WaveGlow, WaveGlowConfig

FRAMES = 30
TACOTRON2: dict[str, Any] = {
    "symbols_embedding_dim": 16,
    "encoder_embedding_dim": 16,
    "encoder_n_convolutions": 1,
    "attention_rnn_dim": 16,
    "attention_dim": 8,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 7,
    "decoder_rnn_dim": 16,
    "prenet_dim": 8,
    "postnet_embedding_dim": 8,
    "postnet_n_convolutions": 2,
    "max_decoder_steps": FRAMES,
}
WAVEGLOW: dict[str, Any] = {
    "n_mel_channels": 80,
    "n_flows": 4,
    "n_group": 8,
    "n_early_every": 2,
    "n_early_size": 2,
    "WN_config": {"n_layers": 2, "n_channels": 8, "kernel_size": 3},
}


def refused_by(load: Callable[[Path], object], path: Path, *words: str) -> None:
    """Refused in one line that names the file and holds the words."""
    with pytest.raises(CheckpointError) as error:
        load(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    assert all(word in message for word in words), message


def small_tacotron2() -> Tacotron2:
    """Make a model whose gate never fires, as that of an untrained model might at any frame."""
    torch.manual_seed(0)
    model = Tacotron2(Tacotron2Config(**TACOTRON2))
    model.decoder.gate_layer.linear_layer.bias.data.fill_(-20.0)
    return model.eval()


def small_waveglow() -> WaveGlow:
    torch.manual_seed(0)
    return WaveGlow(WaveGlowConfig(**WAVEGLOW)).eval()


def write_tacotron2(path: Path) -> Path:
    """Write safetensors, or what torch.save makes, as the suffix says."""
    model = small_tacotron2()
    if path.suffix == ".safetensors":
        save_checkpoint(model, path)
    else:
        state_dict = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
        torch.save({"state_dict": state_dict, "config": TACOTRON2, "epoch": 1}, path)
    return path


def write_waveglow(path: Path) -> Path:
    """Write the layout of the published files."""
    torch.save({"state_dict": small_waveglow().state_dict(), "config": WAVEGLOW}, path)
    return path
