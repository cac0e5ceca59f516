"""Small discriminators for vocoders: one listens to rhythm and pitch, the other looks at spectra.

Far smaller than those of the papers: 0.2 million parameters instead of 41 million. They are to
take the buzz from a small vocoder, and a training step should still be mostly the vocoder's.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from labkit.training.gan_losses import Judgement
from labkit.training.spectral_losses import FLOOR, magnitudes

_SLOPE = 0.1


class PeriodDiscriminator(nn.Module):
    """Looks at every ``period``-th sample (Kong et al. 2020, section 2.3).

    Args:
        period: how many samples make a row.
        channels: of its layers; each but the last keeps every third row.
    """

    def __init__(self, period: int, channels: tuple[int, ...] = (8, 16, 32, 32)) -> None:
        super().__init__()
        self.period = period
        self.convs = nn.ModuleList(
            weight_norm(
                nn.Conv2d(before, after, (5, 1), (1 if i == len(channels) - 1 else 3, 1), (2, 0))
            )
            for i, (before, after) in enumerate(zip((1, *channels), channels, strict=False))
        )
        self.conv_post = weight_norm(nn.Conv2d(channels[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, audio: torch.Tensor) -> Judgement:
        """Judge ``audio: (B, N)``; N > period."""
        padded = F.pad(audio.unsqueeze(1), (0, -audio.size(1) % self.period), mode="reflect")
        rows = padded.unflatten(2, (-1, self.period))  # (B, 1, N / period, period)
        return _judge(rows, self.convs, self.conv_post)


class ResolutionDiscriminator(nn.Module):
    """Looks at log-magnitudes of one window length (Jang et al. 2021, UnivNet, section 2.3).

    Args:
        n_fft: length of the window in samples; a multiple of 4.
        channels: of its layers; each but the first keeps every second frequency.
    """

    def __init__(self, n_fft: int, channels: tuple[int, ...] = (16, 16, 16, 16)) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (3, 9), (1, 1 if i == 0 else 2), (1, 4)))
            for i, (before, after) in enumerate(zip((1, *channels), channels, strict=False))
        )
        self.conv_post = weight_norm(nn.Conv2d(channels[-1], 1, 3, 1, 1))

    def forward(self, audio: torch.Tensor) -> Judgement:
        """Judge ``audio: (B, N)``; N >= n_fft."""
        spectrum = (magnitudes(audio, self.n_fft) + FLOOR).log()  # (B, T, n_frequencies)
        return _judge(spectrum.unsqueeze(1), self.convs, self.conv_post)


class Discriminators(nn.ModuleList):
    """Several periods, which share no factor, and several window lengths.

    Args:
        periods: in samples.
        n_ffts: in samples.
    """

    def __init__(
        self,
        periods: tuple[int, ...] = (2, 3, 5, 7, 11),
        n_ffts: tuple[int, ...] = (256, 512, 1024, 2048),
    ) -> None:
        super().__init__(
            [
                *(PeriodDiscriminator(period) for period in periods),
                *(ResolutionDiscriminator(n_fft) for n_fft in n_ffts),
            ]
        )

    def forward(self, audio: torch.Tensor) -> list[Judgement]:
        """Judge ``audio: (B, N)``; N is at least the longest window."""
        return [discriminator(audio) for discriminator in self]


def _judge(x: torch.Tensor, convs: nn.ModuleList, conv_post: nn.Module) -> Judgement:
    features = []
    for conv in convs:
        x = F.leaky_relu(conv(x), _SLOPE)  # (B, channels, fewer rows, period)
        features.append(x)
    scores = conv_post(x)  # (B, 1, rows, period)
    return Judgement(scores.flatten(1), [*features, scores])
