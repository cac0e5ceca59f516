"""Puts the student's class into a situation and asks it for features, energies or weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from labkit.labs.lab1_attention import toy
from labkit.notebook.student import expect, students_code, unexpected
from labkit.notebook.view import Slider


@dataclass(frozen=True)
class Past:
    """Where the attention has been, as the sliders say.

    Args:
        letters: the sentence.
        previous: (T_in,) the weights of the last step.
        cumulative: (T_in,) the sum of the weights of all steps so far.
    """

    letters: str
    previous: torch.Tensor
    cumulative: torch.Tensor

    @property
    def stacked(self) -> torch.Tensor:
        """The (1, 2, T_in) ``attention_weights_cat``."""
        return torch.stack([self.previous, self.cumulative]).unsqueeze(0)

    @property
    def named(self) -> list[tuple[str, torch.Tensor]]:
        """Both parts under the names that a legend gives them."""
        return [("previous weights", self.previous), ("cumulative weights", self.cumulative)]


def past_sliders(letters: str) -> list[Slider]:
    """Return the sliders that move the past; at first, up to five letters have been read."""
    start = min(5, len(letters))
    return [
        Slider("centre", "last step: looked at letter", 1, len(letters), start),
        Slider("width", "last step: how widely", 0.2, 3.0, 0.2, step=0.1),
        Slider("read", "letters already read", 0, len(letters), start),
    ]


def past_at(letters: str, centre: int, width: float, read: int) -> Past:
    """Make the past of an attention that looked at the letter ``centre``, counted from 1.

    Args:
        letters: the sentence.
        centre: where the last step looked.
        width: how widely, as the standard deviation of a bell in letters.
        read: how many letters have had their full time.
    """
    distance = torch.arange(len(letters)) - (centre - 1.0)
    bell = torch.exp(-0.5 * (distance / width) ** 2)
    bell[bell < 1e-3] = 0  # so that "no weight here" is true to the last digit
    time = torch.tensor([float(toy.steps_for(letter)) for letter in letters])
    time[read:] = 0
    return Past(letters, bell / bell.sum(), time)


def built_once(
    module_class: type[nn.Module], name: str, sizes: dict[str, int], part: str = ""
) -> Callable[[], Any]:
    """Return a function that builds the class with toy weights, the first time it is called.

    Args:
        module_class: the student's class.
        name: what it is called in messages.
        sizes: the arguments of its constructor.
        part: the part of the toy attention whose weights it gets; all of it if empty.
    """

    @cache
    def build() -> nn.Module:
        with students_code(name):
            built = module_class(**sizes)
            built.load_state_dict(toy.load_weights(part))
        return built.eval()

    return build


def locate(layer: Any, past: Past) -> torch.Tensor:
    """Ask the student's LocationLayer for its (T_in, attention_dim) features."""
    with students_code("LocationLayer"), torch.no_grad():
        result = layer(past.stacked)
    shape = (1, len(past.letters), toy.LOCATION_SIZES["attention_dim"])
    return expect(result, shape, "LocationLayer.forward")[0]


def _question(attention: Any, letters: str, at: int) -> tuple[torch.Tensor, ...]:
    """Build query, memory and processed memory of a decoder that has just finished ``at``."""
    memory = toy.memory_of(letters)  # (T_in, embedding_dim)
    read = [toy.start_vector(), *(memory[i] for i in toy.positions_due(letters[: at + 1]))]
    query = torch.cat([read[-1], read[-2]]).unsqueeze(0)  # (1, attention_rnn_dim)
    memory = memory.unsqueeze(0)  # (1, T_in, embedding_dim)
    return query, memory, attention.memory_layer(memory)


def score(attention: Any, past: Past, at: int) -> torch.Tensor:
    """Ask the student's Attention for its (T_in,) energies."""
    with students_code("Attention"), torch.no_grad():
        query, _, processed_memory = _question(attention, past.letters, at)
        result = attention.get_alignment_energies(query, processed_memory, past.stacked)
    shape = (1, len(past.letters))
    return expect(result, shape, "Attention.get_alignment_energies")[0]


def weigh(attention: Any, past: Past, at: int) -> torch.Tensor:
    """Ask the student's Attention for its (T_in,) weights."""
    with students_code("Attention"), torch.no_grad():
        query, memory, processed_memory = _question(attention, past.letters, at)
        result = attention(query, memory, processed_memory, past.stacked, None)
    if not isinstance(result, tuple) or len(result) != 2:
        raise unexpected("Attention.forward should return two things: the context and the weights")
    expect(result[0], (1, toy.EMBEDDING_DIM), "Attention.forward, as the context,")
    return expect(result[1], (1, len(past.letters)), "Attention.forward, as the weights,")[0]
