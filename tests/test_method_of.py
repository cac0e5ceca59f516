"""Methods that a notebook puts into given classes: run in any order, judged in every form."""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.judge.judge import Judge
from grader.judge.verdict import Verdict
from grader.labs import LABS
from grader.labs.base import Lab
from grader.release.edition import build_edition
from grader.sandbox.session import Worker
from grader.selfcheck.check import CheckFailed, check, run_check
from grader.submissions.graft import Submission, gone_astray, graft
from grader.submissions.notebook_file import parse_notebook
from handin_tools import Notebook, cell_of, class_cells, new, place_of, solved
from labkit.labs import given
from labkit.labs.given import fresh_classes, method_of
from labkit.tacotron2 import Attention as KitsAttention

LAB1, LAB2, LAB3 = (LABS[name] for name in ("lab1_attention", "lab2_encoder", "lab3_decoder"))
Change = Callable[[Notebook], None]


@pytest.fixture
def classes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Given classes of this test's own, which its cells import."""
    made = fresh_classes()
    monkeypatch.setattr(given, "_classes", lambda: made)
    return made


def run(lab: Lab, names: list[str], namespace: dict[str, Any]) -> None:
    notebook = solved(lab, "functions")
    for name in names:
        exec(cell_of(notebook, name)["source"], namespace)


class TestCells:
    @pytest.mark.parametrize(
        "order",
        [
            ["setup", "attention-3", "attention-2", "attention-1"],
            ["setup", "attention-1", "attention-2", "attention-3", "attention-2", "setup"],
            ["setup", "attention-2", "attention-3", "setup", "attention-1", "attention-1"],
        ],
    )
    def test_may_be_run_in_any_order_and_again(self, order: list[str], classes: Any) -> None:
        names: dict[str, Any] = {}
        run(LAB1, order, names)
        for task in LAB1.judged:
            assert run_check(task.id, names[task.defines]).finding is None

    def test_a_later_version_reaches_what_was_built_before(self, classes: Any) -> None:
        attention = classes["Attention"](8, 6, 4, 3, 3)
        with pytest.raises(NotImplementedError, match=r"^attention-3: Attention\.forward is not "):
            attention(*[None] * 5)

        @method_of(classes["Attention"])
        def forward(self: Any, *_: Any) -> str:
            return "look"

        assert attention(*[None] * 5) == "look"
        assert forward.__qualname__ == "Attention.forward"

    def test_a_part_that_the_same_lab_fills_is_the_filled_one(self, classes: Any) -> None:
        attention = classes["Attention"](8, 6, 4, 3, 3)
        assert type(attention.location_layer) is classes["LocationLayer"]
        decoder = classes["Decoder"](8, 1, 6, 4, 3, 3, 5, 5, 4, 9, 0.5, 0.1, 0.1, True)
        assert type(decoder.attention_layer) is KitsAttention

    def test_an_open_task_is_called_by_its_own_name(self, classes: Any) -> None:
        names: dict[str, Any] = {}
        run(LAB1, ["setup", "attention-3"], names)
        shown = repr(run_check("attention-3", names["Attention"]))
        says = "it calls Attention.get_alignment_energies, which is not written yet (attention-2)"
        assert says in shown
        run(LAB1, ["attention-2"], names)
        for task in ("attention-2", "attention-3"):
            shown = repr(run_check(task, names["Attention"]))
            assert "it calls LocationLayer.forward, which is not written yet (attention-1)" in shown
        assert "LocationLayer.forward is not written yet" in repr(
            run_check("attention-1", names["LocationLayer"])
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            "self.location_dense(self.location_conv(x.flip(1)).transpose(1, 2))",
            "self.location_dense(self.location_conv(x).transpose(1, 2)) * 2",
            "self.location_dense(self.location_conv(x).transpose(1, 2)).detach()",
            "x[:, 5]",
        ],
    )
    def test_the_fault_of_an_earlier_task_is_not_a_later_ones(
        self, wrong: str, classes: Any
    ) -> None:
        names: dict[str, Any] = {}
        run(LAB1, ["setup", "attention-2", "attention-3"], names)
        exec(f"@method_of(LocationLayer)\ndef forward(self, x):\n    return {wrong}", names)
        assert run_check("attention-1", names["LocationLayer"]).finding is not None
        for task in ("attention-2", "attention-3"):
            shown = repr(run_check(task, names["Attention"]))
            assert "is right by itself; what an earlier task gives it is not" in shown

    def test_a_star_brings_the_classes(self) -> None:
        names: dict[str, Any] = {}
        exec("from labkit.labs.given import *", names)
        owners = {task.defines for lab in LABS.values() for task in lab.judged if task.methods}
        assert {*owners, "method_of"} <= names.keys()

    def test_the_kits_own_class_stays_as_it_is(self) -> None:
        with pytest.raises(TypeError, match="run the notebook's first cell, which imports the Att"):
            method_of(KitsAttention)

    def test_a_class_is_wanted(self) -> None:
        with pytest.raises(TypeError, match=r"such as @method_of\(Decoder\); it got int"):
            method_of(3)  # type: ignore[arg-type]

    def test_an_unfilled_check_says_which_method_is_missing(self, classes: Any) -> None:
        finding = run_check("encoder-2", classes["Encoder"]).finding
        assert finding is not None
        assert finding.message == "Encoder.forward is not written yet."

    def test_a_fill_is_nobody_elses(self, classes: Any) -> None:
        run(LAB1, ["setup", "attention-3"], {})
        with pytest.raises(NotImplementedError):
            fresh_classes()["Attention"](8, 6, 4, 3, 3)(*[None] * 5)
        assert KitsAttention.forward.__module__ == "labkit.tacotron2.attention"


