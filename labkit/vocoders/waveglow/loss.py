"""What the training of WaveGlow minimises."""

from __future__ import annotations

import math

import torch
from torch import nn

from labkit.errors import ConfigError
from labkit.vocoders.waveglow.model import FlowOutputs


class WaveGlowLoss(nn.Module):
    """Negative log-likelihood of the waveform, per sample (arXiv 1811.00002, equation 3).

    The latent counts as Gaussian; the constant of its density is left out, as in the published
    training, whose curves fall to about -6.

    Args:
        sigma: standard deviation of the latent.

    Raises:
        ConfigError: sigma is not a positive number.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        if not 0 < sigma < math.inf:
            raise ConfigError(f"sigma must be a positive number, but is {sigma}")
        self.sigma = sigma

    def forward(self, outputs: FlowOutputs) -> torch.Tensor:
        """Judge what ``WaveGlow.forward`` returned.

        Args:
            outputs: z (B, n_group, columns), log s of each flow, log-determinant of each flow.

        Returns:
            Scalar (Σ z² / 2σ² - Σ log s - Σ log|det W|) / size of z.
        """
        z, log_s_list, log_det_list = outputs
        log_s = torch.stack([log_s.sum() for log_s in log_s_list]).sum()
        log_det = torch.stack(log_det_list).sum()
        return (z.square().sum() / (2 * self.sigma**2) - log_s - log_det) / z.numel()
