"""Notebooks as people really hand them in: what the notebook shows, its author is given."""

from __future__ import annotations

import json
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError, SubmissionError
from grader.labs import LABS
from grader.sandbox.session import Worker
from grader.selfcheck.check import run_check
from grader.selfcheck.check_notebook import recognise
from grader.submissions.answers import find_answer
from grader.submissions.graft import Submission, graft, read_submission
from grader.submissions.notebook_file import parse_notebook
from handin_tools import (
    ROOT,
    Notebook,
    cell_of,
    drawn,
    judged,
    kernel,
    new,
    place_of,
    solved,
)
from labkit.cells.running import Kernel

LAB1, LAB2, LAB3, LAB4 = LABS.values()
FULL = {task.id: task.points for task in LAB1.judged}
Change = Callable[[Notebook], None]
STUB = "raise NotImplementedError()"


def put(notebook: Notebook, at: int, *cells: dict[str, Any]) -> None:
    notebook["cells"][at:at] = cells


def below(name: str, *cells: dict[str, Any]) -> Change:
    return lambda notebook: put(notebook, place_of(notebook, name) + 1, *cells)


def above(name: str, *cells: dict[str, Any]) -> Change:
    return lambda notebook: put(notebook, place_of(notebook, name), *cells)


def edited(name: str, change: Callable[[str], str]) -> Change:
    def edit(notebook: Notebook) -> None:
        cell = cell_of(notebook, name)
        before = cell["source"]
        cell["source"] = change(before)
        assert cell["source"] != before

    return edit


def put_in(old: str, text: str) -> Callable[[str], str]:
    def change(source: str) -> str:
        assert old in source
        return source.replace(old, text, 1)

    return change


def copied(name: str, change: Callable[[str], str], **more: Any) -> dict[str, Any]:
    """Copy a cell of the solved notebook, id and all, as an editor may, with another text."""
    cell = json.loads(json.dumps(cell_of(solved(LAB1), name)))
    return cell | {"source": change(cell["source"])} | more


def in_turn(*changes: Change) -> Change:
    def change(notebook: Notebook) -> None:
        for one in changes:
            one(notebook)

    return change


def emptied(name: str, left: str = "") -> Change:
    """Empty the cell of that name and write its solution anew in a cell below."""

    def change(notebook: Notebook) -> None:
        cell = cell_of(notebook, name)
        put(notebook, place_of(notebook, name) + 1, new(cell["source"]))
        cell["source"] = left

    return change


def stub_of(name: str) -> str:
    """A cell's text as it is released."""
    source = cell_of(solved(LAB1), name)["source"]
    head, _, body = source.rpartition("# TODO")
    return f"{head}# TODO{body.split(chr(10))[0]}\n        {STUB}\n"


def split_at(name: str, line: str, same_id: bool = True) -> Change:
    def change(notebook: Notebook) -> None:
        cell = cell_of(notebook, name)
        at = cell["source"].index(line)
        second = {**cell, "source": cell["source"][at:]}
        second |= {} if same_id else {"id": "0a1b2c3d"}
        cell["source"] = cell["source"][:at]
        put(notebook, place_of(notebook, name) + 1, second)

    return change


def whole(*left: str, sources: Callable[[str], str] = lambda text: text) -> Change:
    """Write the whole lab in the first task's cell; what is left in those of the others."""

    def change(notebook: Notebook) -> None:
        cells = [cell_of(notebook, task.id) for task in LAB1.judged]
        cells[0]["source"] = sources("\n\n".join(cell["source"] for cell in cells))
        for cell, text in zip(cells[1:], left, strict=True):
            cell["source"] = text

    return change


