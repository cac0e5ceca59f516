"""The numbers that turn a waveform into a mel spectrogram."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import ConfigError


@dataclass(frozen=True)
class MelConfig:
    """How a log-mel is taken; the defaults are those of every published voice of the kit.

    Args:
        sample_rate: samples per second.
        n_fft: samples per analysis window after padding; gives ``n_fft // 2 + 1`` frequencies.
        hop_length: samples from one frame to the next.
        win_length: length of the Hann window in samples.
        n_mels: number of mel bands.
        mel_fmin: lower edge of the lowest band in Hz.
        mel_fmax: upper edge of the highest band in Hz.
        log_floor: smallest mel value; what is quieter counts as silence.

    Raises:
        ConfigError: for values that do not fit together.
    """

    sample_rate: int = 22_050
    n_fft: int = 1024
    hop_length: int = 256
    win_length: int = 1024
    n_mels: int = 80
    mel_fmin: float = 0.0
    mel_fmax: float = 8000.0
    log_floor: float = 1e-5

    def __post_init__(self) -> None:
        if not 0 < self.hop_length <= self.win_length <= self.n_fft:
            raise ConfigError(
                f"hop_length={self.hop_length}, win_length={self.win_length} and "
                f"n_fft={self.n_fft} must be positive and in ascending order"
            )
        if not 0 <= self.mel_fmin < self.mel_fmax <= self.sample_rate / 2:
            raise ConfigError(
                f"mel_fmin={self.mel_fmin} and mel_fmax={self.mel_fmax} must lie in this order "
                f"between 0 and half the sample rate, {self.sample_rate / 2} Hz"
            )

    @property
    def n_frequencies(self) -> int:
        """Frequencies of a linear spectrum, from 0 Hz to half the sample rate."""
        return self.n_fft // 2 + 1


DEFAULT = MelConfig()