# --- what is handed in ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge(
    confined: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Notebook, Lab], dict[str, Verdict]]]:
    workers: dict[str, Worker] = {}

    def judge(notebook: Notebook, lab: Lab) -> dict[str, Verdict]:
        if lab.name not in workers:
            edition = build_edition(lab.name, tmp_path_factory.mktemp("edition"))
            workers[lab.name] = Worker(confined, edition).__enter__()
        verdicts = Judge(lab, workers[lab.name], b"a course", "a suite").judge(
            grafted(notebook, lab), "ada"
        )
        return {verdict.task: verdict for verdict in verdicts}

    yield judge
    for worker in workers.values():
        worker.__exit__(None, None, None)


def grafted(notebook: Notebook, lab: Lab) -> Submission:
    return graft(parse_notebook(json.dumps(notebook).encode(), "handed in"), lab)


def as_class(*tasks: str) -> Change:
    """A class, continued, where the release has functions."""

    def change(notebook: Notebook) -> None:
        for lab in (LAB1, LAB2, LAB3):
            for task in set(tasks) & set(class_cells(lab)):
                cell_of(notebook, task)["source"] = class_cells(lab)[task]
                drop_parts(notebook, task)

    return change


def drop_parts(notebook: Notebook, task: str) -> None:
    parts = [c for c in notebook["cells"] if re.fullmatch(rf"{task}-(steps|parse)", str(c["id"]))]
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in parts]


def whole_class(owner: str, *tasks: str) -> Change:
    """One class with everything in the first cell; the others are empty."""

    def change(notebook: Notebook) -> None:
        as_class(*tasks)(notebook)
        parts = [cell_of(notebook, task)["source"] for task in tasks]
        rest = [part.split("\n", 1)[1] for part in parts[1:]]
        cell_of(notebook, tasks[0])["source"] = "\n\n".join([parts[0], *rest])
        for task in tasks[1:]:
            cell_of(notebook, task)["source"] = ""
        assert cell_of(notebook, tasks[0])["source"].count(f"class {owner}") == 1

    return change


def assigned(owner: str, *names: str) -> Change:
    """``Owner.method = method`` below the function, without the decorator."""

    def change(notebook: Notebook) -> None:
        for name in names:
            source = cell_of(notebook, name)["source"]
            functions = [f.name for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)]
            lines = [f"{owner}.{function} = {function}" for function in functions]
            plain = source.replace(f"@method_of({owner})\n", "")
            cell_of(notebook, name)["source"] = "\n".join([plain, *lines])

    return change


def joined(*names: str) -> Change:
    """Cells put together into the first of them."""

    def change(notebook: Notebook) -> None:
        sources = [cell_of(notebook, name)["source"] for name in names]
        cell_of(notebook, names[0])["source"] = "\n\n\n".join(sources)
        notebook["cells"] = [c for c in notebook["cells"] if c["id"] not in names[1:]]

    return change


