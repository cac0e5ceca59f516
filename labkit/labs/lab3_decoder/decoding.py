"""Lets the student's decoder read with the shipped voice, and watches each of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import nn

from labkit.errors import InputError
from labkit.notebook.picture import SPACE, Notice, NotReadyError
from labkit.notebook.shipped_voice import voice
from labkit.notebook.student import expect, students_code, task_of, unexpected
from labkit.tacotron2 import transplant
from labkit.text import symbols

LONGEST = 60  # symbols; more would not fit beside a picture
_PAUSES = 50  # steps beyond those for the symbols
_STEPS_PER_SYMBOL = 6  # twice what the voice needs


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence as the decoder gets it.

    Args:
        text: as it was written.
        ids: (1, T_in) its phonemes.
        names: the phonemes as they are shown.
        memory: (1, T_in, encoder_embedding_dim) outputs of the encoder.
    """

    text: str
    ids: torch.Tensor
    names: list[str]
    memory: torch.Tensor

    @property
    def lengths(self) -> torch.Tensor:
        """(1,) number of symbols."""
        return torch.tensor([len(self.names)])

    @property
    def limit(self) -> int:
        """Steps after which it is given up."""
        return _PAUSES + _STEPS_PER_SYMBOL * len(self.names)

    def named(self, position: int) -> str:
        """Call a symbol by itself and its number, counted from 1."""
        return f"{self.names[position]} (symbol {position + 1})"


@cache
def encode(text: str) -> Sentence:
    """Let the voice's encoder read a sentence.

    Raises:
        InputError: it is too long to be shown.
        TextError: nothing in it can be spoken.
    """
    ids = voice().settings.front_end.read(text).ids
    if len(ids) > LONGEST:
        raise InputError(
            f"a sentence for this view may have {LONGEST} symbols, but this one has {len(ids)}"
        )
    model = voice().tacotron2
    names = [SPACE if symbols[i] == " " else symbols[i].lstrip("@") for i in ids]
    row = torch.tensor([ids])  # (1, T_in)
    with torch.no_grad():
        vectors = model.embedding(row).transpose(1, 2)  # (1, symbols_embedding_dim, T_in)
        memory = model.encoder(vectors, torch.tensor([len(ids)]))  # (1, T_in, encoder_embedding)
    return Sentence(text, row, names, memory)


def decoder_of(decoder_class: type[nn.Module], *methods: str) -> Any:
    """Build the student's Decoder with the voice's weights.

    Args:
        decoder_class: the student's class.
        methods: what it has to have by now.

    Raises:
        NotReadyError: it cannot be built, or a method is still to come.
    """
    with students_code("Decoder"):
        decoder = transplant(voice().tacotron2, {"Decoder": decoder_class}).decoder
    require(decoder, "Decoder", *methods)
    return decoder


def require(module: nn.Module, name: str, *methods: str) -> None:
    """See that the student's class has methods that are written in several cells.

    Raises:
        NotReadyError: one is missing; the notice names its task.
    """
    for method in methods:
        if not hasattr(module, method):
            task = task_of(name, method) or method
            text = f"Fill in the cell {task} and run it, then run this cell again to see it work."
            raise NotReadyError(Notice(f"{task} is not filled in yet", text), unfilled=task)


class Layer(NamedTuple):
    """The units of one prenet layer in one step, each (size,)."""

    kept: torch.Tensor  # what the next layer gets
    dropped: torch.Tensor  # bool: awake, and set to zero by the dropout
    silent: torch.Tensor  # bool: zero already after the ReLU


@dataclass(frozen=True, eq=False)
class Moment:
    """What one step did.

    Args:
        frames: (r, n_mels) the log-mel frames that it made.
        gate: probability that they are the last.
        weights: (T_in,) where it looked.
        prenet: the layers of the prenet; empty if it was not asked.
    """

    frames: torch.Tensor
    gate: float
    weights: torch.Tensor
    prenet: list[Layer]