A1, A2, A3 = (task.id for task in LAB1.judged)
TRY = "layer = LocationLayer(4, 3, 8)\nprint(layer(torch.zeros(1, 2, 5)).shape, missing)"
BROKEN = lambda source: source.replace("return", "retrun x", 1)  # noqa: E731
COMMENTED = lambda source: textwrap.indent(source, "# ", lambda line: True)  # noqa: E731
RIGHT: dict[str, Change] = {
    # split and copied cells, with the id of the first on all
    "test lines split off below": below(A1, copied(A1, lambda s: TRY)),
    "test lines split off above": above(A1, copied(A1, lambda s: TRY)),
    "test lines with a name of their own": below(A2, new(TRY)),
    "an empty copy below": below(A2, copied(A2, lambda s: "")),
    "an empty copy above": above(A2, copied(A2, lambda s: " \n\t\n")),
    "a copy commented out": below(A3, copied(A3, COMMENTED)),
    "a copy of nothing but a note": below(A1, copied(A1, lambda s: "# I tried a reshape first")),
    "a broken draft below": below(A2, copied(A2, BROKEN)),
    "a broken draft above": above(A1, copied(A1, BROKEN)),
    "a draft cut off in the middle": below(A3, copied(A3, lambda s: s[: len(s) // 2])),
    "a stub kept as a copy": below(A2, copied(A2, lambda s: stub_of(A2))),
    "a note turned to Markdown": below(
        A1, copied(A1, lambda s: "The filters see both channels.", cell_type="markdown")
    ),
    "a note turned to raw text": above(A3, copied(A3, lambda s: "softmax!", cell_type="raw")),
    "the old solution turned to Markdown": below(A2, copied(A2, BROKEN, cell_type="markdown")),
    "a wrong draft below the check": below(
        f"{A1}-check", copied(A1, put_in(".transpose(1, 2)", ".mT.mT"))
    ),
    "a wrong draft above the good one": above(A1, copied(A1, put_in(".transpose(1, 2)", ""))),
    "a check pasted below the class": edited(A1, lambda s: f"{s}\ncheck('{A1}', LocationLayer)"),
    "a view pasted below the class": edited(A2, lambda s: f"{s}\nexplore_attention(Attention)"),
    "a check pasted above the class": edited(A3, lambda s: f"check('{A2}', Attention)\n{s}"),
    "a class in two halves": in_turn(
        edited(A2, put_in("    def get_alignment", "\nclass Attention(Attention):\n    def get_al"
                          "ignment")),
        split_at(A2, "class Attention(Attention)"),
    ),
    "a class in two halves, one with another name": in_turn(
        edited(A2, put_in("    def get_alignment", "\nclass Attention(Attention):\n    def get_al"
                          "ignment")),
        split_at(A2, "class Attention(Attention)", same_id=False),
    ),
    "a class cut in two": split_at(A2, "    def get_alignment_energies"),
    "a method set on the class": in_turn(
        edited(A3, lambda s: textwrap.dedent(s[s.index("    def forward"):])),
        edited(A3, lambda s: f"{s}\nAttention.forward = forward"),
    ),
    "a helper in one half": in_turn(
        edited(A1, put_in(".transpose(1, 2)", "")),
        edited(A1, put_in("return self.location_dense(", "return self.location_dense(flip(")),
        edited(A1, put_in("(flip(processed_attention)", "(flip(processed_attention))")),
        above(A1, copied(A1, lambda s: "def flip(x):\n    return x.mT")),
    ),
    "merged with its check": in_turn(
        edited(A1, lambda s: f"{s}\n\ncheck('{A1}', LocationLayer)"),
        lambda n: n["cells"].pop(place_of(n, f"{A1}-check")),
    ),
    # emptied, and written anew below
    "emptied and written below": emptied(A2),
    "all emptied and written below": in_turn(*(emptied(a) for a in (A1, A2, A3))),
    "emptied to a comment": emptied(A1, "# see below"),
    "emptied to pass": emptied(A3, "pass"),
    "left as a stub and written below": emptied(A1, stub_of(A1)),
    "left as a stub and continued below": in_turn(
        emptied(A2, stub_of(A2)),
        lambda n: n["cells"][place_of(n, A2) + 1].update(
            source="class Attention(Attention):\n"
            + "    def get_al" + cell_of(solved(LAB1), A2)["source"].split("    def get_al")[1]
        ),
    ),
    "deleted and written at the end": lambda n: n["cells"].append(
        new(n["cells"].pop(place_of(n, A2))["source"])
    ),
    # what a solution needs of other cells
    "math imported above": in_turn(
        above(A2, new("import math")),
        edited(A2, put_in("torch.tanh(", "math.e ** 0 * torch.tanh(")),
    ),
    "numpy in the set-up cell": in_turn(
        edited("setup", lambda s: f"import numpy as np\n{s}"),
        edited(A1, put_in("return self", "assert np.e > 2\n        return self")),
    ),
    "Optional from far above": in_turn(
        lambda n: put(n, 0, new("from typing import Optional, Any")),
        edited(A3, put_in("mask: torch.Tensor | None", "mask: Optional[torch.Tensor]")),
    ),
    "functional under another name": in_turn(
        edited("setup", lambda s: f"{s}\nimport torch.nn.functional as nnf\n"),
        edited(A3, put_in("F.softmax", "nnf.softmax")),
    ),
    "a module of torch that must be imported": in_turn(
        above(A1, new("import torch.utils.checkpoint")),
        edited(A1, put_in("return self", "torch.utils.checkpoint\n        return self")),
    ),
    "a star import": in_turn(
        above(A1, new("from math import *")),
        edited(A1, put_in("return self", "assert pi > 3\n        return self")),
    ),
    "a helper in another cell": in_turn(
        above(A3, new("def attend(weights, memory):\n    return weights[:, None] @ memory")),
        edited(A3, put_in("torch.bmm(attention_weights.unsqueeze(1), memory)",
                          "attend(attention_weights, memory)")),
    ),
    "a helper that needs a constant and an import": in_turn(
        above(A1, new("import operator")),
        above(A1, new("ONE, TWO = 1, 2\nflip = lambda x: operator.mul(x.mT, ONE)")),
        edited(A1, put_in("processed_attention.transpose(1, 2)", "flip(processed_attention)")),
    ),
    "a helper in another task's cell": in_turn(
        edited(A1, lambda s: f"def energy(x):\n    return torch.tanh(x)\n\n{s}"),
        edited(A2, put_in("torch.tanh(", "energy(")),
    ),
    "a base class in another cell": in_turn(
        above(A1, new("class Layer(nn.Module):\n    pass")),
        edited(A1, put_in("LocationLayer(nn.Module)", "LocationLayer(Layer)")),
    ),
    "a class begun in another cell": in_turn(
        above(A2, new("class Attention(nn.Module):\n    pass")),
        above(A3, new("class Attention(Attention):\n    note = 1")),
    ),
    "a future import in another cell": in_turn(
        lambda n: put(n, 0, new("from __future__ import annotations")),
        edited(A3, put_in("mask: torch.Tensor | None", "mask: Maybe")),
    ),
    # the whole lab in one cell
    "whole lab in one cell, stubs left": whole(stub_of(A2), stub_of(A3)),
    "whole lab in one cell, others emptied": whole("", ""),
    "whole lab in one cell, one of each": whole("# done above", stub_of(A3)),
    "whole lab in one cell, in the published style": whole(
        stub_of(A2), "",
        sources=lambda s: s.replace("class Attention(Attention):  # the same class, continued: now "
                                    "with its forward\n", "")
        .replace("super().__init__()", "super(LocationLayer, self).__init__()", 1)
        .replace("super().__init__()", "super(Attention, self).__init__()", 1),
    ),
    # what is left of the stub
    "with and a left-over raise": edited(A1, lambda s: s.replace(
        "        return self", "        with torch.enable_grad():\n            return self")
        + f"\n        {STUB}\n"),
    "branches and a left-over raise": edited(A3, lambda s: s.replace(
        "        return attention_context", "        if 1:\n            return attention_context")
        + f"\n        {STUB}\n"),
    "try and a left-over raise": edited(A2, lambda s: s.replace(
        "        return energies.squeeze(-1)",
        "        try:\n            return energies.squeeze(-1)\n        finally:\n            pass")
        + f"\n        {STUB}\n"),
    # IPython
    "display and help in a method": edited(A2, put_in(
        "        energies =", "        display(query.shape)\n        torch.tanh?\n        x = !ls\n"
        "        get_ipython()\n        energies =")),
    "cell magics": in_turn(*(edited(a, lambda s: f"%%time\n{s}") for a in (A1, A2, A3))),
    "await above, a shell below": edited(A1, lambda s: "import asyncio\nawait asyncio.sleep(0)\n"
                                         f"{s}\n!pip install torch \\\n  numpy\n"),
    "indented as a whole": edited(A3, lambda s: textwrap.indent(s, "    ")),
    "a future behind other lines": edited(
        A2, lambda s: f"x = 1\nfrom __future__ import annotations\n{s}"),
    "an operator at the start of a line": edited(A1, lambda s: f"{s}\nn = ('%d'\n     % 3)\n!ls\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_work_has_its_marks(name: str, worker: Worker) -> None:
    notebook = solved(LAB1)
    RIGHT[name](notebook)
    assert judged(notebook, LAB1, worker) == FULL


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[Notebook], dict[str, bool]]]:
    with kernel() as run:
        yield run


@pytest.mark.parametrize("seed", range(40))
def test_what_the_notebook_shows_is_given(
    seed: int, worker: Worker, run: Callable[[Notebook], dict[str, bool]]
) -> None:
    """Drawn sequences of an editor's operations; ``benchmarks/handins.py`` draws more of them."""
    notebook, steps = drawn(LAB1, 10_000 + seed)
    shown, points = run(notebook), judged(notebook, LAB1, worker)
    lost = [name for name, passed in shown.items() if passed and points[name] != FULL[name]]
    assert not lost, steps


def test_the_kernel_tells_right_from_wrong(run: Callable[[Notebook], dict[str, bool]]) -> None:
    notebook = solved(LAB1)
    assert run(notebook) == dict.fromkeys(FULL, True)
    edited(A1, put_in(".transpose(1, 2)", ""))(notebook)
    assert run(notebook)[A1] is False


# --- what is told --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "emptied and written below",
            "attention-2: the cell of that name has no solution; its method",
        ),
        ("an empty copy below", "attention-2: 2 cells claim to be this one"),
        ("a class cut in two", "attention-2: its cell was split in 2; they were joined"),
        ("math imported above", "`import math`"),
        ("a helper in another cell", "`def attend(weights, memory)`"),
        (
            "deleted and written at the end",
            "attention-2: the cell had lost its name; it was found by",
        ),
    ],
)
def test_what_was_repaired_is_told(name: str, said: str) -> None:
    notebook = solved(LAB1)
    RIGHT[name](notebook)
    assert said in " ".join(graft(notebook, LAB1).repairs)


