"""The sizes of a HiFi-GAN generator, under the names of the published ``config.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

from labkit.audio.config import MelConfig
from labkit.errors import ConfigError, check_sizes

_LISTS = ("upsample_rates", "upsample_kernel_sizes", "resblock_kernel_sizes")
_NUMBERS = (
    "upsample_initial_channel",
    "num_mels",
    "sampling_rate",
    "n_fft",
    "hop_size",
    "win_size",
)


@dataclass(frozen=True, kw_only=True)
class HiFiGANConfig:
    """Everything needed to build a :class:`~labkit.vocoders.HiFiGAN`.

    The defaults are the published V1, the largest of the three (Kong et al. 2020, arXiv
    2010.05646, appendix A).

    Args:
        resblock: "1" for blocks of pairs of convolutions, the first of each pair dilated; "2" for
            blocks of single dilated convolutions.
        upsample_rates: how many samples each stage makes of one; together ``hop_size``.
        upsample_kernel_sizes: width of each stage's transposed convolution; exceeds its rate by
            an even number.
        upsample_initial_channel: channels before the first stage; each stage halves them.
        resblock_kernel_sizes: widths of the parallel residual blocks of every stage; odd.
        resblock_dilation_sizes: dilations inside each of these blocks.
        num_mels: mel bands of a frame.
        sampling_rate: samples per second.
        n_fft: window of the mel after padding, in samples.
        hop_size: samples from one frame to the next.
        win_size: window of the mel in samples.
        fmin: lower edge of the mel in Hz.
        fmax: upper edge of the mel in Hz; None for half the sampling rate.

    Raises:
        ConfigError: wrong type, or values that do not fit together.
    """

    resblock: str = "1"
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16, 4, 4)
    upsample_initial_channel: int = 512
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilation_sizes: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    num_mels: int = 80
    sampling_rate: int = 22_050
    n_fft: int = 1024
    hop_size: int = 256
    win_size: int = 1024
    fmin: float = 0.0
    fmax: float | None = 8000.0

    @classmethod
    def v1(cls) -> HiFiGANConfig:
        """The best sound (13 926 017 parameters)."""
        return cls()

    @classmethod
    def v2(cls) -> HiFiGANConfig:
        """V1 with a quarter of the channels (925 985 parameters)."""
        return cls(upsample_initial_channel=128)

    @classmethod
    def v3(cls) -> HiFiGANConfig:
        """Fewer and simpler blocks: the fastest (1 462 273 parameters)."""
        return cls(
            resblock="2",
            upsample_rates=(8, 8, 4),
            upsample_kernel_sizes=(16, 16, 8),
            upsample_initial_channel=256,
            resblock_kernel_sizes=(3, 5, 7),
            resblock_dilation_sizes=((1, 2), (2, 6), (3, 12)),
        )

    @classmethod
    def from_published(cls, config: Mapping[str, Any]) -> HiFiGANConfig:
        """Take the generator's part of a published ``config.json``, which has training keys, too.

        Raises:
            ConfigError: a key is missing, or a value cannot be used.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in config]
        if missing:
            raise ConfigError(f"a HiFi-GAN config has {', '.join(missing)}, but this one does not")
        return cls(**{name: config[name] for name in names})

    def __post_init__(self) -> None:
        """Bring JSON's values into shape, then check what must fit together."""
        self._set("resblock", str(self.resblock))
        for name in _LISTS:
            self._set(name, _sizes(name, getattr(self, name)))
        name, dilations = "resblock_dilation_sizes", self.resblock_dilation_sizes
        if not isinstance(dilations, (list, tuple)):
            raise ConfigError(f"{name} must be a list of lists, but is {dilations!r}")
        self._set(name, tuple(_sizes(name, sizes) for sizes in dilations))
        check_sizes(self, *_NUMBERS)
        for name, edge in (("fmin", self.fmin), ("fmax", self.mel_fmax)):
            if isinstance(edge, bool) or not isinstance(edge, Real):
                raise ConfigError(f"{name} must be a number of Hz, but is {edge!r}")
        self._check_blocks()
        self._check_stages()
        _ = self.mel  # which checks what is left

    @property
    def mel(self) -> MelConfig:
        """How the log-mels that the generator understands are taken."""
        return MelConfig(
            sample_rate=self.sampling_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_size,
            win_length=self.win_size,
            n_mels=self.num_mels,
            mel_fmin=self.fmin,
            mel_fmax=self.mel_fmax,
        )

    @property
    def mel_fmax(self) -> float:
        """Upper edge of the mel in Hz."""
        return self.sampling_rate / 2 if self.fmax is None else self.fmax

    def _check_blocks(self) -> None:
        if self.resblock not in ("1", "2"):
            raise ConfigError(f"resblock must be '1' or '2', but is {self.resblock!r}")
        if len(self.resblock_kernel_sizes) != len(self.resblock_dilation_sizes):
            raise ConfigError(
                f"resblock_kernel_sizes {list(self.resblock_kernel_sizes)} and "
                f"resblock_dilation_sizes {list(self.resblock_dilation_sizes)} must be equally many"
            )
        for kernel_size in self.resblock_kernel_sizes:
            if kernel_size % 2 == 0:
                raise ConfigError(
                    f"resblock_kernel_sizes must be odd, but one is {kernel_size}: "
                    "an even filter cannot keep the length of its input"
                )

    def _check_stages(self) -> None:
        rates, kernel_sizes = self.upsample_rates, self.upsample_kernel_sizes
        if len(rates) != len(kernel_sizes):
            raise ConfigError(
                f"upsample_rates {list(rates)} and upsample_kernel_sizes {list(kernel_sizes)} "
                "must be equally many"
            )
        for rate, kernel_size in zip(rates, kernel_sizes, strict=True):
            if kernel_size < rate or (kernel_size - rate) % 2:
                raise ConfigError(
                    f"an upsample kernel of {kernel_size} does not fit the rate {rate}: "
                    "it must be as large, or larger by an even number"
                )
        if math.prod(rates) != self.hop_size:
            raise ConfigError(
                f"upsample_rates {list(rates)} make {math.prod(rates)} samples of a frame, "
                f"but hop_size is {self.hop_size}"
            )
        if self.upsample_initial_channel % 2 ** len(rates):
            raise ConfigError(
                f"upsample_initial_channel={self.upsample_initial_channel} cannot be halved "
                f"{len(rates)} times"
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def _sizes(name: str, values: object) -> tuple[int, ...]:
    if not isinstance(values, (list, tuple)) or not values:
        raise ConfigError(f"{name} must be a list of whole numbers, but is {values!r}")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise ConfigError(f"{name} must be made of positive whole numbers, but has {value!r}")
    return tuple(int(value) for value in values)
