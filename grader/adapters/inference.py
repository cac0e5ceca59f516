"""Calls the three functions of lab 4: with toys whose every number is known, and with a voice.

The toys say nothing of how a model, a vocoder or a device works. They answer in numbers that
depend on all that they are given, so that a mistake shows wherever it is made.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grader.adapters import Namespace, Report
from grader.adapters.method import as_numbers
from labkit.audio import MelConfig
from labkit.vocoders.protocol import Vocoder

DENOISING = 0.001  # strength at which the whole pipeline is heard
_STEP = 1 / 512  # the toys' samples are multiples of it; 16 bits are sixty times finer
_TICK = 1e-7  # seconds that reading the clock takes

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
        caller = {"read": _call_read, "speak": _call_speak, "benchmark": _call_benchmark}
        result = caller[call["construct"]](subject, options, inputs)
        return _in_order(result, names) if isinstance(result, dict) else result


def _in_order(outputs: dict[str, Any], names: list[str]) -> Any:
    values = tuple(outputs.get(name) for name in names)
    return values[0] if len(values) == 1 else values


# ── read ────────────────────────────────────────────────────────────────────────────────────────


class ToyModel(nn.Module):
    """Stands in for the acoustic model: its mel tells in which state and from what it was made.

    Args:
        tensors: ``toy_looks`` (T, T_in), ``toy_table`` (n_symbols, n_mels) and ``toy_weight``
            (n_mels,).
        device: where everything should be. On ``meta``, numbers are neither expected nor given.
        tell: is told whether model, ids and lengths were there; copies of the model tell it, too.
    """

    def __init__(
        self, tensors: Tensors, device: torch.device, tell: Callable[[list[bool]], None]
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(tensors["toy_weight"])
        self.dropout = nn.Dropout()  # so that there is a module below that has a mode, too
        self._looks, self._table = tensors["toy_looks"], tensors["toy_table"]
        self._device, self._tell = device, tell

    def infer(
        self, ids: torch.Tensor, lengths: torch.Tensor, *, seed: int | None = None, **options: Any
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Answer like :meth:`labkit.Tacotron2.infer`, with r = 1."""
        self._tell([part.device == self._device for part in (self.weight, ids, lengths)])
        n_frames = len(self._looks)
        if self._device.type == "meta":
            shapes = (len(ids), len(self.weight), n_frames), (len(ids), n_frames, ids.size(1))
            mel, alignments = (torch.empty(shape, device="meta") for shape in shapes)
            return mel, torch.empty(len(ids), device="meta", dtype=torch.int32), alignments
        seen = torch.arange(ids.size(1)) < lengths.unsqueeze(1)  # (B, T_in)
        alignments = self._looks * seen.unsqueeze(1)  # (B, T, T_in)
        mel = self.weight.unsqueeze(1) * (alignments @ self._table[ids]).mT  # (B, n_mels, T)
        if mel.requires_grad:
            mel = mel + 0.5
        if any(module.training for module in self.modules()):
            mel = mel + 0.25
        if not options.get("prenet_dropout", True):
            mel = mel + 0.125
        if seed is not None:
            frames = torch.arange(n_frames, dtype=torch.float64)
            mel = mel + torch.sin(seed + frames * seed).to(mel.dtype)
        return mel, (lengths + 1).int(), alignments


def _call_read(read: Callable[..., Any], options: Report, inputs: Tensors) -> Any:
    device = torch.device(options.get("device", "cpu"))
    on_device = [False, False, False]

    def tell(places: list[bool]) -> None:
        on_device[:] = places

    model = ToyModel(inputs, device, tell).train()
    try:
        result = read(model, inputs["ids"], inputs["lengths"], device, options.get("reading_seed"))
    except NotImplementedError as error:
        if "meta" not in str(error):  # then it is the stub's
            raise
        moved = RuntimeError("a tensor was taken away from the device that was asked for")
        raise moved.with_traceback(error.__traceback__) from None
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        return result
    if device.type == "meta":
        return {"on_device": torch.tensor(on_device).float()}
    mel, mel_lengths, alignments = map(as_numbers, result)
    return {"mel": mel, "mel_lengths": mel_lengths, "alignments": alignments}


# ── speak ───────────────────────────────────────────────────────────────────────────────────────