def test_nothing_is_told_of_what_was_not_repaired() -> None:
    for lab in LABS.values():
        assert graft(solved(lab), lab).repairs == ()


@pytest.mark.parametrize("style", ["super(Attention, self)", "super(Attention,self)"])
def test_the_published_style_of_super_is_named_where_a_class_is_continued(style: str) -> None:
    """It leads back to the class itself, in the notebook's kernel as well."""
    names: dict[str, Any] = {}
    running = Kernel(names)
    running.run(LAB1.setup, "<cell setup>")
    for task in (A1, A2, A3):
        source = cell_of(solved(LAB1), task)["source"]
        if task == A2:
            source = put_in("super()", style)(source)
        running.run(source, f"<cell {task}>")
    result = run_check(A3, names["Attention"])
    assert result.finding is not None
    assert f"{style} leads back to the class itself: write super()" in result.finding.message


def test_one_broken_cell_costs_its_own_task(worker: Worker) -> None:
    for broken in (
        "x = (",
        "while True: pass" if False else "import os\nos._exit(1)",
        BROKEN("return"),
    ):
        notebook = solved(LAB1)
        cell_of(notebook, A2)["source"] = broken
        assert judged(notebook, LAB1, worker) == FULL | {A2: 0}


def test_a_wrong_solution_is_not_saved_by_its_copies(worker: Worker) -> None:
    notebook = solved(LAB1)
    wrong = put_in(".transpose(1, 2)", ".mT.mT.mT * 2")
    edited(A1, wrong)(notebook)
    below(A1, copied(A1, wrong), copied(A1, BROKEN), new("LocationLayer.forward = print"))(notebook)
    assert judged(notebook, LAB1, worker)[A1] == 0


