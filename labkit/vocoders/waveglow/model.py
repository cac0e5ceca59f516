"""WaveGlow: a normalizing flow between waveform and noise (arXiv 1811.00002).

Training maps speech to Gaussian noise by steps that can all be undone; synthesis draws noise and
undoes them. Both directions are steered by the mel spectrogram.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from labkit.audio.config import MelConfig
from labkit.errors import InputError
from labkit.vocoders.protocol import Vocoder
from labkit.vocoders.waveglow.config import WaveGlowConfig
from labkit.vocoders.waveglow.flow import WN, Invertible1x1Conv, at_least_float32
from labkit.vocoders.waveglow.inference import run
from labkit.vocoders.waveglow.layouts import normed_like, one_conditioning_per_layer

_UPSAMPLE_KERNEL = 1024

FlowOutputs = tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]


class WaveGlow(Vocoder):
    """Vocoder whose forward direction is :meth:`forward` and whose synthesis is :meth:`infer`.

    State dicts have the published names, with the conditioning of each layer apart, and with
    weight norm as ``weight_g`` and ``weight_v``. ``load_state_dict`` also takes the layout of one
    fused ``cond_layer`` per flow, and weights whose norm was removed.

    Synthesis needs at most 25 MB for each second of audio of each item, beside the weights.

    Args:
        config: sizes; those of the published 512-channel model if None.
    """

    sigma = 0.6
    denoising = 0.01  # as published

    def __init__(self, config: WaveGlowConfig | None = None) -> None:
        config = config or WaveGlowConfig()
        super().__init__(MelConfig(n_mels=config.n_mel_channels))
        self.config = config
        self.upsample = nn.ConvTranspose1d(
            config.n_mel_channels,
            config.n_mel_channels,
            _UPSAMPLE_KERNEL,
            stride=self.mel.hop_length,
        )
        self.WN = nn.ModuleList(
            WN(
                channels // 2,
                config.n_mel_channels * config.n_group,
                config.n_layers,
                config.n_channels,
                config.kernel_size,
            )
            for channels in config.flow_channels
        )
        self.convinv = nn.ModuleList(Invertible1x1Conv(c) for c in config.flow_channels)
        self.register_load_state_dict_pre_hook(_accept_published_layouts)

    def forward(self, mel: torch.Tensor, audio: torch.Tensor) -> FlowOutputs:
        """Map a waveform to noise, for training.

        Args:
            mel: (B, n_mel_channels, T) log-mel of the waveform.
            audio: (B, N) samples in [-1, 1], n_group <= N <= 256 · T + 768; what is left over
                after the last whole group of n_group samples is not used.

        Returns:
            z (B, n_group, N // n_group); for each flow log s (B, channels / 2, N // n_group); for
            each flow the scalar B · (N // n_group) · log|det W|.

        Raises:
            InputError: the mel or the audio has a wrong type, shape, device or content.
        """
        self.check(mel)
        self._check_audio(mel, audio)
        dtype = self.upsample.weight.dtype
        n_columns = audio.size(1) // self.config.n_group
        cond = self._conditioning(mel, n_columns).transpose(1, 2)  # (B, n_mels · n_group, columns)
        audio = audio[:, : n_columns * self.config.n_group].to(at_least_float32(dtype))
        audio = audio.unflatten(1, (n_columns, -1)).transpose(1, 2)  # (B, n_group, columns)
        early, log_s_list, log_det_list = [], [], []
        for k, (convinv, wn) in enumerate(zip(self.convinv, self.WN, strict=True)):
            n_early = self.config.early_output(k)
            early.append(audio[:, :n_early])
            audio, log_det = convinv(audio[:, n_early:])  # (B, channels, columns)
            first, second = audio.chunk(2, dim=1)  # (B, channels / 2, columns) each
            shift, log_s = wn(first.to(dtype), cond).to(audio.dtype).chunk(2, dim=1)
            audio = torch.cat([first, log_s.exp() * second + shift], dim=1)
            log_s_list.append(log_s)
            log_det_list.append(log_det)
        return torch.cat([*early, audio], dim=1), log_s_list, log_det_list

    @torch.no_grad()
    def inverse(self, z: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Map noise to a waveform: undo :meth:`forward`, without gradients.

        Args:
            z: (B, n_group, columns) as :meth:`forward` returns it.
            mel: (B, n_mel_channels, T) log-mel; columns · n_group <= 256 · T + 768.

        Returns:
            (B, columns · n_group) samples, float32.

        Raises:
            InputError: the weights give a waveform that is not finite, or a singular 1×1
                convolution.
        """
        cond = self._conditioning(mel, z.size(2))  # (B, columns, n_mels · n_group)
        noise = z.to(at_least_float32(cond.dtype)).transpose(1, 2)  # (B, columns, n_group)
        n_left = noise.size(2) - self.config.flow_channels[-1]  # channels that were finished early
        audio = noise[..., n_left:]  # (B, columns, channels)
        for k in reversed(range(self.config.n_flows)):
            first, second = audio.chunk(2, dim=2)  # (B, columns, channels / 2) each
            outputs = run(self.WN[k], first, cond)  # type: ignore[arg-type]
            shift, log_s = outputs.chunk(2, dim=2)
            second = (second - shift) * torch.exp(-log_s)
            audio = torch.cat([first, second], dim=2) @ self.convinv[k].inverse().T  # type: ignore[operator]
            n_early = self.config.early_output(k)
            audio = torch.cat([noise[..., n_left - n_early : n_left], audio], dim=2)
            n_left -= n_early
        if not audio.isfinite().all():
            raise InputError(
                "WaveGlow's audio is not finite: its weights are broken or its training had "
                "diverged, or the mel is far outside the range of a log-mel (-11.5 to about 2)"
            )
        return audio.flatten(1).float()  # (B, columns · n_group)

    @torch.no_grad()
    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Make a spectrogram audible, see :meth:`Vocoder.infer`.

        With a seed, each item of a batch gets the noise that it would get alone, and a longer mel
        the noise of a shorter one and more; on every device the same. Without a seed each item
        gets noise of its own. The standard deviation of the noise is 0.6 if ``sigma`` is None.
        Training is at 1, which sounds harsh; 0 draws no noise and buzzes.

        Raises:
            InputError: the mel or sigma cannot be used, or the weights give no finite waveform.
        """
        self.check(mel, sigma)
        sigma = self.sigma if sigma is None else sigma
        n_columns = mel.size(2) * self.mel.hop_length // self.config.n_group
        shape = (mel.size(0), n_columns, self.config.n_group)
        if sigma == 0:
            noise = torch.zeros(shape)
        elif seed is None:
            noise = torch.randn(shape)
        else:
            noise = torch.randn(shape[1:], generator=torch.Generator().manual_seed(seed))
            noise = noise.expand(shape)
        z = (sigma * noise).transpose(1, 2).to(mel.device)  # (B, n_group, columns)
        return self.inverse(z, mel)

    def _conditioning(self, mel: torch.Tensor, n_columns: int) -> torch.Tensor:
        """Stretch the mel to the samples' rate: (B, n_columns, n_mels · n_group)."""
        n_group = self.config.n_group
        stretched = self.upsample(mel.to(self.upsample.weight.dtype))  # (B, n_mels, 256 · T + 768)
        stretched = stretched[..., : n_columns * n_group]  # (B, n_mels, n_columns · n_group)
        grouped = stretched.unflatten(2, (n_columns, n_group))  # (B, n_mels, n_columns, n_group)
        return grouped.transpose(1, 2).flatten(2)  # (B, n_columns, n_mels · n_group)

    def _check_audio(self, mel: torch.Tensor, audio: torch.Tensor) -> None:
        if not isinstance(audio, torch.Tensor) or not audio.is_floating_point():
            found = audio.dtype if isinstance(audio, torch.Tensor) else type(audio).__name__
            raise InputError(f"the audio must be a tensor of floating point, but is {found}")
        longest = (mel.size(2) - 1) * self.mel.hop_length + _UPSAMPLE_KERNEL
        if audio.dim() != 2 or audio.size(0) != mel.size(0):
            raise InputError(
                f"the audio must have the shape ({mel.size(0)}, N), one waveform for each mel, "
                f"but has {tuple(audio.shape)}"
            )
        if not self.config.n_group <= audio.size(1) <= longest:
            raise InputError(
                f"the audio is {audio.size(1)} samples long; a mel of {mel.size(2)} frames goes "
                f"with {self.config.n_group} to {longest} samples"
            )
        if audio.device != mel.device:
            raise InputError(f"the audio is on {audio.device}, the mel is on {mel.device}")
        if not audio.isfinite().all():
            raise InputError("the audio holds NaN or infinity")


def _accept_published_layouts(
    model: WaveGlow, state_dict: dict[str, torch.Tensor], prefix: str, *_: Any
) -> None:
    """Bring the tensors of a published layout under the names of this model, before loading."""
    given = {
        name.removeprefix(prefix): state_dict.pop(name)
        for name in list(state_dict)
        if name.startswith(prefix)
    }
    given = normed_like(one_conditioning_per_layer(given), model.state_dict())
    state_dict.update({prefix + name: tensor for name, tensor in given.items()})
