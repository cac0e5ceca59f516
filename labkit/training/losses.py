"""What the acoustic model minimises. All means are over valid frames or steps only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from labkit.tacotron2.masking import padding_mask


def masked_mean(values: Tensor, padding: Tensor) -> Tensor:
    """Mean of ``values: (B, T)`` where ``padding: (B, T)`` is False."""
    return values.masked_fill(padding, 0.0).sum() / (~padding).sum()


def mel_loss(mel: Tensor, target: Tensor, padding: Tensor, scale: float) -> Tensor:
    """Squared plus absolute difference of two spectrograms.

    The squares make for a good start, the absolute values for sharp details later.

    Args:
        mel: (B, n_mels, T) predicted log-mel.
        target: (B, n_mels, T) log-mel.
        padding: (B, T) bool, True marks padding.
        scale: differences are measured in this unit, the standard deviation of log-mels.
    """
    difference = (mel.float() - target) / scale  # (B, n_mels, T)
    return masked_mean((difference.square() + difference.abs()).mean(dim=1), padding)


def gate_loss(
    gate: Tensor, spoken_lengths: Tensor, mel_lengths: Tensor, r: int, positive_weight: float
) -> Tensor:
    """Binary cross-entropy of the gate, which fires from the last spoken frame on.

    Args:
        gate: (B, T / r) logits.
        spoken_lengths: (B,) frames that are spoken.
        mel_lengths: (B,) frames that count.
        r: frames that a step predicts.
        positive_weight: how much more the few steps weigh at which it should fire.
    """
    last_step = (spoken_lengths - 1) // r  # (B,)
    target = padding_mask(last_step, gate.size(1)).float()  # (B, T / r)
    weight = gate.new_tensor(positive_weight)
    loss = F.binary_cross_entropy_with_logits(
        gate.float(), target, reduction="none", pos_weight=weight
    )
    return masked_mean(loss, padding_mask(mel_lengths // r, gate.size(1)))


def guided_attention_loss(
    alignments: Tensor, path: Tensor, width: Tensor, step_padding: Tensor
) -> Tensor:
    """Attention away from where it should be (Tachibana et al. 2017, arXiv 1710.08969, eq. 6).

    There, the path is the diagonal. Where it is known when each symbol sounds, it is that.

    Args:
        alignments: (B, S, N) attention weights of S steps.
        path: (B, S) the symbol to attend to, a real number.
        width: (B,) distance in symbols at which the attention is still mostly free.
        step_padding: (B, S) bool, True marks padding.

    Returns:
        Scalar from 0 to 1: the share of the attention that is far from the path.
    """
    symbols = torch.arange(alignments.size(2), device=alignments.device)  # (N,)
    distance = (symbols - path.unsqueeze(2)) / width[:, None, None]  # (B, S, N)
    far = 1 - torch.exp(-0.5 * distance.square())
    return masked_mean((alignments * far).sum(dim=2), step_padding)
