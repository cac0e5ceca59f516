"""What is read: sentences that nobody has seen before, drawn from the course's secret."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch

from grader.labs.base import Tensors

if TYPE_CHECKING:
    from labkit.pipeline.front_end import FrontEnd

FRAMES_PER_SYMBOL = 5.5
_SHORTEST, _LONGEST = 3, 9  # letters of a word


@dataclass(frozen=True)
class Size:
    """How much is read at once.

    Attributes:
        symbols: of each sentence.
        batch: sentences.
        steps: of the decoder.
    """

    symbols: int
    batch: int
    steps: int

    def __str__(self) -> str:
        sentences = f" x {self.batch}" if self.batch > 1 else ""
        return f"{self.symbols} symbols{sentences}"


@cache
def _words() -> tuple[str, ...]:
    from labkit.text.pronunciation.lexicon import entries

    return tuple(
        word for word, _ in entries() if word.isalpha() and _SHORTEST <= len(word) <= _LONGEST
    )


class Draw:
    """Draws sentences, none of them twice.

    Args:
        seed: of everything that is drawn; whoever knows it knows the inputs.
        front_end: what turns a text into symbols, as the voice wants them.
        frames_per_step: of the model's decoder.
    """

    def __init__(self, seed: str, front_end: FrontEnd, frames_per_step: int) -> None:
        self.dice = random.Random(seed)
        self.frames_per_step = frames_per_step
        self.reading = 0.0  # seconds from the last text to its ids
        self._front_end = front_end

    def size(self, symbols: int, batch: int = 1) -> Size:
        """Return a size with as many steps as people need for so many symbols."""
        return Size(symbols, batch, round(symbols * FRAMES_PER_SYMBOL / self.frames_per_step))

    def sentences(self, size: Size) -> Tensors:
        """Return ``ids`` (B, T_in) of new sentences and their ``lengths`` (B,)."""
        ids = torch.tensor([self._sentence(size.symbols) for _ in range(size.batch)])
        return {"ids": ids, "lengths": torch.full((size.batch,), size.symbols)}

    def like(self, mel: torch.Tensor) -> torch.Tensor:
        """Return a mel that sounds much the same, and that nobody has seen."""
        generator = torch.Generator().manual_seed(self.dice.getrandbits(60))
        return mel + 0.01 * torch.randn(mel.shape, generator=generator)

    def _sentence(self, symbols: int) -> list[int]:
        words: list[str] = []
        ids: list[int] = []
        while len(ids) < symbols:
            words += self.dice.choices(_words(), k=1 + (symbols - len(ids)) // 6)
            start = time.perf_counter()
            ids = self._front_end.read(" ".join(words) + ".").ids
            self.reading = time.perf_counter() - start
        return [*ids[: symbols - 1], ids[-1]]
