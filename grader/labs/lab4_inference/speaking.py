"""Answers for the vocoder and the denoiser of lab 4.

Both do what real ones do and plain toys do not: a frame sounds otherwise before another one, and
what is taken away from a sample depends on all samples that came with it. So it shows in numbers
where a sentence was cut.
"""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from grader.judge.dice import dice, listed
from grader.judge.finding import Finding
from grader.judge.stage import Partner
from grader.sandbox.line import Said, Tensors

_GRID = 64  # samples are multiples of 1 / 64, and sums of few: exact in any precision


class SpeakingPartner(Partner):
    """Makes mels audible and takes a hum away.

    ``partner`` of the case: ``key``, ``n_mels``, ``hop_length``.
    """

    shown = ("gradients-on", "strength-changed")

    def __init__(self, case: Any) -> None:
        super().__init__(case)
        self.vocoded = 0
        self.gradients = False
        self.denoised: list[float] = []
        self.returned: list[bool] = []
        self.count = 0
        drawn = dice(self.facts["key"], "wave")
        shape = 2, self.facts["n_mels"], self.facts["hop_length"]
        self.waves = torch.randint(0, 2, shape, generator=drawn).double() * 2 - 1

    def answer(self, what: str, said: Said, tensors: Tensors) -> tuple[Said, Tensors]:
        """Answer a call of the vocoder or of the denoiser, or hear what was returned."""
        if what == "returned":
            self.returned = [bool(place) for place in said["elsewhere"]]
            self.count = int(said["count"])
            return {}, {}
        if what == "vocode":
            self.gradients |= bool(said["gradients"])
            return {}, {"audio": self._vocode(tensors["mel"])}
        return {}, {"audio": self._denoise(tensors["audio"], float(said["strength"]))}

    def _vocode(self, mel: torch.Tensor) -> torch.Tensor:
        self.vocoded += 1
        exact = mel.double()
        own, next_ = (torch.einsum("bct,ck->btk", exact, wave) for wave in self.waves)
        next_ = torch.cat([next_[:, 1:], torch.zeros_like(next_[:, :1])], dim=1)
        return (own + next_ / 2).flatten(1).to(mel.dtype)  # (B, T · hop_length)

    def _denoise(self, audio: torch.Tensor, strength: float) -> torch.Tensor:
        self.denoised.append(strength)
        hums = []
        for row in audio:
            samples = (row.double() * 1024).round().int().numpy()
            digest = hashlib.sha256(samples.tobytes()).hexdigest()
            drawn = dice(self.facts["key"], "hum", digest)
            hums.append(torch.randint(-_GRID // 4, _GRID // 4, row.shape, generator=drawn) / _GRID)
        return (audio.double() + strength * torch.stack(hums)).to(audio.dtype)

    def objection(self) -> Finding | None:
        """Tell who let the vocoder remember everything for a backward pass that never comes."""
        if not self.gradients:
            return None
        said = "all samples are right, and gradients were on for them."
        return Finding("manner", said, slip="gradients-on")

    def explain(self, finding: Finding, tensors: Tensors) -> Finding:
        """Say what was done otherwise than the text wants it."""
        if finding.stage not in ("value", "size", "rank", "axes", "property"):
            return finding
        if not self.vocoded:
            return Finding("value", "the vocoder was never asked: its `infer` was not called.")
        unsaved = [
            str(index + 1)
            for index in range(len(self.returned))
            if not len(tensors.get(f"file_{index}", ()))
        ]
        if unsaved:
            return Finding(
                finding.stage, f"there is no file at the path of sentence {listed(unsaved)}."
            )
        if finding.message.startswith("the sample rates"):
            rates, wanted = (
                tensors["sample_rates"].tolist(),
                self.case.options["mel"]["sample_rate"],
            )
            index = next(i for i, rate in enumerate(rates) if rate != wanted)
            said = f"the file of sentence {index + 1} says {rates[index]:.0f} Hz"
            return Finding(finding.stage, f"{said}, and the vocoder {wanted} Hz.", finding.hint)
        if self.count != len(self.returned):
            said = f"{self.count} sentences came back, and {len(self.returned)} were asked for"
            return Finding(finding.stage, f"{said}.", finding.hint)
        kept = [str(index + 1) for index, place in enumerate(self.returned) if place]
        if kept:
            which = listed(kept)
            return Finding(
                finding.stage,
                f"what came back of sentence {which} is still on the vocoder's device.",
                "The caller wants samples to hear and to save: where must they be for that?",
            )
        wanted = self.case.options["strength"]
        if not self.denoised:
            said, slip = "the denoiser was never asked", ""
        elif any(strength != wanted for strength in self.denoised):
            said = f"the denoiser was asked with strength {self.denoised[-1]:g}, wanted: {wanted:g}"
            slip = "strength-changed"
        else:
            return finding
        return Finding(finding.stage, f"{said}. ({finding.message})", finding.hint, slip)
