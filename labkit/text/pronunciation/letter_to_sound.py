"""From letters to sounds, for words that no lexicon has.

A two-layer bidirectional LSTM reads the letters and names, for each, the phones that it stands for:
none, one, or two (the x of "box"). Which letter stands for which phone in the lexicon was learned
first, by expectation maximisation; both steps are in ``tools/train_letter_to_sound.py``.

The network is small enough for NumPy: a word takes about a millisecond, and PyTorch stays unloaded.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from labkit.text.pronunciation.lexicon import DATA

WEIGHTS = DATA / "letter_to_sound.safetensors"
LAYERS = 2
START, END = 26, 27  # beside the letters a to z, which are 0 to 25
LONGEST_WORD = 40  # longer ones are guessed in pieces

Array = np.ndarray[Any, np.dtype[Any]]


@lru_cache(maxsize=4096)
def guess(word: str) -> tuple[str, ...]:
    """Guess how a word is said from its letters.

    Args:
        word: letters from a to z in lower case, at least one.

    Returns:
        ARPAbet phones, vowels with their stress, one of them primary.
    """
    model = _model()
    pieces = [word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD)]
    return one_primary_stress([phone for piece in pieces for phone in model.phones(piece)])


def letter_ids(word: str) -> list[int]:
    """Number the letters of a word, between the marks of its start and its end."""
    return [START, *(ord(letter) - ord("a") for letter in word), END]


def split_of(word: str) -> str:
    """Say which part of the lexicon a word belongs to: "test", "development" or "training".

    Words are dealt by a hash of their letters: 5 % to the test, 1 % to development. The network
    that ships has not seen these 6 %.
    """
    share = zlib.crc32(word.encode()) % 100
    return "test" if 1 <= share < 6 else "development" if share < 1 else "training"


def one_primary_stress(phones: Sequence[str]) -> tuple[str, ...]:
    """Make the first primary stress the only one; without any, the first vowel gets it."""
    primary = [index for index, phone in enumerate(phones) if phone.endswith("1")]
    vowels = [index for index, phone in enumerate(phones) if phone[-1] in "012"]
    stressed = (primary or vowels or [-1])[0]
    return tuple(
        phone[:-1] + "1" if index == stressed else phone.replace("1", "2")
        for index, phone in enumerate(phones)
    )


class LetterToSound:
    """The network and what its outputs mean.

    Args:
        weights: by name, float32: ``embedding``; for both directions of each layer
            ``forward.0.input``, ``.recurrent`` and ``.bias`` (PyTorch's LSTM, biases added up);
            ``output`` and ``output.bias``.
        chunks: the phones that each output stands for: (), ("K",), ("K", "S"), with stress.
    """

    def __init__(self, weights: dict[str, Array], chunks: Sequence[tuple[str, ...]]) -> None:
        self.weights = weights
        self.chunks = chunks
        bare = [tuple(phone.rstrip("012") for phone in chunk) for chunk in chunks]
        self._same_phones = np.array([[a == b for b in bare] for a in bare], np.float32)

    @classmethod
    def from_file(cls, path: Path) -> LetterToSound:
        """Load a network; matrices are stored as int8 with a scale for each row."""
        with safe_open(path, framework="np") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            chunks = [tuple(chunk.split()) for chunk in file.metadata()["chunks"].split(",")]
        weights = {}
        for name, tensor in stored.items():
            if not name.endswith(".scale"):
                scale = stored.get(f"{name}.scale", np.ones(1))
                weights[name] = tensor.astype(np.float32) * scale.astype(np.float32)
        return cls(weights, chunks)

    def phones(self, word: str) -> list[str]:
        """Name the phones of a word.

        Outputs that differ in stress alone vote together for their phones; the stress is chosen
        among them afterwards.
        """
        probabilities = self._probabilities(letter_ids(word))  # (letters, outputs)
        votes = probabilities @ self._same_phones  # (letters, outputs): summed over stresses
        elected = votes >= votes.max(axis=1, keepdims=True) - 1e-6
        best = np.where(elected, probabilities, -1.0).argmax(axis=1)
        return [phone for output in best for phone in self.chunks[output]]

    def _probabilities(self, letters: list[int]) -> Array:
        hidden = self.weights["embedding"][letters]  # (letters + 2, embedding)
        for layer in range(LAYERS):
            forward = self._lstm(hidden, f"forward.{layer}")
            backward = self._lstm(hidden[::-1], f"backward.{layer}")[::-1]
            hidden = np.concatenate([forward, backward], axis=1)  # (letters + 2, 2 * hidden)
        logits = hidden[1:-1] @ self.weights["output"].T + self.weights["output.bias"]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))

    def _lstm(self, inputs: Array, name: str) -> Array:
        """Run one direction of one layer over (steps, features); gates in PyTorch's order."""
        recurrent = self.weights[f"{name}.recurrent"]
        given = inputs @ self.weights[f"{name}.input"].T + self.weights[f"{name}.bias"]
        size = recurrent.shape[1]
        output, cell = np.zeros(size, np.float32), np.zeros(size, np.float32)
        outputs = np.empty((len(inputs), size), np.float32)
        for step, gates in enumerate(given):
            gates = gates + recurrent @ output  # (4 * hidden,)
            opened = 1 / (1 + np.exp(-gates))
            candidate = np.tanh(gates[2 * size : 3 * size])
            cell = opened[size : 2 * size] * cell + opened[:size] * candidate
            output = opened[3 * size :] * np.tanh(cell)
            outputs[step] = output
        return outputs


@cache
def _model() -> LetterToSound:
    return LetterToSound.from_file(WEIGHTS)
