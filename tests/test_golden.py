"""Stored cases: they are the reference's numbers, and a change of either is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.instructor import goldens
from grader.instructor.goldens import check_goldens, write_goldens
from grader.instructor.maker import Maker, maker
from grader.judge import golden
from grader.judge.golden import golden_file, load_cases, save_cases
from grader.labs import LABS
from grader.labs.base import Case, Lab, Tensors
from grader.labs.lab1_attention.instructor import cases as attention
from grader.labs.lab1_attention.tasks import LAB as ATTENTION

pytestmark = pytest.mark.lab1


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Iterator[Path]:
    """A copy of the stored cases that a test may spoil."""
    for kind in golden.KINDS:
        target = tmp_path / lab.name / golden.PLACES[kind]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(golden_file(lab, kind).read_bytes())
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    yield tmp_path
    load_cases.cache_clear()


ELSEWHERE = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
CHECK = """
import sys
from pathlib import Path
from grader.judge import golden
from grader.instructor.goldens import check_goldens
from grader.labs import LABS
golden.FOLDER = Path(sys.argv[1])
print("\\n".join(check_goldens([LABS[name] for name in sys.argv[2:]])))
"""


def check_elsewhere(folder: Path, *labs: str) -> list[str]:
    """Check stored cases with the processor's vector instructions off: it rounds otherwise."""
    ran = subprocess.run(
        [sys.executable, "-c", CHECK, str(folder), *labs],
        env=os.environ | ELSEWHERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split("\n")[:-1] if ran.stdout.strip() else []


def test_the_stored_cases_are_those_of_the_reference() -> None:
    assert check_goldens() == []


def test_they_are_on_another_processor_too() -> None:
    assert check_elsewhere(golden.FOLDER, *LABS) == []


@pytest.fixture(autouse=True)
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the maker draws is the same each time: only what is stored differs between tests."""
    monkeypatch.setattr(goldens, "maker", _maker)


@cache
def _maker(lab_name: str) -> Maker:
    made = maker(lab_name)
    return replace(made, public=cache(made.public), hidden=cache(made.hidden))


def spoil(lab: Lab, kind: str, task_id: str, change: Callable[[list[Case]], None]) -> None:
    path = golden_file(lab, kind)
    cases = load_cases(path)
    change(cases[task_id])
    save_cases(path, cases)
    load_cases.cache_clear()


def only(lab: Lab, task_id: str) -> Lab:
    """Return a lab with one of its tasks: the others are not looked at."""
    return replace(lab, tasks=tuple(task for task in lab.tasks if task.id == task_id))


def add(tensors: Tensors, amount: float) -> str:
    """Add to the last number of the first tensor; return the tensor's name."""
    name = sorted(tensors)[0]
    tensors[name] = tensors[name].clone()
    tensors[name].view(-1)[-1] += amount
    return name


@pytest.mark.parametrize("kind", golden.KINDS)
@pytest.mark.parametrize("group", ["expected", "inputs", "state"])
def test_a_spoiled_number_is_found(copy: Path, lab: Lab, kind: str, group: str) -> None:
    names: list[str] = []
    spoil(lab, kind, "attention-2", lambda cases: names.append(add(getattr(cases[1], group), 1e-3)))
    problems = check_goldens([only(lab, "attention-2")])
    assert any(f"{kind}/attention-2/1/{group}/{names[0]}" in problem for problem in problems)


# what is far below the judge's own tolerance of 2e-5 for a number near zero is found, too
CHANGES: dict[str, tuple[str, Callable[[list[Case]], Any], str]] = {
    "an answer": (
        "hidden",
        lambda cases: cases[0].expected.update(
            attention_weights=cases[0].expected["attention_weights"] + 5e-6
        ),
        "hidden/attention-3/0/expected/attention_weights: the stored numbers are not those of the",
    ),
    "a slip": (
        "public",
        lambda cases: add(cases[2].slips["mask-inverted"], 1e-4),
        "public/attention-3/2/slip:mask-inverted/attention_context",
    ),
    "a gradient": (
        "hidden",
        lambda cases: add(next(case.gradients for case in cases if case.gradients), 1e-3),
        "hidden/attention-3/6/gradients/grad.",
    ),
    "a case that is missing": ("hidden", lambda cases: cases.pop(3), "7 of 8 cases"),
    "a slip that is missing": (
        "public",
        lambda cases: cases[0].slips.pop("mask-inverted"),
        "public/attention-3/0: the slips differ",
    ),
    "a label": (
        "public",
        lambda cases: cases.__setitem__(1, replace(cases[1], label="another")),
        "public/attention-3/1: label, sizes or options differ",
    ),
    "an input that is missing": (
        "hidden",
        lambda cases: cases[3].inputs.pop("mask"),
        "hidden/attention-3/3/inputs: holds",
    ),
    "another type": (
        "public",
        lambda cases: cases[0].inputs.update(memory=cases[0].inputs["memory"].double()),
        "public/attention-3/0/inputs/memory: the size or the type differs",
    ),
    "other inputs with right answers": (
        "hidden",
        lambda cases: cases.__setitem__(2, attention.make_case(TASKS["attention-3"], WIDE, 5)),
        "hidden/attention-3/2/inputs/memory: the stored numbers are not those drawn",
    ),
}
WIDE = attention._HIDDEN[2]
TASKS = {task.id: task for task in ATTENTION.judged}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_found(copy: Path, lab: Lab, change: str) -> None:
    kind, spoiled, expected = CHANGES[change]
    spoil(lab, kind, "attention-3", spoiled)
    problems = check_goldens([only(lab, "attention-3")])
    assert any(expected in problem for problem in problems), problems


def test_on_another_processor_only_what_is_wrong_is_found(copy: Path, lab: Lab) -> None:
    spoil(lab, "hidden", "attention-2", lambda cases: add(cases[0].expected, 1e-4))
    (problem,) = check_elsewhere(copy, lab.name)
    assert problem.startswith("hidden/attention-2/0/expected/energies: ")


def test_a_missing_file_is_found(copy: Path, lab: Lab) -> None:
    golden_file(lab, "hidden").unlink()
    assert any("hidden" in problem and "missing" in problem for problem in check_goldens([lab]))


def test_two_slips_that_look_alike_are_found(copy: Path, lab: Lab) -> None:
    def copy_slip(cases: list[Case]) -> None:
        for case in cases:
            case.slips["mask-inverted"] = case.slips["mask-missing"]

    spoil(lab, "public", "attention-3", copy_slip)
    problems = check_goldens([only(lab, "attention-3")])
    assert any("mask-inverted is taken for mask-missing" in problem for problem in problems)


def test_written_anew_they_are_the_same(tmp_path: Path, lab: Lab) -> None:
    public, hidden = write_goldens(lab, tmp_path)
    for path, kind in ((public, "public"), (hidden, "hidden")):
        made = load_cases(golden_file(lab, kind))
        assert goldens._compare(lab, kind, load_cases(path), made) == []


def test_hidden_cases_hold_the_edges(lab: Lab) -> None:
    for task in lab.judged:
        cases = load_cases(golden_file(lab, "hidden"))[task.id]
        shapes = [case.inputs["attention_weights_cat"].shape for case in cases]
        assert any(shape[0] == 1 for shape in shapes)  # a batch of one
        assert any(shape[2] == 1 for shape in shapes)  # one symbol
        assert any(case.gradients for case in cases)
        wide = [c for c in cases if c.init.get("attention_kernel_size", 0) > 5]
        wide += [c for c in cases if c.init.get("attention_location_kernel_size", 0) > 5]
        assert wide
    masks = [
        case.inputs["mask"]
        for case in load_cases(golden_file(lab, "hidden"))["attention-3"]
        if "mask" in case.inputs
    ]
    assert any(mask.float().mean() > 0.5 for mask in masks)  # heavy padding
    assert not any(bool(mask.all(dim=1).any()) for mask in masks)  # no sentence is empty


def test_expected_weights_are_weights(lab: Lab) -> None:
    for kind in golden.KINDS:
        for case in load_cases(golden_file(lab, kind))["attention-3"]:
            weights = case.expected["attention_weights"]
            assert torch.allclose(weights.sum(1), torch.ones(len(weights)), atol=1e-6)


def test_every_lab_has_its_cases() -> None:
    for lab in LABS.values():
        for kind in golden.KINDS:
            assert load_cases(golden_file(lab, kind)).keys() == {task.id for task in lab.judged}
