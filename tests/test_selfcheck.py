"""The check below a task: what a student sees in the notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from conftest import ROOT, fill
from grader import check
from grader.errors import GraderError
from grader.selfcheck.check import CheckFailed, run_check
from grader.selfcheck.check_notebook import check_notebook
from labkit.tacotron2 import Attention, LocationLayer

pytestmark = pytest.mark.lab1


def classes(**bodies: str) -> dict[str, Any]:
    """Run three solution cells as a notebook would and return what they define."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
        "from labkit.tacotron2.layers import ConvNorm, LinearNorm\n",
        namespace,
    )
    for source in fill(**bodies).values():
        exec(source, namespace)
    return namespace


@pytest.mark.parametrize(
    ("task", "cls"),
    [("attention-1", LocationLayer), ("attention-2", Attention), ("attention-3", Attention)],
)
def test_the_reference_passes_every_check(
    task: str, cls: type[nn.Module], capsys: pytest.CaptureFixture[str]
) -> None:
    check(task, cls)
    printed = capsys.readouterr().out
    assert task in printed
    assert "passed" in printed
    assert "3/3" in printed
    assert "hidden" in printed  # a pass here is no promise


def test_a_slip_is_named_and_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    found = classes(
        attention_3="""
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        weights = F.softmax(energies, dim=1)
        if mask is not None:
            weights = weights.masked_fill(mask, 0.0)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
        """
    )
    with pytest.raises(CheckFailed, match=r"attention-3 .*mask is applied after the softmax"):
        check("attention-3", found["Attention"])
    assert "sum to one?" in capsys.readouterr().out


def test_a_weak_mask_is_found_where_small_numbers_are_flushed() -> None:
    def forward(self: Attention, *inputs: torch.Tensor) -> Any:
        query, memory, processed, weights, mask = (*inputs, None)[:5]
        energies = self.get_alignment_energies(query, processed, weights)
        if mask is not None:
            energies = energies.masked_fill(mask, -100.0)
        attention_weights = torch.softmax(energies, dim=1)
        return (attention_weights.unsqueeze(1) @ memory).squeeze(1), attention_weights

    weak = type("Attention", (Attention,), {"forward": forward})
    torch.set_flush_denormal(True)
    try:
        finding = run_check("attention-3", weak).finding
    finally:
        torch.set_flush_denormal(False)
    assert finding is not None and finding.slip == "mask-weak"


def test_an_unwritten_method_is_told_from_a_wrong_one() -> None:
    found = classes(attention_1="raise NotImplementedError()")
    result = run_check("attention-1", found["LocationLayer"])
    assert result.finding is not None
    assert result.finding.stage == "unfilled"
    assert "LocationLayer.forward is not written yet" in repr(result)


def test_wrong_numbers_are_drawn_with_a_text_twin() -> None:
    found = classes(
        attention_1="return 1.01 * self.location_dense("
        "self.location_conv(attention_weights_cat).transpose(1, 2))"
    )
    page = run_check("attention-1", found["LocationLayer"])._repr_html_()
    assert page.count("<svg") == 1
    assert "numbers of this slice are wrong" in page
    assert "expected" in page


def test_what_a_student_raises_cannot_break_the_page() -> None:
    found = classes(attention_1="raise ValueError('<script>alert(1)</script>')")
    page = run_check("attention-1", found["LocationLayer"])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_check_leaves_the_notebooks_dice_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    run_check("attention-3", Attention)
    assert torch.equal(torch.rand(2), expected)


def test_the_traceback_of_a_failed_check_is_one_line() -> None:
    assert CheckFailed("attention-1 has not passed yet: x")._render_traceback_() == [
        "attention-1 has not passed yet: x"
    ]


def test_an_unknown_task_lists_those_that_exist() -> None:
    with pytest.raises(GraderError, match=r"attention-9.*attention-1"):
        check("attention-9", Attention)


@pytest.mark.parametrize("broken", ["class Decoder(:", "Decoder = None", "1 / 0", "x = 1"])
def test_the_reference_does_not_answer_for_a_cell_that_is_broken(
    tmp_path: Path, broken: str
) -> None:
    path = ROOT / "notebooks" / "lab3_decoder" / "decoder.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["id"] == "tacotron2-1":
            cell["source"] = broken
    hand_in = tmp_path / "decoder.ipynb"
    hand_in.write_text(json.dumps(notebook), "utf-8")
    _, _, verdicts = check_notebook(hand_in)
    assert [verdict.passed for verdict in verdicts] == [True, True, True, False]
