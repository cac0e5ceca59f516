"""Stored cases: inputs, expected outputs and the outputs of named slips, as safetensors.

``public/`` travels with the student edition; ``hidden/`` stays with the instructor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file

from grader.tasks.base import Case, Lab, Tensors

FOLDER = Path(__file__).parent
KINDS = ("public", "hidden")

Cases = dict[str, list[Case]]

FACTS = (
    "label",
    "init",
    "options",
    "alone",
    "dropped",
    "compare",
    "partner",
)  # of a case, beside tensors


def golden_file(lab: Lab, kind: str) -> Path:
    """Return the file of a lab's public or hidden cases."""
    return FOLDER / kind / f"{lab.notebook}.safetensors"


def save_cases(path: Path, cases: Cases) -> None:
    """Write cases by task id."""
    tensors: Tensors = {}
    index: dict[str, list[dict[str, Any]]] = {}
    for task_id, items in cases.items():
        index[task_id] = []
        for number, case in enumerate(items):
            prefix = f"{task_id}/{number}"
            groups = {
                "state": case.state,
                "inputs": case.inputs,
                "expected": case.expected,
                "gradients": case.gradients,
                "given_gradients": case.given_gradients,
                **{f"also:{way}": outputs for way, outputs in case.also.items()},
                **{f"slip:{slip}": outputs for slip, outputs in case.slips.items()},
            }
            for group, members in groups.items():
                for name, tensor in members.items():
                    tensors[f"{prefix}/{group}/{name}"] = tensor.clone().contiguous()
            index[task_id].append({name: _plain(getattr(case, name)) for name in FACTS})
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata={"cases": json.dumps(index, sort_keys=True)})


def _plain(fact: Any) -> Any:
    return dict(fact) if isinstance(fact, Mapping) else fact


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
            cases[task_id].append(
                Case(
                    **item,
                    state=part.get("state", {}),
                    inputs=part.get("inputs", {}),
                    expected=part["expected"],
                    gradients=part.get("gradients", {}),
                    given_gradients=part.get("given_gradients", {}),
                    also=_named("also:", part),
                    slips=_named("slip:", part),
                )
            )
    return cases


def _named(kind: str, part: dict[str, Tensors]) -> dict[str, Tensors]:
    return {
        group.removeprefix(kind): outputs
        for group, outputs in part.items()
        if group.startswith(kind)
    }


def public_cases(lab: Lab) -> Cases:
    """Return the cases that students may see."""
    return load_cases(golden_file(lab, "public"))


def hidden_cases(lab: Lab) -> Cases:
    """Return the cases that only the instructor has; none in a student edition."""
    path = golden_file(lab, "hidden")
    return load_cases(path) if path.exists() else {}