def swapped(one: str, other: str) -> Change:
    def change(notebook: Notebook) -> None:
        a, b = cell_of(notebook, one), cell_of(notebook, other)
        i, j = notebook["cells"].index(a), notebook["cells"].index(b)
        notebook["cells"][i], notebook["cells"][j] = b, a

    return change


def tried_before(name: str) -> Change:
    """A first, wrong try in a cell of its own above the right one."""

    def change(notebook: Notebook) -> None:
        source = re.sub(r"return [^\n]*$", "return None", cell_of(notebook, name)["source"])
        assert source != cell_of(notebook, name)["source"]
        notebook["cells"].insert(place_of(notebook, name), new(source))

    return change


def with_helper(owner: str, name: str, old: str, call: str) -> Change:
    """A further method, put into the class by a cell that the student made."""

    def change(notebook: Notebook) -> None:
        cell = cell_of(notebook, name)
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, call)
        arguments = call.partition("(")[2].rstrip(")")
        helper = f"@method_of({owner})\ndef helper(self, {arguments}):\n    return {old}\n"
        notebook["cells"].insert(place_of(notebook, name), new(helper))

    return change


def nameless(notebook: Notebook) -> None:
    for number, cell in enumerate(notebook["cells"]):
        cell["id"], cell["metadata"] = f"{number:08x}", {}


def own_decorator(notebook: Notebook) -> None:
    """The student's own way to put a function into a class."""
    setup = cell_of(notebook, "setup")
    setup["source"] += "\n\ndef put(owner):\n    return lambda f: setattr(owner, f.__name__, f)\n"
    for task in LAB1.judged:
        cell = cell_of(notebook, task.id)
        cell["source"] = cell["source"].replace("@method_of(", "@put(")


