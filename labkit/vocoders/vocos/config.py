"""The sizes of a Vocos, and the mel that it understands."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.audio.config import MelConfig
from labkit.errors import ConfigError, check_sizes

_SIZES = ("dim", "intermediate_dim", "num_layers", "sample_rate", "n_fft", "hop_length", "n_mels")


@dataclass(frozen=True, kw_only=True)
class VocosConfig:
    """Everything needed to build a :class:`~labkit.vocoders.Vocos`.

    The defaults are the small voice of the kit: 22 050 Hz, and a third of the layers' width in the
    paper (Siuzdak 2023, arXiv 2306.00814, which has ``dim=512, intermediate_dim=1536,
    num_layers=8``).

    Args:
        dim: channels between the blocks.
        intermediate_dim: channels inside a block.
        num_layers: number of blocks.
        sample_rate: samples per second.
        n_fft: window of the mel and of the inverse transform, in samples; a multiple of
            ``hop_length`` and at least twice that, so that the windows overlap.
        hop_length: samples from one frame to the next.
        n_mels: mel bands of a frame.
        mel_fmin: lower edge of the mel in Hz.
        mel_fmax: upper edge of the mel in Hz.

    Raises:
        ConfigError: wrong type, or values that do not fit together.
    """

    dim: int = 256
    intermediate_dim: int = 640
    num_layers: int = 6
    sample_rate: int = 22_050
    n_fft: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    mel_fmin: float = 0.0
    mel_fmax: float = 8000.0

    def __post_init__(self) -> None:
        check_sizes(self, *_SIZES)
        if self.n_fft % self.hop_length or self.n_fft < 2 * self.hop_length:
            raise ConfigError(
                f"n_fft={self.n_fft} must be a multiple of hop_length={self.hop_length}, "
                "and at least twice that"
            )
        _ = self.mel  # which checks what is left

    @property
    def mel(self) -> MelConfig:
        """How the log-mels that the vocoder understands are taken."""
        return MelConfig(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.n_fft,
            n_mels=self.n_mels,
            mel_fmin=self.mel_fmin,
            mel_fmax=self.mel_fmax,
        )
