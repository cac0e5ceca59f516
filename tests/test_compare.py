"""The comparison: what is wrong, in the order of a patient teacher, whatever the worker says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge.compare import (
    ABSOLUTE_TOLERANCE,
    RELATIVE_TOLERANCE,
    SAID_LIMIT,
    close,
    examine,
    said,
)
from grader.judge.finding import Finding
from grader.judge.golden import hidden_cases, public_cases
from grader.judge.naming import name_slip, named
from grader.labs.base import Case, Tensors
from grader.labs.lab1_attention.tasks import LAB as ATTENTION
from grader.sandbox.perform import Report

pytestmark = pytest.mark.lab1

TASKS = {task.id: task for task in ATTENTION.judged}
ENERGIES, FORWARD = TASKS["attention-2"], TASKS["attention-3"]
CASE = public_cases(ATTENTION)["attention-2"][0]
FORWARD_CASE = public_cases(ATTENTION)["attention-3"][0]
GRADIENT_CASE = next(c for c in hidden_cases(ATTENTION)["attention-2"] if c.gradients)


def right(case: Case) -> tuple[Report, Tensors]:
    """What an honest worker returns for a right fill."""
    kind = {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}
    report: Report = {"returned": "Tensor", "outputs": {name: dict(kind) for name in case.expected}}
    tensors = {name: tensor.clone() for name, tensor in case.expected.items()}
    tensors |= {f"after.{name}": tensor.clone() for name, tensor in case.inputs.items()}
    tensors |= {name: tensor.clone() for name, tensor in case.gradients.items()}
    return report, tensors


def found(case: Case = CASE, task: Any = ENERGIES, **changes: Any) -> Finding | None:
    report, tensors = right(case)
    for name, value in changes.items():
        if name in ("report", "tensors"):
            continue
        tensors[name] = value
    return examine(
        task, case, report | changes.get("report", {}), tensors | changes.get("tensors", {})
    )


def test_the_right_answer_has_no_finding() -> None:
    for task, cases in (*public_cases(ATTENTION).items(), *hidden_cases(ATTENTION).items()):
        for case in cases:
            assert examine(TASKS[task], case, *right(case)) is None


def test_the_bound_is_relative_and_absolute() -> None:
    want = torch.tensor([0.0, 1.0, 1000.0, -1000.0])
    inside = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * want.abs()
    assert close(want + 0.9 * inside, want).all()
    assert close(want - 0.9 * inside, want).all()
    assert not close(want + 1.2 * inside, want).any()


def test_one_number_out_of_many_is_enough() -> None:
    energies = CASE.expected["energies"].clone()
    energies[1, 7] += 0.001
    finding = found(energies=energies)
    assert finding is not None and finding.stage == "value"
    assert finding.message.startswith("energies[1, 7] is ")
    assert "; 6% of the numbers are wrong" in finding.message


def test_nothing_returned_nothing_said() -> None:
    for report in ({}, {"outputs": {}}, {"outputs": None}, {"outputs": {"energies": 3}}):
        finding = examine(ENERGIES, CASE, report, {})
        assert finding is not None and finding.stage == "type"


def test_what_was_promised_must_come_back() -> None:
    report, tensors = right(CASE)
    del tensors["energies"]
    finding = examine(ENERGIES, CASE, report, tensors)
    assert finding == Finding("type", "energies did not come back.")


def test_two_values_are_asked_for_by_name() -> None:
    finding = examine(FORWARD, FORWARD_CASE, {"returned": "tuple of 3"}, {})
    assert finding is not None and finding.message == (
        "2 values are expected (attention_context, attention_weights), not tuple of 3."
    )


def test_the_numbers_themselves_are_looked_at_not_what_is_said_of_them() -> None:
    as_double = CASE.expected["energies"].double()
    finding = found(energies=as_double)  # the report says float32
    assert finding is not None and (finding.stage, "float64" in finding.message) == ("dtype", True)


@pytest.mark.parametrize(
    "dtype",
    [torch.bool, torch.int8, torch.float16, torch.bfloat16, torch.complex64, torch.float8_e4m3fn],
)
def test_odd_kinds_are_refused_and_are_no_slip_of_the_task(dtype: torch.dtype) -> None:
    odd = torch.zeros(CASE.expected["energies"].shape).to(dtype)
    finding = found(energies=odd)
    assert finding is not None and finding.stage == "dtype"
    cases = public_cases(ATTENTION)["attention-2"]
    answers = [{"energies": torch.zeros(c.expected["energies"].shape).to(dtype)} for c in cases]
    assert name_slip(ENERGIES, cases, [right(c)[0] for c in cases], answers) not in ENERGIES.slips


def test_an_input_that_came_back_as_something_else_was_changed() -> None:
    for after in (CASE.inputs["query"].double(), CASE.inputs["query"][:1], torch.zeros(1).bool()):
        finding = found(tensors={"after.query": after})
        assert finding is not None and finding.stage == "changed"
    assert found(tensors={"after.nothing": torch.zeros(1)}) is None


def test_wrong_numbers_are_told_together_with_the_input_that_was_changed() -> None:
    wrong = CASE.expected["energies"] + 1
    finding = found(tensors={"energies": wrong, "after.query": CASE.inputs["query"] + 1})
    assert finding is not None and finding.stage == "value"
    assert "Besides, the call changed its own input query" in finding.message


def test_gradients_are_compared_as_strictly() -> None:
    name, want = next(iter(GRADIENT_CASE.gradients.items()))
    assert found(GRADIENT_CASE) is None
    for wrong in (want + 1, want.double(), want[:1], want * float("nan")):
        finding = found(GRADIENT_CASE, tensors={name: wrong})
        assert finding is not None and finding.stage == "gradient"
    report, tensors = right(GRADIENT_CASE)
    del tensors[name]
    finding = examine(ENERGIES, GRADIENT_CASE, report, tensors)
    assert finding is not None and "no gradient reaches" in finding.message


def test_weights_must_be_weights_before_their_numbers_count() -> None:
    weights = FORWARD_CASE.expected["attention_weights"]
    padding = FORWARD_CASE.inputs["mask"]
    for wrong, message in (
        (weights - 0.5, "negative numbers"),
        (weights + 0.1 * padding, "not zero on padding: up to 0.1"),
        (weights * 0.5, "must sum to one for each sentence; found 0.5"),
        (weights.roll(1, 0).masked_fill(padding, 0), "sum to one"),
    ):
        finding = found(FORWARD_CASE, FORWARD, attention_weights=wrong)
        assert finding is not None and (finding.stage, message in finding.message) == (
            "property",
            True,
        ), finding


def test_the_name_of_a_slip_comes_before_what_led_to_it() -> None:
    finding = Finding("value", "energies[0, 0] is 1, expected 2.")
    cases, slip = public_cases(ATTENTION)["attention-2"], ENERGIES.slip("tanh-missing")
    reports = [right(case)[0] for case in cases]
    wrong = [dict(case.slips[slip.id]) for case in cases]
    assert named(ENERGIES, finding, cases, reports, [{} for _ in cases]) == finding
    told = named(ENERGIES, finding, cases, reports, wrong)
    assert told.message == f"T{slip.title[1:]}. (energies[0, 0] is 1, expected 2.)"
    assert (told.slip, told.hint, told.stage) == (slip.id, slip.hint, "value")


def test_a_slip_must_explain_every_case() -> None:
    cases = public_cases(ATTENTION)["attention-2"]
    slip = ENERGIES.slip("tanh-missing")
    answers = [right(case)[1] | dict(case.slips[slip.id]) for case in cases]
    reports = [right(case)[0] for case in cases]
    assert name_slip(ENERGIES, cases, reports, answers) == slip
    answers[-1] = right(cases[-1])[1]
    assert name_slip(ENERGIES, cases, reports, answers) is None


def test_a_slip_that_raises_is_explained_by_an_error_only() -> None:
    cases = [
        replace(case, slips=dict(case.slips)) for case in public_cases(ATTENTION)["attention-2"]
    ]
    slip = ENERGIES.slip("tanh-missing")
    answers = [right(case)[1] | dict(case.slips[slip.id]) for case in cases]
    reports: list[Report] = [right(case)[0] for case in cases]
    del cases[0].slips[slip.id]  # type: ignore[attr-defined]
    assert name_slip(ENERGIES, cases, reports, answers) is None
    reports[0] = {"error": "RuntimeError", "message": "sizes"}
    assert name_slip(ENERGIES, cases, reports, answers) == slip


def test_words_of_a_worker_are_one_short_line() -> None:
    assert said({"a": "x\n\ty  z\u2028"}, "a") == "x y z"
    assert said({"a": "x" * 10**6}, "a") == "x" * SAID_LIMIT
    assert said({"a": {"b": [None, 1.5]}}, "a") == "{'b': [None, 1.5]}"
    assert said({}, "a") == "nothing"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["error", "message", "where", "missing", "returned", "outputs", "stub"]
kinds = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.just("torch.float32") | json_values,
        "device": st.just("cpu") | json_values,
        "too_large": json_values,
        "type": json_values,
    },
)
reports = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, json_values)
    | {"outputs": st.fixed_dictionaries({"energies": kinds}) | json_values},
)
DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64, torch.bfloat16]
tensors = st.dictionaries(
    st.sampled_from(["energies", "after.query", "after.processed_memory", "grad.v", "x"]),
    st.tuples(st.lists(st.integers(0, 8), max_size=3), st.sampled_from(DTYPES)).map(
        lambda drawn: torch.zeros(drawn[0]).to(drawn[1])
    ),
)


@settings(max_examples=200)
@given(reports, tensors)
def test_whatever_a_worker_answers_is_one_finding_in_one_short_line(
    report: Report, drawn: Tensors
) -> None:
    report = json.loads(json.dumps(report))
    for case in (CASE, GRADIENT_CASE):
        finding = examine(ENERGIES, case, report, drawn)
        assert finding is not None
        assert "\n" not in finding.message
        assert len(finding.message) < 4 * SAID_LIMIT
    cases = public_cases(ATTENTION)["attention-2"]
    named = name_slip(ENERGIES, cases, [report] * len(cases), [drawn] * len(cases))
    assert named not in ENERGIES.slips or "error" in report
