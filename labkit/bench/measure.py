"""The timed way from text to WAV file, again and again."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.audio import save_audio
from labkit.bench.figures import Step
from labkit.bench.stopwatch import Stopwatch
from labkit.bench.text import text_of_length
from labkit.errors import ConfigError
from labkit.models.acoustic import AcousticModel
from labkit.tacotron2 import compare_precision
from labkit.tacotron2.masking import pad_symbols
from labkit.tacotron2.published import as_acoustic
from labkit.text import text_to_sequence
from labkit.vocoders.protocol import Vocoder

WARM_UPS = 3


@dataclass(frozen=True)
class Pipeline:
    """What is measured.

    Args:
        tacotron2: the acoustic model: a :class:`labkit.models.AcousticModel`, or what has
            ``infer(ids, lengths)`` as :class:`labkit.Tacotron2`.
        vocoder: makes its mels audible; on the same device.
        denoiser: ``(audio (B, N), strength) -> (B, N)``; None for no denoising.
        sigma: spread of the vocoder's noise; None for a vocoder without noise.
        denoising_strength: how much of the vocoder's bias is removed.
        precision: of the acoustic model's decoder, one of its ``precisions``.
        frames: exact number of mel frames; None to let the model decide.
    """

    tacotron2: nn.Module
    vocoder: Vocoder
    denoiser: Callable[[torch.Tensor, float], torch.Tensor] | None = None
    sigma: float | None = None
    denoising_strength: float = 0.01
    precision: str = "float32"
    frames: int | None = None

    def infer_mel(
        self, ids: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the mel (B, n_mels, T) of symbol ids (B, T_in), and the lengths (B,) in frames."""
        model = as_acoustic(self.tacotron2)
        mel, mel_lengths, *_ = model.speak(ids, lengths, **self._options(model))
        return mel, mel_lengths

    def precision_cost(self, input_length: int) -> str | None:
        """Say how far the mel of the measured text is from that in float32; None if it is that."""
        model = self.tacotron2
        if self.precision == "float32" or not isinstance(model, AcousticModel):
            return None
        ids = torch.tensor([text_to_sequence(text_of_length(input_length))])  # (1, T_in)
        ids, lengths = ids.to(next(model.parameters()).device), torch.tensor([ids.size(1)])
        length = replace(self, precision="float32")._options(model)
        return str(compare_precision(model, ids, lengths, self.precision, **length))

    def _options(self, model: AcousticModel) -> dict[str, Any]:
        """Return what the model is told of precision and length.

        Raises:
            ConfigError: it cannot be told.
        """
        if self.precision not in model.precisions:
            raise ConfigError(
                f"{type(model).__name__} computes in {', '.join(model.precisions)}, "
                f"not in {self.precision}"
            )
        options = {} if self.precision == "float32" else {"precision": self.precision}
        if self.frames is None:
            return options
        length = model.exactly(self.frames)
        if length is None:
            raise ConfigError(
                f"{type(model).__name__} decides by itself how many frames it makes; leave "
                "--frames out"
            )
        return {**options, **length}

    def denoise(self, audio: torch.Tensor) -> torch.Tensor:
        """Denoise (B, N) samples, however few they are."""
        assert self.denoiser is not None
        n_samples, enough = audio.size(1), self.vocoder.mel.n_fft
        if n_samples < enough:  # an acoustic model that stops at once is no reason to stop here
            audio = F.pad(audio, (0, enough - n_samples))  # (B, n_fft)
        return self.denoiser(audio, self.denoising_strength)[:, :n_samples]


@dataclass(frozen=True)
class Iteration:
    """One time through the pipeline."""

    step: Step
    split: dict[str, float]
    """Seconds in each module, in the order of the pipeline."""
    speech: float
    """Seconds of speech made, over the whole batch, without padding."""
    processor: float
    """Seconds that this process had a processor during ``latency``, summed over processors."""


def measure(
    pipeline: Pipeline,
    *,
    input_length: int = 64,
    batch_size: int = 1,
    num_iters: int = 10,
    warm_ups: int = WARM_UPS,
    output: str | Path | None = None,
    on_step: Callable[[int, Iteration], object] | None = None,
) -> list[Iteration]:
    """Measure a pipeline. The first iterations only warm it up and are thrown away.

    Args:
        pipeline: the models, in eval mode, on one device.
        input_length: characters of text to speak.
        batch_size: how often that text stands in the batch.
        num_iters: iterations, warm-ups included.
        warm_ups: how many of them to throw away; the last one is always kept.
        output: where to write the audio (WAV or FLAC); of a batch, the second goes to
            ``output_2`` and so on. To a temporary folder if None.
        on_step: is called after each iteration with its number, negative for warm-ups.

    Returns:
        The iterations that are kept, at least one.

    Raises:
        ConfigError: a number is below 1 (``warm_ups``: below 0).
        LabkitError: the models do not fit together, or a file cannot be written.
    """
    for name, value in (
        ("input_length", input_length),
        ("batch_size", batch_size),
        ("num_iters", num_iters),
    ):
        if value < 1:
            raise ConfigError(f"{name} must be at least 1, but is {value}")
    warm_ups = kept_warm_ups(num_iters, warm_ups)
    texts = [text_of_length(input_length)] * batch_size
    iterations = []
    with tempfile.TemporaryDirectory() as folder:
        paths = _paths(Path(output or Path(folder, "audio.wav")), batch_size)
        for number in range(-warm_ups, num_iters - warm_ups):
            iteration = iterate(pipeline, texts, paths)
            if number >= 0:
                iterations.append(iteration)
            if on_step is not None:
                on_step(number, iteration)
    return iterations


