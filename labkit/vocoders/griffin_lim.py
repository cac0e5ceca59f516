"""Griffin-Lim under the protocol of the vocoders: no training, no weights, a metallic sound."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.inversion import MOMENTUM, fewest_frames, griffin_lim
from labkit.errors import ConfigError
from labkit.vocoders.protocol import Vocoder

GRIFFIN_LIM = "griffin-lim"
"""Stands for it where else the name of a weights file would stand."""


class GriffinLim(Vocoder):
    """A waveform whose mel comes near the one given; see :func:`labkit.audio.griffin_lim`.

    Args:
        mel: how the log-mels are taken.
        n_iter: rounds; more take longer and sound a little better.
        momentum: how far each round is carried on in its own direction, from 0 to below 1; 16
            rounds with 0.99 come about as near as 60 without.

    Raises:
        ConfigError: n_iter or momentum is out of range.
    """

    def __init__(
        self, mel: MelConfig = DEFAULT, n_iter: int = 30, momentum: float = MOMENTUM
    ) -> None:
        super().__init__(mel)
        if isinstance(n_iter, bool) or not isinstance(n_iter, int) or n_iter < 0:
            raise ConfigError(f"n_iter must be a whole number from 0, but is {n_iter!r}")
        if not 0 <= momentum < 1:
            raise ConfigError(f"momentum must lie between 0 and below 1, but is {momentum!r}")
        self.n_iter = n_iter
        self.momentum = momentum

    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Make a spectrogram audible, see :meth:`Vocoder.infer`.

        The seed fixes the phases at the start, which are the same for every item. The samples are
        between -1 and 1; an item that would be louder is made quieter as a whole.
        """
        self.check(mel, sigma)
        if seed is None:
            seed = int(torch.randint(2**62, ()))
        n_frames = mel.size(2)
        # Between T frames lie T - 1 hops, and fewer frames than some cannot be overlapped at all.
        n_more = max(1, fewest_frames(self.mel) - n_frames)
        mel = F.pad(mel.float(), (0, n_more), mode="replicate")  # (B, n_mels, T + n_more)
        audio = griffin_lim(mel, self.n_iter, seed, self.mel, self.momentum)
        return audio[:, : n_frames * self.mel.hop_length]  # (B, T · hop_length)