FORMS: dict[str, tuple[Lab, Change]] = {
    **{f"{lab.name}, as released": (lab, lambda notebook: None) for lab in (LAB1, LAB2, LAB3)},
    "attention, a class": (LAB1, as_class("attention-1", "attention-2", "attention-3")),
    "attention, a class in one cell": (
        LAB1,
        lambda n: (
            as_class("attention-1")(n),
            whole_class("Attention", "attention-2", "attention-3")(n),
        ),
    ),
    "attention, only the second continues a class": (LAB1, as_class("attention-3")),
    "attention, only the third is put in": (LAB1, as_class("attention-1", "attention-2")),
    "attention, put in by hand": (LAB1, assigned("Attention", "attention-2", "attention-3")),
    "attention, swapped": (LAB1, swapped("attention-2", "attention-3")),
    "attention, in one cell": (LAB1, joined("attention-2", "attention-3")),
    "attention, tried before": (LAB1, tried_before("attention-3")),
    "attention, without names": (LAB1, nameless),
    "attention, by a decorator of one's own": (LAB1, own_decorator),
    "attention, with a method of one's own": (
        LAB1,
        with_helper(
            "Attention", "attention-3", "F.softmax(energies, dim=1)", "self.helper(energies)"
        ),
    ),
    "encoder, a class": (LAB2, as_class("encoder-1", "encoder-2")),
    "encoder, a class in one cell": (LAB2, whole_class("Encoder", "encoder-1", "encoder-2")),
    "encoder, only the second continues a class": (LAB2, as_class("encoder-2")),
    "encoder, swapped": (LAB2, swapped("encoder-1", "encoder-2")),
    "encoder, put in by hand": (LAB2, assigned("Encoder", "encoder-1", "encoder-2")),
    "encoder, without names": (LAB2, nameless),
    "decoder, classes": (
        LAB3,
        as_class("decoder-1", "decoder-2", "decoder-3", "tacotron2-1"),
    ),
    "decoder, a class in one cell": (
        LAB3,
        whole_class("Decoder", "decoder-1", "decoder-2", "decoder-3"),
    ),
    "decoder-2 in one cell": (LAB3, joined("decoder-2", "decoder-2-steps")),
    "decoder-2, its cells swapped": (LAB3, swapped("decoder-2", "decoder-2-steps")),
    "decoder-2 continues a class": (LAB3, as_class("decoder-2")),
    "decoder-2 put in by hand": (LAB3, assigned("Decoder", "decoder-2", "decoder-2-steps")),
    "decoder, without names": (LAB3, nameless),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_given_its_points(name: str, judge: Callable[..., Any]) -> None:
    lab, change = FORMS[name]
    notebook = solved(lab, "functions")
    change(notebook)
    verdicts = judge(notebook, lab)
    assert {v.task: v.message for v in verdicts.values() if not v.passed} == {}
    assert not any(verdict.flags or verdict.note for verdict in verdicts.values())


def test_a_notebook_as_released_needs_no_repair() -> None:
    for lab in (LAB1, LAB2, LAB3):
        found = grafted(solved(lab, "functions"), lab)
        assert set(found.cells) == {task.id for task in lab.judged}
        assert found.repairs == ()


def stubbed(notebook: Notebook, *names: str) -> Notebook:
    for name in names:
        cell = cell_of(notebook, name)
        tree = ast.parse(cell["source"])
        for function in tree.body:
            assert isinstance(function, ast.FunctionDef)
            function.body = [*function.body[:1], ast.parse("raise NotImplementedError()").body[0]]
        cell["source"] = ast.unparse(tree)
    return notebook


class TestUnfilled:
    def test_as_released_it_is_nothing(self, judge: Callable[..., Any]) -> None:
        for lab in (LAB1, LAB2, LAB3):
            notebook = solved(lab, "functions")
            stubs = [c["id"] for c in notebook["cells"] if c["source"].startswith("@method_of")]
            verdicts = judge(stubbed(notebook, *stubs), lab)
            assert all(v.points == 0 and v.stage == "unfilled" for v in verdicts.values())

    def test_the_second_cell_of_a_task_is_still_a_stub(self, judge: Callable[..., Any]) -> None:
        verdict = judge(stubbed(solved(LAB3, "functions"), "decoder-2-steps"), LAB3)["decoder-2"]
        assert verdict.points == 0
        assert verdict.message.startswith("decoder-2: Decoder.steps is not written yet")

    def test_one_mistake_costs_its_own_points(self, judge: Callable[..., Any]) -> None:
        notebook = stubbed(solved(LAB1, "functions"), "attention-2")
        points = {name: verdict.points for name, verdict in judge(notebook, LAB1).items()}
        assert points == {"attention-1": 20, "attention-2": 0, "attention-3": 20}

    def test_a_cell_that_is_no_python_is_the_tasks_still(self) -> None:
        notebook = solved(LAB1, "functions")
        cell = copy.deepcopy(cell_of(notebook, "attention-3"))
        notebook["cells"].remove(cell_of(notebook, "attention-3"))
        notebook["cells"].append(new(cell["source"] + "\n    return ("))
        assert "def forward" in grafted(notebook, LAB1).cells["attention-3"]


ASTRAY = {
    "bare": (("@method_of(Attention)\n", ""), "a function forward that is in no class: put @me"),
    "misspelt": (("def forward", "def forwrad"), "the cell defines forwrad, and what is asked for"),
    "elsewhere": (("of(Attention)", "of(LocationLayer)"), "the cell puts forward into LocationLay"),
}


@pytest.mark.parametrize("name", ASTRAY)
def test_what_is_written_and_not_found_is_told_why(name: str, judge: Callable[..., Any]) -> None:
    (old, new_words), why = ASTRAY[name]
    notebook = solved(LAB1, "functions")
    cell = cell_of(notebook, "attention-3")
    assert old in cell["source"]
    cell["source"] = cell["source"].replace(old, new_words)
    verdict = judge(notebook, LAB1)["attention-3"]
    assert (verdict.points, verdict.stage) == (0, "unfilled")
    assert "Attention.forward is not written yet" in verdict.message
    assert why in verdict.message


def test_the_notebook_says_so_too(classes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    shell.user_ns["In"] = ["def forward(self, weights):\n    return weights", "check(...)"]
    with pytest.raises(CheckFailed, match=r"no class: put @method_of\(LocationLayer\) directly"):
        check("attention-1", classes["LocationLayer"])


def test_what_is_still_a_stub_is_not_looked_for_elsewhere(classes: Any) -> None:
    tried = "def forwarder(x):\n    return x\n@method_of(Attention)\ndef forward(self):\n    raise "
    assert "forwarder" in gone_astray(LAB1.judged[2], tried + "NotImplementedError()")
    assert not gone_astray(LAB1.judged[2], "def helper(x):\n    return x")
    assert not gone_astray(
        LAB1.judged[2], "@method_of(Attention)\ndef forward(self):\n    return 1"
    )
