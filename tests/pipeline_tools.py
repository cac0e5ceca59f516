"""Models for tests of the pipeline: an acoustic model that does as it is told, and a buzzer."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from labkit.audio import MelConfig
from labkit.tacotron2 import Tacotron2, Tacotron2Config
from labkit.vocoders import Vocoder

FRAMES_PER_SYMBOL = 6


def tiny_tacotron2(**changes) -> Tacotron2:
    """A random model: it says something, and its attention is flat."""
    torch.manual_seed(0)
    sizes = {
        "symbols_embedding_dim": 16,
        "encoder_embedding_dim": 16,
        "attention_rnn_dim": 20,
        "attention_dim": 8,
        "attention_location_n_filters": 4,
        "attention_location_kernel_size": 7,
        "decoder_rnn_dim": 18,
        "prenet_dim": 12,
        "postnet_embedding_dim": 14,
    }
    return Tacotron2(Tacotron2Config(**(sizes | changes))).eval()


def path_of(name: str, length: int) -> list[int]:
    """The strongest symbol of each frame, for a way of reading."""
    walk = [symbol for symbol in range(length) for _ in range(FRAMES_PER_SYMBOL)]
    third, half = len(walk) // 3, len(walk) // 2
    return {
        "well": walk,
        "endless": walk,
        "silent": [],
        "flat": walk,
        "stuck": walk[:half] + [walk[half]] * 150 + walk[half:],
        "skipped": walk[:third] + walk[-third:],
        "repeated": walk[: 2 * third] + walk[third:],
        "unfinished": walk[:half],
    }[name]


class Scripted:
    """Reads each piece of text as ``script(ids, attempt)`` names it: "well", "stuck", ...

    It is no module, has no config and takes no ``precision``. Calls are kept.
    """

    def __init__(self, script=lambda ids, attempt: "well") -> None:
        self.script = script
        self.calls: list[dict] = []
        self.attempts: dict[tuple[int, ...], int] = {}

    def infer(self, ids, lengths, *, seed=None, prenet_dropout=True, max_decoder_steps=None):
        self.calls.append(
            {
                "seed": seed,
                "prenet_dropout": prenet_dropout,
                "max_decoder_steps": max_decoder_steps,
                "lengths": lengths.tolist(),
            }
        )
        paths, names = [], []
        for row, length in zip(ids.tolist(), lengths.tolist(), strict=True):
            piece = tuple(row[:length])
            attempt = self.attempts[piece] = self.attempts.get(piece, 0) + 1
            names.append(self.script(list(piece), attempt))
            paths.append(path_of(names[-1], length)[:max_decoder_steps])
        mel_lengths = [
            max_decoder_steps if name == "endless" else len(path)
            for name, path in zip(names, paths, strict=True)
        ]
        steps = max(mel_lengths) + 1
        alignments = torch.zeros(len(ids), steps, ids.size(1))
        for item, (path, name, length) in enumerate(
            zip(paths, names, lengths.tolist(), strict=True)
        ):
            path = (path + [length - 1] * steps)[:steps]
            alignments[item, range(steps), path] = 1.0
            if name == "flat":
                alignments[item] = 0
                alignments[item, :, :length] = 1 / length
        # Speech is loud, and quiet for ten frames at both ends; the padding is the loudest.
        mel = torch.full((len(ids), 80, steps), 5.0)
        for item, frames in enumerate(mel_lengths):
            mel[item, :, :frames] = -1 - 0.01 * (seed % 7)
            mel[item, :, :10] = -11.0
            mel[item, :, max(frames - 10, 0) : frames] = -11.0
        return mel, torch.tensor(mel_lengths, dtype=torch.int32), alignments


class Buzzer(Vocoder):
    """A tone as loud as the mel; its "noise" is an offset that ``sigma`` and ``seed`` set."""

    def __init__(self, mel: MelConfig | None = None, volume: float = 1.0) -> None:
        super().__init__(mel or MelConfig())
        self.volume = volume
        self.calls: list[dict] = []

    def infer(self, mel, sigma=None, *, seed=None):
        self.check(mel)
        self.calls.append({"frames": mel.size(2), "sigma": sigma, "seed": seed})
        envelope = F.interpolate(
            mel.exp().mean(dim=1, keepdim=True), scale_factor=float(self.mel.hop_length)
        )[:, 0]
        time = torch.arange(envelope.size(1)) / self.sample_rate
        return self.volume * envelope * torch.sin(2 * torch.pi * 150 * time + (seed or 0) % 7)