def walk(
    decoder: Any, sentence: Sentence, *, prenet_dropout: bool, seed: int = 0, extra: int = 0
) -> Iterator[Moment]:
    """Take one step of the student's ``steps`` after the other, until the gate fires.

    Args:
        decoder: the student's Decoder, with the voice's weights.
        sentence: what it reads.
        prenet_dropout: whether the prenet drops units.
        seed: fixes which.
        extra: how many steps to go on after the gate has fired.

    Raises:
        NotReadyError: something in the student's class stopped, or returned something else.
    """
    generator = torch.Generator().manual_seed(seed)
    threshold = decoder.gate_threshold
    frame_dim = decoder.n_frames_per_step * decoder.n_mel_channels
    left: int | None = None
    listener = _PrenetListener(decoder.prenet)
    try:
        with students_code("Decoder"):
            running = iter(
                decoder.steps(
                    sentence.memory,
                    sentence.lengths,
                    prenet_dropout=prenet_dropout,
                    generator=generator,
                )
            )
        for number in range(sentence.limit):
            listener.clear()
            with students_code("Decoder"), torch.no_grad():
                step = next(running, None)
                if step is None:
                    ended = f"ended after {number} step{'' if number == 1 else 's'}"
                    raise unexpected(f"Decoder.steps {ended}; it should go on without end")
                frame, gate_output, state = step
                weights = state.attention_weights
            frame = expect(frame, (1, frame_dim), "Decoder.steps, as the frame,")
            logit = expect(gate_output, (1, 1), "Decoder.steps, as the gate,")
            weights = expect(weights, (1, len(sentence.names)), "Decoder.steps, as the weights,")
            gate = float(torch.sigmoid(logit))
            frames = frame[0].unflatten(0, (decoder.n_frames_per_step, -1))  # (r, n_mels)
            yield Moment(frames, gate, weights[0], listener.layers())
            if left is None and gate > threshold:
                left = extra
            if left is not None:
                left -= 1
                if left < 0:
                    return
    finally:
        listener.remove()


class _PrenetListener:
    """Notes what the layers of a prenet were given and made, without changing anything."""

    def __init__(self, prenet: Any) -> None:
        self._given: list[torch.Tensor] = []
        self._made: list[torch.Tensor] = []
        self._handles = [layer.register_forward_hook(self._layer) for layer in prenet.layers]
        self._handles.append(prenet.register_forward_hook(self._end))

    def _layer(self, _module: nn.Module, given: tuple[Any, ...], made: torch.Tensor) -> None:
        self._given.append(given[0][0])
        self._made.append(made[0].relu())

    def _end(self, _module: nn.Module, _given: tuple[Any, ...], made: torch.Tensor) -> None:
        self._given.append(made[0])

    def clear(self) -> None:
        """Forget the last step."""
        self._given.clear()
        self._made.clear()

    def layers(self) -> list[Layer]:
        """Tell what became of each unit: what a layer made against what the next one was given."""
        return [
            Layer(kept, (made > 0) & (kept == 0), made == 0)
            for made, kept in zip(self._made, self._given[1:], strict=False)
        ]

    def remove(self) -> None:
        """Listen no more."""
        for handle in self._handles:
            handle.remove()


@dataclass(frozen=True, eq=False)
class Decoded:
    """What the student's ``infer`` returned for one sentence.

    Args:
        mel: (n_mels, T) all frames that were made, also those that are not counted.
        gate: (T / r,) logits.
        weights: (T / r, T_in).
        frames: how many are counted.
    """

    mel: torch.Tensor
    gate: torch.Tensor
    weights: torch.Tensor
    frames: int


def infer(decoder: Any, sentence: Sentence, **options: Any) -> Decoded:
    """Let the student's ``infer`` read a sentence, and look at what it returns.

    Raises:
        NotReadyError: it stopped, or returned something else.
    """
    options = {"prenet_dropout": False, "max_decoder_steps": sentence.limit} | options
    with students_code("Decoder"), torch.no_grad():
        results = decoder.infer(sentence.memory, sentence.lengths, **options)
    if not isinstance(results, tuple) or len(results) != 4:
        raise unexpected(
            "Decoder.infer should return four things: mel, gate, alignments and lengths"
        )
    mel, gate, weights, lengths = results
    r, n_mels = decoder.n_frames_per_step, decoder.n_mel_channels
    steps = mel.shape[-1] // r if isinstance(mel, torch.Tensor) and mel.dim() else 0
    mel = expect(mel, (1, n_mels, steps * r), "Decoder.infer, as the mel,")[0]
    gate = expect(gate, (1, steps), "Decoder.infer, as the gate,")[0]
    weights = expect(weights, (1, steps, len(sentence.names)), "Decoder.infer, as alignments,")[0]
    frames = int(expect(lengths, (1,), "Decoder.infer, as the lengths,")[0])
    if not 0 <= frames <= steps * r:
        raise unexpected(f"Decoder.infer counts {frames} frames, but made {steps * r}")
    return Decoded(mel, gate, weights, frames)
