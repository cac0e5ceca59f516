"""What a vocoder and its discriminators learn from each other.

A discriminator scores stretches of audio; it learns to score recordings high and what was generated
low. The vocoder learns to be scored high, and to look like the recording in every layer of every
discriminator. Each function sums over all discriminators.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F


class Judgement(NamedTuple):
    """What one discriminator makes of a batch of audio."""

    scores: torch.Tensor
    """One number per stretch of audio, (B, ...)."""
    features: list[torch.Tensor]
    """The outputs of its layers, in order."""


def least_squares_discriminator_loss(
    real: Sequence[Judgement], generated: Sequence[Judgement]
) -> torch.Tensor:
    """Recordings should score 1, generated audio 0 (Mao et al. 2017, arXiv 1611.04076)."""
    return _sum(
        (1 - r.scores).square().mean() + g.scores.square().mean()
        for r, g in zip(real, generated, strict=True)
    )


def least_squares_generator_loss(generated: Sequence[Judgement]) -> torch.Tensor:
    """Generated audio should score 1."""
    return _sum((1 - g.scores).square().mean() for g in generated)


def hinge_discriminator_loss(
    real: Sequence[Judgement], generated: Sequence[Judgement]
) -> torch.Tensor:
    """Recordings should score at least 1, generated audio at most -1 (Lim and Ye 2017)."""
    return _sum(
        F.relu(1 - r.scores).mean() + F.relu(1 + g.scores).mean()
        for r, g in zip(real, generated, strict=True)
    )


def hinge_generator_loss(generated: Sequence[Judgement]) -> torch.Tensor:
    """Generated audio should score as high as it can; below 1 only (Vocos, section 3.4)."""
    return _sum(F.relu(1 - g.scores).mean() for g in generated)


def feature_matching_loss(
    real: Sequence[Judgement], generated: Sequence[Judgement]
) -> torch.Tensor:
    """Mean difference of the outputs of each layer, added up (Kumar et al. 2019, MelGAN).

    No gradient flows to ``real``.
    """
    return _sum(
        F.l1_loss(made, wanted.detach())
        for r, g in zip(real, generated, strict=True)
        for wanted, made in zip(r.features, g.features, strict=True)
    )


def hifigan_generator_loss(
    real: Sequence[Judgement], generated: Sequence[Judgement], mel_loss: torch.Tensor
) -> torch.Tensor:
    """All that HiFi-GAN's generator minimises (Kong et al. 2020, equation 5).

    Args:
        real: judgements on the recordings.
        generated: judgements on what the generator made of their mels.
        mel_loss: mean difference of log-mels up to half the sampling rate.
    """
    adversarial = least_squares_generator_loss(generated)
    return adversarial + 2 * feature_matching_loss(real, generated) + 45 * mel_loss


def _sum(terms: Iterable[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(terms)).sum()
