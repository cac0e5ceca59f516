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
