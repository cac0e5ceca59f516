"""Vocos (Siuzdak 2023, arXiv 2306.00814): log-mel to waveform by one inverse Fourier transform.

A network that never changes its frame rate guesses the complex spectrum of every frame; the
inverse transform makes 256 samples of each. Other vocoders pay for every sample in every layer,
this one pays per frame.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn
from torch.nn import functional as F

from labkit.audio.config import MelConfig
from labkit.audio.fourier import full_precision, hann
from labkit.audio.mel import mel_filterbank
from labkit.vocoders.streaming import ConvolutionalVocoder
from labkit.vocoders.vocos.config import VocosConfig

_KERNEL_SIZE = 7
_REACH = _KERNEL_SIZE // 2
# Mean and spread of the log-mels of speech, so that the first layer sees values around 0.
_MEL_MEAN, _MEL_STD = -5.4, 2.2
# Where the mel says nothing, above its highest band, magnitudes are guessed from this.
_QUIETEST = 1e-4
# A full-scale sine reaches n_fft / 4, the logarithm of which is 5.5.
_MAX_LOG_MAGNITUDE = 7.0


class ConvNeXtBlock(nn.Module):
    """A wide filter for each channel, then a small network for each frame (section 3.2).

    From Liu et al. 2022, arXiv 2201.03545.

    Args:
        dim: channels.
        intermediate_dim: channels of the small network's hidden layer.
        scale: how much of its output each channel takes over at first.
    """

    def __init__(self, dim: int, intermediate_dim: int, scale: float) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, _KERNEL_SIZE, padding=_REACH, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, intermediate_dim)
        self.pwconv2 = nn.Linear(intermediate_dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), scale))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x: (B, T, dim)`` to the same shape."""
        # As an image one pixel high, because only there are channels side by side in memory.
        image = x.transpose(1, 2).unsqueeze(2)  # (B, dim, 1, T)
        weight, bias = self.dwconv.weight.unsqueeze(2), self.dwconv.bias  # (dim, 1, 1, 7)
        y = F.conv2d(image, weight, bias, padding=(0, _REACH), groups=x.size(2))  # (B, dim, 1, T)
        y = y.squeeze(2).transpose(1, 2)  # (B, T, dim)
        return x + self.gamma * self.pwconv2(F.gelu(self.pwconv1(self.norm(y))))


class Backbone(nn.Module):
    """What is to be said of each frame, in the light of its neighbours."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.embed = nn.Conv1d(config.n_mels, config.dim, _KERNEL_SIZE, padding=_REACH)
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        self.convnext = nn.ModuleList(
            ConvNeXtBlock(config.dim, config.intermediate_dim, scale=1 / config.num_layers)
            for _ in range(config.num_layers)
        )
        self.final_layer_norm = nn.LayerNorm(config.dim, eps=1e-6)
        for module in self.modules():
            if isinstance(module, (nn.Conv1d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Map ``mel: (B, n_mels, T)`` to ``(B, T, dim)``."""
        x = self.embed((mel - _MEL_MEAN) / _MEL_STD)  # (B, dim, T)
        x = self.norm(x.transpose(1, 2))  # (B, T, dim)
        for block in self.convnext:
            x = block(x)
        return self.final_layer_norm(x)


class ISTFTHead(nn.Module):
    """One complex spectrum per frame, and the waveform whose windows they are (section 3.3).

    The network need not learn what the mel says already: a first guess of the magnitudes is the
    pseudo-inverse of the mel bands, and learned is what to multiply it by (Lv et al. 2024, arXiv
    2406.08196).
    """

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.config = config
        self.out = nn.Linear(config.dim, 2 * config.mel.n_frequencies)
        nn.init.trunc_normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Make the waveform of all frames, each centred on the first of its samples.

        Args:
            x: (B, T, dim) from the backbone.
            mel: (B, n_mels, T) natural-log mel.

        Returns:
            (B, T · hop_length) samples.
        """
        config = self.config
        correction, phase = (
            self.out(x).float().transpose(1, 2).chunk(2, 1)  # (B, n_frequencies, T) each
        )
        with full_precision(x.device):
            inverse = _mel_inverse(config.mel, x.device)  # (n_frequencies, n_mels)
            guess = (inverse @ mel.float().exp()).clamp(min=_QUIETEST)  # (B, n_frequencies, T)
            log_magnitude = (guess.log() + correction).clamp(max=_MAX_LOG_MAGNITUDE)
            magnitude = log_magnitude.exp()  # (B, n_frequencies, T)
            spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
            # What this cuts off is half a window before the first frame's centre, and what comes
            # later than one hop after the last one's.
            return torch.istft(
                spectrum,
                config.n_fft,
                config.hop_length,
                window=hann(config.n_fft, x.device),
                center=True,
                length=mel.size(2) * config.hop_length,
            )  # (B, T · hop_length)


class Vocos(ConvolutionalVocoder):
    """The generator.

    Args:
        config: sizes; those of the kit's small voice if None.
    """

    def __init__(self, config: VocosConfig | None = None) -> None:
        config = config or VocosConfig()
        super().__init__(config.mel)
        self.config = config
        self.backbone = Backbone(config)
        self.head = ISTFTHead(config)

    @property
    def context_frames(self) -> int:
        """How many frames to either side decide about the audio of a frame."""
        overlap = self.config.n_fft // self.config.hop_length // 2
        return _REACH * (1 + self.config.num_layers) + overlap

    def forward(self, mel: torch.Tensor, left: int = 0, right: int = 0) -> torch.Tensor:
        """Map ``mel: (B, n_mels, T)`` to ``(B, 1, (T - left - right) · hop_length)``."""
        audio = self.head(self.backbone(mel), mel).unsqueeze(1)  # (B, 1, T · hop_length)
        hop = self.config.hop_length
        return audio[..., left * hop : audio.size(2) - right * hop]

    @torch.no_grad()
    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Make a spectrogram audible, see :meth:`Vocoder.infer`; nothing here is random."""
        self.check(mel, sigma)
        return self(mel.to(self.head.out.weight.dtype)).squeeze(1).float()  # (B, T · hop_length)


@lru_cache(maxsize=4)
def _mel_inverse(mel: MelConfig, device: torch.device) -> torch.Tensor:
    """Pseudo-inverse of the mel bands: (n_frequencies, n_mels)."""
    with torch.inference_mode(False):
        return torch.linalg.pinv(mel_filterbank(mel).double()).float().to(device)
