"""HiFi-GAN's generator (Kong, Kim and Bae 2020, arXiv 2010.05646): log-mel to waveform, fast.

Transposed convolutions stretch the mel, stage by stage, to the length of the audio. After each of
them, residual blocks of different widths look at the same signal, and their mean goes on.

The signals are (B, channels, 1, T), an image one pixel high: only for images does PyTorch keep the
channels of a moment side by side in memory, and on a CPU that is what convolutions want.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from labkit.vocoders.hifigan.config import HiFiGANConfig
from labkit.vocoders.streaming import ConvolutionalVocoder
from labkit.vocoders.weight_norm import NormedConv1d, NormedConvTranspose1d

_SLOPE = 0.1
# The published generator leaves the slope of its last activation at PyTorch's default.
_LAST_SLOPE = 0.01
# Width of the first and of the last convolution.
_OUTER_KERNEL_SIZE = 7

# More frames at once are no faster, but need more memory: on a CPU they would leave the cache.
_FRAMES_AT_ONCE = 256
_FRAMES_AT_ONCE_ELSEWHERE = 8192


class Conv(NormedConv1d):
    """A convolution that keeps the length of its input."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1
    ) -> None:
        padding = (kernel_size - 1) // 2 * dilation
        super().__init__(in_channels, out_channels, kernel_size, 1, padding, dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, in_channels, 1, T)`` to ``(B, out_channels, 1, T)``."""
        weight = self.product().unsqueeze(2)  # (out_channels, in_channels, 1, kernel_size)
        padding, dilation = (0, *self.padding), (1, *self.dilation)
        return F.conv2d(x, weight, self.bias, padding=padding, dilation=dilation)


class Upsample(NormedConvTranspose1d):
    """A transposed convolution that makes ``rate`` samples of one."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, rate: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size, rate, (kernel_size - rate) // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """Map ``x: (B, in_channels, 1, T)`` to ``(B, out_channels, 1, T · rate)``."""
        weight = self.product().unsqueeze(2)  # (in_channels, out_channels, 1, kernel_size)
        stride, padding = (1, *self.stride), (0, *self.padding)
        return F.conv_transpose2d(x, weight, self.bias, stride, padding)


class ResBlock1(nn.Module):
    """Residual block of V1 and V2: pairs of convolutions, the first of each dilated."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(Conv(channels, channels, kernel_size, d) for d in dilations)
        self.convs2 = nn.ModuleList(Conv(channels, channels, kernel_size) for _ in dilations)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, channels, 1, T)`` to the same shape."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            y = dilated(F.leaky_relu(x, _SLOPE))
            x = x + plain(F.leaky_relu(y, _SLOPE))
        return x


class ResBlock2(nn.Module):
    """Residual block of V3: single dilated convolutions."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(Conv(channels, channels, kernel_size, d) for d in dilations)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, channels, 1, T)`` to the same shape."""
        for dilated in self.convs:
            x = x + dilated(F.leaky_relu(x, _SLOPE))
        return x


class HiFiGAN(ConvolutionalVocoder):
    """The generator, with weight norm until ``remove_weight_norm`` is applied to it.

    Args:
        config: sizes; V1 if None.
    """

    def __init__(self, config: HiFiGANConfig | None = None) -> None:
        config = config or HiFiGANConfig.v1()
        super().__init__(config.mel)
        self.config = config
        channels = config.upsample_initial_channel
        self.conv_pre = Conv(config.num_mels, channels, _OUTER_KERNEL_SIZE)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        block = ResBlock1 if config.resblock == "1" else ResBlock2
        for rate, kernel_size in zip(
            config.upsample_rates, config.upsample_kernel_sizes, strict=True
        ):
            self.ups.append(Upsample(channels, channels // 2, kernel_size, rate))
            channels //= 2
            self.resblocks.extend(
                block(channels, width, dilations)
                for width, dilations in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
        self.conv_post = Conv(channels, 1, _OUTER_KERNEL_SIZE)
        self._margins = _margins(config)

    @property
    def context_frames(self) -> int:
        """How many frames to either side decide about the audio of a frame."""
        return self._margins[0] + _OUTER_KERNEL_SIZE // 2

    def forward(self, mel: torch.Tensor, left: int = 0, right: int = 0) -> torch.Tensor:
        """Map ``mel: (B, num_mels, T)`` to ``(B, 1, (T - left - right) · hop_size)``."""
        image = mel.unsqueeze(2)  # (B, num_mels, 1, T)
        if mel.device.type == "cpu":
            image = image.contiguous(memory_format=torch.channels_last)
        x = self.conv_pre(image)  # (B, channels, 1, T)
        x, left, right = _crop(x, left, right, self._margins[0])  # (B, channels, 1, T')
        for stage, (up, rate) in enumerate(zip(self.ups, self.config.upsample_rates, strict=True)):
            x = up(F.leaky_relu(x, _SLOPE))  # (B, channels / 2, 1, T' · rate)
            x = self._mean_of_blocks(stage, x)
            x, left, right = _crop(x, left * rate, right * rate, self._margins[stage + 1])
        x = self.conv_post(F.leaky_relu(x, _LAST_SLOPE))  # (B, 1, 1, samples)
        x, _, _ = _crop(x, left, right, 0)
        return torch.tanh(x).squeeze(2)  # (B, 1, samples)

    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Make a spectrogram audible, see :meth:`Vocoder.infer`; nothing here is random.

        The samples are between -1 and 1.
        """
        self.check(mel, sigma)
        frames = _FRAMES_AT_ONCE if mel.device.type == "cpu" else _FRAMES_AT_ONCE_ELSEWHERE
        batches = mel.split(max(1, frames // mel.size(2)))
        return torch.cat([torch.cat(list(self.stream(batch, frames)), dim=1) for batch in batches])

    def _mean_of_blocks(self, stage: int, x: torch.Tensor) -> torch.Tensor:
        n_blocks = len(self.config.resblock_kernel_sizes)
        first, *others = self.resblocks[stage * n_blocks : (stage + 1) * n_blocks]
        total = first(x)
        for block in others:
            total = total + block(x)
        return total / n_blocks


def _crop(x: torch.Tensor, left: int, right: int, margin: int) -> tuple[torch.Tensor, int, int]:
    """Cut the context down to what later layers see of it; returns what is left of each side."""
    start, end = max(0, left - margin), x.size(-1) - max(0, right - margin)
    return x[..., start:end], min(left, margin), min(right, margin)


def _margins(config: HiFiGANConfig) -> list[int]:
    """How far beyond a stretch the signal must be known for that stretch of the audio to be right.

    Returns:
        Samples to either side, first of the output of ``conv_pre``, then of that of each stage.
    """
    widest = max(
        sum(
            # a pair's second convolution has no dilation
            (kernel_size - 1) // 2 * (dilation + (config.resblock == "1"))
            for dilation in dilations
        )
        for kernel_size, dilations in zip(
            config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
        )
    )
    margins = [_OUTER_KERNEL_SIZE // 2]
    stages = list(zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True))
    for rate, kernel_size in reversed(stages):
        needed = margins[0] + widest + (kernel_size - rate) // 2
        margins.insert(0, math.ceil(needed / rate))
    return margins
