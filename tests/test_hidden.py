"""What stays hidden stays hidden, and what the judge cannot digest stops nobody else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import fill
from grader.course.course import grade
from grader.course.ledger import Record
from grader.errors import IsolationError
from grader.judge.judge import Judge, fresh_seed
from grader.judge.verdict import Verdict
from grader.labs.base import Lab
from grader.sandbox.session import Answer, Worker
from grader.submissions.graft import Submission
from test_damage import FILE, LAB, file, lay_out, notebook, run

Run = Callable[[dict[str, str]], dict[str, Verdict]]
pytestmark = pytest.mark.lab1

RIGHT = """
        q = self.query_layer(query.unsqueeze(1))
        e = self.v(torch.tanh(q + self.location_layer(attention_weights_cat) + processed_memory))
"""
TELL = "float(processed_memory.flatten()[0])"


@pytest.mark.parametrize(
    "tell",
    [
        f"raise ValueError('SMUGGLED', {TELL})",
        f"raise type(f'SMUGGLED{{{TELL}}}', (Exception,), {{}})",
        f"return type(f'SMUGGLED{{{TELL}}}', (), {{}})()",
    ],
)
def test_a_hidden_case_is_not_told_by_the_students_own_words(judge_cells: Run, tell: str) -> None:
    body = f"{RIGHT}        if processed_memory.shape[1] in (8, 6, 4):\n"
    body += f"            return e.squeeze(-1)\n        {tell}"
    verdict = judge_cells(fill(attention_2=body))["attention-2"]
    assert (verdict.points, verdict.public) == (0, (3, 3))
    assert "but a hidden case (the sizes of the paper) does not" in verdict.message
    assert "SMUGGLED" not in verdict.message + verdict.hint


def test_a_novel_of_an_error_is_cut(judge_cells: Run) -> None:
    novel = "raise type('Novel' * 100_000, (Exception,), {})('once upon a time ' * 1000)"
    cells = fill() | {"attention-2": novel}
    assert len(judge_cells(cells)["attention-2"].message) < 1500


def test_no_result_of_an_earlier_task_is_sent_where_it_is_not_given(lab: Lab) -> None:
    sent: list[set[str]] = []

    class Listener:
        def ask(self, document: dict[str, Any], tensors: dict[str, Any]) -> Any:
            sent.append({name.split("/")[1] for name in tensors})
            return Answer("died")

    Judge(lab, Listener(), b"c", "s").judge(Submission(fill()))  # type: ignore[arg-type]
    assert not any("in.energies" in names for names in sent[:2])
    first = sent[0]
    assert first - {"cotangent.processed_attention"} == {
        "in.attention_weights_cat",
        "state.location_conv.conv.weight",
        "state.location_dense.linear_layer.weight",
    }
    assert sum("in.energies" in names for names in sent) == 1  # the task by itself


def test_a_name_that_is_no_text_has_marks_like_any_other(confined: str, tmp_path: Path) -> None:
    odd = os.fsdecode(b"ad\xff\xfea")
    after = run(lay_out(tmp_path, {odd: file(notebook()), "bob": file(notebook())}))
    assert {record["points"] for record in after.values()} == {60}
    assert fresh_seed(b"c", "s", odd, "t") != fresh_seed(b"c", "s", "ada", "t")
    assert "ad\\udcff\\udcfea" in (tmp_path / "scores.csv").read_text("utf-8")


def test_a_notebook_that_may_not_be_read_costs_itself(
    confined: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"ada": file(notebook()), "bob": file(notebook())})
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.parts[-3:-2] == ("bob",):
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    after = run(tmp_path)
    assert (after["ada"]["points"], after["bob"]["points"]) == (60, 0)
    assert "cannot be read: [Errno 13] Permission denied" in after["bob"]["reason"]


def test_a_vast_hollow_file_is_not_read(confined: str, tmp_path: Path) -> None:
    lay_out(tmp_path, {"ada": file(notebook()), "bob": file("x")})
    with (tmp_path / "submitted" / "bob" / LAB / FILE).open("wb") as hollow:
        hollow.truncate(10**12)
    after = run(tmp_path)
    assert (after["ada"]["points"], after["bob"]["points"]) == (60, 0)
    assert "clear its outputs" in after["bob"]["reason"]


def test_a_link_to_a_classmates_folder_earns_nothing(confined: str, tmp_path: Path) -> None:
    lay_out(tmp_path, {"ada": file(notebook())})
    (tmp_path / "submitted" / "eve").symlink_to("ada")
    after = run(tmp_path)
    assert (after["ada"]["points"], after["eve"]["points"]) == (60, 0)


def test_a_link_that_became_a_folder_is_judged_anew(confined: str, tmp_path: Path) -> None:
    lay_out(tmp_path, {"ada": file(notebook())})
    folder = tmp_path / "submitted" / "bob" / LAB
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "submitted" / "ada" / LAB)
    assert run(tmp_path)["bob"]["points"] == 0
    folder.unlink()
    file(notebook())(folder)
    assert run(tmp_path)["bob"]["points"] == 60


@pytest.mark.parametrize("fault", [KeyError("x"), RecursionError(), UnicodeError("y")])
def test_a_notebook_at_which_the_judge_fails_costs_itself(
    confined: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    lay_out(tmp_path, {"ada": file(notebook()), "bob": file(notebook())})
    judge = Judge.judge

    def fail(self: Judge, submission: Any, student: str = "") -> list[Verdict]:
        if student == "bob":
            raise fault
        return judge(self, submission, student)

    monkeypatch.setattr(Judge, "judge", fail)
    after: dict[str, Record] = run(tmp_path)
    assert (after["ada"]["points"], after["bob"]["points"]) == (60, 0)
    assert "the judge itself failed at this notebook" in after["bob"]["reason"]
    assert json.dumps(after["bob"]["verdicts"]).count("tell the staff") == 3
    monkeypatch.undo()
    again = run(tmp_path)  # what was not the student's fault is judged again
    assert (again["ada"], again["bob"]["points"]) == (after["ada"], 60)


def test_a_question_that_costs_two_sandboxes_is_a_mark_with_a_reason(
    confined: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"ada": file(notebook())})
    with monkeypatch.context() as fatal:
        fatal.setattr(Worker, "ask", lambda *_: Answer("lost"))
        record = run(tmp_path)["ada"]
    assert record["points"] == 0 and record["final"]
    for verdict in record["verdicts"]:
        assert verdict["stage"] == "limit"
        assert "the sandbox that ran your code was lost, twice" in verdict["message"]
    assert run(tmp_path)["ada"] == record


def test_a_machine_at_fault_is_nobodys_mark(
    confined: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"ada": file(notebook())})

    def fail(self: Judge, submission: Any, student: str = "") -> list[Verdict]:
        raise IsolationError("the worker does not start")

    monkeypatch.setattr(Judge, "judge", fail)
    with pytest.raises(IsolationError):
        grade(tmp_path, [], isolation="bubblewrap", jobs=1)
    assert not (tmp_path / "ledger.jsonl").exists()
