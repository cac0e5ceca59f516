"""Answers for the device and the clock of lab 4: a queue of work that takes the time it takes."""

from __future__ import annotations

from typing import Any

import torch

from grader.judge.dice import dice
from grader.judge.finding import Finding
from grader.judge.stage import Partner
from grader.sandbox.line import Said, Tensors

_TICK = 1e-7  # seconds that reading the clock takes
_SLOW = 4.0  # a first run loads and compiles
_SECONDS = {"read": (0.05, 0.8), "vocode": (0.02, 0.3)}  # until it returns; until it is done


class MeasuringPartner(Partner):
    """A device with a queue, and a clock that only work and waiting move on.

    ``partner`` of the case: ``key``, ``batch``, ``n_mels``, ``hop_length``, ``n_iterations``,
    ``n_warm_ups`` and ``busy``, the seconds for which the device still works at something else.
    """

    shown = ("own-clock", "nothing-run", "vocoded-in-part")

    def __init__(self, case: Any) -> None:
        super().__init__(case)
        self.events: list[str] = []
        self._now, self._pending = 100.0, float(self.facts["busy"])
        self._runs = {"read": 0, "vocode": 0}
        self._read: list[int] = []  # the shape of the mel that was read last
        self.in_part: tuple[list[int], list[int]] | None = None  # what was vocoded, and was read

    def answer(self, what: str, said: Said, tensors: Tensors) -> tuple[Said, Tensors]:
        """Answer ``read``, ``vocode``, ``synchronise`` or ``clock``."""
        self.events.append(what)
        if what == "clock":
            self._now += _TICK
            return {"seconds": self._now}, {}
        if what == "synchronise":
            self._now += self._pending
            self._pending = 0.0
            return {}, {}
        if what == "vocode" and said["shape"] != self._read:
            self.in_part = [int(size) for size in said["shape"]], self._read
        drawn = self._work(what)
        if what == "read":
            frames = int(torch.randint(20, 60, (1,), generator=drawn))
            self._read = [self.facts["batch"], self.facts["n_mels"], frames]
            return {"shape": self._read}, {}
        batch, _, frames = said["shape"]
        return {"shape": [int(batch), int(frames) * self.facts["hop_length"]]}, {}

    def _work(self, what: str) -> torch.Generator:
        run = self._runs[what]
        self._runs[what] += 1
        # another mel takes another time
        drawn = dice(self.facts["key"], what, run, *self.in_part or ())
        spread = 0.5 + torch.rand(2, generator=drawn, dtype=torch.float64)
        slow = _SLOW if run < self.facts["n_warm_ups"] else 1.0
        host, device = (spread * torch.tensor(_SECONDS[what]) * slow).tolist()
        self._now += host
        self._pending += device
        return drawn

    def explain(self, finding: Finding, tensors: Tensors) -> Finding:
        """Say which looks at the clock did not come directly after waiting, or what was not run."""
        if finding.stage not in ("value", "size", "finite"):
            return finding
        if "clock" not in self.events:
            return Finding(finding.stage, "`clock` was never called.", slip="own-clock")
        if not self._runs["read"] or not self._runs["vocode"]:
            return Finding(
                finding.stage, "`read` or `vocode` was never called.", slip="nothing-run"
            )
        if self.in_part:
            got, read = map(tuple, self.in_part)
            said = f"`vocode` got a mel of the shape {got}, and `read` gave {read}."
            return Finding(finding.stage, said, slip="vocoded-in-part")
        wanted = self.facts["n_iterations"] + self.facts["n_warm_ups"]
        for what, runs in self._runs.items():
            if runs != wanted:
                said = f"`{what}` was called {runs} times, where {wanted} were wanted"
                plan = (
                    f"{self.facts['n_warm_ups']} to warm up, {self.facts['n_iterations']} to keep"
                )
                slip = "nothing-run" if runs == 1 < wanted else ""
                return Finding(finding.stage, f"{said} ({plan}).", finding.hint, slip)
        busy, hurried = True, 0
        for event in self.events:
            if event == "clock":
                hurried += busy
            else:
                busy = event != "synchronise"
        if hurried:
            times = "once" if hurried == 1 else f"{hurried} times"
            said = f"the clock was looked at {times} while the device was still at work"
            return Finding(finding.stage, f"{said}. ({finding.message})", finding.hint)
        return finding
