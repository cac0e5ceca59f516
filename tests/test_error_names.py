"""Errors that torch and Python really raise have the right name; what is no such error has none."""

from __future__ import annotations

import pytest

from grader.judge.compare import SAID_LIMIT
from grader.judge.finding import Finding
from grader.judge.naming import common_slip
from grader.labs.common_slips import COMMON_SLIPS
from grader.labs.error_slips import ERROR_SLIPS

SETUP = """
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
x = torch.ones(2, 8, 5)
mask = torch.zeros(2, 8, dtype=torch.bool)
lstm = nn.LSTM(5, 3, batch_first=True, bidirectional=True)
cell = nn.LSTMCell(5, 3)
parts = nn.ModuleList([nn.Linear(5, 5)])
"""
CASES = [
    ("nn.Linear(4, 2)(x)", "linear-size"),
    ("x[0] @ x[1]", "linear-size"),
    ("F.linear(torch.ones(3, 7), torch.ones(2, 6))", "linear-size"),
    ("nn.Conv1d(5, 2, 3)(x)", "channels"),
    ("nn.Conv1d(5, 2, 3)(x[None])", "axes-of-a-layer"),
    ("nn.Conv1d(5, 2, 3)(x[0, 0])", "axes-of-a-layer"),
    ("nn.BatchNorm1d(5)(x[0, 0])", "axes-of-a-layer"),
    ("torch.bmm(x[0], x)", "axes-of-a-layer"),
    ("torch.bmm(x, x)", "batched-product"),
    ("torch.bmm(x, torch.ones(3, 5, 2))", "batched-product"),
    ("x + torch.ones(2, 7)", "broadcast"),
    ("x + torch.ones(2, 4)", "broadcast"),
    ("torch.ones(2, 5).masked_fill(mask, 0.0)", "broadcast"),
    ("torch.cat([x, torch.ones(2, 7, 4)], dim=2)", "joined"),
    ("torch.cat([x, torch.ones(2, 8)], dim=1)", "joined"),
    ("torch.stack([x[0], x[0, :3]])", "joined"),
    ("cell(torch.ones(2, 4))", "recurrent-input"),
    ("lstm(torch.ones(2, 8, 4))", "recurrent-input"),
    ("cell(x[:, 0], (torch.ones(2, 4), torch.ones(2, 4)))", "recurrent-state"),
    ("lstm(x, (torch.ones(1, 2, 3), torch.ones(1, 2, 3)))", "recurrent-state"),
    ("x.view(3, 7)", "reshape"),
    ("x.transpose(1, 2).view(2, 40)", "reshape"),
    ("x.reshape(2, 7, -1)", "reshape"),
    ("x.sum(dim=3)", "no-such-axis"),
    ("x[0].transpose(1, 2)", "no-such-axis"),
    ("x[0, 0, 0, 0]", "no-such-axis"),
    ("x.permute(0, 1)", "no-such-axis"),
    ("pack_padded_sequence(x, torch.tensor([3, 8]), batch_first=True)", "lengths-of-packing"),
    ("pack_padded_sequence(x, torch.tensor([0, 8]), True, False)", "lengths-of-packing"),
    ("pack_padded_sequence(x, [8, 3], batch_first=True).transpose(1, 2)", "packed"),
    ("x.masked_fill(torch.ones(2, 8, 1), 0.0)", "mask-kind"),
    ("x[mask[:, :5]]", "mask-kind"),
    ("1 if x > 0 else 2", "truth-of-a-tensor"),
    ("torch.ones(2, requires_grad=True).add_(1)", "in-place"),
    ("torch.ones(2, requires_grad=True).numpy()", "numbers-out-of-a-graph"),
    ("nn.Linear(5, 2)(x.double())", "types"),
    ("nn.Linear(5, 2)(x.long())", "types"),
    ("nn.Embedding(9, 4)(x)", "types"),
    ("nothing_of_this_name", "unknown-name"),
    ("lstm.hiden_size", "unknown-name"),
    ("x.masked_filled(mask, 0)", "unknown-name"),
    ("lstm()", "wrong-arguments"),
    ("F.softmax(x, axes=1)", "wrong-arguments"),
    ("F.dropout(x, 0.5, True, False, 1)", "wrong-arguments"),
    ("(lambda q: q)(1, 2)", "wrong-arguments"),
    ("None(x)", "none-used"),
    ("None + 1", "none-used"),
    ("x[0](1)", ""),
    ("(lambda a: (a[0], a[1]))(1)", ""),
    ("[a for a, b in [(1, 2, 3)]]", "unpacking"),
    ("x[5]", "index"),
    ("[1][2]", "index"),
    ("parts(x)", "list-of-modules-called"),
    ("def f(:\n    pass", "syntax"),
    ("f = lambda: f()\nf()", "calls-itself"),
    ("raise ValueError('no')", ""),
    ("1 / 0", ""),
    ("raise RuntimeError('a step was asked for after 5 of them')", ""),
]


def name_of(error: str) -> str:
    said = [Finding("error", f"your code stopped with {error}.")]
    slip = common_slip(said, (*COMMON_SLIPS, *ERROR_SLIPS))
    return slip.id if slip else ""


@pytest.mark.parametrize(("source", "name"), CASES, ids=[source for source, _ in CASES])
def test_an_error_has_its_name(source: str, name: str) -> None:
    with pytest.raises(Exception) as caught:
        exec(compile(SETUP + source, "<cell>", "exec"), {})
    said = " ".join(f"{type(caught.value).__name__}: {caught.value}".split())[:SAID_LIMIT]
    assert name_of(said) == name, said


def test_the_quoted_line_is_not_what_went_wrong() -> None:
    assert name_of("ValueError: no in line 3: x = unpack(PackedSequence) # RecursionError") == ""
    assert name_of("RecursionError: deep in line 3: f()") == "calls-itself"


def test_every_name_is_shown_by_an_example_and_asks_a_question() -> None:
    assert name_of("RuntimeError: Expected all tensors to be on the same device") == "devices"
    shown = {name for _, name in CASES} | {"devices"}  # one device only is here
    for slip in ERROR_SLIPS:
        assert slip.id in shown and slip.hint.endswith("?"), slip.id
