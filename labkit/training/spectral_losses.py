"""Losses that compare how two waveforms sound, not where their samples lie.

Windows of several lengths look at both: short ones see when something happens, long ones at which
pitch (Yamamoto, Song and Kim 2020, arXiv 1910.11480). Shifting a waveform by a millisecond changes
next to nothing, while the phases must still fit together, because the windows overlap.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn import functional as F

from labkit.audio.config import DEFAULT, MelConfig
from labkit.audio.fourier import hann
from labkit.audio.mel import mel_filterbank

# Added to a magnitude before its logarithm is taken: six times what rounding to 16 bits puts into a
# window of 1024 samples. Without it, a vocoder would be taught to imitate rounding.
FLOOR = 1e-3
_OVERLAP = 4


def magnitudes(audio: torch.Tensor, n_fft: int) -> torch.Tensor:
    """Magnitude spectra of all Hann windows that lie within the audio, a quarter window apart.

    The same numbers as of ``torch.stft(..., center=False)``, but twice as fast to differentiate on
    a CPU: the windows are put together from contiguous quarters.

    Args:
        audio: (B, N) float samples; N >= n_fft.
        n_fft: length of the window in samples; a multiple of 4.

    Returns:
        (B, T, n_fft / 2 + 1), T = N // (n_fft / 4) - 3. The gradient of a zero magnitude is zero.
    """
    hop = n_fft // _OVERLAP
    n_hops = audio.size(1) // hop
    quarters = audio[:, : n_hops * hop].unflatten(1, (n_hops, hop))  # (B, N / hop, hop)
    n_frames = n_hops - _OVERLAP + 1
    frames = torch.cat([quarters[:, i : i + n_frames] for i in range(_OVERLAP)], 2)  # (B, T, n_fft)
    return torch.fft.rfft(frames * hann(n_fft, audio.device)).abs()  # (B, T, n_fft / 2 + 1)


def log_mels(magnitude: torch.Tensor, config: MelConfig = DEFAULT) -> torch.Tensor:
    """Log-mel of magnitudes: what `labkit.audio.log_mel` gives, frames first.

    Args:
        magnitude: (B, T, n_frequencies) from `magnitudes` with the config's n_fft. Its frame t is
            frame t + 2 of `labkit.audio.log_mel`, which starts half a window before the audio.
        config: how the mel is taken; its hop must be a quarter of its n_fft.

    Returns:
        (B, T, n_mels) natural-log mel.
    """
    mel = magnitude @ _filterbank(config, magnitude.device)  # (B, T, n_mels)
    return mel.clamp(min=config.log_floor).log()


class SpectralLoss:
    """Distance between spectra of two waveforms, and between their log-mels.

    Args:
        n_ffts: window lengths in samples, among them that of the mel.
        mel: how the mel is taken.
        mel_weight: weight of the mel's part.
    """

    def __init__(
        self,
        n_ffts: tuple[int, ...] = (256, 512, 1024, 2048),
        mel: MelConfig = DEFAULT,
        mel_weight: float = 2.0,
    ) -> None:
        self.n_ffts, self.mel, self.mel_weight = n_ffts, mel, mel_weight

    def __call__(self, audio: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compare.

        Args:
            audio: (B, N) samples made by a model; N is at least the longest window.
            target: (B, N) samples as they should be.

        Returns:
            Scalars: ``convergence`` (distance of magnitudes relative to the target's; loud parts
            count) and ``magnitude`` (mean difference of log-magnitudes; quiet parts count as
            much), both means over the windows, ``mel`` (mean difference of log-mels), and
            ``total``, their sum with the mel weighted.
        """
        convergence, log_magnitude, mel = [], [], audio.new_zeros(())
        for n_fft in self.n_ffts:
            with torch.no_grad():
                wanted = magnitudes(target, n_fft)  # (B, T, n_fft / 2 + 1)
            found = magnitudes(audio, n_fft)  # (B, T, n_fft / 2 + 1)
            convergence.append((wanted - found).norm() / wanted.norm().clamp(min=FLOOR))
            log_magnitude.append(F.l1_loss((found + FLOOR).log(), (wanted + FLOOR).log()))
            if n_fft == self.mel.n_fft:
                mel = F.l1_loss(log_mels(found, self.mel), log_mels(wanted, self.mel))
        parts = {
            "convergence": torch.stack(convergence).mean(),
            "magnitude": torch.stack(log_magnitude).mean(),
            "mel": mel,
        }
        total = parts["convergence"] + parts["magnitude"] + self.mel_weight * parts["mel"]
        return {"total": total, **parts}


@lru_cache(maxsize=4)
def _filterbank(config: MelConfig, device: torch.device) -> torch.Tensor:
    """Weights of the mel bands: (n_frequencies, n_mels)."""
    with torch.inference_mode(False):
        return mel_filterbank(config).T.contiguous().to(device)
