"""Calls the three functions of lab 4: with toys whose every number is known, and with a voice.

The toys hold nothing: each says how it was asked and passes on what comes back over the line (see
:mod:`grader.sandbox.line`). What comes back depends on all that was asked, so that a mistake shows
wherever it is made.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grader.sandbox.adapter import Namespace, Report
from grader.sandbox.elsewhere import (
    ELSEWHERE,
    OtherDevice,
    fetch,
    fetched,
    is_elsewhere,
    place,
)
from grader.sandbox.line import ask, line_to_partner
from grader.sandbox.method import as_numbers
from labkit.audio import MelConfig
from labkit.errors import AudioError
from labkit.tacotron2.checks import check_text
from labkit.vocoders.protocol import Vocoder

DENOISING = 0.001  # strength at which the whole pipeline is heard
N_SYMBOLS = 148  # that the toy model knows
_STEP = 1 / 512  # the toys' samples are multiples of it; 16 bits are sixty times finer

Tensors = dict[str, torch.Tensor]


class InferenceAdapter:
    """Finds the function that the task asks for, and calls it as its case wants."""

    def build(self, call: Report, tensors: Tensors, namespace: Namespace) -> Any:
        """Return the function; for the whole pipeline, both that it needs."""
        if call["options"].get("voice") == "whole":
            return namespace["read"], namespace[call["construct"]]
        return namespace[call["construct"]]

    def call(self, subject: Any, call: Report, inputs: Tensors) -> Any:
        """Call it with toys or a voice, and return the outputs that the case wants."""
        options, names = call["options"], call["outputs"]
        if "voice" in options:
            return _in_order(_call_pipeline(subject, options, inputs), names)
        if call["construct"] == "benchmark":
            result = _call_benchmark(subject, options, inputs, names)
        else:
            caller = {"read": _call_read, "speak": _call_speak}[call["construct"]]
            result = caller(subject, options, inputs)
        return _in_order(result, names) if isinstance(result, dict) else result


def _in_order(outputs: dict[str, Any], names: list[str]) -> Any:
    values = tuple(outputs.get(name) for name in names)
    return values[0] if len(values) == 1 else values


# ── read ────────────────────────────────────────────────────────────────────────────────────────


class ToyModel(nn.Module):
    """Stands in for the acoustic model: says how it is asked, and passes on what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self._ask = line_to_partner()
        self.weight = nn.Parameter(torch.ones(()))
        # parts below, which have modes of their own
        self.encoder = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout())
        self.decoder = nn.ModuleDict({"prenet": nn.Dropout()})

    def forward(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        mels: torch.Tensor,
        mel_lengths: torch.Tensor,
    ) -> Any:
        """Refuse: it is trained already."""
        raise TypeError("this model is trained already: let it `infer`")

    def infer(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        *,
        seed: int | None = None,
        prenet_dropout: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Answer like :meth:`labkit.Tacotron2.infer`, with r = 1."""
        # as the real one refuses them; where they lie is not asked here
        check_text(fetched(ids), fetched(lengths), torch.empty(N_SYMBOLS, 1))
        there = is_elsewhere(self.weight)
        touched = fetch(self.weight) * 0
        said = {
            "ids": ids.tolist(),
            "lengths": lengths.tolist(),
            "seed": seed,
            "dropout": prenet_dropout,
            "gradients": touched.requires_grad,
            "training": [name for name, module in self.named_modules() if module.training],
            "elsewhere": [there, is_elsewhere(ids), is_elsewhere(lengths)],
        }
        _, found = self._ask("infer", said)
        mel = found["mel"] + touched
        results = mel, found["mel_lengths"], found["alignments"]
        return tuple(map(place, results)) if there else results  # type: ignore[return-value]


def _call_read(read: Callable[..., Any], options: Report, inputs: Tensors) -> Any:
    device = ELSEWHERE if options["elsewhere"] else torch.device("cpu")
    with OtherDevice() if options["elsewhere"] else nullcontext():
        model = ToyModel().train()
        result = read(model, inputs["ids"], inputs["lengths"], device, options["reading_seed"])
        same = model.weight.dtype == torch.float32 and model.weight.requires_grad
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        return result
    away = [is_elsewhere(value) for value in result]
    ask("returned", {"elsewhere": away, "model_as_before": same})
    mel, mel_lengths, alignments = (as_numbers(fetched(value)) for value in result)
    places = torch.tensor(away).float()
    return {"mel": mel, "mel_lengths": mel_lengths, "alignments": alignments, "places": places}


# ── speak ───────────────────────────────────────────────────────────────────────────────────────


class ToyVocoder(Vocoder):
    """Stands in for a vocoder: passes mels on, and audio back.

    Args:
        mel: how the mels that it understands are taken.
    """

    def __init__(self, mel: MelConfig) -> None:
        super().__init__(mel)
        self._ask = line_to_partner()
        self.weight = nn.Parameter(torch.ones(()))

    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Return (B, T · hop_length) samples; nothing guards it against gradients."""
        self.check(mel)
        touched = fetch(self.weight) * 0
        _, found = self._ask("vocode", {"gradients": touched.requires_grad}, {"mel": fetch(mel)})
        audio = found["audio"] + touched
        return place(audio) if is_elsewhere(self.weight) else audio


class ToyDenoiser(nn.Module):
    """Stands in for a denoiser: what goes in and comes out is (B, N)."""

    def __init__(self) -> None:
        super().__init__()
        self._ask = line_to_partner()
        self.register_buffer("bias_spec", torch.ones(()))

    def forward(self, audio: torch.Tensor, strength: float = 0.01) -> torch.Tensor:
        """Pass audio on, and audio back."""
        if not isinstance(audio, torch.Tensor) or audio.dim() != 2:
            got = tuple(audio.shape) if isinstance(audio, torch.Tensor) else type(audio).__name__
            advice = (
                "; use audio.unsqueeze(0) for a single one" if getattr(audio, "ndim", 0) else ""
            )
            raise AudioError(f"audio must be of shape (B, N), got {got}{advice}")
        if audio.device != self.bias_spec.device:
            raise AudioError(
                f"audio is on {audio.device}, the denoiser on {self.bias_spec.device}; "
                f"use denoiser.to({str(audio.device)!r})"
            )
        _, found = self._ask("denoise", {"strength": float(strength)}, {"audio": fetch(audio)})
        cleaned = found["audio"] + 0 * fetch(audio)
        return place(cleaned) if is_elsewhere(audio) else cleaned


def _call_speak(speak: Callable[..., Any], options: Report, inputs: Tensors) -> Any:
    sentences = len(inputs["mel_lengths"])
    kind: Any = str if options["paths"] == "text" else Path
    with tempfile.TemporaryDirectory() as folder:
        paths = [kind(Path(folder, f"sentence {index}.wav")) for index in range(sentences)]
        with OtherDevice() if options["elsewhere"] else nullcontext():
            vocoder, denoiser = ToyVocoder(MelConfig(**options["mel"])), ToyDenoiser()
            mel, mel_lengths = inputs["mel"], inputs["mel_lengths"]
            if options["elsewhere"]:
                vocoder, denoiser = vocoder.to(ELSEWHERE), denoiser.to(ELSEWHERE)
                mel, mel_lengths = place(mel), place(mel_lengths)
            result = speak(mel, mel_lengths, vocoder, denoiser, options["strength"], paths)
        files, rates = zip(*map(_read_file, paths), strict=True)
    if isinstance(result, dict):
        raise TypeError("a list with the samples of each sentence is expected, not a dict")
    if not isinstance(result, (tuple, list)):
        return result
    nothing = [inputs["mel"].new_zeros(0)] * sentences
    came = [*result, *nothing][:sentences]
    away = [is_elsewhere(audio) for audio in came]
    ask("returned", {"elsewhere": away, "count": len(result)})
    outputs: dict[str, Any] = {
        "sample_rates": torch.tensor(rates).float(),
        "places": torch.tensor(away).float(),
        "count": torch.tensor([len(result)]).float(),
    }
    for index, (audio, file) in enumerate(zip(came, files, strict=True)):
        outputs[f"audio_{index}"] = fetched(audio)
        outputs[f"file_{index}"] = (file / _STEP).round() * _STEP
    return outputs


def _read_file(path: str | Path) -> tuple[torch.Tensor, int]:
    """Return what a WAV file holds and its sample rate; nothing at 0 Hz if there is none."""
    import soundfile

    if not Path(path).is_file():
        return torch.zeros(0), 0
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(samples), rate


# ── benchmark ───────────────────────────────────────────────────────────────────────────────────


class ToyDevice:
    """Stands in for both models and the device that they work on, and for the clock."""

    def __init__(self) -> None:
        self._ask = line_to_partner()

    def read(self) -> torch.Tensor:
        """Return a mel at once, of which a device still works."""
        said, _ = self._ask("read")
        return torch.zeros(said["shape"])

    def vocode(self, mel: torch.Tensor) -> torch.Tensor:
        """Return audio at once, of which a device still works."""
        if not isinstance(mel, torch.Tensor) or mel.dim() != 3:
            raise TypeError("`vocode` takes the mel (B, n_mels, T) that `read()` gave")
        said, _ = self._ask("vocode", {"shape": list(mel.shape)})
        return torch.zeros(said["shape"])

    def synchronise(self) -> None:
        """Wait until the device has nothing to do."""
        self._ask("synchronise")

    def clock(self) -> float:
        """Return the time in seconds."""
        said, _ = self._ask("clock")
        return float(said["seconds"])


def _call_benchmark(
    benchmark: Callable[..., Any], options: Report, inputs: Tensors, names: Sequence[str]
) -> Any:
    toy = ToyDevice()
    result = benchmark(
        toy.read,
        toy.vocode,
        toy.synchronise,
        toy.clock,
        options["n_iterations"],
        options["n_warm_ups"],
    )
    if not isinstance(result, dict):
        return result
    for name in names:
        if name not in result:
            there = ", ".join(repr(key) for key in list(result)[: len(names)])
            raise TypeError(f"the key {name!r} is missing in what is returned; it has {there}")
    return {name: _as_vector(values) for name, values in result.items()}


def _as_vector(values: Any) -> Any:
    try:
        return torch.as_tensor(values, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        return values


# ── the whole pipeline ──────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def voice() -> tuple[Any, Vocoder, Any]:
    """Return acoustic model, vocoder and denoiser of the shipped voice."""
    from labkit import Synthesizer
    from labkit.vocoders import Denoiser

    speaker = Synthesizer.from_pretrained(device="cpu")
    return speaker.tacotron2, speaker.vocoder, Denoiser(speaker.vocoder)


def _call_pipeline(subject: Any, options: Report, inputs: Tensors) -> dict[str, Any]:
    tacotron2, vocoder, denoiser = voice()
    if options["voice"] == "whole":
        read, speak = subject
        mel, mel_lengths, _ = read(
            tacotron2,
            inputs["ids"],
            inputs["lengths"],
            torch.device("cpu"),
            options["reading_seed"],
        )
    else:
        speak, mel, mel_lengths = subject, inputs["mel"], inputs["mel_lengths"]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"sentence {index}.wav") for index in range(len(mel_lengths))]
        speak(mel, mel_lengths, vocoder, denoiser, DENOISING, paths)
        files, rates = zip(*map(_read_file, paths), strict=True)
    outputs: dict[str, Any] = {f"file_{index}": file for index, file in enumerate(files)}
    return outputs | {"sample_rates": torch.tensor(rates).float()}


INFERENCE = InferenceAdapter()
