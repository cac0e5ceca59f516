"""What the inference notebook shows, and what raises the errors that its help blocks quote."""

from __future__ import annotations

import time

import torch

import labkit
from labkit.audio import save_audio
from labkit.vocoders import Denoiser
from notebook_tools import Shows

IDS, LENGTHS = torch.tensor([[106, 72, 117, 121, 7]]), torch.tensor([5])
AUDIO = torch.zeros(2, 5000)


def _voice() -> labkit.Synthesizer:
    return labkit.Synthesizer.from_pretrained(device="cpu")


def _called_twice() -> None:
    read = torch.zeros
    for _ in range(2):
        read = read(1)  # type: ignore[assignment]


def _no_clock() -> None:
    exec("time.time()", {})


SHOWS = Shows(
    says={
        "own": "All 9 tasks of labs 1 to 3 run your code.",
        "inference-2-view": "The log-mel of B differs from that of A by 0.0",
        "inference-3-view": "that is the truth",
        "inference-3-report": ("Latency c1 100 (seconds) = ", "Real-time factor"),
        "precision": "int8",
        "scoring": "dot product: ",
        "progress": "3 of 3 tasks done",
        "card": "TEST_ATTEN ENCODER DECODER TACOTRON2 AUDIO",
    },
    pictures=(
        "idea-picture",
        "inference-1-view",
        "inference-1-cost",
        "inference-2-view",
        "vocoders",
        "inference-3-view",
        "inference-3-report",
        "precision",
        "scoring",
    ),
    players=(),
    saves=tuple(f"speech/{who}_{n}.wav" for who in ("reference", "yours") for n in (1, 2)),
    waits={
        "inference-1-view": "inference-1",
        "inference-2-view": "inference-1",
        "vocoders": "inference-2",
        "inference-3-view": "inference-3",
        "inference-3-report": "inference-3",
    },
    mistakes={
        "inference-1": (
            lambda: _voice().tacotron2.eval.infer(IDS, LENGTHS),  # type: ignore[attr-defined]
            lambda: _voice().tacotron2.infer(IDS, LENGTHS, 1),
            lambda: _voice().tacotron2.infer(IDS, LENGTHS).to("cpu"),
            lambda: _voice().tacotron2.to("meta").infer(IDS, LENGTHS),
        ),
        "inference-2": (
            lambda: save_audio("speech/yours_1.wav", AUDIO),
            lambda: Denoiser(_voice().vocoder)(AUDIO[0]),
            lambda: _voice().vocoder.hop_length,
            lambda: AUDIO[:, : torch.tensor([3, 4]) * 256],
            lambda: _voice().vocoder.infer(torch.zeros(80, 100)),
            lambda: save_audio("speech/yours_1.wav", AUDIO[0] + 3),
        ),
        "inference-3": (
            _called_twice,
            lambda: time.perf_counter - 1.0,  # type: ignore[operator]
            _no_clock,
            lambda: 1 / 0.0,
            lambda: torch.zeros(1, 80, 5).size(3),
        ),
    },
)