def test_other_cells_have_no_say(worker: Worker) -> None:
    """What no solution refers to does not run, so that it cannot do harm either."""
    notebook = solved(LAB1)
    put(
        notebook,
        1,
        new("import os\nos._exit(1)"),
        new("while True:\n    pass"),
        new("torch = None"),
    )
    assert judged(notebook, LAB1, worker) == FULL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class A[T]:\n    pass\n", "made with Python 9.1"),
        ("try:\n    pass\nexcept? E:\n    pass\n", "newer syntax cannot be read here"),
    ],
)
def test_syntax_of_a_newer_python_is_named(text: str, said: str) -> None:
    notebook = solved(LAB1)
    notebook["metadata"]["language_info"] = {"name": "python", "version": "9.1.2"}
    edited(A2, lambda source: f"{text}\nx = y z\n{source}")(notebook)
    assert said in " ".join(graft(notebook, LAB1).repairs)


# --- which notebook it is ------------------------------------------------------------------------


def test_a_decoder_with_a_class_of_lab_1_is_lab_3() -> None:
    layer = cell_of(solved(LAB1), A1)["source"]
    attention = cell_of(solved(LAB1), A2)["source"]
    for cells in ([new(layer)], [new(layer), new(attention)], [new(f"{layer}\n{attention}")]):
        notebook = solved(LAB3)
        put(notebook, 3, *cells)
        assert recognise(notebook) is LAB3


