"""Answers for the acoustic model of lab 4: another mel for whatever is asked in another way."""

from __future__ import annotations

from typing import Any

import torch

from grader.judge.dice import dice, listed
from grader.judge.finding import Finding
from grader.judge.stage import Partner
from grader.sandbox.line import Said, Tensors

_PARTS = ("the model's weights", "the ids", "the lengths")
# slips that one event shows, whatever else is wrong where nothing shows it
_NAMES = {
    frozenset(["training"]): "training-mode",
    frozenset(["parts"]): "training-in-parts",
    frozenset(["gradients"]): "gradients-on",
    frozenset(["training", "gradients"]): "training-and-gradients",
    frozenset(["seed"]): "seed-changed",
    frozenset(["dropout"]): "dropout-off",
}
_RESULTS = ("the mel", "the lengths", "the alignments")


class ReadingPartner(Partner):
    """Knows in which state a model should be, and what it should be asked.

    ``partner`` of the case: ``key``, ``n_mels``, ``spare`` (frames beyond the longest sentence),
    ``elsewhere`` (whether everything should be on another device than the CPU).
    """

    shown = ("seed-changed", "read-one-by-one", "model-changed")

    def __init__(self, case: Any) -> None:
        super().__init__(case)
        self.readings: list[dict[str, Any]] = []
        self.returned: list[bool] = []
        self.model_as_before = True

    def answer(self, what: str, said: Said, tensors: Tensors) -> tuple[Said, Tensors]:
        """Give mel, lengths and alignments; or hear where the results were left."""
        if what == "returned":
            self.returned = [bool(place) for place in said["elsewhere"]]
            self.model_as_before = bool(said["model_as_before"])
            return {}, {}
        asked: dict[str, Any] = {
            "ids": [[int(symbol) for symbol in sentence] for sentence in said["ids"]],
            "lengths": [int(length) for length in said["lengths"]],
            "seed": None if said["seed"] is None else int(said["seed"]),
            "dropout": bool(said["dropout"]),
            "gradients": bool(said["gradients"]),
            "training": sorted(map(str, said["training"])),
            "elsewhere": [bool(place) for place in said["elsewhere"]],
        }
        self.readings.append(asked)
        longest, batch = len(asked["ids"][0]), len(asked["ids"])
        drawn = dice(self.facts["key"], asked)
        n_frames = longest + self.facts["spare"]
        more = torch.randint(0, 2, (batch,), generator=drawn)
        return {}, {
            "mel": torch.randn(batch, self.facts["n_mels"], n_frames, generator=drawn),
            "mel_lengths": torch.tensor(asked["lengths"]).int() + 1 + more.int(),
            "alignments": torch.rand(batch, n_frames, longest, generator=drawn).softmax(-1),
        }

    def objection(self) -> Finding | None:
        """Tell who gave the model back as another one than it came."""
        if self.model_as_before:
            return None
        said = "its weights came back in another type, or no longer ask for gradients."
        return Finding("manner", said, slip="model-changed")

    def explain(self, finding: Finding, tensors: Tensors) -> Finding:
        """Say in what the model was asked otherwise than the text wants it."""
        if finding.stage not in ("value", "size", "axes", "property"):
            return finding
        if not self.readings:
            return Finding("value", "the model's `infer` was never called.")
        wrong = self._wrong(self.readings[-1])
        if len(self.readings) > 1 and (wrong.get("ids") or not wrong):
            return Finding(
                finding.stage,
                f"`infer` was called {len(self.readings)} times.",
                slip="read-one-by-one",
            )
        if wrong:
            said = "; ".join(wrong.values())
            return Finding(
                finding.stage,
                f"the mel is not the one that was asked for: {said}.",
                finding.hint,
                _NAMES.get(frozenset(wrong), ""),
            )
        if self.returned and (away := self._misplaced()):
            where = "the CPU" if self.facts["elsewhere"] else "another device"
            said = f"{listed(away)} came back on {where}, and not on `device`."
            return Finding(finding.stage, said, slip="moved-back")
        return finding

    def _misplaced(self) -> list[str]:
        return [
            name
            for name, place in zip(_RESULTS, self.returned, strict=False)
            if place != self.facts["elsewhere"]
        ]

    def _wrong(self, asked: dict[str, Any]) -> dict[str, str]:
        """Say for each thing what was asked and what the case wanted."""
        wrong = {}
        away = [
            part
            for part, place in zip(_PARTS, asked["elsewhere"], strict=False)
            if place != self.facts["elsewhere"]
        ]
        if away:
            wrong["place"] = f"{listed(away)} were not on `device`"
        if asked["training"]:
            whole = "" in asked["training"]
            part = "the model was" if whole else "a part of the model was still"
            wrong["training" if whole else "parts"] = f"{part} in training mode"
        if asked["gradients"]:
            wrong["gradients"] = "gradients were on"
        if asked["seed"] != (seed := self.case.options.get("reading_seed")):
            wrong["seed"] = f"the model got seed={asked['seed']}, and `read` got seed={seed}"
        if not asked["dropout"]:
            wrong["dropout"] = "the prenet's dropout was off"
        for name in ("ids", "lengths"):
            if asked[name] != self.case.inputs[name].tolist():
                wrong["ids"] = f"the model got other {name} than `read`"
        return wrong
