"""The models to be measured: from weights files, or untrained ones of full size.

An untrained model is as fast as a trained one, because time depends on the sizes only. What it
makes is noise, and its gate means nothing, so that it must be given a number of frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from labkit.errors import CheckpointError, InputError
from labkit.models.acoustic import AcousticModel
from labkit.models.kind import kinds, load_acoustic
from labkit.vocoders import WaveGlow, WaveGlowConfig, load_vocoder
from labkit.vocoders.griffin_lim import GRIFFIN_LIM, GriffinLim
from labkit.vocoders.protocol import Vocoder
from labkit.vocoders.weight_norm import remove_weight_norm

UNTRAINED = "random"
"""Stands for untrained weights of full size in place of a file."""

FRAMES_PER_CHARACTER = 4.5
"""About what published voices say: 128 characters in 602 frames, 167 in 754."""

_SEED = 0

Model = TypeVar("Model", bound=nn.Module)


def choose_acoustic(source: str = UNTRAINED) -> AcousticModel:
    """Load an acoustic model, or make an untrained one of full size.

    Args:
        source: a weights file, "random" for Tacotron 2, or another name of :func:`untrained`.

    Returns:
        The model on the CPU, in eval mode.

    Raises:
        CheckpointError: the file cannot be used.
    """
    made = untrained(AcousticModel).get("tacotron2" if source == UNTRAINED else source)
    return load_acoustic(source) if made is None else _untrained(made)


def choose_waveglow(source: str = UNTRAINED, n_channels: int | None = None) -> WaveGlow:
    """Load a WaveGlow, or make an untrained one.

    Args:
        source: a weights file, or "random".
        n_channels: its width; the file's, or 512, if None.

    Returns:
        The model on the CPU, in eval mode, ready for inference.

    Raises:
        CheckpointError: the file cannot be used, or its width is another one.
        ConfigError: ``n_channels`` is no possible width.
    """
    if source == UNTRAINED:
        return _untrained(lambda: WaveGlow(WaveGlowConfig(n_channels=n_channels or 512)))
    vocoder = load_vocoder(source)
    if not isinstance(vocoder, WaveGlow):
        raise CheckpointError(
            f"{source} holds the weights of {type(vocoder).__name__}, not of WaveGlow; "
            "give it as --vocoder"
        )
    found = vocoder.config.n_channels
    if n_channels not in (None, found):
        raise CheckpointError(
            f"{source} holds a WaveGlow of {found} channels, not of {n_channels}; "
            f"leave --wn-channels out, or make it {found}"
        )
    return vocoder


def choose_vocoder(source: str) -> Vocoder:
    """Load any vocoder, or make one that is known by name.

    Args:
        source: a weights file, "griffin-lim", or a name of :func:`untrained`.

    Returns:
        The vocoder on the CPU, in eval mode, ready for inference.

    Raises:
        CheckpointError: the file cannot be used.
    """
    if source == GRIFFIN_LIM:
        return GriffinLim()
    made = untrained(Vocoder).get(source)
    return load_vocoder(source) if made is None else _untrained(made)


def untrained(of: type[nn.Module]) -> dict[str, Callable[[], Any]]:
    """Return what makes untrained models of full size, by name, as each kind offers them.

    Args:
        of: :class:`AcousticModel` or :class:`Vocoder`.
    """
    offered = (kind.untrained for kind in kinds() if issubclass(kind.model, of))
    return {name: build for one in offered for name, build in one.items()}


def is_trained(source: str) -> bool:
    """Whether what a name stands for has learned, or has nothing to learn."""
    return source not in (UNTRAINED, *untrained(nn.Module))


def describe(model: nn.Module) -> str:
    """Name a model and its size."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return f"{type(model).__name__}, {parameters:_} parameters".replace("_", " ")


def check_audio(vocoder: Vocoder, sampling_rate: int, hop_length: int) -> None:
    """Refuse figures of the audio that are not the vocoder's.

    Raises:
        InputError: a figure is not the vocoder's.
    """
    for name, asked, own in (
        ("sampling rate", sampling_rate, vocoder.sample_rate),
        ("hop length", hop_length, vocoder.mel.hop_length),
    ):
        if asked != own:
            raise InputError(f"the {name} of this vocoder is {own}, not {asked}")


def _untrained(build: Callable[[], Model]) -> Model:
    """Build a model from a fixed seed, and leave the global random state alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model = build()
    remove_weight_norm(model)
    return model.eval()
