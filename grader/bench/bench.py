"""The bench: two workers, of which one holds the reference, and the other one student at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from grader.bench.beside import FULL
from grader.bench.contest import Contest, ReferenceLostError
from grader.bench.inputs import Draw, Size
from grader.bench.processes import can_be_held, idlest_core, pin
from grader.bench.rounds import Measured, Plan, measure
from grader.bench.row import FAILED, LAST, Row, make_row
from grader.bench.side import Side, TurnError
from grader.errors import GraderError
from grader.labs import LABS
from grader.sandbox.isolation import Isolation
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission
from grader.text import visible
from labkit.bench.models import untrained
from labkit.devices import device_name
from labkit.pipeline import Synthesizer
from labkit.vocoders.griffin_lim import GRIFFIN_LIM
from labkit.vocoders.protocol import Vocoder

_REFERENCE_SECONDS = 48 * 3600.0
VOICE = "voice"


@dataclass(frozen=True)
class Settings:
    """What a course measures.

    Attributes:
        model: ``voice``, or ``full`` for an untrained model of full size.
        vocoder: ``griffin-lim`` or an untrained one by name; the voice's own if it is empty.
        seconds: that the rounds of one student may take.
    """

    model: str = VOICE
    vocoder: str = ""
    seconds: float = 6.0

    def plan(self, draw: Draw) -> Plan:
        """Return what is measured: a full-size model takes ten times as long."""
        if self.model == FULL:
            sizes = [draw.size(symbols) for symbols in (10, 20, 40)]
            return Plan(tuple(sizes), (Size(8, 4, 10), Size(8, 4, 100)), self.seconds)
        sizes = [draw.size(symbols) for symbols in (20, 60, 120)]
        return Plan((*sizes, draw.size(30, 4)), (Size(8, 16, 40), Size(8, 16, 600)), self.seconds)

    def as_dict(self) -> dict[str, Any]:
        """Give them as plain values."""
        return asdict(self)


class Bench:
    """Measures students' pipelines one after the other.

    Args:
        isolation: of both workers.
        edition: folder with the student edition of lab 4.
        settings: what is measured.
        clock: seconds since some moment; of every time that is taken.

    Raises:
        GraderError: nobody knows the vocoder.
    """

    def __init__(
        self,
        isolation: Isolation,
        edition: Path,
        settings: Settings,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        known = (GRIFFIN_LIM, *untrained(Vocoder))
        if settings.vocoder and settings.vocoder not in known:
            raise GraderError(
                f"no vocoder is called {settings.vocoder!r}; there are: {', '.join(known)}"
            )
        self.isolation, self.settings = isolation, settings
        self._workers = [Worker(isolation.kind, edition) for _ in range(2)]
        self._student, self._reference = (Side(worker, clock) for worker in self._workers)
        self._voice = Synthesizer.from_pretrained(device="cpu").settings
        self._core: int | None = None

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End both workers and all that they run."""
        for worker in self._workers:
            worker.close()

    def measure(self, submissions: Mapping[str, Submission], seed: str) -> Row:
        """Measure the pipeline of one student.

        Args:
            submissions: by lab; of a lab that is absent, the reference takes the place.
            seed: of the inputs.

        Raises:
            GraderError: the machine cannot run even the reference.
        """
        for _ in range(2):
            try:
                return self._measure(submissions, seed)
            except ReferenceLostError as error:
                lost = error
                self._reference.end()
        raise GraderError(f"the reference itself cannot be run here: {lost}")

    def _measure(self, submissions: Mapping[str, Submission], seed: str) -> Row:
        about = self._about()
        if not submissions:
            return make_row(Measured(FAILED, "nothing was handed in of any lab"), about=about)
        self._core = idlest_core()
        if self._reference.held is not None and self._core is not None:
            pin(self._reference.held.pid, self._core)
        if not self._reference.is_alive:
            try:
                self._reference.start(self._document({}), self._core, _REFERENCE_SECONDS)
            except TurnError as error:
                raise ReferenceLostError(str(error)) from None
        try:
            said = self._student.start(self._document(submissions), self._core)
        except TurnError as error:
            return make_row(Measured(FAILED, f"nothing could be built: {error}"), about=about)
        origins = _checked(said.get("origins"))
        own = [task for task, is_own, _ in origins if is_own]
        if not own:
            self._student.end()
            reason = "none of its tasks runs, so that all of it would be the reference"
            return make_row(Measured(FAILED, reason), origins=origins, about=about)
        draw = Draw(seed, self._voice.front_end, 1 if self.settings.model == FULL else 2)
        plan = self.settings.plan(draw)
        contest = Contest(self._student, self._reference, own, draw)
        try:
            measured = measure(contest, plan)
            peak = [side.held.peak_bytes() if side.held else 0 for side in self._sides]
        finally:
            answer = self._student.end()
        return make_row(
            measured,
            plan=plan,
            contest=contest,
            origins=origins,
            peak_bytes=(peak[0] or answer.peak_bytes, peak[1]),
            about=about,
        )

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self._student, self._reference

    def _document(self, submissions: Mapping[str, Submission]) -> dict[str, Any]:
        labs = [
            {
                "place": f"{name}/{lab.notebook}.ipynb",
                "setup": lab.setup,
                "cells": submissions[name].cells,
            }
            for name, lab in LABS.items()
            if name in submissions and name != LAST
        ]
        last = submissions.get(LAST)
        return {
            "labs": labs,
            "functions": {"setup": LABS[LAST].setup, "cells": last.cells if last else {}},
            "model": self.settings.model,
            "vocoder": self.settings.vocoder,
            "onednn": True,
        }

    def _about(self) -> Row:
        import torch

        return {
            "model": self.settings.model,
            "vocoder": self.settings.vocoder,
            "isolation": self.isolation.label,
            "held": can_be_held(),
            "threads": 1,
            "processor": device_name(torch.device("cpu")),
            "torch": torch.__version__,
        }


def _checked(origins: Any) -> list[tuple[str, bool, str]]:
    """Return what a side says about its tasks, as far as it can be believed to be that."""
    known = {task.id for lab in LABS.values() for task in lab.judged}
    found = []
    for entry in origins if isinstance(origins, list) else []:
        if isinstance(entry, list) and len(entry) == 3 and entry[0] in known:
            why = visible(str(entry[2]).partition("\n")[0], limit=300)
            found.append((str(entry[0]), entry[1] is True, why))
    return found
