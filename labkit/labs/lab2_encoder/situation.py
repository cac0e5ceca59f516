"""Puts the student's Encoder, with the voice's weights, into the situations of the second lab.

Every number comes from the class that is passed in; here it is only asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from labkit.errors import InputError
from labkit.notebook.picture import SPACE
from labkit.notebook.shipped_voice import voice
from labkit.notebook.student import expect, students_code
from labkit.tacotron2 import Encoder
from labkit.text import pad_id, symbol_to_id, symbols

MOST_SYMBOLS = 50  # more do not fit below a picture
NOTICEABLE = 1e-3  # what changes by less is said not to change


@dataclass(frozen=True)
class Symbols:
    """A sentence as the voice is given it.

    Args:
        ids: its symbols.
        names: what they are called in a picture; a blank is an open box, padding a dot.
    """

    ids: list[int]
    names: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    def padded(self, n: int) -> Symbols:
        """Return the sentence with ``n`` symbols of padding behind it."""
        return Symbols(self.ids + [pad_id] * n, self.names + ["·"] * n)

    def changed(self, position: int) -> tuple[Symbols, str]:
        """Return the sentence with another symbol at ``position``, and the name of that symbol."""
        name = "OY" if self.names[position] != "OY" else "Z"
        ids, names = list(self.ids), list(self.names)
        ids[position], names[position] = symbol_to_id[f"@{name}"], name
        return Symbols(ids, names), name

    def call(self, position: int) -> str:
        """Call a symbol by itself and its number, counted from 1."""
        return f"{self.names[position]} (symbol {position + 1})"

    def span(self, positions: list[int]) -> str:
        """Call the first and the last of some positions."""
        if not positions:
            return "no symbol"
        if len(positions) == 1:
            return f"only {self.call(positions[0])}"
        return f"{self.call(positions[0])} to {self.call(positions[-1])}"


def read(sentence: str) -> Symbols:
    """Turn a sentence into the symbols that the voice reads.

    Raises:
        InputError: it is too long for a picture, or too short to have neighbours.
        TextError: nothing in it can be spoken.
    """
    ids = list(voice().settings.front_end.read(sentence).ids)
    if not 3 <= len(ids) <= MOST_SYMBOLS:
        raise InputError(
            f"{sentence!r} has {len(ids)} symbols (sounds, blanks and marks); a picture has room "
            f"for 3 to {MOST_SYMBOLS}."
        )
    names = [symbols[i].removeprefix("@") for i in ids]
    return Symbols(ids, [SPACE if name == " " else name for name in names])


def embed(*sentences: Symbols) -> torch.Tensor:
    """Look up the vectors of sentences of one length: (B, encoder_embedding_dim, T_in)."""
    ids = torch.tensor([sentence.ids for sentence in sentences])  # (B, T_in)
    with torch.no_grad():
        return voice().tacotron2.embedding(ids).transpose(1, 2)


def built_once(encoder_class: type[nn.Module]) -> Callable[[], Any]:
    """Return a function that builds the class with the voice's weights, at its first call."""

    @cache
    def build() -> nn.Module:
        model = voice().tacotron2
        with students_code("Encoder"):
            built = encoder_class(**model.config.arguments_of(Encoder))
            built.load_state_dict(model.encoder.state_dict())
        return built.eval()

    return build


@contextmanager
def only_layers(encoder: Any, n: int) -> Iterator[None]:
    """Let the first ``n`` convolutions work; the others hand on what they get."""
    layers = encoder.convolutions
    idle = [nn.Sequential(nn.Identity(), nn.Identity()) for _ in layers[n:]]
    encoder.convolutions = nn.ModuleList([*layers[:n], *idle])
    try:
        yield
    finally:
        encoder.convolutions = layers


def convolve(
    encoder: Any, x: torch.Tensor, padding: torch.Tensor | None, layers: int
) -> torch.Tensor:
    """Ask the student's first ``layers`` convolutions: (B, encoder_embedding_dim, T_in)."""
    with students_code("Encoder"), torch.no_grad(), only_layers(encoder, layers):
        result = encoder.convolve(x.clone(), padding)
    return expect(result, tuple(x.shape), "Encoder.convolve")


def remember(encoder: Any, x: torch.Tensor, length: int, layers: int = 3) -> torch.Tensor:
    """Ask the student's Encoder for the memory of sentences of one length.

    Args:
        encoder: the student's.
        x: (B, encoder_embedding_dim, T_in) embedded symbols.
        length: how many of the symbols are said to be no padding.
        layers: how many convolutions work.

    Returns:
        (B, T_in, encoder_embedding_dim) memory.
    """
    lengths = torch.full((len(x),), length)  # (B,)
    with students_code("Encoder"), torch.no_grad(), only_layers(encoder, layers):
        result = encoder(x.clone(), lengths)
    return expect(result, (x.size(0), x.size(2), x.size(1)), "Encoder.forward")


@contextmanager
def hidden_in_convolutions(encoder: Any, length: int) -> Iterator[None]:
    """Hide everything behind ``length`` from the convolutions, whatever they are told."""
    convolve = encoder.convolve

    def hiding(x: torch.Tensor, _padding: torch.Tensor | None) -> torch.Tensor:
        return convolve(x, behind(length, x.size(2)))

    encoder.convolve = hiding
    try:
        yield
    finally:
        del encoder.convolve


def behind(length: int, total: int) -> torch.Tensor:
    """Mark what lies behind ``length`` symbols: (1, 1, T_in) bool."""
    return (torch.arange(total) >= length).view(1, 1, -1)


def change(after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Measure how far vectors (..., D) moved, as a share of their length: (...)."""
    distance = (after - before).norm(dim=-1)
    return distance / before.norm(dim=-1).clamp(min=1e-6)


def noticed(values: torch.Tensor) -> list[int]:
    """List the positions that change."""
    return [int(i) for i in (values > NOTICEABLE).nonzero().flatten()]
