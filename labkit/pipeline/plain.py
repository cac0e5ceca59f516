"""The whole pipeline as one writes it first: three functions from symbols to a file.

:class:`~labkit.pipeline.Synthesizer` does the same for any text and looks at what came of it;
:mod:`labkit.bench` measures the same in more detail. Here nothing stands between the models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from labkit.audio import save_audio
from labkit.vocoders.protocol import Vocoder


def read(
    tacotron2: Any,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    device: torch.device,
    seed: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Let the acoustic model read sentences: on one device, and without gradients.

    Args:
        tacotron2: a :class:`labkit.Tacotron2`, in any mode and on any device.
        ids: (B, T_in) symbol ids, padded on the right; on any device.
        lengths: (B,) number of symbols of each sentence; on any device.
        device: where to compute.
        seed: fixes the prenet's dropout.

    Returns:
        ``mel``: (B, n_mels, T) natural-log mel, on ``device``.
        ``mel_lengths``: (B,) frames of each sentence.
        ``alignments``: (B, T / r, T_in) attention weights.
    """
    tacotron2 = tacotron2.to(device).eval()
    with torch.no_grad():
        return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)


def speak(
    mel: torch.Tensor,
    mel_lengths: torch.Tensor,
    vocoder: Vocoder,
    denoiser: Callable[[torch.Tensor, float], torch.Tensor],
    strength: float,
    paths: Sequence[str | Path],
) -> list[torch.Tensor]:
    """Make spectrograms audible, and save each sentence in a file of its own.

    Args:
        mel: (B, n_mels, T) natural-log mel of the whole batch, on the vocoder's device.
        mel_lengths: (B,) frames of each sentence; what lies behind them means nothing.
        vocoder: any :class:`labkit.vocoders.Vocoder`.
        denoiser: takes audio (B, N) and a strength, returns audio (B, N).
        strength: how much of the vocoder's own noise the denoiser removes.
        paths: a WAV file for each sentence.

    Returns:
        The samples of each sentence on the CPU: B tensors (frames · hop_length,), float32.
    """
    with torch.no_grad():
        audio = vocoder.infer(mel)  # (B, T · hop_length)
        audio = denoiser(audio, strength)  # (B, T · hop_length)
    sentences = []
    for samples, frames, path in zip(audio.float().cpu(), mel_lengths.tolist(), paths, strict=True):
        samples = samples[: frames * vocoder.mel.hop_length]  # (frames · hop_length,)
        save_audio(path, samples, vocoder.sample_rate)
        sentences.append(samples)
    return sentences


def benchmark(
    read: Callable[[], torch.Tensor],
    vocode: Callable[[torch.Tensor], torch.Tensor],
    synchronise: Callable[[], None],
    clock: Callable[[], float],
    n_iterations: int,
    n_warm_ups: int = 3,
) -> dict[str, list[float]]:
    """Measure the pipeline again and again.

    Args:
        read: gives the mel (B, n_mels, T); a device may still compute it when this returns.
        vocode: makes a mel audible: (B, n_mels, T) to (B, N); the same holds.
        synchronise: returns when the device has done all it was asked for.
        clock: the seconds that have passed since some moment.
        n_iterations: how many measurements are kept.
        n_warm_ups: how many come before them and are thrown away.

    Returns:
        Of each kept iteration: ``tacotron2_latency``, ``vocoder_latency`` and ``latency`` (both
        together) in seconds, ``tacotron2_items_per_sec`` (frames of the batch),
        ``vocoder_items_per_sec`` (samples of the batch) and ``throughput`` (samples of the batch
        per second of ``latency``).
    """
    steps = []
    for _ in range(n_warm_ups + n_iterations):
        synchronise()
        start = clock()
        mel = read()  # (B, n_mels, T)
        synchronise()
        middle = clock()
        audio = vocode(mel)  # (B, N)
        synchronise()
        end = clock()
        step = {
            "tacotron2_latency": middle - start,
            "vocoder_latency": end - middle,
            "latency": end - start,
        }
        frames, samples = mel.size(0) * mel.size(2), audio.numel()  # of the whole batch
        step["tacotron2_items_per_sec"] = frames / step["tacotron2_latency"]
        step["vocoder_items_per_sec"] = samples / step["vocoder_latency"]
        step["throughput"] = samples / step["latency"]
        steps.append(step)
    kept = steps[n_warm_ups:]
    return {name: [step[name] for step in kept] for name in kept[0]}
