"""What was said, and all that is known about how it came about."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from labkit.errors import InputError
from labkit.pipeline.attention_check import Failure
from labkit.pipeline.reading import Reading
from labkit.text import symbols


@dataclass(frozen=True, repr=False, kw_only=True)
class SpeechPiece(Reading):
    """A part of a speech that was read in one go: the best reading of it, and what it reads.

    Args:
        text: the part of the text as it was written.
        ids: the symbol ids that were read, one for each column of the alignment.
        words: what each stretch of symbols between two blanks says, with its marks.
        start: second of the speech at which it begins.
        seconds: how long it takes, with the silence that the model made at its ends.
    """

    text: str
    ids: tuple[int, ...]
    words: tuple[str, ...]
    start: float
    seconds: float

    @property
    def spoken(self) -> str:
        """What was read, with numbers and abbreviations written out."""
        return " ".join(self.words)

    @property
    def symbols(self) -> list[str]:
        """The symbol of each id; ARPAbet begins with ``@``."""
        return [symbols[index] for index in self.ids]

    def __repr__(self) -> str:
        state = "; ".join(map(str, self.failures)) or "well read"
        return f"<SpeechPiece {self.spoken!r}, {self.start:.2f} s + {self.seconds:.2f} s, {state}>"


@dataclass(frozen=True, repr=False)
class Utterance:
    """A text, spoken: the sound, and all that is known about how it came about.

    Args:
        text: the text as it was given.
        audio: (N,) float32 samples in [-1, 1], on the CPU.
        sample_rate: samples per second.
        pieces: the parts that were read one by one.
        notes: what was left out, split, read again or went wrong, in words.
        seed: gives the same speech again, from the same call.
    """

    text: str
    audio: torch.Tensor
    sample_rate: int
    pieces: tuple[SpeechPiece, ...]
    notes: tuple[str, ...]
    seed: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.audio) / self.sample_rate

    @property
    def mel(self) -> torch.Tensor:
        """(n_mels, T) log-mel of all pieces, one after the other, without the pauses between."""
        return torch.cat([piece.mel for piece in self.pieces], dim=1)

    @property
    def alignment(self) -> torch.Tensor:
        """(T, T_in) attention weights of a speech of one piece.

        Raises:
            InputError: there are several pieces, and so there are several alignments.
        """
        if len(self.pieces) > 1:
            raise InputError(
                f"this speech was read in {len(self.pieces)} pieces, each with its own alignment: "
                "use speech.alignments, or speech.pieces[0].alignment"
            )
        return self.pieces[0].alignment

    @property
    def gate(self) -> torch.Tensor | None:
        """(T,) gate logits of all pieces, one after the other; None if the model does not tell."""
        gates = [piece.gate for piece in self.pieces if piece.gate is not None]
        return torch.cat(gates) if len(gates) == len(self.pieces) else None

    @property
    def alignments(self) -> list[torch.Tensor]:
        """(T, T_in) attention weights of each piece."""
        return [piece.alignment for piece in self.pieces]

    @property
    def stop_reason(self) -> str:
        """Tell "gate" if every piece ended by itself, else "limit"."""
        reasons = {piece.stop_reason for piece in self.pieces}
        return "limit" if "limit" in reasons else "gate"

    @property
    def failures(self) -> list[Failure]:
        """What went wrong in any piece."""
        return [failure for piece in self.pieces for failure in piece.failures]
