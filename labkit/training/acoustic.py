"""Training a small Tacotron 2 so that it speaks after an hour on one processor core.

What makes that possible, in the order of its effect: the attention is guided, dropout is low,
a decoder step predicts several frames, and a step of training wastes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from labkit.audio.config import DEFAULT
from labkit.corpus.features import FOLDER, Features, prepare
from labkit.errors import ConfigError, InputError, check_sizes
from labkit.hooks import faster
from labkit.progress import progress_bar
from labkit.tacotron2 import Tacotron2, Tacotron2Config, save_checkpoint
from labkit.tacotron2.masking import padding_mask
from labkit.training.build import split_of
from labkit.training.data import Batch, Batches, collate
from labkit.training.evaluate import FreeReading, figures_of, read_freely
from labkit.training.losses import gate_loss, guided_attention_loss, mel_loss
from labkit.training.recipe_file import TrainingConfig, fill

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class AcousticSettings:
    """What the acoustic model is trained on, and with which losses.

    Args:
        batch_size: sentences in a batch.
        longest_seconds: longer recordings are left out.
        silent_steps: decoder steps of silence that follow every sentence.
        drop_frames: share of the frames that the decoder hears as the mean frame, so that it has
            to listen to the text instead.
        gate_weight: weight of the gate's loss.
        gate_positive_weight: how much more the few steps weigh at which the gate should fire.
        guide_weight: weight of the guided attention loss in the beginning.
        guide_until: step by which it has fallen to zero, linearly.
        guide_symbols: width of the guide where it is known when each symbol sounds.
        guide_share: its width where it is not, as a share of the sentence.
        read_sentences: validation sentences that are read without teacher forcing.
        seed: fixes the first weights and the order of the batches.

    Raises:
        ConfigError: a value is out of range.
    """

    batch_size: int = 16
    longest_seconds: float = 8.0
    silent_steps: int = 3
    drop_frames: float = 0.1
    gate_weight: float = 0.5
    gate_positive_weight: float = 4.0
    guide_weight: float = 1.0
    guide_until: int = 3000
    guide_symbols: float = 1.5
    guide_share: float = 0.3
    read_sentences: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        check_sizes(self, "batch_size", "read_sentences")
        if not 0 <= self.drop_frames < 1:
            raise ConfigError(f"drop_frames must lie between 0 and 1, but is {self.drop_frames}")


def _teacher_forced() -> Any:
    found = faster("teacher_forced")
    if found is None:
        raise ConfigError(
            "this edition of the kit cannot train an acoustic model, which would give away what a "
            "lab still asks for; the instructor's edition can"
        )
    return found


class AcousticRecipe:
    """Teaches a Tacotron 2 to speak.

    Args:
        config: sizes and dropout of the model.
        settings: data and losses.
        training: recordings to learn from.
        validation: recordings to be measured on.

    Raises:
        InputError: no recording is short enough.
        ConfigError: this edition of the kit cannot train.
    """

    def __init__(
        self,
        config: Tacotron2Config,
        settings: AcousticSettings,
        training: Features,
        validation: Features,
    ) -> None:
        self._teacher_forced = _teacher_forced()
        self.settings, self.training, self.validation = settings, training, validation
        longest = round(settings.longest_seconds * DEFAULT.sample_rate / DEFAULT.hop_length)
        self._batches = Batches(training.frames, settings.batch_size, longest, settings.seed)
        if len(self._batches) == 0:
            raise InputError(
                f"none of {len(training)} recordings is at most {settings.longest_seconds:g} s long"
            )
        torch.manual_seed(settings.seed)
        self.model = Tacotron2(config)
        start_at_the_mean(self.model, training.mean, training.deviation)
        self._readings: list[FreeReading] = []

    def batch(self, step: int) -> Batch:
        """Draw sentences of similar length."""
        return self._collate(self.training, self._batches.indices(step))

    def loss(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Predict the batch with teacher forcing; ``total`` is minimised."""
        settings = self.settings
        heard = batch.mels
        if settings.drop_frames > 0:
            B, n_mels, T = batch.mels.shape
            dropped = torch.rand(B, 1, T, device=heard.device) < settings.drop_frames
            mean = self.training.mean.to(heard.device).view(1, n_mels, 1)
            heard = torch.where(dropped, mean, heard)  # (B, n_mels, T)
        parts, alignments = self._compare(batch, heard, prenet_dropout=True)
        guide = settings.guide_weight * max(1 - step / max(settings.guide_until, 1), 0.0)
        total = parts["mel"] + parts["mel_postnet"] + settings.gate_weight * parts["gate"]
        if guide > 0:
            parts["guide"] = self._guide(batch, alignments)
            total = total + guide * parts["guide"]
        return {"total": total, **parts}

    def evaluate(self, step: int) -> dict[str, float]:
        """Predict the validation sentences with teacher forcing, and read some without.

        Returns:
            ``loss``, the difference of mels after the postnet with teacher forcing; ``gate``; and
            what :func:`labkit.training.evaluate.figures_of` tells of the free readings.
        """
        device = next(self.model.parameters()).device
        order = sorted(range(len(self.validation)), key=self.validation.frames.__getitem__)
        sums, weight = {"loss": 0.0, "gate": 0.0}, 0
        for start in range(0, len(order), self.settings.batch_size):
            indices = order[start : start + self.settings.batch_size]
            batch = Batch(*(part.to(device) for part in self._collate(self.validation, indices)))
            parts, _ = self._compare(batch, batch.mels, prenet_dropout=False)
            frames = int(batch.mel_lengths.sum())
            sums["loss"] += frames * float(parts["mel_postnet"])
            sums["gate"] += frames * float(parts["gate"])
            weight += frames
        chosen = range(min(self.settings.read_sentences, len(self.validation)))
        self._readings = read_freely(self.model, self.validation, chosen)
        return {
            **{name: value / weight for name, value in sums.items()},
            **figures_of(self._readings),
        }

    def pictures(self) -> dict[str, Figure]:
        """Draw the alignments and spectrograms of the first free readings."""
        from labkit.training.pictures import draw_readings

        return {"free_reading": draw_readings(self._readings[:4])}

    def export(self, path: Path) -> None:
        """Write the model in half precision."""
        save_checkpoint(self.model, path, torch.float16)

    def _collate(self, features: Features, indices: Sequence[int]) -> Batch:
        r = self.model.config.n_frames_per_step
        return collate(features, indices, r, self.settings.silent_steps)

    def _compare(
        self, batch: Batch, heard: Tensor, prenet_dropout: bool
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Return the parts of the loss that are always there, and the alignments."""
        mel, mel_postnet, gate, alignments = self._teacher_forced(
            self.model,
            batch.ids,
            batch.lengths,
            batch.mels,
            batch.mel_lengths,
            heard=heard,
            prenet_dropout=prenet_dropout,
        )
        padding = padding_mask(batch.mel_lengths, batch.mels.size(2))  # (B, T)
        scale = self.training.deviation
        parts = {
            "mel": mel_loss(mel, batch.mels, padding, scale),
            "mel_postnet": mel_loss(mel_postnet, batch.mels, padding, scale),
            "gate": gate_loss(
                gate,
                batch.spoken_lengths,
                batch.mel_lengths,
                self.model.config.n_frames_per_step,
                self.settings.gate_positive_weight,
            ),
        }
        return parts, alignments

    def _guide(self, batch: Batch, alignments: Tensor) -> Tensor:
        straight = self.settings.guide_share * batch.lengths  # (B,)
        width = torch.where(batch.path_known, self.settings.guide_symbols, straight)  # (B,)
        # Behind its end a sentence may attend to what it likes.
        steps = batch.spoken_lengths // self.model.config.n_frames_per_step
        return guided_attention_loss(
            alignments, batch.path, width, padding_mask(steps, alignments.size(1))
        )


def build(config: TrainingConfig, data: Path, *, progress: bool = False) -> AcousticRecipe:
    """Make the recipe; see :func:`labkit.training.build.build`.

    Raises:
        ConfigError: this edition of the kit cannot train.
    """
    _teacher_forced()  # or the long preparation would be for nothing
    split = split_of(data)

    def features(part: str) -> Features:
        folder = data / FOLDER / part
        with progress_bar(progress, f"reading {part}", len(split[part])) as advance:
            prepare(split[part], folder, advance)
        return Features(folder)

    return AcousticRecipe(
        Tacotron2Config(**config.model),
        fill("learning", AcousticSettings, config.learning),
        features("train"),
        features("val"),
    )


@torch.no_grad()
def start_at_the_mean(model: Tacotron2, mean: Tensor, deviation: float) -> None:
    """Make an untrained model predict the mean frame, and variations of the right size.

    Then it can learn log-mels as they are, and no shift and scale has to be folded into its
    weights afterwards. The prenet could not even take in a shift, having no bias.

    Args:
        model: an untrained model.
        mean: (n_mels,) mean of the log-mels.
        deviation: their standard deviation.
    """
    weights = dict(model.named_parameters())
    weights["decoder.linear_projection.linear_layer.weight"].mul_(deviation)
    weights["decoder.linear_projection.linear_layer.bias"].copy_(
        mean.repeat(model.config.n_frames_per_step)
    )
    weights["decoder.prenet.layers.0.linear_layer.weight"].div_(deviation)
    # A postnet that begins by adding noise has to unlearn it first.
    last = model.config.postnet_n_convolutions - 1
    weights[f"postnet.convolutions.{last}.1.weight"].fill_(0.1 * deviation)
