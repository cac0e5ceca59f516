"""The sizes of a WaveGlow, under the names that published checkpoints use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, fields
from typing import Any

from labkit.audio.config import DEFAULT
from labkit.errors import ConfigError, check_sizes, refuse_unknown

_OF_WN = ("n_layers", "n_channels", "kernel_size")


@dataclass(frozen=True, kw_only=True)
class WaveGlowConfig:
    """Everything needed to build a :class:`~labkit.vocoders.WaveGlow`.

    The defaults are the published 512-channel model (268 294 760 parameters); the other
    published one has ``n_channels=256`` (87 879 272). The ``config`` of a published checkpoint
    can be passed as it is: ``WaveGlowConfig(**config)``.

    Args:
        n_mel_channels: mel bands of a frame.
        n_flows: steps from waveform to noise.
        n_group: neighbouring samples that are treated as channels of one column; even, and a
            divisor of the hop of 256 samples.
        n_early_every: after so many flows, some channels are finished early.
        n_early_size: how many; even.
        n_layers: dilated layers in each flow's network; layer i has dilation 2^i.
        n_channels: channels inside each flow's network.
        kernel_size: width of its filters in columns; odd.
        WN_config: published configs keep the last three in a dict of their own; where given, it
            overrides them.

    Raises:
        ConfigError: unknown key, wrong type, or values that do not fit together.
    """

    n_mel_channels: int = 80
    n_flows: int = 12
    n_group: int = 8
    n_early_every: int = 4
    n_early_size: int = 2
    n_layers: int = 8
    n_channels: int = 512
    kernel_size: int = 3
    WN_config: InitVar[Mapping[str, Any] | None] = None

    def __new__(cls, **config: object) -> WaveGlowConfig:
        """Refuse unknown keys before the dataclass does, and list the known ones."""
        refuse_unknown(
            config, [*(field.name for field in fields(cls)), "WN_config"], "WaveGlowConfig"
        )
        return super().__new__(cls)

    def __post_init__(self, WN_config: Mapping[str, Any] | None) -> None:  # noqa: N803
        """Check every value, then what must fit together."""
        if WN_config is not None:
            if not isinstance(WN_config, Mapping):
                raise ConfigError(f"WN_config must be a dict, but is {WN_config!r}")
            refuse_unknown(WN_config, _OF_WN, "WN_config")
            for name, value in WN_config.items():
                object.__setattr__(self, name, value)
        check_sizes(self, *(field.name for field in fields(self)))
        if self.kernel_size % 2 == 0:
            raise ConfigError(
                f"kernel_size must be odd, but is {self.kernel_size}: "
                "an even filter cannot keep the length of its input"
            )
        if DEFAULT.hop_length % self.n_group != 0:
            raise ConfigError(
                f"n_group must divide the hop of {DEFAULT.hop_length} samples, but is "
                f"{self.n_group}"
            )
        for name in ("n_group", "n_early_size"):
            if getattr(self, name) % 2 != 0:
                raise ConfigError(
                    f"{name} must be even, but is {getattr(self, name)}: "
                    "each flow transforms one half of the channels by the other"
                )
        if self.flow_channels[-1] < 2:
            raise ConfigError(
                f"{self.n_early_size} of {self.n_group} channels leave early every "
                f"{self.n_early_every} flows, so nothing is left after {self.n_flows}"
            )

    @property
    def flow_channels(self) -> tuple[int, ...]:
        """Channels that each flow works on, from the waveform's end to the noise's."""
        return tuple(
            self.n_group - k // self.n_early_every * self.n_early_size for k in range(self.n_flows)
        )

    def early_output(self, flow: int) -> int:
        """Say how many channels are finished before flow number ``flow`` begins."""
        return self.n_early_size if flow > 0 and flow % self.n_early_every == 0 else 0
