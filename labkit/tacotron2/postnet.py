"""The postnet (Shen et al. 2018, section 2.2): a second look at the finished spectrogram.

The decoder predicts frame by frame and cannot look ahead. The postnet sees the frames before
and after, and predicts what to add to sharpen the whole.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2.layers import ConvNorm, Gain

# Frames that go through the layers at once in inference, so that memory does not grow with the
# length of a spectrogram. Measured to cost no time; much shorter stretches do.
_STRETCH = 512


class Postnet(nn.Module):
    """Convolutions over frames that predict a correction of the mel spectrogram.

    Args:
        n_mel_channels: mel bands of a frame (80 in the paper).
        postnet_embedding_dim: channels between the layers (512 in the paper).
        postnet_kernel_size: width of the filters in frames (5 in the paper; odd).
        postnet_n_convolutions: number of layers (5 in the paper).
        p_postnet_dropout: dropout after every layer, training only (0.5 in the paper).
    """

    def __init__(
        self,
        n_mel_channels: int,
        postnet_embedding_dim: int,
        postnet_kernel_size: int,
        postnet_n_convolutions: int,
        p_postnet_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.p_postnet_dropout = p_postnet_dropout
        self.postnet_kernel_size = postnet_kernel_size
        inner = [postnet_embedding_dim] * (postnet_n_convolutions - 1)
        bent: list[Gain] = ["tanh"] * (postnet_n_convolutions - 1)
        gains: list[Gain] = [*bent, "linear"]
        self.convolutions = nn.ModuleList(
            nn.Sequential(
                ConvNorm(
                    in_channels, out_channels, kernel_size=postnet_kernel_size, w_init_gain=gain
                ),
                nn.BatchNorm1d(out_channels),
            )
            for in_channels, out_channels, gain in zip(
                [n_mel_channels, *inner], [*inner, n_mel_channels], gains, strict=True
            )
        )

    def forward(self, x: torch.Tensor, padding: torch.Tensor | None = None) -> torch.Tensor:
        """Predict what to add to a mel spectrogram.

        Args:
            x: (B, n_mel_channels, T) log-mel spectrogram of the decoder.
            padding: (B, 1, T) bool, True where frames are hidden from every layer, as if the
                spectrogram ended before them; None to show all frames, as published.

        Returns:
            (B, n_mel_channels, T) correction; it means nothing on padding.
        """
        if self.training or torch.is_grad_enabled() or x.size(2) <= _STRETCH:
            return self._layers(x, padding)
        reach = len(self.convolutions) * (self.postnet_kernel_size // 2)
        correction = torch.empty_like(x)
        for start in range(0, x.size(2), _STRETCH):
            seen = slice(max(start - reach, 0), start + _STRETCH + reach)
            seen_padding = None if padding is None else padding[:, :, seen]
            stretch = self._layers(x[:, :, seen], seen_padding)  # (B, n_mel_channels, seen)
            wanted = slice(start - seen.start, start - seen.start + _STRETCH)
            correction[:, :, start : start + _STRETCH] = stretch[:, :, wanted]
        return correction

    def _layers(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
        last = len(self.convolutions) - 1
        for index, convolution in enumerate(self.convolutions):
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            x = convolution(x)  # (B, channels, T)
            if index < last:
                x = torch.tanh(x)
            x = F.dropout(x, self.p_postnet_dropout, self.training)
        return x
