"""Let the acoustic model read pieces of text, look at how it went, and try again where it helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from labkit.models.acoustic import AcousticModel
from labkit.pipeline.attention_check import AttentionReport, Failure, check_attention
from labkit.pipeline.splitting import TextPiece
from labkit.tacotron2.masking import pad_symbols
from labkit.text import symbols

MIN_FRAMES = 5
"""Less than 60 ms is no word: the gate fired before anything was said."""

_SPARE_FRAMES = 100  # for pauses before and after, whatever the length of the text

GATE, LIMIT = "gate", "limit"


@dataclass(frozen=True)
class Reading:
    """One attempt at one piece of text.

    Args:
        mel: (n_mels, T) float32 log-mel on the CPU; T may be 0.
        alignment: (T / frames per step, T_in) attention weights on the CPU.
        gate: (T / frames per step,) logits of "this step is the last one" on the CPU; None if the
            model does not tell.
        stop_reason: "gate", or "limit" if the gate never fired.
        attention: what the alignment says; None if nothing was said.
        failures: all that went wrong; empty for a good reading.
        seed: of this attempt.
        attempts: how many there were.
    """

    mel: torch.Tensor
    alignment: torch.Tensor
    gate: torch.Tensor | None
    stop_reason: str
    attention: AttentionReport | None
    failures: tuple[Failure, ...]
    seed: int
    attempts: int = 1

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Smaller is better: something was said, then fewer failures, then the attention score."""
        score = self.attention.score if self.attention else -np.inf
        return self.attention is None, len(self.failures), -score

    @property
    def may_improve(self) -> bool:
        """Whether another seed may help; flat attention comes from the model, not from luck."""
        kinds = {failure.kind for failure in self.failures}
        return bool(kinds) and "unfocused" not in kinds


@dataclass(frozen=True)
class Reader:
    """An acoustic model and how it is used.

    Args:
        model: the acoustic model.
        options: what every call of ``speak`` is given.
        frames_per_symbol: frames for a symbol after which a piece is given up.
        max_frames: frames after which any piece is given up.
        second_try: what further calls are given instead, so that another seed gives another
            reading; None if a piece is not read again.
    """

    model: AcousticModel
    options: dict[str, Any]
    frames_per_symbol: float
    max_frames: int
    second_try: dict[str, Any] | None

    def read(self, batch: Sequence[TextPiece], seed: int, max_retries: int) -> list[Reading]:
        """Read pieces as one batch; those that go wrong again, under other seeds.

        Args:
            batch: the pieces.
            seed: of the first attempt; those of the others follow from it.
            max_retries: how many further attempts there may be.

        Returns:
            The best reading of each piece, in order.
        """
        best = self._attempt(batch, seed)
        for retry in range(1, 1 if self.second_try is None else max_retries + 1):
            failed = [at for at, reading in enumerate(best) if reading.may_improve]
            if not failed:
                break
            again = self._attempt([batch[at] for at in failed], derive_seed(seed, retry), retry + 1)
            for at, reading in zip(failed, again, strict=True):
                winner = min(best[at], reading, key=lambda one: one.rank)
                best[at] = Reading(**{**vars(winner), "attempts": retry + 1})
        return best

    def limit(self, n_symbols: int) -> int:
        """Frames after which a piece of so many symbols is given up."""
        return min(self.max_frames, _SPARE_FRAMES + round(self.frames_per_symbol * n_symbols))

    def _attempt(self, batch: Sequence[TextPiece], seed: int, attempts: int = 1) -> list[Reading]:
        ids, lengths = pad_symbols([piece.ids for piece in batch])  # (B, T_in), (B,)
        device = device_of(self.model)
        options = self.options | ((self.second_try or {}) if attempts > 1 else {})
        mels, mel_lengths, alignments, gates, _ = self.model.speak(
            ids.to(device),
            lengths.to(device),
            seed=seed,
            max_frames=max(self.limit(len(piece.ids)) for piece in batch),
            **options,
        )
        readings = []
        for item, piece in enumerate(batch):
            length = len(piece.ids)
            own_limit = self.limit(length)
            frames = min(int(mel_lengths[item]), own_limit)
            steps = -(-frames // self.model.frames_per_step)
            readings.append(
                self._judge(
                    mels[item, :, :frames].float().cpu().clone(),  # (n_mels, frames)
                    alignments[item, :steps, : len(piece.ids)]
                    .float()
                    .cpu()
                    .clone(),  # (steps, T_in)
                    None if gates is None else gates[item, :steps].float().cpu().clone(),
                    piece,
                    LIMIT if frames == own_limit else GATE,
                    seed,
                    attempts,
                )
            )
        return readings

    def _judge(
        self,
        mel: torch.Tensor,
        alignment: torch.Tensor,
        gate: torch.Tensor | None,
        piece: TextPiece,
        stop_reason: str,
        seed: int,
        attempts: int,
    ) -> Reading:
        frames = mel.size(1)
        if frames < MIN_FRAMES:
            silent = Failure("silent", f"said nothing: the gate fired at frame {frames}")
            gate = None if gate is None else gate[:0]
            return Reading(
                mel[:, :0], alignment[:0], gate, stop_reason, None, (silent,), seed, attempts
            )
        report = check_attention(
            alignment,
            [symbols[index] for index in piece.ids],
            words=piece.words,
            frames_per_step=self.model.frames_per_step,
        )
        failures = report.failures
        if stop_reason == LIMIT:
            failures += (Failure("endless", f"did not stop by itself within {frames} frames"),)
        return Reading(mel, alignment, gate, stop_reason, report, failures, seed, attempts)


def derive_seed(seed: int, *numbers: int) -> int:
    """Follow a seed by others that depend on nothing else; without numbers it stays itself."""
    if not any(numbers):
        return seed
    state = np.random.SeedSequence([seed, *numbers]).generate_state(1, np.uint64)[0]
    return int(state >> np.uint64(1))


def device_of(model: Any) -> torch.device:
    """Where the weights of a model are; the CPU if it has none."""
    own = next(model.parameters(), None) if isinstance(model, torch.nn.Module) else None
    return torch.device("cpu") if own is None else own.device
