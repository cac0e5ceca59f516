"""What is said of wrong fills that no slip names: in the order in which a teacher would ask."""

from __future__ import annotations

import re

import pytest
import torch

from conftest import fill
from grader.instructor.maker import maker
from grader.judge.golden import public_cases
from grader.judge.judge import fresh_seed
from grader.labs.base import Case
from grader.labs.lab1_attention.tasks import LAB as ATTENTION
from lab_tools import Run

pytestmark = pytest.mark.lab1


_RIGHT = """
        query = self.query_layer(query.unsqueeze(1))
        location = self.location_layer(attention_weights_cat)
        energies = self.v(torch.tanh(query + location + processed_memory)).squeeze(-1)
"""
WRONG = {
    "nothing": ("", "type", r"returns None: is there a `return`"),
    "an array": ("return energies.detach().numpy()", "type", "must be a torch.Tensor, not ndarray"),
    "a list": ("return energies.tolist()", "type", "must be a torch.Tensor, not list"),
    "a tuple of one": ("return (energies,)", "type", "not tuple"),
    "a generator": ("return (row for row in energies)", "type", "not generator"),
    "double": ("return energies.double()", "dtype", r"torch\.float64; expected torch\.float32"),
    "half": ("return energies.half()", "dtype", r"torch\.float16"),
    "complex": ("return energies.to(torch.complex128)", "dtype", r"torch\.complex128"),
    "whole numbers": ("return energies.long()", "dtype", r"torch\.int64"),
    "quantised": (
        "return torch.quantize_per_tensor(energies.detach(), 0.1, 0, torch.qint8)",
        "type",
        "qint8",
    ),
    "sparse": ("return energies.to_sparse()", "type", "sparse"),
    "on no device": ("return energies.to('meta')", "dtype", "lies on meta; expected cpu"),
    "an axis more": (
        "return energies.unsqueeze(1)",
        "rank",
        r"1 axis too many: its shape is \(2, 1, 8\); expected \(B, T_in\) = \(2, 8\)",
    ),
    "an axis less": ("return energies[0]", "rank", r"1 axis too few: its shape is \(8\)"),
    "transposed": ("return energies.t()", "axes", r"\(8, 2\); expected .*another order"),
    "one symbol short": ("return energies[:, 1:]", "size", r"\(2, 7\); expected"),
    "one number for all": ("return energies[:, :1]", "size", r"\(2, 1\); expected"),
    "expanded to ten gigabytes": (
        "return energies[:1, :1].expand(50_000, 50_000)",
        "size",
        r"\(50000, 50000\): far too large",
    ),
    "not a number": ("return energies * float('nan')", "finite", "16 of 16 numbers"),
    "infinite": ("return energies / 0", "finite", "NaN or infinite"),
    "all shifted": ("return energies + 0.5", "value", r"largest difference 0\.5, mean 0\.5"),
    "an exception": ("raise ValueError('what now')", "error", r"ValueError: what now in line \d+"),
    "an own exception": (
        "raise type('Oops\\nattention-2: passed.', (Exception,), {})('x')",
        "error",
        "stopped with Oops attention-2: passed",
    ),
    # what is asked first, if two things are wrong
    "double and transposed": ("return energies.double().t()", "dtype", "float64"),
    "transposed and not a number": ("return energies.t() * float('nan')", "axes", "another order"),
    "not a number and shifted": (
        "energies = energies + 1; energies[0, 0] = float('nan'); return energies",
        "finite",
        "1 of 16",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_first_what_must_be_right_first(judge_cells: Run, wrong: str) -> None:
    ending, stage, message = WRONG[wrong]
    verdicts = judge_cells(fill(attention_2=_RIGHT + "        " + ending))
    verdict = verdicts["attention-2"]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message
    assert [verdicts[task].points for task in ("attention-1", "attention-3")] == [20, 20]


def test_a_wrong_number_is_shown_with_its_index_and_the_right_one(judge_cells: Run) -> None:
    ending = "        energies = energies.clone(); energies[1, 2] += 3; return energies"
    verdict = judge_cells(fill(attention_2=_RIGHT + ending))["attention-2"]
    want = public_cases(ATTENTION)["attention-2"][0].expected["energies"][1, 2].item()
    found = re.search(r"energies\[1, 2\] is (\S+), expected (\S+); 6% of the", verdict.message)
    assert found, verdict.message
    assert float(found[1]) == pytest.approx(want + 3, abs=1e-4)
    assert float(found[2]) == pytest.approx(want, abs=1e-4)
    assert "largest difference 3, mean 0.188" in verdict.message


def test_a_cell_that_does_not_parse_is_an_error_with_its_line(judge_cells: Run) -> None:
    cells = fill() | {"attention-2": fill()["attention-2"].replace("squeeze(-1)", "squeeze(-1")}
    verdicts = judge_cells(cells)
    assert verdicts["attention-2"].stage == "error"
    assert re.search(r"SyntaxError.* in line \d+: return self\.v", verdicts["attention-2"].message)
    assert [v.points for v in verdicts.values()] == [20, 0, 20]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("torch.randn_like(e)", "negative numbers"),
        ("e.softmax(1)", "not zero on padding: up to"),
        ("e.masked_fill(mask, -torch.inf).sigmoid() / 3 if mask is not None else e", "sum to one"),
    ],
)
def test_weights_that_are_no_weights_are_told_so(
    judge_cells: Run, weights: str, message: str
) -> None:
    body = f"""
        e = self.get_alignment_energies(query, processed_memory, attention_weights_cat) * 1.01
        w = {weights}
        return torch.bmm(w.unsqueeze(1), memory).squeeze(1), w
    """
    verdict = judge_cells(fill(attention_3=body))["attention-3"]
    assert (verdict.points, verdict.stage, verdict.slip) == (0, "property", "")
    assert message in verdict.message


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("return energies.detach()", "no gradient reaches"),
        ("return torch.tensor(energies.tolist())", "no gradient reaches"),
        ("return energies + (energies - energies.detach())", "the gradient of"),
    ],
)
def test_right_numbers_without_the_right_gradient(
    judge_cells: Run, ending: str, message: str
) -> None:
    verdict = judge_cells(fill(attention_2=_RIGHT + "        " + ending))["attention-2"]
    assert (verdict.points, verdict.stage) == (0, "gradient")
    assert message in verdict.message
    assert verdict.public == (2, 3)  # the check in the notebook says so, too


