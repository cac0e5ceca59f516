"""Writes the stored cases anew, or checks that they still say what the reference says.

What a check promises: the stored answers are those of the reference to the *stored* inputs, and
the stored inputs are those that the maker draws. Neither is asked to the last bit, which another
processor rounds otherwise. The answers are computed in float64 on the stored float32 inputs and
rounded once, so that they agree far more closely than the judge asks of a student.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch

from grader.instructor.maker import Answer, maker
from grader.judge.compare import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE, examine
from grader.judge.finding import Finding
from grader.judge.golden import (
    FACTS,
    KINDS,
    Cases,
    golden_file,
    groups_of,
    load_cases,
    save_cases,
)
from grader.judge.naming import has_numbers, name_slip
from grader.judge.stage import partner_of
from grader.labs import LABS
from grader.labs.base import Case, Lab, Task, Tensors

# Shares of the judge's tolerance, measured with the processor's vector instructions on and off
# (docs/decisions.md). What is drawn comes from float32 logarithms, sines and sums: 0.11 at most.
# What is answered is float64 rounded once: 0.01 at most. A stored answer that is further off
# would take that part of the tolerance away from a right fill.
DRAWN = 1.0
ANSWERED = 0.1
# What is stored of a voice is its log-mel in hundredths, and a hundredth may be rounded otherwise.
SOUND = 0.02


def write_goldens(lab: Lab, folder: Path | None = None) -> list[Path]:
    """Make a lab's public and hidden cases and store them."""
    cases = maker(lab.name)
    paths = []
    for kind, made in zip(KINDS, (cases.public(), cases.hidden()), strict=True):
        path = folder / f"{lab.notebook}.{kind}.safetensors" if folder else golden_file(lab, kind)
        save_cases(path, made)
        paths.append(path)
    return paths


def _same(stored: torch.Tensor, made: torch.Tensor, share: float) -> bool:
    return torch.allclose(
        stored.double(),
        made.double(),
        rtol=share * RELATIVE_TOLERANCE,
        atol=share * ABSOLUTE_TOLERANCE,
        equal_nan=True,
    )


def _same_sound(stored: torch.Tensor, made: torch.Tensor) -> bool:
    return torch.allclose(stored.double(), made.double(), rtol=0, atol=SOUND)


def _parts(case: Case) -> dict[str, Tensors]:
    """Return all tensors of a case by the group under which they are stored."""
    return groups_of(case) | {f"slip:{slip}": outputs for slip, outputs in case.slips.items()}


def _compare_form(place: str, stored: Case, made: Case) -> list[str]:
    """Compare everything but the numbers."""
    problems = []
    if any(getattr(stored, fact) != getattr(made, fact) for fact in FACTS):
        problems.append(f"{place}: label, sizes or options differ")
    if set(stored.slips) != set(made.slips):
        problems.append(f"{place}: the slips differ")
        made = replace(made, slips={})
    for group, wanted in _parts(made).items():
        found = _parts(stored)[group]
        if found.keys() != wanted.keys():
            problems.append(f"{place}/{group}: holds {sorted(found)}, expected {sorted(wanted)}")
            continue
        for name, tensor in wanted.items():
            if found[name].shape != tensor.shape or found[name].dtype != tensor.dtype:
                problems.append(f"{place}/{group}/{name}: the size or the type differs")
    return problems


def _compare_numbers(place: str, task: Task, stored: Case, made: Case, answer: Answer) -> list[str]:
    """Compare the stored numbers with those drawn, and with the reference's own answers to them."""
    answered = answer(task, stored, gradients=bool(made.gradients), slips=bool(made.slips))
    problems = []
    for group, tensors in _parts(stored).items():
        is_drawn = group in ("state", "inputs")
        wanted = _parts(made if is_drawn else answered)[group]
        share = DRAWN if is_drawn else ANSWERED
        for name, tensor in tensors.items():
            heard = stored.compare == "audio" and tensor.is_floating_point()
            if not (
                _same_sound(tensor, wanted[name]) if heard else _same(tensor, wanted[name], share)
            ):
                whose = "drawn" if is_drawn else "of the reference"
                problems.append(f"{place}/{group}/{name}: the stored numbers are not those {whose}")
    return problems


def _compare(lab: Lab, kind: str, stored: Cases, made: Cases) -> list[str]:
    problems = []
    answer = maker(lab.name).answer
    for task in lab.judged:
        cases = made[task.id]
        found = stored.get(task.id, [])
        if len(found) != len(cases):
            problems.append(f"{kind}/{task.id}: {len(found)} of {len(cases)} cases")
            continue
        for number, (old, new) in enumerate(zip(found, cases, strict=True)):
            place = f"{kind}/{task.id}/{number}"
            problems += _compare_form(place, old, new) or _compare_numbers(
                place, task, old, new, answer
            )
    return problems


def _replay(
    task: Task, case: Case, outputs: Tensors | None
) -> tuple[Finding | None, dict, Tensors]:
    """Examine stored outputs as if a student had returned them."""
    if outputs is None:
        report: dict = {"error": "RuntimeError", "message": "sizes do not fit"}
        return examine(task, case, report, {}), report, {}
    kinds = {
        name: {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"} for name in outputs
    }
    report = {"returned": "Tensor", "outputs": kinds}
    return examine(task, case, report, outputs), report, outputs


def _check_slips(lab: Lab, cases: Cases) -> list[str]:
    """Every slip must fail the public cases in each of its ways, and be recognised as itself."""
    problems = []
    for task in lab.judged:
        partners = [partner for case in cases[task.id] if (partner := partner_of(task, case))]
        by_events = {slip for partner in partners for slip in partner.shown}
        public = cases[task.id]
        stored = {key for case in public for key in case.slips}
        for slip in task.slips:
            if not slip.tells and slip.id not in stored | by_events:
                problems.append(f"{task.id}: nothing tells the slip {slip.id}")
        for way in sorted(stored):
            slip = task.slip(way.partition("~")[0])
            if slip.id in by_events:  # no numbers of it are stored
                continue
            if slip.tells and not has_numbers(way, public):
                continue  # known by what is said about it, which only a call shows
            replays = [_replay(task, case, case.slips.get(way)) for case in public]
            if all(finding is None for finding, _, _ in replays):
                problems.append(f"{task.id}: the slip {way} passes the public cases")
            named = name_slip(task, public, [r for _, r, _ in replays], [o for *_, o in replays])
            if named != slip:
                problems.append(
                    f"{task.id}: the slip {way} is taken for {named.id if named else 'none'}"
                )
    return problems


def check_goldens(labs: Iterable[Lab] = LABS.values()) -> list[str]:
    """Return what is wrong with the stored cases of labs; nothing if all is well."""
    problems = []
    makers = [(lab, maker(lab.name)) for lab in labs]  # a file that is missing is said first
    for lab, cases in makers:
        for kind, made in zip(KINDS, (cases.public(), cases.hidden()), strict=True):
            path = golden_file(lab, kind)
            if not path.exists():
                problems.append(f"{path.name} ({kind}) is missing: run `grader golden --write`")
                continue
            problems += _compare(lab, kind, load_cases(path), made)
        public = golden_file(lab, "public")
        if public.exists():
            problems += _check_slips(lab, load_cases(public))
    return problems


__all__ = ["check_goldens", "write_goldens"]
