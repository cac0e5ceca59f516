"""What runs beside student code while it is timed: builds pipelines, and does what it is asked to.

It is trusted by nobody. It looks at no clock: how long a turn took is seen at the other end of the
line, and what came of it is compared there with what the reference made of the same input. The
reference runs here, too, in a process of its own.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from grader.sandbox.line import ask
from grader.sandbox.perform import Report, describe_error, seed
from labkit.bench.measure import Pipeline, store
from labkit.bench.models import choose_acoustic, choose_vocoder
from labkit.cells.running import Kernel
from labkit.labs.lab4_inference.fills import (
    FILLS,
    Found,
    in_one_line,
    quietly,
    run_fills,
)
from labkit.labs.lab4_inference.grafting import SECONDS, try_fills
from labkit.labs.lab4_inference.time_limit import time_limit
from labkit.pipeline import Synthesizer
from labkit.tacotron2 import transplant
from labkit.vocoders import Denoiser

FULL = "full"  # an untrained model of full size in place of the voice's
READ, SPEAK = "inference-1", "inference-2"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as the C library calls them
STRENGTH = 0.01  # of the denoiser, as published
_NAMES = {READ: "read", SPEAK: "speak"}
_MISSING = "there is no notebook of its lab"
_NEVER = 1 - 2**-24  # a gate threshold that nothing passes but a gate that is wholly sure

Tensors = dict[str, torch.Tensor]


def serve_turns(document: Report, tensors: Tensors) -> tuple[Report, Tensors]:
    """Build what is to be timed, and do what the judge asks for until it has heard enough.

    Args:
        document: ``labs`` (``setup`` and the ``cells`` by task of each), ``functions`` (the same of
            lab 4), ``model`` (``voice`` or ``full``), ``vocoder`` (a name, or nothing for the
            voice's own), ``onednn``.
        tensors: none.

    Returns:
        Nothing: all that there was to say was said on the line.
    """
    torch.set_num_threads(1)
    torch.backends.mkldnn.set_flags(document["onednn"])
    _keep_memory()
    with tempfile.TemporaryDirectory() as folder:
        pipelines = Pipelines(document, Path(folder))
        said, given = ask("ready", {"origins": pipelines.origins})
        while said["do"] != "end":
            said, given = ask(*_turn(pipelines, said, given))
    return {}, {}


def _keep_memory() -> None:
    """Give no memory back to the system, where that can be said.

    Else how soon a process gets memory depends on how much it has let go before: the side that is
    kept over all students was quicker by a tenth where sound is made.
    """
    with suppress(AttributeError, OSError):
        allocate = ctypes.CDLL(None).mallopt
        allocate(_TRIM_THRESHOLD, 2**31 - 1)
        allocate(_MMAP_THRESHOLD, 2**25)  # the most that it takes


def _turn(
    pipelines: Pipelines, said: Report, given: Tensors
) -> tuple[str, Report, dict[str, torch.Tensor]]:
    """Do one thing, from the same settings and dice on both sides; say what stopped it."""
    torch.set_num_threads(1)  # an earlier turn may have left another number
    seed(0)
    try:
        with torch.no_grad():
            made = pipelines.do(said, given)
        return "done", {}, {name: _plain(value, name) for name, value in made.items()}
    except BaseException as error:  # SystemExit and KeyboardInterrupt are findings, too
        return "failed", describe_error(error), {}


def _plain(value: Any, name: str) -> torch.Tensor:
    """Return a block of numbers that is done; anything that could still be computed is refused."""
    if type(value) not in (torch.Tensor, nn.Parameter) or value.layout != torch.strided:
        raise TypeError(f"the {name} is a {type(value).__name__}, not a plain tensor")
    return value.detach()


class Pipelines:
    """The ways from ids to audio: with all of the student's code, with a part of it, with none.

    Args:
        document: see :func:`serve_turns`.
        folder: where files may be written.
    """

    def __init__(self, document: Report, folder: Path) -> None:
        voice = Synthesizer.from_pretrained(device="cpu")
        given = {lab["place"] for lab in document["labs"]}
        missing = {fill.task: _MISSING for fill in FILLS if fill.place not in given}
        self.found = Found(problems=missing)
        for lab in document["labs"]:
            fills = [fill for fill in FILLS if fill.place == lab["place"]]
            run_fills(lab["cells"], lab["setup"], fills, self.found)
        self.base: Any = choose_acoustic() if document["model"] == FULL else voice.tacotron2
        self.vocoder = choose_vocoder(name) if (name := document["vocoder"]) else voice.vocoder
        self._denoiser = Denoiser(self.vocoder)
        self._timed = Pipeline(self.base, self.vocoder, self._denoiser, denoising_strength=STRENGTH)
        self.folder = folder
        self._models: dict[tuple[str, ...], Any] = {}
        self.functions = self._define(document["functions"])
        tried = try_fills(voice, self.found) if given else ()
        self.origins = [[origin.task, origin.is_own, origin.why] for origin in tried]
        for task, name in _NAMES.items():
            problem = self._problem(task, name)
            self.origins.append([task, not problem, problem])

    def denoiser(self, audio: torch.Tensor, strength: float) -> torch.Tensor:
        """Denoise; what an untrained model shouts is cut to what a file can hold."""
        cut: torch.Tensor = self._denoiser(audio, strength).clamp(-1, 1)
        return cut

    def _define(self, lab: Report) -> dict[str, Callable[..., Any]]:
        """Run the cells of lab 4's functions, and return those that are there."""
        space: dict[str, Any] = {"__name__": "your_notebook"}
        kernel = Kernel(space)
        for task, source in {"setup": lab["setup"], **lab["cells"]}.items():
            with suppress(Exception, SystemExit), quietly():  # what is not there is missed below
                kernel.run(source, f"<cell {task}>")
        there = {task: space.get(name) for task, name in _NAMES.items() if task in lab["cells"]}
        return {task: function for task, function in there.items() if callable(function)}

    def _problem(self, task: str, name: str) -> str:
        """Try a function of lab 4 in the reference; say why it cannot be used, if it cannot."""
        if task not in self.functions:
            return f"there is no {name}"
        ids, length = torch.ones(1, 4, dtype=torch.long), torch.tensor([4])
        said: Report = {"own": [task], "steps": 4}
        try:
            with quietly(), time_limit(SECONDS):
                read = self._read(self.model(()), said, {"ids": ids, "lengths": length})
                self._speak(None, said, read)
        except (Exception, SystemExit) as error:
            return in_one_line(error)
        return ""

    def model(self, own: Sequence[str]) -> Any:
        """Return the model with those of the student's tasks; it is made when first asked for."""
        tasks = tuple(sorted({fill.task for fill in FILLS}.intersection(own)))
        if tasks not in self._models:
            if len(self._models) > 2:  # those of single classes are asked one after the other
                self._models.popitem()
            self._models[tasks] = transplant(self.base, self.found.mixed(set(tasks))).eval()
        return self._models[tasks]

    def do(self, said: Report, given: Tensors) -> Tensors:
        """Go one part of the way.

        Args:
            said: ``do``, one of ``echo``, ``prepare``, ``encode``, ``decode``, ``postnet``,
                ``read`` and ``speak``; ``own``, the tasks whose code is the student's; ``steps`` of
                the decoder; ``numbers`` that an echo sends back beside what it was given.
            given: ids, memory, mel and lengths, as the part needs them.
        """
        if said["do"] == "echo":
            return {**given, "numbers": torch.zeros(said["numbers"])}
        model = self.model(said["own"])
        if said["do"] == "prepare":
            return {}
        return getattr(self, f"_{said['do']}")(model, said, given)

    def _encode(self, model: Any, said: Report, given: Tensors) -> Tensors:
        embedded = model.embedding(given["ids"]).transpose(1, 2)
        return {"memory": model.encoder(embedded, given["lengths"])}

    def _decode(self, model: Any, said: Report, given: Tensors) -> Tensors:
        return {"mel": _decoding(model, said["steps"])(given["memory"], given["lengths"])[0]}

    def _postnet(self, model: Any, said: Report, given: Tensors) -> Tensors:
        return {"correction": model.postnet(given["mel"])}

    def _read(self, model: Any, said: Report, given: Tensors) -> Tensors:
        decode = _decoding(model, said["steps"])

        @torch.no_grad()
        def infer(ids: torch.Tensor, lengths: torch.Tensor, **_: Any) -> tuple[torch.Tensor, ...]:
            return tuple(model.predict(ids, lengths, decode)[:3])

        model.infer = infer  # without dropout, and with so many steps: numbers can be compared
        read = self._own(READ, said) or (lambda model, *inputs, **_: model.infer(*inputs[:2]))
        mel, mel_lengths, _ = read(
            model, given["ids"], given["lengths"], torch.device("cpu"), seed=0
        )
        return {"mel": mel, "mel_lengths": mel_lengths}

    def _speak(self, model: Any, said: Report, given: Tensors) -> Tensors:
        mel, lengths = given["mel"], given["mel_lengths"]
        paths = [self.folder / f"{number}.wav" for number in range(len(mel))]
        if speak := self._own(SPEAK, said):
            sentences = speak(mel, lengths, self.vocoder, self.denoiser, STRENGTH, paths)
        else:
            audio = self._timed.denoise(self.vocoder.infer(mel))
            samples = lengths * self.vocoder.mel.hop_length
            sentences = store(audio, samples.tolist(), paths, self.vocoder.sample_rate)
        sentences = [_plain(samples, "audio").float() for samples in sentences]
        return {"audio": pad_sequence(sentences, batch_first=True)}

    def _own(self, task: str, said: Report) -> Callable[..., Any] | None:
        return self.functions.get(task) if task in said["own"] else None


def _decoding(model: Any, steps: int) -> Callable[..., Any]:
    """Return the model's own plain decoder, which goes on for so many steps."""
    return partial(
        model.decoder.infer,
        prenet_dropout=False,
        max_decoder_steps=steps,
        gate_threshold=_NEVER,
    )
