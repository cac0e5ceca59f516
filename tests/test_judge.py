"""The judge on honest work: full marks for right fills, and only for those."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import fill
from grader.judge.verdict import Verdict

Run = Callable[[dict[str, str]], dict[str, Verdict]]
pytestmark = pytest.mark.lab1


def test_a_correct_fill_scores_full_marks(judge_cells: Run) -> None:
    verdicts = judge_cells(fill())
    assert {task: v.points for task, v in verdicts.items()} == {
        "attention-1": 20,
        "attention-2": 20,
        "attention-3": 20,
    }
    assert all(v.public == (3, 3) and v.hidden[0] == v.hidden[1] == 12 for v in verdicts.values())


def test_one_wrong_task_costs_its_own_points_only(judge_cells: Run) -> None:
    wrong = fill(attention_1="return self.location_conv(attention_weights_cat).transpose(1, 2)")
    verdicts = judge_cells(wrong)
    assert [v.points for v in verdicts.values()] == [0, 20, 20]
    assert verdicts["attention-1"].slip == "dense-missing"
    assert "given" in verdicts["attention-2"].note


@pytest.mark.parametrize(
    "asked",
    [
        "query, processed_memory, attention_weights_cat.flip(1)",
        "query, processed_memory, torch.zeros_like(attention_weights_cat)",
        "2 * query, processed_memory, attention_weights_cat",
        "query, processed_memory.flip(1), attention_weights_cat",
    ],
)
def test_what_an_earlier_task_was_asked_shows_behind_a_softmax(
    judge_cells: Run, asked: str
) -> None:
    """By itself, a task is given the earlier answer: another one, if it asks for something else."""
    verdicts = judge_cells(
        fill(
            attention_2="return query.sum(1, keepdim=True) + processed_memory.sum(2)",
            attention_3=f"""
            energies = self.get_alignment_energies({asked})
            if mask is not None:
                energies = energies.masked_fill(mask, -torch.inf)
            weights = F.softmax(energies, dim=1)
            return (weights.unsqueeze(1) @ memory).squeeze(1), weights
            """,
        )
    )
    assert [v.points for v in verdicts.values()] == [20, 0, 0]
