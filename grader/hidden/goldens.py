"""Writes the stored cases anew, or checks that they still say what the reference says."""

from __future__ import annotations

from pathlib import Path

import torch

from grader.compare import Finding, examine, name_slip
from grader.golden import FACTS, KINDS, Cases, golden_file, load_cases, save_cases
from grader.hidden import maker
from grader.tasks import LABS
from grader.tasks.base import Case, Lab, Task, Tensors

SAME = 1e-6  # inputs are drawn anew, outputs computed anew: float64 rounded once
# A voice speaks in float32, each step hearing the one before: another processor rounds otherwise.
SAME_SOUND = 0.02


def write_goldens(lab: Lab, folder: Path | None = None) -> list[Path]:
    """Make a lab's public and hidden cases and store them."""
    cases = maker(lab.name)
    paths = []
    for kind, made in zip(KINDS, (cases.public(), cases.hidden()), strict=True):
        path = folder / f"{lab.notebook}.{kind}.safetensors" if folder else golden_file(lab, kind)
        save_cases(path, made)
        paths.append(path)
    return paths


def _differences(place: str, stored: Tensors, made: Tensors, same: float = SAME) -> list[str]:
    if stored.keys() != made.keys():
        return [f"{place}: holds {sorted(stored)}, expected {sorted(made)}"]
    return [
        f"{place}/{name}: the stored numbers are not those of the reference"
        for name in made
        if stored[name].shape != made[name].shape
        or not torch.allclose(
            stored[name].double(), made[name].double(), rtol=same, atol=same, equal_nan=True
        )
    ]


def _compare(kind: str, stored: Cases, made: Cases) -> list[str]:
    problems = []
    for task_id, cases in made.items():
        if len(stored.get(task_id, [])) != len(cases):
            problems.append(
                f"{kind}/{task_id}: {len(stored.get(task_id, []))} of {len(cases)} cases"
            )
            continue
        for number, (old, new) in enumerate(zip(stored[task_id], cases, strict=True)):
            place = f"{kind}/{task_id}/{number}"
            if any(getattr(old, fact) != getattr(new, fact) for fact in FACTS):
                problems.append(f"{place}: label, sizes or options differ")
            same = SAME_SOUND if new.compare == "audio" else SAME
            for group in ("state", "inputs", "expected", "gradients"):
                problems += _differences(
                    f"{place}/{group}", getattr(old, group), getattr(new, group), same
                )
            if set(old.slips) != set(new.slips):
                problems.append(f"{place}: the slips differ")
            for slip in set(old.slips) & set(new.slips):
                problems += _differences(f"{place}/slip:{slip}", old.slips[slip], new.slips[slip])
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
    """Every declared slip must fail the public cases, and be recognised as itself."""
    problems = []
    for task in lab.judged:
        for slip in task.slips:
            replays = [_replay(task, case, case.slips.get(slip.id)) for case in cases[task.id]]
            if all(finding is None for finding, _, _ in replays):
                problems.append(f"{task.id}: the slip {slip.id} passes the public cases")
            named = name_slip(
                task, cases[task.id], [r for _, r, _ in replays], [o for *_, o in replays]
            )
            if named != slip:
                problems.append(
                    f"{task.id}: the slip {slip.id} is taken for {named.id if named else 'none'}"
                )
    return problems


def check_goldens() -> list[str]:
    """Return what is wrong with the stored cases of all labs; nothing if all is well."""
    problems = []
    for lab in LABS.values():
        cases = maker(lab.name)
        for kind, made in zip(KINDS, (cases.public(), cases.hidden()), strict=True):
            path = golden_file(lab, kind)
            if not path.exists():
                problems.append(f"{path.name} ({kind}) is missing: run `grader golden --write`")
                continue
            problems += _compare(kind, load_cases(path), made)
        public = golden_file(lab, "public")
        if public.exists():
            problems += _check_slips(lab, load_cases(public))
    return problems


__all__ = ["check_goldens", "write_goldens"]
