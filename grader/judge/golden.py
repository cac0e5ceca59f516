"""Stored cases: inputs, expected outputs and the outputs of named slips, as safetensors.

A lab's public ones travel with the student edition; its hidden ones stay with the instructor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from grader.errors import GraderError
from grader.labs.base import Case, Lab, Tensors
from labkit.files import write_tensors

FOLDER = Path(__file__).parents[1] / "labs"
PLACES = {"public": "public.safetensors", "hidden": "instructor/hidden.safetensors"}
KINDS = tuple(PLACES)

Cases = dict[str, list[Case]]

# What a case has beside its slips: facts, and groups of tensors.
FACTS = ("label", "init", "options", "alone", "dropped", "compare", "partner")
_GROUPS = ("state", "inputs", "expected", "gradients", "given_gradients")


def golden_file(lab: Lab, kind: str) -> Path:
    """Return the file of a lab's public or hidden cases."""
    return FOLDER / lab.name / PLACES[kind]


def groups_of(case: Case) -> dict[str, Tensors]:
    """Return the tensors of a case, but those of its slips, by group."""
    return {group: getattr(case, group) for group in _GROUPS}


def save_cases(path: Path, cases: Cases) -> None:
    """Write cases by task id."""
    tensors: Tensors = {}
    index: dict[str, list[dict[str, Any]]] = {}
    for task_id, items in cases.items():
        index[task_id] = []
        for number, case in enumerate(items):
            prefix = f"{task_id}/{number}"
            for group, members in groups_of(case).items():
                for name, tensor in members.items():
                    tensors[f"{prefix}/{group}/{name}"] = tensor.clone().contiguous()
            item = {name: _plain(getattr(case, name)) for name in FACTS}
            item["slips"], numbers = _pack_slips(case)
            if numbers.numel():
                tensors[f"{prefix}/slips/numbers"] = numbers
            index[task_id].append(item)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(
        path, tensors, {"cases": json.dumps(index, sort_keys=True, separators=(",", ":"))}
    )


def _plain(fact: Any) -> Any:
    return dict(fact) if isinstance(fact, Mapping) else fact


def _pack_slips(case: Case) -> tuple[list[Any], torch.Tensor]:
    """Return what slips change, and all of those numbers in one row.

    A tensor of its own costs a hundred bytes beside its numbers, and most slips change little.
    An output is known by its place among the expected ones; shape and type are said if they differ.
    """
    changed = []
    numbers = [torch.empty(0)]
    for slip, outputs in case.slips.items():
        parts: list[Any] = []
        for place, (name, want) in enumerate(sorted(case.expected.items())):
            tensor = outputs[name]
            if tensor.dtype == want.dtype and torch.equal(tensor, want):
                continue
            alike = tensor.dtype == want.dtype and tensor.shape == want.shape
            dtype = str(tensor.dtype).removeprefix("torch.")
            parts.append(place if alike else [place, dtype, *tensor.shape])
            numbers.append(tensor.detach().float().flatten())
        changed.append([slip, *parts])
    return changed, torch.cat(numbers)


def _unpack_slips(
    changed: list[Any], numbers: torch.Tensor, expected: Tensors
) -> dict[str, Tensors]:
    slips, begin = {}, 0
    for slip, *parts in changed:
        slips[slip] = dict(expected)
        for part in parts:
            place, dtype, *shape = part if isinstance(part, list) else [part, ""]
            name, want = sorted(expected.items())[place]
            if not dtype:
                shape = list(want.shape)
            end = begin + math.prod(shape)
            kind = getattr(torch, dtype) if dtype else want.dtype
            slips[slip][name] = numbers[begin:end].reshape(shape).to(kind)
            begin = end
    return slips


@lru_cache(maxsize=16)
def load_cases(path: Path) -> Cases:
    """Read cases by task id; the same objects are returned again for the same file."""
    groups: dict[tuple[str, int], dict[str, Tensors]] = {}
    with safe_open(path, framework="pt") as file:
        index = json.loads(file.metadata()["cases"])
        for key in file.keys():  # noqa: SIM118 - not a mapping
            task_id, number, group, name = key.split("/")
            part = groups.setdefault((task_id, int(number)), {})
            part.setdefault(group, {})[name] = file.get_tensor(key)
    cases: Cases = {}
    for task_id, items in index.items():
        cases[task_id] = []
        for number, item in enumerate(items):
            part = groups[task_id, number]
            changed = item.pop("slips", [])
            packed = part.get("slips", {}).get("numbers", torch.empty(0))
            item |= {group: part.get(group, {}) for group in _GROUPS}
            slips = _unpack_slips(changed, packed, item["expected"])
            cases[task_id].append(Case(**item, slips=slips))
    return cases


def public_cases(lab: Lab) -> Cases:
    """Return the cases that students may see.

    Raises:
        GraderError: there are none; the message says how they are made.
    """
    path = golden_file(lab, "public")
    if not path.exists():
        raise GraderError(f"{path} is missing: run `grader golden --write`")
    return load_cases(path)


def hidden_cases(lab: Lab) -> Cases:
    """Return the cases that only the instructor has; none in a student edition."""
    path = golden_file(lab, "hidden")
    return load_cases(path) if path.exists() else {}