@pytest.mark.parametrize("lab", LABS.values(), ids=lambda lab: lab.name)
def test_a_lab_is_known_without_ids(lab: Any) -> None:
    notebook = solved(lab)
    for cell in notebook["cells"]:
        cell.pop("id")
        cell["metadata"] = {}
    put(notebook, 2, new(cell_of(solved(LAB1), A1)["source"]))
    assert recognise(notebook) is lab
    with pytest.raises(GraderError, match="no cell of any lab was found"):
        recognise({"cells": [new("x = 1")]})


def folder_with(tmp_path: Path, files: dict[str, Any]) -> Path:
    folder = tmp_path / "ada" / LAB1.name
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                for member, text in content.items():
                    archive.writestr(member, json.dumps(text))
        else:
            path.write_text(json.dumps(content), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["attention-1.ipynb"], "'attention-1.ipynb': if that is the hand-in, rename it to"),
        (["attention-Copy1.ipynb"], "there is 'attention-Copy1.ipynb'"),
        (["attention (1).ipynb"], "there is 'attention (1).ipynb'"),
        (["Attention.ipynb"], "there is 'Attention.ipynb'"),
        (["attention.ipynb.txt"], "there is 'attention.ipynb.txt'"),
        (["lab 1/attention.ipynb"], "'lab 1/attention.ipynb': if that is the hand-in, move it to"),
        (["a/b/attention.ipynb"], "there is 'a/b/attention.ipynb'"),
        (["lab1.zip"], "'lab1.zip/attention.ipynb': if that is the hand-in, unpack it"),
        (["x-1.ipynb", "x-2.ipynb"], "there are 'x-1.ipynb', 'x-2.ipynb'"),
    ],
)  # fmt: skip
def test_the_reason_names_the_file_that_is_there(
    tmp_path: Path, names: list[str], said: str
) -> None:
    content = {"__MACOSX/._attention.ipynb": 1, "attention.ipynb": solved(LAB1)}
    files = {name: content if name.endswith(".zip") else solved(LAB1) for name in names}
    left = ("._attention.ipynb", "__MACOSX/attention.ipynb", ".ipynb_checkpoints/attention.ipynb")
    folder = folder_with(tmp_path, files | {name: {} for name in left})
    with pytest.raises(SubmissionError) as caught:
        read_submission(folder, LAB1)
    reason = str(caught.value)
    assert reason.startswith("no notebook attention.ipynb was handed in; ") and said in reason
    assert "grade again" in reason and "MACOSX" not in reason and "._" not in reason


def test_what_systems_leave_behind_is_no_notebook(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"._attention.ipynb": {}, "__MACOSX/attention.ipynb": {}})
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(SubmissionError, match=r"^no notebook attention\.ipynb was handed in$"):
        read_submission(folder, LAB1)


def untouched() -> Notebook:
    notebook = solved(LAB1)
    for name in (A1, A2, A3):
        cell_of(notebook, name)["source"] = stub_of(name)
    cell_of(notebook, "attention-4")["source"] = "YOUR ANSWER HERE"
    return notebook


@pytest.mark.parametrize("copy", ["attention-Copy1.ipynb", "attention (2).ipynb", "old/mine.ipynb"])
def test_an_untouched_notebook_beside_a_filled_copy_is_told_loudly(
    tmp_path: Path, copy: str
) -> None:
    folder = folder_with(tmp_path, {"attention.ipynb": untouched(), copy: solved(LAB1)})
    with pytest.raises(SubmissionError, match=r"is as it was released, but beside it there is '"):
        read_submission(folder, LAB1)
    half = untouched()
    cell_of(half, A1)["source"] = cell_of(solved(LAB1), A1)["source"]
    (folder / "attention.ipynb").write_text(json.dumps(half), "utf-8")
    assert "but beside it, with tasks that are not filled in there" in " ".join(
        read_submission(folder, LAB1).repairs
    )
    (folder / "attention.ipynb").write_text(json.dumps(solved(LAB1)), "utf-8")
    assert read_submission(folder, LAB1).repairs == ()


# --- written answers -----------------------------------------------------------------------------

ANSWER = "Because it adds.\n\n$x$ and so on."
MORE = "And a third reason: the sizes differ."


