"""Stored cases: they are the reference's numbers, and a change of either is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader import golden
from grader.golden import golden_file, load_cases, save_cases
from grader.hidden import goldens
from grader.hidden.goldens import check_goldens, write_goldens
from grader.tasks import LABS
from grader.tasks.base import Lab

pytestmark = pytest.mark.lab1


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Iterator[Path]:
    """A copy of the stored cases that a test may spoil."""
    for kind in golden.KINDS:
        target = tmp_path / kind / golden_file(lab, kind).name
        target.parent.mkdir()
        target.write_bytes(golden_file(lab, kind).read_bytes())
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    yield tmp_path
    load_cases.cache_clear()


def test_the_stored_cases_are_those_of_the_reference() -> None:
    assert check_goldens() == []


@pytest.mark.parametrize("kind", golden.KINDS)
@pytest.mark.parametrize("group", ["expected", "inputs", "state"])
def test_a_spoiled_number_is_found(copy: Path, lab: Lab, kind: str, group: str) -> None:
    path = golden_file(lab, kind)
    cases = load_cases(path)
    tensors = getattr(cases["attention-2"][1], group)
    name = sorted(tensors)[0]
    tensors[name] = tensors[name] + 1e-3
    save_cases(path, cases)
    load_cases.cache_clear()
    problems = check_goldens()
    assert any(f"{kind}/attention-2/1/{group}/{name}" in problem for problem in problems)


def test_a_missing_file_is_found(copy: Path, lab: Lab) -> None:
    golden_file(lab, "hidden").unlink()
    assert any("hidden" in problem and "missing" in problem for problem in check_goldens())


def test_two_slips_that_look_alike_are_found(copy: Path, lab: Lab) -> None:
    path = golden_file(lab, "public")
    cases = load_cases(path)
    for case in cases["attention-3"]:
        case.slips["mask-inverted"] = case.slips["mask-missing"]
    save_cases(path, cases)
    load_cases.cache_clear()
    assert any("mask-inverted is taken for mask-missing" in p for p in check_goldens())


def test_written_anew_they_are_the_same(tmp_path: Path, lab: Lab) -> None:
    public, hidden = write_goldens(lab, tmp_path)
    for path, kind in ((public, "public"), (hidden, "hidden")):
        assert goldens._compare(kind, load_cases(path), load_cases(golden_file(lab, kind))) == []


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