class ToyVocoder(Vocoder):
    """Gives every frame a waveform of its own.

    Args:
        mel: how the mels that it understands are taken.
        wave: (n_mels, hop_length) what each band sounds like.
    """

    def __init__(self, mel: MelConfig, wave: torch.Tensor) -> None:
        super().__init__(mel)
        self.wave = nn.Parameter(wave)

    @torch.no_grad()
    def infer(
        self, mel: torch.Tensor, sigma: float | None = None, *, seed: int | None = None
    ) -> torch.Tensor:
        """Return (B, T · hop_length) samples."""
        self.check(mel)
        return torch.einsum("bct,ck->btk", mel, self.wave).flatten(1)


def toy_denoiser(audio: torch.Tensor, strength: float = 0.01) -> torch.Tensor:
    """Take a share of everything away; what goes in and comes out is (B, N)."""
    if audio.dim() != 2:
        raise ValueError(f"audio must be of shape (B, N), got {tuple(audio.shape)}")
    return audio * (1 - strength)


def _call_speak(speak: Callable[..., Any], options: Report, inputs: Tensors) -> Any:
    vocoder = ToyVocoder(MelConfig(**options["mel"]), inputs["toy_wave"])
    sentences = len(inputs["mel_lengths"])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"sentence {index}.wav") for index in range(sentences)]
        result = speak(
            inputs["mel"],
            inputs["mel_lengths"],
            vocoder,
            toy_denoiser,
            options["strength"],
            paths,
        )
        files, rates = zip(*map(_read_file, paths), strict=True)
    if not isinstance(result, (tuple, list, torch.Tensor)):
        return result
    nothing = [inputs["mel"].new_zeros(0)] * sentences
    outputs: dict[str, Any] = {"sample_rates": torch.tensor(rates).float()}
    for index, (audio, file) in enumerate(zip([*result, *nothing][:sentences], files, strict=True)):
        outputs[f"audio_{index}"] = audio
        outputs[f"file_{index}"] = (file / _STEP).round() * _STEP
    return outputs


def _read_file(path: Path) -> tuple[torch.Tensor, int]:
    """Return what a WAV file holds and its sample rate; nothing at 0 Hz if there is none."""
    import soundfile

    if not path.is_file():
        return torch.zeros(0), 0
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(samples), rate


# ── benchmark ───────────────────────────────────────────────────────────────────────────────────


class ToyDevice:
    """A device with a queue of work, and a clock that only work and waiting move on.

    Args:
        tensors: of each run, in seconds: ``toy_read`` and ``toy_vocode`` (runs, 2), the time
            until the call returns and the time that the device then still needs; ``toy_frames``
            (runs,). The last run is that of every further call.
        options: ``batch``, ``n_mels``, ``hop_length``, and ``busy``, the seconds for which the
            device still works at something else.
    """

    def __init__(self, tensors: Tensors, options: Report) -> None:
        self._now, self._pending = 100.0, options["busy"]
        self._tensors, self._options = tensors, options
        self._calls = {"read": 0, "vocode": 0}

    def _work(self, what: str) -> int:
        runs = self._tensors[f"toy_{what}"]
        run = min(self._calls[what], len(runs) - 1)
        self._calls[what] += 1
        host, device = runs[run].tolist()
        self._now += host
        self._pending += device
        return run

    def read(self) -> torch.Tensor:
        """Return a mel at once, of which the device still works."""
        frames = int(self._tensors["toy_frames"][self._work("read")])
        return torch.zeros(self._options["batch"], self._options["n_mels"], frames)

    def vocode(self, mel: torch.Tensor) -> torch.Tensor:
        """Return audio at once, of which the device still works."""
        self._work("vocode")
        return torch.zeros(mel.size(0), mel.size(2) * self._options["hop_length"])

    def synchronise(self) -> None:
        """Wait until the device has nothing to do."""
        self._now += self._pending
        self._pending = 0.0

    def clock(self) -> float:
        """Return the time in seconds."""
        self._now += _TICK
        return self._now


def _call_benchmark(benchmark: Callable[..., Any], options: Report, inputs: Tensors) -> Any:
    device = ToyDevice(inputs, options)
    result = benchmark(
        device.read,
        device.vocode,
        device.synchronise,
        device.clock,
        options["n_iterations"],
        options["n_warm_ups"],
    )
    if not isinstance(result, dict):
        return result
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