def answered(change: Change) -> Submission:
    notebook = solved(LAB1)
    cell_of(notebook, "attention-4")["source"] = ANSWER
    change(notebook)
    return graft(parse_notebook(json.dumps(notebook).encode(), "x"), LAB1)


def stripped(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}


def moved_below(left: str | None, *texts: str, kind: str = "markdown") -> Change:
    def change(notebook: Notebook) -> None:
        place = place_of(notebook, "attention-4")
        put(notebook, place + 1, *(new(text, kind) for text in texts))
        if left is None:
            notebook["cells"].pop(place)
        else:
            notebook["cells"][place]["source"] = left

    return change


def twin(source: str) -> dict[str, Any]:
    return cell_of(solved(LAB1), "attention-4") | {"source": source}


ANSWERS: dict[str, tuple[Change, str]] = {
    "deleted and rewritten": (moved_below(None, ANSWER), ANSWER),
    "written below the placeholder": (moved_below("YOUR ANSWER HERE", ANSWER), ANSWER),
    "written below an emptied cell": (moved_below("", ANSWER), ANSWER),
    "written below in two cells": (moved_below("", ANSWER, MORE), f"{ANSWER}\n\n{MORE}"),
    "written below with headings": (moved_below("", "### 1", ANSWER), f"### 1\n\n{ANSWER}"),
    "written below as raw text": (moved_below("YOUR ANSWER HERE", ANSWER, kind="raw"), ANSWER),
    "split in two": (moved_below(ANSWER, MORE), f"{ANSWER}\n\n{MORE}"),
    "split in two, names copied": (below("attention-4", twin(MORE)), f"{ANSWER}\n\n{MORE}"),
    "copied, the copy filled": (above("attention-4", twin("YOUR ANSWER HERE")), ANSWER),
    "copied, an empty copy below": (below("attention-4", twin("")), ANSWER),
    "copied and extended": (below("attention-4", twin(f"{ANSWER} {MORE}")), f"{ANSWER} {MORE}"),
    "ids stripped": (stripped, ANSWER),
    "ids stripped and split": (in_turn(moved_below(ANSWER, MORE), stripped), f"{ANSWER}\n\n{MORE}"),
    "ids stripped, below the placeholder": (
        in_turn(moved_below("YOUR ANSWER HERE", ANSWER), stripped), ANSWER,
    ),
    "moved to the top": (lambda n: put(n, 0, n["cells"].pop(place_of(n, "attention-4"))), ANSWER),
    "made a code cell": (lambda n: cell_of(n, "attention-4").update(cell_type="code"), ANSWER),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_a_written_answer_is_found(name: str) -> None:
    change, expected = ANSWERS[name]
    assert answered(change).answers["attention-4"] == expected


def test_an_answer_in_other_cells_is_told_and_one_in_its_own_is_not() -> None:
    for name in ("deleted and rewritten", "split in two", "ids stripped"):
        repairs = answered(ANSWERS[name][0]).repairs
        assert any(r.startswith("attention-4: the answer ") and "a person" in r for r in repairs)
    for name in ("copied, the copy filled", "moved to the top"):
        assert not any("attention-4" in r for r in answered(ANSWERS[name][0]).repairs)


def test_any_number_of_answers_is_soon_put_together() -> None:
    """Each is compared with some others, not with all."""
    many = [twin(f"{'ab' * 1_900} {number}") for number in range(2_500)]
    found = answered(below("attention-4", *many)).answers["attention-4"]
    assert found.startswith(ANSWER)


def test_an_answer_ends_where_the_release_goes_on() -> None:
    """The cells below the last question are not the student's."""
    for lab in (LAB1, LAB4):
        (task,) = [task for task in lab.tasks if task.manual]
        path = ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb"
        cells = json.loads(path.read_text("utf-8"))["cells"]
        place = next(i for i, cell in enumerate(cells) if cell["id"] == task.id)
        behind = cells[place + 1]
        first = (behind["id"], "".join(behind["source"]).split("\n")[0])
        assert first == task.followed_by[0]
        cells[place]["source"] = "YOUR ANSWER HERE"
        assert find_answer(cells, task, lab) == ("YOUR ANSWER HERE", "")


def test_a_question_without_a_cell_for_its_answer_is_shown_to_a_person() -> None:
    found = answered(lambda n: n["cells"].pop(place_of(n, "attention-4")))
    assert "Additive or multiplicative?" in found.answers["attention-4"]
    assert "attention-4: the cell of the answer is missing" in found.repairs[-1]
