"""No number of a hidden case reaches a student, by whichever words code puts it into."""

from __future__ import annotations

import json
import re
import textwrap

import pytest
import torch

from conftest import cell, fill
from grader.judge.golden import hidden_cases, public_cases
from grader.judge.judge import Judge
from grader.labs.base import Lab
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission
from grader.text import visible

pytestmark = pytest.mark.lab1

# what code beside the judge's question can find in its own process
HARVEST = """
def harvest():
    import gc
    found = []
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            for name, value in list(thing.items()):
                if isinstance(name, str) and isinstance(value, torch.Tensor) and "query" in name:
                    found += value.flatten().tolist()[:60]
    return found[::-1]  # what was drawn last first: hidden cases come behind public ones
"""
WORDS = {
    "an error in the method": ("", "raise ValueError(' '.join(f'{x:.5f}' for x in harvest()))"),
    "a key": ("", "return {}[tuple(harvest())]"),
    "the name of an error's class": (
        "",
        "raise type('E' + '_'.join(str(x) for x in harvest()), (Exception,), {})",
    ),
    "an error of the cell": ("raise ValueError(str(harvest()))\n", ""),
    "a warning as an error": (
        "",
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn(str(harvest()))",
    ),
    "the name of a type": ("", "return type('T' + str(harvest()[-20:]), (), {})()"),
    "a shape": ("", "return torch.zeros([int(abs(x) * 1000) for x in harvest()[-3:]])"),
    "wrong numbers": ("", "return torch.tensor(harvest()).repeat(99)[:14].view(2, 7)"),
    "an exit status": ("", "import os\nos._exit(int(abs(harvest()[-1]) * 100) % 256)"),
}


def numbers(lab: Lab, kind: str) -> set[str]:
    """The inputs of a task's cases, in the ways in which they might be printed."""
    cases = (hidden_cases if kind == "hidden" else public_cases)(lab)["attention-2"]
    values = torch.cat([case.inputs["query"].flatten() for case in cases]).tolist()
    return {f"{value:.5f}" for value in values} | {f"{value:.5f}"[:7] for value in values}


def said(verdict: object) -> str:
    return json.dumps(verdict, default=str)


@pytest.mark.parametrize("name", WORDS)
def test_what_code_says_holds_public_numbers_at_most(worker: Worker, lab: Lab, name: str) -> None:
    at_cell, at_call = WORDS[name]
    broken = HARVEST + cell("attention-2", at_call or "return processed_memory[..., 0]") + at_cell
    judge = Judge(lab, worker, b"a course", "a suite")
    verdict = judge.judge(Submission(fill() | {"attention-2": broken}), "eve")[1]
    assert verdict.points == 0
    hidden = numbers(lab, "hidden") - numbers(lab, "public")
    printed = set(re.findall(r"-?\d\.\d{5}", said(verdict.record())))
    assert not printed & hidden
    assert len(visible(verdict.message)) < 2000


@pytest.mark.parametrize("name", WORDS)
def test_what_fails_on_hidden_cases_only_says_nothing_of_its_own(
    worker: Worker, lab: Lab, name: str
) -> None:
    right = """
        query = self.query_layer(query.unsqueeze(1))
        location = self.location_layer(attention_weights_cat)
        return self.v(torch.tanh(query + location + processed_memory)).squeeze(-1)
    """
    shapes = [tuple(c.inputs["query"].shape) for c in public_cases(lab)["attention-2"]]
    at_cell, at_call = WORDS[name]
    wrong = textwrap.indent(at_call or "pass", "    ")
    body = f"if tuple(query.shape) not in {shapes}:\n{wrong}\n" + "\n".join(
        line.strip() for line in right.strip().split("\n")
    )
    source = HARVEST + cell("attention-2", body)
    if at_cell:
        source += (
            f"if not any(round(x, 5) in {public_marks(lab)} for x in harvest()):\n    {at_cell}"
        )
    judge = Judge(lab, worker, b"a course", "a suite")
    verdict = judge.judge(Submission(fill() | {"attention-2": source}), "eve")[1]
    if at_cell:  # a cell that raises behind its class has defined the class: it is judged by that
        assert verdict.message == "attention-2: passed."
    else:
        assert verdict.points == 0 and "the public cases pass" in verdict.message
    assert not re.findall(r"-?\d\.\d{3}", verdict.message)
    assert "exit status" not in verdict.message


def public_marks(lab: Lab) -> set[float]:
    cases = public_cases(lab)["attention-2"]
    return {round(x, 5) for case in cases for x in case.inputs["query"].flatten().tolist()}
