"""What only the notebook of the attention lab has."""

from __future__ import annotations

import ast

import pytest
import torch
from torch.nn import functional as F

from notebook_tools import NOTEBOOKS, cells_of, emptied, read_notebook

CELLS = cells_of(read_notebook(NOTEBOOKS / "lab1_attention" / "attention.ipynb"))


@pytest.mark.parametrize("task", ["attention-1", "attention-2", "attention-3"])
def test_the_solution_is_the_whole_body(task: str) -> None:
    (function,) = ast.parse(emptied(CELLS[task].source)).body
    assert isinstance(function, ast.FunctionDef)
    assert [type(statement) for statement in function.body] == [ast.Expr, ast.Raise]


def test_a_fully_hidden_sentence_is_nan_as_its_help_says() -> None:
    assert "*Some weights are `nan`:*" in CELLS["attention-3-help"].source
    hidden = torch.rand(2, 11).masked_fill(torch.ones(2, 11, dtype=torch.bool), -float("inf"))
    assert F.softmax(hidden, dim=1).isnan().all()
