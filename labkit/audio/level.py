"""How loud speech is, and speech made as loud as wanted."""

from __future__ import annotations

import math

import torch

_STRETCH = 0.02  # seconds
_RANGE = 25.0  # dB below the loudest stretch; what is lower is pause
_LARGEST = 0.99  # sample that a gain may lead to


def speech_level(audio: torch.Tensor, sample_rate: int) -> float:
    """Measure the level where there is speech, so that pauses do not count.

    Args:
        audio: (N,) samples.
        sample_rate: samples per second.

    Returns:
        Root mean square of the stretches of 20 ms that are at most 25 dB below the loudest, in dB
        below full scale; -120 for silence.
    """
    stretches = audio.split(round(_STRETCH * sample_rate))
    powers = torch.stack([stretch.double().square().mean() for stretch in stretches])
    speaking = powers >= powers.max() * 10 ** (-_RANGE / 10)
    return 10 * math.log10(max(float(powers[speaking].mean()), 1e-12))


def at_level(audio: torch.Tensor, sample_rate: int, level: float) -> torch.Tensor:
    """Make speech as loud as wanted, or as loud as it can be without clipping.

    Args:
        audio: (N,) samples; N may be 0.
        sample_rate: samples per second.
        level: wanted :func:`speech_level` in dBFS.

    Returns:
        (N,) samples.
    """
    peak = float(audio.abs().max()) if len(audio) else 0.0
    if peak == 0:
        return audio
    gain = 10 ** ((level - speech_level(audio, sample_rate)) / 20)
    return audio * min(gain, _LARGEST / peak)