def kept_warm_ups(num_iters: int, warm_ups: int = WARM_UPS) -> int:
    """Say how many iterations will be thrown away: the warm-ups, but never all.

    Raises:
        ConfigError: ``warm_ups`` is negative.
    """
    if warm_ups < 0:
        raise ConfigError(f"the number of warm-ups cannot be {warm_ups}")
    return min(warm_ups, num_iters - 1)


@torch.no_grad()
def iterate(pipeline: Pipeline, texts: Sequence[str], paths: Sequence[Path]) -> Iteration:
    """Go once from texts to audio files.

    Args:
        pipeline: the models.
        texts: the batch.
        paths: a file for each text.

    Raises:
        LabkitError: the models do not fit together, or a file cannot be written.
    """
    device = next(pipeline.tacotron2.parameters()).device
    watch = Stopwatch(device)
    hop_length, sample_rate = pipeline.vocoder.mel.hop_length, pipeline.vocoder.sample_rate

    with watch.time("pre_processing"):
        ids, lengths = pad_symbols([text_to_sequence(text) for text in texts])  # (B, T_in), (B,)
        ids, lengths = ids.to(device), lengths.to(device)

    parts = {name: getattr(pipeline.tacotron2, name, None) for name in ("encoder", "postnet")}
    processor = time.process_time()
    with watch.watch(**parts), watch.time("latency"):
        with watch.time("tacotron2_latency"):
            mel, mel_lengths = pipeline.infer_mel(ids, lengths)  # (B, n_mels, T), (B,)
        with watch.time("waveglow_latency"):
            with watch.time("vocoder"):
                audio = pipeline.vocoder.infer(mel, pipeline.sigma).float()  # (B, T · hop_length)
            if pipeline.denoiser is not None:
                with watch.time("denoiser"):
                    audio = pipeline.denoise(audio)

    processor = time.process_time() - processor

    with watch.time("type_conversion"):
        audio = audio.float()
    with watch.time("data_transfer"):
        audio = audio.cpu()
    with watch.time("storage"):
        samples = mel_lengths.clamp(min=1).cpu() * hop_length
        store(audio, samples.tolist(), paths, sample_rate)

    return Iteration(
        Step.of(watch.seconds, len(texts), mel.size(2), audio.size(1)),
        _split(watch.seconds),
        speech=samples.sum().item() / sample_rate,
        processor=processor,
    )


def store(
    audio: torch.Tensor, samples: Sequence[int], paths: Sequence[Path], sample_rate: int
) -> list[torch.Tensor]:
    """Write each row of audio (B, N) to a file of its own, cut to its number of samples."""
    cut = [row[:number].clamp(-1, 1) for row, number in zip(audio, samples, strict=True)]
    for path, row in zip(paths, cut, strict=True):
        save_audio(path, row, sample_rate)
    return cut


def _split(seconds: dict[str, float]) -> dict[str, float]:
    tacotron2 = seconds["tacotron2_latency"]
    # The decoder is what is left, because it is reached in other ways than by a call.
    if "encoder" in seconds and "postnet" in seconds:
        acoustic = {
            "encoder": seconds["encoder"],
            "decoder": tacotron2 - seconds["encoder"] - seconds["postnet"],
            "postnet": seconds["postnet"],
        }
    else:
        acoustic = {"acoustic model": tacotron2}
    denoiser = {"denoiser": seconds["denoiser"]} if "denoiser" in seconds else {}
    return {
        "text": seconds["pre_processing"],
        **acoustic,
        "vocoder": seconds["vocoder"],
        **denoiser,
        "conversion": seconds["type_conversion"],
        "transfer": seconds["data_transfer"],
        "storage": seconds["storage"],
    }


def _paths(first: Path, batch_size: int) -> list[Path]:
    others = [first.with_stem(f"{first.stem}_{number}") for number in range(2, batch_size + 1)]
    return [first, *others]
