"""What all acoustic models have in common: symbols go in, a log-mel and its alignment come out."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn

NEVER = 1 - 1e-6
"""A gate threshold that no untrained gate passes."""


class Spoken(NamedTuple):
    """What an acoustic model makes of a batch of sentences."""

    mel: torch.Tensor
    """(B, n_mels, T) natural-log mel; frames behind a sentence's end mean nothing."""
    mel_lengths: torch.Tensor
    """(B,) frames of each sentence."""
    alignments: torch.Tensor
    """(B, T / r, T_in) how much of each symbol is in each step; zero on padded symbols."""
    gate: torch.Tensor | None = None
    """(B, T / r) logits of "this step is the last one", of a model that decides so at each step."""
    durations: torch.Tensor | None = None
    """(B, T_in) frames of each symbol, of a model that decides so before."""


class AcousticModel(nn.Module):
    """Base of every acoustic model. All but :meth:`speak` has a sensible default."""

    reading_options: ClassVar[tuple[str, ...]] = ()
    """What :meth:`speak` takes beside ``seed`` and ``max_frames``, by name."""
    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    """In which it can compute; more than one only with ``precision`` among its reading options."""
    n_mels: int | None = None
    """Bands of its mels; None if it does not tell."""
    n_symbols: int | None = None
    """Size of its symbol table; None if it does not tell."""
    frames_per_step: int = 1
    """r, the frames of a step, that is of a row of the alignment."""

    @abstractmethod
    def speak(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        *,
        seed: int | None = None,
        max_frames: int | None = None,
    ) -> Spoken:
        """Read sentences, without gradients and as in ``eval()``.

        Args:
            ids: (B, T_in) symbol ids, padded on the right.
            lengths: (B,) number of symbols of each sentence, in any order.
            seed: fixes all that is random, whatever the global random state, which is left alone;
                without it, it is drawn from the global random state.
            max_frames: frames after which to give up a sentence that does not end; for a model
                that knows the length before, nothing.

        Returns:
            The mels, and how they came about.

        Raises:
            InputError: an input has the wrong type, shape or content.
        """

    @property
    def second_try(self) -> dict[str, Any] | None:
        """Options under which another seed gives another reading; None if it is always the same."""
        return None

    def exactly(self, frames: int) -> dict[str, Any] | None:
        """Options under which every sentence has so many frames; None if there are none."""
        gated = "gate_threshold" in self.reading_options
        return {"max_frames": frames, "gate_threshold": NEVER} if gated else None