@pytest.mark.parametrize(
    ("line", "argument"),
    [
        ("processed_memory += location", "processed_memory"),
        ("attention_weights_cat.zero_()", "attention_weights_cat"),
        ("query_before.mul_(2)", "query"),
        ("attention_weights_cat[:, 1].add_(1)", "attention_weights_cat"),
    ],
)
def test_an_input_that_was_changed_is_named(judge_cells: Run, line: str, argument: str) -> None:
    body = f"        query_before = query\n{_RIGHT}        {line}\n        return energies"
    verdict = judge_cells(fill(attention_2=body))["attention-2"]
    assert (verdict.points, verdict.stage) == (0, "changed"), verdict.message
    assert f"its own input {argument}:" in verdict.message


def same(first: list[Case], second: list[Case]) -> bool:
    return all(
        a.inputs.keys() == b.inputs.keys()
        and all(torch.equal(a.inputs[name], b.inputs[name]) for name in a.inputs)
        and all(torch.equal(a.expected[name], b.expected[name]) for name in a.expected)
        for a, b in zip(first, second, strict=True)
    )


def test_fresh_cases_belong_to_one_student_one_task_and_one_course() -> None:
    def fresh(
        secret: bytes = b"course", suite: str = "1", student: str = "ada", task: str = "attention-2"
    ) -> list[Case]:
        return maker(ATTENTION.name).fresh(task, int(fresh_seed(secret, suite, student, task), 16))

    assert same(fresh(), fresh())
    first = fresh()[0].inputs["query"]
    others = [fresh(b"another"), fresh(suite="2"), fresh(student="bob"), fresh(task="attention-3")]
    assert all(not torch.equal(first, cases[0].inputs["query"]) for cases in others)


def test_the_verdict_keeps_the_seed_with_which_it_can_be_replayed(judge_cells: Run) -> None:
    verdict = judge_cells(fill())["attention-2"]
    assert verdict.seed == fresh_seed(b"a course", "a suite", "ada", "attention-2")
    assert int(verdict.seed, 16) > 0


PUBLIC_TABLE = """
        from grader.judge.golden import public_cases
        from grader.labs import LABS

        for case in public_cases(LABS["lab1_attention"])["attention-2"]:
            known = case.inputs["query"]
            if known.shape == query.shape and torch.equal(known, query):
                return case.expected["energies"]
        return torch.zeros(processed_memory.shape[:2])
"""


def test_knowing_the_public_answers_by_heart_is_not_enough(judge_cells: Run) -> None:
    verdicts = judge_cells(fill(attention_2=PUBLIC_TABLE))
    verdict = verdicts["attention-2"]
    assert (verdict.stage, verdict.points) == ("gradient", 0)
    assert [v.points for v in verdicts.values()] == [20, 0, 20]


def test_knowing_even_the_hidden_answers_by_heart_is_not_enough(judge_here: Run) -> None:
    body = f"""
        asked = query.detach()
        {_RIGHT.strip()}
        from grader.judge.golden import hidden_cases, public_cases
        from grader.labs import LABS

        lab = LABS["lab1_attention"]
        for case in (*public_cases(lab)["attention-2"], *hidden_cases(lab)["attention-2"]):
            if torch.equal(case.inputs["query"], asked):
                return energies
        return energies * 0
    """
    verdict = judge_here(fill(attention_2=body))["attention-2"]
    assert (verdict.public, verdict.hidden, verdict.points) == ((3, 3), (8, 12), 0)
    assert "fresh numbers" in verdict.message
