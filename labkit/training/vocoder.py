"""Training a vocoder: short stretches of recordings, made again from their own mels.

Nothing but the recordings is needed. A stretch is read from the file where it is wanted, because
finding a place in a WAV file costs a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from torch import nn
from torch.nn import functional as F

from labkit.audio import load_audio, log_mel
from labkit.audio.config import MelConfig
from labkit.audio.fourier import full_precision
from labkit.errors import AudioError, ConfigError, check_sizes
from labkit.training import gan_losses
from labkit.training.build import split_of
from labkit.training.discriminators import Discriminators
from labkit.training.recipe_file import TrainingConfig, fill
from labkit.training.spectral_losses import SpectralLoss, log_mels, magnitudes
from labkit.vocoders.vocos.config import VocosConfig
from labkit.vocoders.vocos.kind import save_checkpoint
from labkit.vocoders.vocos.model import Vocos

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class VocoderSettings:
    """What a vocoder is trained on, and with which losses.

    Args:
        segment_frames: length of a stretch in frames.
        batch_size: stretches in a batch.
        n_ffts: window lengths of the spectral loss in samples.
        mel_weight: weight of the log-mels in the spectral loss.
        validation_clips: how many of the validation recordings are measured on, from the first.
        adversarial_from: step from which discriminators take part; None for never. On a CPU they
            take most of the time.
        adversarial_weight: weight of what the discriminators tell the vocoder.
        seed: fixes which stretches are drawn.

    Raises:
        ConfigError: a value is out of range, or no window is as long as a mel's.
    """

    segment_frames: int = 32
    batch_size: int = 16
    n_ffts: tuple[int, ...] = (256, 512, 1024, 2048)
    mel_weight: float = 2.0
    validation_clips: int = 24
    adversarial_from: int | None = None
    adversarial_weight: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_ffts", tuple(self.n_ffts))
        check_sizes(self, "segment_frames", "batch_size", "validation_clips")


class Stretches:
    """Stretches of recordings, drawn such that every moment of speech is equally likely.

    Args:
        paths: audio files, of the mel's sample rate.
        n_frames: length of a stretch in frames; shorter files are left out.
        mel: how the mel is taken.

    Raises:
        AudioError: a file cannot be read or has another rate, or all are too short.
    """

    def __init__(self, paths: Sequence[Path], n_frames: int, mel: MelConfig) -> None:
        self.n_frames, self.mel = n_frames, mel
        places = [_n_samples(path, mel) // mel.hop_length - n_frames + 1 for path in paths]
        self.paths = [path for path, n in zip(paths, places, strict=True) if n > 0]
        if not self.paths:
            raise AudioError(
                f"none of {len(paths)} recordings is as long as a stretch to train on, "
                f"{n_frames * mel.hop_length / mel.sample_rate:.2g} s"
            )
        self._ends = np.cumsum([n for n in places if n > 0])

    def draw(self, number: int, generator: np.random.Generator) -> torch.Tensor:
        """Read random stretches, each with half a window around it.

        Args:
            number: how many.
            generator: decides which.

        Returns:
            (number, n_frames · hop_length + n_fft) samples; silence beyond the ends of a file.
        """
        places = generator.integers(self._ends[-1], size=number)
        return torch.stack([self._read(int(place)) for place in places])

    def _read(self, place: int) -> torch.Tensor:
        file = int(np.searchsorted(self._ends, place, side="right"))
        first_frame = place - (int(self._ends[file - 1]) if file else 0)
        half, hop = self.mel.n_fft // 2, self.mel.hop_length
        n_samples = self.n_frames * hop + self.mel.n_fft
        start = first_frame * hop - half
        samples, _ = soundfile.read(
            self.paths[file],
            start=max(start, 0),
            stop=start + n_samples,
            dtype="float32",
            always_2d=True,
        )  # (N, channels)
        audio = torch.from_numpy(samples.mean(axis=1))  # (N,)
        before = max(-start, 0)
        return F.pad(audio, (before, n_samples - before - len(audio)))  # (n_samples,)


class VocoderRecipe:
    """Teaches a Vocos to make recordings again.

    Args:
        config: sizes of the vocoder.
        settings: data and losses.
        training: audio files to learn from.
        validation: audio files to be measured on.

    Raises:
        AudioError: a file cannot be read or has another rate, or all are too short.
    """

    def __init__(
        self,
        config: VocosConfig,
        settings: VocoderSettings,
        training: Sequence[Path],
        validation: Sequence[Path],
    ) -> None:
        self.settings = settings
        self.mel = config.mel
        if self.mel.n_fft not in settings.n_ffts or self.mel.n_fft != 4 * self.mel.hop_length:
            raise ConfigError(
                f"n_ffts {list(settings.n_ffts)} must hold the mel's window, {self.mel.n_fft}, "
                f"and that must be four hops of {self.mel.hop_length}"
            )
        n_samples = settings.segment_frames * self.mel.hop_length
        if max(settings.n_ffts) > n_samples:
            raise ConfigError(
                f"n_ffts {list(settings.n_ffts)} must be no longer than a stretch, "
                f"{n_samples} samples"
            )
        self.stretches = Stretches(training, settings.segment_frames, self.mel)
        self.recordings = [
            load_audio(path, self.mel.sample_rate)
            for path in validation[: settings.validation_clips]
        ]
        self.spectral_loss = SpectralLoss(settings.n_ffts, self.mel, settings.mel_weight)
        self.vocoder = Vocos(config)
        self.model = nn.ModuleDict({"vocoder": self.vocoder})
        self.discriminators: Discriminators | None = None
        if settings.adversarial_from is not None:
            self.discriminators = Discriminators(n_ffts=settings.n_ffts)
            self.model["discriminators"] = self.discriminators
        self._seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw stretches.

        Returns:
            Log-mels (B, n_mels, segment_frames) and audio (B, segment_frames · hop_length).
        """
        generator = np.random.default_rng((self.settings.seed, step))
        wide = self.stretches.draw(self.settings.batch_size, generator)  # (B, samples + n_fft)
        half, hop = self.mel.n_fft // 2, self.mel.hop_length
        audio = wide[:, half:-half]  # (B, segment_frames · hop_length)
        # The last window that lies within would be that of the frame after the stretch.
        mel = log_mels(magnitudes(wide[:, :-hop], self.mel.n_fft), self.mel)  # (B, T, n_mels)
        return mel.transpose(1, 2).contiguous(), audio.contiguous()

    def loss(self, batch: tuple[torch.Tensor, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
        """Make the audio again and compare it; ``total`` is minimised."""
        mel, target = batch
        audio = self.vocoder(mel).squeeze(1)  # (B, N)
        with full_precision(audio.device):
            parts = self.spectral_loss(audio, target)
            first = self.settings.adversarial_from
            if self.discriminators is not None and first is not None and step >= first:
                told, learned = self._adversarial(self.discriminators, audio, target)
                parts["adversarial"], parts["discriminators"] = told, learned
                parts["total"] = parts["total"] + self.settings.adversarial_weight * told + learned
        return parts

    def evaluate(self, step: int) -> dict[str, float]:
        """Make whole recordings again.

        Returns:
            ``loss``, the mean difference of log-mels; ``convergence``, the distance of magnitudes;
            ``peak``, the largest sample; ``level``, how much louder than recorded, in dB.
        """
        device = next(self.vocoder.parameters()).device
        self._seen, figures = [], []
        for recording in self.recordings:
            target = recording.to(device)
            mel = log_mel(target, self.mel.sample_rate, self.mel)  # (n_mels, T)
            audio = self.vocoder.infer(mel[None])[0, : len(target)]  # (N,)
            made = log_mel(audio.clamp(-1, 1), self.mel.sample_rate, self.mel)  # (n_mels, T)
            compared = self.spectral_loss(audio[None], target[None])
            figures.append(
                {
                    "loss": float(F.l1_loss(made, mel)),
                    "convergence": float(compared["convergence"]),
                    "peak": float(audio.abs().max()),
                    "level": float(10 * (audio.square().mean() / target.square().mean()).log10()),
                }
            )
            self._seen.append((mel.cpu(), made.cpu()))
        means = {name: float(np.mean([f[name] for f in figures])) for name in figures[0]}
        return {**means, "peak": max(f["peak"] for f in figures)}

    def pictures(self) -> dict[str, Figure]:
        """Draw the first validation recording and what was made of it."""
        from matplotlib.figure import Figure

        from labkit.notebook.waves import draw_mel

        figure = Figure(figsize=(10, 6), layout="constrained")
        for axes, mel, title in zip(
            figure.subplots(2, 1, sharex=True),
            self._seen[0],
            ("recorded", "made again"),
            strict=True,
        ):
            draw_mel(axes, mel, -11.5, 1)
            axes.set(title=title, xlabel="frame")
        return {"mel": figure}

    def export(self, path: Path) -> None:
        """Write the vocoder in half precision."""
        save_checkpoint(self.vocoder, path, torch.float16)

    def _adversarial(
        self, discriminators: Discriminators, audio: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the discriminators tell the vocoder, and what they learn themselves.

        One backward pass serves both, since neither's loss has a gradient for the other.
        """
        real = discriminators(target)
        learned = gan_losses.least_squares_discriminator_loss(real, discriminators(audio.detach()))
        discriminators.requires_grad_(False)
        judged = discriminators(audio)
        discriminators.requires_grad_(True)
        told = gan_losses.least_squares_generator_loss(judged)
        return told + 2 * gan_losses.feature_matching_loss(real, judged), learned


def build(config: TrainingConfig, data: Path, *, progress: bool = False) -> VocoderRecipe:
    """Make the recipe; see :func:`labkit.training.build.build`."""
    split = split_of(data)
    return VocoderRecipe(
        fill("model", VocosConfig, config.model),
        fill("learning", VocoderSettings, config.learning),
        [clip.audio for clip in split["train"]],
        [clip.audio for clip in split["val"]],
    )


def _n_samples(path: Path, mel: MelConfig) -> int:
    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: cannot be read as audio ({error})") from error
    if info.samplerate != mel.sample_rate:
        raise AudioError(
            f"{path}: is at {info.samplerate} Hz, but {mel.sample_rate} Hz is needed; "
            "labkit corpus prepare --resample converts a corpus"
        )
    return int(info.frames)
