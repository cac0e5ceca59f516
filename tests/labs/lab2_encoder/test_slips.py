"""Lab 2: wrong encoders are caught and named, and one wrong task costs only itself."""

from __future__ import annotations

import re

import pytest
import torch

from grader.judge.golden import hidden_cases, public_cases
from grader.labs.lab2_encoder.tasks import LAB as ENCODER
from lab_tools import Run
from labs.lab2_encoder.cells import STUB, fill

pytestmark = pytest.mark.lab2

TASKS = {task.id: task for task in ENCODER.judged}


def _layers(inside: str) -> str:
    """Return a loop over the layers with this line in it."""
    return f"""
        for convolution in self.convolutions:
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            {inside}
        return x
    """


DROP = "self.p_encoder_dropout, self.training"


@pytest.mark.parametrize(
    "first", [STUB, "return x * 2", "return undefined", "return None", "return ((("]
)
def test_a_wrong_first_task_costs_only_its_own_points(judge_cells: Run, first: str) -> None:
    verdicts = judge_cells(fill(encoder_1=first))
    assert [v.points for v in verdicts.values()] == [0, 30]
    assert verdicts["encoder-2"].note.startswith("judged on its own")


def test_a_missing_second_task_costs_only_its_own_points(judge_cells: Run) -> None:
    verdicts = judge_cells(fill(encoder_2=STUB))
    assert [v.points for v in verdicts.values()] == [30, 0]


_RIGHT = """
        x = self.convolve(x, padding).transpose(1, 2)
        packed = pack_padded_sequence(
            x, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, (h, c) = self.lstm(packed)
        out, _ = pad_packed_sequence(out, batch_first=True, total_length=x.size(1))
"""
WRONG = {
    "nothing": ("", "type", r"returns None: is there a `return`"),
    "a packed sequence": ("return packed", "type", "must be a torch.Tensor, not PackedSequence"),
    "what the LSTM returns": ("return out, h", "type", "not tuple"),
    "double": ("return out.double()", "dtype", r"torch\.float64; expected torch\.float32"),
    "an axis more": (
        "return out.unsqueeze(0)",
        "rank",
        r"1 axis too many: its shape is \(1, 2, 8, 6\)",
    ),
    "one symbol short": ("return out[:, 1:]", "size", r"\(2, 7, 6\); expected .*= \(2, 8, 6\)"),
    "time first": (
        "return out.permute(2, 0, 1)",
        "axes",
        r"\(6, 2, 8\); expected \(B, T_in, encoder_embedding_dim\).*another order",
    ),
    "not a number": ("return out * float('nan')", "finite", "96 of 96 numbers"),
    "shifted": ("return out + 0.5", "value", r"largest difference 0\.5, mean 0\.5"),
    "the lengths changed": ("input_lengths.sub_(1); return out", "changed", "input_lengths"),
    "an exception": ("raise ValueError('what now')", "error", r"ValueError: what now in line \d+"),
    "cut off from training": ("return out.detach()", "gradient", "no gradient reaches"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_cells: Run, wrong: str) -> None:
    ending, stage, message = WRONG[wrong]
    verdict = judge_cells(fill(encoder_2=_RIGHT + " " * 8 + ending))["encoder-2"]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


def test_too_much_dropout_is_told_as_a_share(judge_cells: Run) -> None:
    twice = _layers(f"x = F.dropout(F.dropout(F.relu(convolution(x)), {DROP}), {DROP})")
    verdict = judge_cells(fill(encoder_1=twice))["encoder-1"]
    assert (verdict.points, verdict.stage) == (0, "property")
    assert re.search(
        r"in training mode \(one layer\) \d\d% of convolved is dropped; expected about 30%",
        verdict.message,
    )


def test_dropout_that_is_not_scaled_is_wrong(judge_cells: Run) -> None:
    unscaled = _layers(
        "x = F.relu(convolution(x)); x = x * (torch.rand_like(x) < 0.5) if self.training else x"
    )
    verdict = judge_cells(fill(encoder_1=unscaled))["encoder-1"]
    # half is dropped where it should be less, and nothing is scaled: either is right
    assert verdict.points == 0 and verdict.slip in ("dropout-unscaled", "dropout-share")


def test_hidden_cases_hold_the_edges() -> None:
    for task in TASKS:
        cases = hidden_cases(ENCODER)[task]
        shapes = [case.inputs["x"].shape for case in cases]
        assert any(shape[0] == 1 and shape[2] > 1 for shape in shapes)
        assert any(shape[2] == 1 for shape in shapes)
        assert any(case.gradients for case in cases)
        assert any(shape[2] < case.init["encoder_kernel_size"] for case, shape in
                   zip(cases, shapes, strict=True))  # fmt: skip
    for case in hidden_cases(ENCODER)["encoder-1"]:
        assert ("padding" in case.inputs) == case.init["mask_embeddings"]
    lengths = [case.inputs["input_lengths"] for case in hidden_cases(ENCODER)["encoder-2"]]
    assert {found.dtype for found in lengths} == {torch.int64, torch.int32}
    assert any(len(found) > 1 and bool((found.diff() < 0).all()) for found in lengths)
    assert any(len(found) > 1 and bool((found.diff() > 0).all()) for found in lengths)


def test_no_batch_norm_of_a_case_is_at_its_initial_values() -> None:
    for cases in public_cases(ENCODER).values():
        for case in cases:
            if case.options.get("training"):  # where what chance does is made visible
                continue
            for name, value in case.state.items():
                if name.endswith(("running_mean", "running_var", ".1.weight", ".1.bias")):
                    assert not torch.allclose(value, value.new_tensor([0.0]), atol=0.01)
                    assert not torch.allclose(value, value.new_tensor([1.0]), atol=0.01)
