"""What a cell reaches for is told to the instructor; honest code is never told of."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from attacks import ATTACKS
from conftest import ROOT, fill
from grader.course.course import write_scores
from grader.judge.judge import Judge
from grader.labs import LABS
from grader.labs.base import Lab
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission
from grader.submissions.notebook_file import identity_of, source_of
from grader.submissions.reach import FLAG_LIMIT, reaches


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import grader.sandbox.perform as p", "grader"),
        ("from grader import adapters", "grader"),
        ("import sys\nsys._getframe(1)", "_getframe"),
        ("from sys import _getframe as f", "sys"),
        ("from grader import adapters, check", "grader"),
        ("from unittest import mock", "unittest"),
        ("T = torch\nT.equal = print", "T.equal, which it changes"),
        ("a = b = torch\nc = b\nc.nn.Linear.forward = print", "c.nn.Linear.forward, which it"),
        ("T, x = torch, 1\nT.equal = print", "T.equal"),
        ("for t in (torch, nn):\n    t.equal = print", "t.equal"),
        ("def f(t=torch):\n    t.equal = print", "t.equal"),
        ("if (t := torch.nn):\n    t.equal = print", "t.equal"),
        ("T = torch\nsetattr(T, 'eq' + 'ual', print)", "setattr on T"),
        ("m = torch.sys.modules['x']\nm.f = print", "torch.sys"),
        ("m = torch.sys.modules['x']\nm.f = print", "m.f, which it changes"),
        ("m = torch.sys.modules.get('x')\nm.f = print", "m.f, which it changes"),
        ("m = getattr(torch, 'sys').modules\nm['x'].f = print", "m['x'].f, which it changes"),
        ("import sys as s\nt = s\nt.modules", "sys.modules"),
        ("judge.equal = print", "judge.equal, which it changes"),
        ("vars(torch)['equal'] = print", "vars of torch"),
        ("def f(clock):\n    return clock.__self__", "__self__"),
        ("def f(clock):\n    return getattr(clock, '__self__')", "__self__"),
        ("def f(clock):\n    return getattr(clock, '__se' + 'lf__')", "put together"),
        ("def f(tell):\n    return tell.__closure__[0].cell_contents", "__closure__"),
        ("import gc\ngc.get_objects()", "gc"),
        ("__import__('os')", "__import__"),
        ("exec('1')", "exec"),
        ("torch.equal = lambda a, b: True", "torch.equal, which it changes"),
        ("nn.Module.__call__ = None", "nn.Module.__call__, which it changes"),
        ("del torch.Tensor.__eq__", "torch.Tensor.__eq__"),
        ("import labkit.audio as a\na.save_audio = print", "a.save_audio, which it changes"),
        ("setattr(torch, 'equal', print)", "setattr on torch"),
        ("try:\n    1/0\nexcept Exception as e:\n    e.__traceback__", "__traceback__"),
    ],
)
def test_what_leads_out_of_a_solution_is_told_with_its_line(source: str, what: str) -> None:
    found = reaches(source)
    assert any(what in flag for flag in found), found
    assert all(flag.startswith("line ") for flag in found)


@pytest.mark.parametrize("lab", LABS.values(), ids=lambda lab: lab.name)
def test_solutions_reach_for_nothing(lab: Lab) -> None:
    path = ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb"
    ids = {task.id for task in lab.judged}
    cells = json.loads(Path(path).read_text("utf-8"))["cells"]
    solutions = [source_of(cell) for cell in cells if identity_of(cell) & ids]
    assert len(solutions) >= len(ids)
    for source in solutions:
        assert reaches(source) == ()


def test_ordinary_code_reaches_for_nothing() -> None:
    source = """
import math, time, os
from typing import Optional
class Attention(Attention):
    def forward(self, query, memory, mask: Optional[torch.Tensor] = None):
        self.weights = torch.softmax(query, 1)
        state = self.state._replace(context=memory)
        parameters = [p for p in self.modules()]
        name = getattr(self, "v", None)
        self.v.weight.data[0] = 1.0
        self.__class__.__name__
        return super(Attention, self).forward(query, memory)
"""
    assert reaches(source) == ()


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nfrom torch import nn\nfrom grader import check, progress\ncheck('a', b)",
        "from grader import check\nfrom labkit.notebook import draw_attention_idea",
        "import unittest\nclass Test(unittest.TestCase):\n    def test(self): self.x = 1",
        "import sys\nprint(sys.version, file=sys.stderr)\nsys.path.insert(0, '.')",
        "x = 1\nprint(locals())",
        "Encoder.forward = lambda self, x: x",
        "E = Encoder\nE.forward = f",
        "for cls in (Encoder,):\n    setattr(cls, 'for' + 'ward', f)",
        "def patch(f):\n    def to(cls): setattr(cls, f.__name__, f)\n    return to",
        "class C: pass\ncfg = C()\ncfg.rate = 2\nfor n in 'ab':\n    setattr(cfg, n, 1)",
        "def f(self, **more):\n    for n in more:\n        setattr(self, n, getattr(self, n))",
        "layer = nn.Linear(2, 2)\nlayer.weight.data = torch.zeros(2, 2)\nlayer.bias.grad = None",
        "torch.backends.cudnn.deterministic = True",
        "f = torch.nn.modules.linear.Linear\nself.signal = f(1, 1)",
        "def f(x):\n    f.calls += 1\nf.calls = 0",
    ],
)
def test_honest_ways_are_not_told_of(source: str) -> None:
    assert reaches(source) == ()


def test_what_cannot_be_read_and_what_has_too_much_is_bounded() -> None:
    assert reaches("def f(:\n") == ()
    assert reaches("(" * 100_000) == ()
    assert reaches("x = 1\0") == ()
    assert len(reaches("import gc\n" * 50)) == FLAG_LIMIT


def test_a_verdict_carries_it_and_no_points_depend_on_it(worker: Worker, lab: Lab) -> None:
    cells = fill()
    cells["attention-2"] = "import gc\n" + cells["attention-2"]
    verdicts = Judge(lab, worker, b"a course", "a suite").judge(Submission(cells), "eve")
    assert [v.points for v in verdicts] == [20, 20, 20]
    assert [v.flags for v in verdicts] == [(), ("line 1 reaches for gc",), ()]
    assert verdicts[1].record()["flags"] == ("line 1 reaches for gc",)


def test_the_table_of_scores_says_where_to_look(tmp_path: Path) -> None:
    flags = ("line 1 reaches for gc", "line 2 reaches for =1+1")
    verdicts = [
        {"task": "attention-1", "points": 20, "stage": "passed", "message": "", "flags": ()},
        {"task": "attention-2", "points": 0, "stage": "value", "message": "no", "flags": flags},
    ]
    record = {
        **{"student": "eve", "lab": "lab1_attention", "verdicts": verdicts, "points": 20},
        **{"max_points": 60, "reason": "", "isolation": "bubblewrap", "time": "now"},
    }
    write_scores(tmp_path / "scores.csv", [record])
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["look_at"] == " | ".join(f"attention-2: {flag}" for flag in flags)


def test_most_attacks_on_the_comparison_are_told_of() -> None:
    told = [name for name, attack in ATTACKS.items() if reaches(attack.cell)]
    assert len(told) > len(ATTACKS) / 3
