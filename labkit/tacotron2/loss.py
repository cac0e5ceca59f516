"""What training minimises: the published loss, which may leave out padding.

Both compare the mel spectrogram before *and* after the postnet, so that the decoder learns even
while the postnet is still poor, and the gate with "is this the last frame?".
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2.masking import padding_mask

Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


class LossParts(NamedTuple):
    """A loss and what it is made of; scalars, ``total`` is the sum of the others."""

    total: torch.Tensor
    mel: torch.Tensor  # mean squared error of the decoder's mel
    mel_postnet: torch.Tensor  # mean squared error after the postnet
    gate: torch.Tensor  # binary cross-entropy of the gate


def gate_targets(
    mel_lengths: torch.Tensor, max_length: int, n_frames_per_step: int = 1
) -> torch.Tensor:
    """Say which steps the gate should fire at: the last one, and all the padding after it.

    Args:
        mel_lengths: (B,) number of frames of each target.
        max_length: T_out, the length that all targets were padded to.
        n_frames_per_step: r, frames predicted by one decoder step.

    Returns:
        (B, T_out / r) float32, 0 before the step of the last frame and 1 from there on.
    """
    last_step = (mel_lengths - 1) // n_frames_per_step  # (B,)
    return padding_mask(last_step, max_length // n_frames_per_step).float()  # (B, T_out / r)


class Tacotron2Loss(nn.Module):
    """The published loss: plain means over the padded tensors; or means over valid frames only.

    The published one compares with published training curves, but it depends on how far a batch
    was padded: padded frames count in the mean, with a cost of zero if ``config.mask_padding`` is
    on. With the lengths of the targets, each valid frame weighs the same, however far the batch
    was padded and whether or not ``config.mask_padding`` is on. That is larger on the same
    outputs, by the share of padding: never compare the two.
    """

    def forward(
        self,
        outputs: Outputs,
        mels: torch.Tensor,
        gate_target: torch.Tensor,
        mel_lengths: torch.Tensor | None = None,
    ) -> LossParts:
        """Compare the outputs of ``Tacotron2.forward`` with their targets.

        Args:
            outputs: what ``Tacotron2.forward`` returned; the alignments are not used.
            mels: (B, n_mel_channels, T_out) log-mel targets.
            gate_target: (B, T_out / r) targets of the gate, see :func:`gate_targets`.
            mel_lengths: (B,) number of frames of each target; all count as valid if None.

        Returns:
            The loss and its parts.
        """
        mel, mel_postnet, gate, _ = outputs
        if mel_lengths is None:
            mel_lengths = torch.full((mels.size(0),), mels.size(2))
        padding = padding_mask(mel_lengths.to(mels.device), mels.size(2))  # (B, T_out)
        # A step is valid if its first frame is.
        step_padding = padding[:, :: mels.size(2) // gate.size(1)]  # (B, T_out / r)

        mel_loss = _mean((mel - mels).square().mean(dim=1), padding)
        mel_postnet_loss = _mean((mel_postnet - mels).square().mean(dim=1), padding)
        gate_loss = _mean(
            F.binary_cross_entropy_with_logits(gate, gate_target, reduction="none"), step_padding
        )
        total = mel_loss + mel_postnet_loss + gate_loss
        return LossParts(total, mel_loss, mel_postnet_loss, gate_loss)


def _mean(error: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """Mean over what is no padding; both (B, T)."""
    return error.masked_fill(padding, 0.0).sum() / (~padding).sum()
