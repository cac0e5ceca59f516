"""A toy decoder that reads a sentence aloud with the attention it is given.

It is as small as a decoder can be and still lose its place. Its only state is the last two
things that it read: they are its query. The letters are known by themselves and by the letter
before them, which is what an encoder's convolutions would tell. Reading takes one step for
each letter, two for a vowel. The start is marked as a letter of its own.

The weights in ``data/attention_toy.safetensors`` were trained on made-up words by
``benchmarks/make_attention_toy.py``, half of the time with the past weights and half of the
time with zeros in their place: the same weights read with and without location.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from labkit.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from torch import nn

LETTERS = " abcdefghijklmnopqrstuvwxyz"
START = len(LETTERS)  # the mark before the first letter
EMBEDDING_DIM = 2 * (len(LETTERS) + 1)  # which letter, and which letter stands before it
LOCATION_SIZES = {"attention_n_filters": 4, "attention_kernel_size": 7, "attention_dim": 16}
ATTENTION_SIZES = {
    "attention_rnn_dim": 2 * EMBEDDING_DIM,
    "embedding_dim": EMBEDDING_DIM,
    "attention_dim": LOCATION_SIZES["attention_dim"],
    "attention_location_n_filters": LOCATION_SIZES["attention_n_filters"],
    "attention_location_kernel_size": LOCATION_SIZES["attention_kernel_size"],
}
LONGEST = 40  # letters; more would not fit under a picture
WEIGHTS = Path(__file__).parent / "data" / "attention_toy.safetensors"


def clean(sentence: str) -> str:
    """Return ``sentence`` in small letters and without doubled blanks.

    Raises:
        InputError: it holds something else than letters and blanks, or has no letter, or
            is longer than 40 letters.
    """
    letters = " ".join(sentence.lower().split())
    strange = sorted({letter for letter in letters if letter not in LETTERS})
    if strange:
        raise InputError(
            f"The toy decoder reads the letters a to z and blanks; {sentence!r} also holds "
            f"{' '.join(strange)}. Leave that out."
        )
    if not 2 <= len(letters) <= LONGEST:
        raise InputError(
            f"The toy decoder reads 2 to {LONGEST} letters; {sentence!r} has {len(letters)}."
        )
    return letters


def steps_for(letter: str) -> int:
    """Tell for how many decoder steps ``letter`` sounds."""
    return 2 if letter in "aeiou" else 1


def positions_due(letters: str) -> list[int]:
    """List, for each decoder step, the position of the letter that should sound."""
    return [position for position, letter in enumerate(letters) for _ in range(steps_for(letter))]


def start_vector() -> torch.Tensor:
    """Return the (embedding_dim,) vector that stands for having read nothing yet."""
    vector = torch.zeros(EMBEDDING_DIM)
    vector[START] = 1
    return vector


def memory_of(letters: str) -> torch.Tensor:
    """Encode ``letters`` as a (T_in, embedding_dim) memory."""
    memory = torch.zeros(len(letters), EMBEDDING_DIM)
    before = START
    for position, letter in enumerate(letters):
        number = LETTERS.index(letter)
        memory[position, number] = 1
        memory[position, START + 1 + before] = 1
        before = number
    return memory


def load_weights(part: str = "") -> dict[str, torch.Tensor]:
    """Load the trained weights of the attention, or of the ``part`` of that name.

    Raises:
        CheckpointError: the file that ships with labkit is missing.
    """
    from safetensors.torch import load_file

    if not WEIGHTS.is_file():
        raise CheckpointError(f"{WEIGHTS} is missing; install labkit again.")
    prefix = f"{part}." if part else ""
    return {
        name.removeprefix(prefix): weight
        for name, weight in load_file(WEIGHTS).items()
        if name.startswith(prefix)
    }


@dataclass(frozen=True)
class Attempt:
    """What came of one attempt to read a sentence.

    Args:
        letters: the sentence.
        weights: (steps, T_in) attention weights.
    """

    letters: str
    weights: torch.Tensor

    @property
    def due(self) -> list[int]:
        """The position that should have been read at each step."""
        return positions_due(self.letters)

    @property
    def right(self) -> float:
        """The mean share of the weight that lay on the letter that was due."""
        return float(self.weights[torch.arange(len(self.due)), self.due].mean())


def read(attention: nn.Module, letters: str, use_location: bool = True) -> Attempt:
    """Let ``attention`` read ``letters`` with nobody helping: it lives on its own weights.

    Args:
        attention: an attention of the sizes in ``ATTENTION_SIZES``.
        letters: a sentence that came out of :func:`clean`.
        use_location: if false, it is told at each step that it has not been anywhere.
    """
    memory = memory_of(letters).unsqueeze(0)  # (1, T_in, embedding_dim)
    last = before_last = start_vector().unsqueeze(0)  # (1, embedding_dim)
    previous = cumulative = torch.zeros(1, len(letters))
    steps: list[torch.Tensor] = []
    with torch.no_grad():
        processed_memory = _memory_layer(attention)(memory)
        for _ in positions_due(letters):
            past = torch.stack([previous, cumulative], dim=1)  # (1, 2, T_in)
            query = torch.cat([last, before_last], dim=1)  # (1, attention_rnn_dim)
            context, weights = attention(
                query, memory, processed_memory, past if use_location else past * 0, None
            )
            previous, cumulative = weights, cumulative + weights
            last, before_last = context, last
            steps.append(weights)
    return Attempt(letters, torch.cat(steps))


def _memory_layer(attention: Any) -> nn.Module:
    return attention.memory_layer
