"""The report card: the original lab's five tests, and below them what to do about each task."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from conftest import BODIES, MASK_AFTER_SOFTMAX, STUB, fill
from course_tools import NOTEBOOK, fill_in, run, words
from grader.cli import main
from grader.course.handed_in import HandedIn
from grader.course.ledger import Ledger
from grader.course.report_cards import course_cards
from grader.course.secret import course_secret
from grader.errors import GraderError
from grader.judge.suite import suite_version
from grader.judge.verdict import Verdict
from grader.labs import LABS
from grader.labs.base import Lab, Task
from grader.report.card import CLASSIC, ReportCard
from grader.report.lab_report import LabReport
from grader.report.own import check_folder, find_notebook, report_card
from grader.sandbox.session import Worker
from notebook_tools import NOTEBOOKS, execute, shown

LAB = LABS["lab1_attention"]
SOURCE = NOTEBOOKS / LAB.name / NOTEBOOK
TASKS = [task.id for task in LAB.judged]


def own(folder: Path, cells: dict[str, str] | None = None) -> Path:
    """Write a student's notebook of lab 1 into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = fill_in(json.loads(SOURCE.read_text("utf-8")), cells or fill())
    path = folder / NOTEBOOK
    path.write_text(json.dumps(notebook), "utf-8")
    return path


def a_lab(number: int, *tests: str) -> Lab:
    """Return a lab with a task of 30 points for each of the tests, and one marked by hand."""
    tasks = [
        Task(f"part{number}-{index}", "Part.run", 30, defines="Part", classic=test)
        for index, test in enumerate(tests, start=1)
    ]
    essay = Task(f"part{number}-9", "Why?", 10, manual=True)
    return Lab(f"lab{number}_part", "part", f"Lab {number}: part", "", (*tasks, essay))


FIVE = (
    a_lab(1, "TEST_ATTEN", "TEST_ATTEN"),
    a_lab(2, "ENCODER", "ENCODER"),
    a_lab(3, "DECODER", "DECODER", "TACOTRON2", "TACOTRON2"),
    a_lab(4, "AUDIO", "AUDIO"),
)


def verdict(task: Task, **more: Any) -> Verdict:
    """Return a verdict on a task: passed, unless more says otherwise."""
    points = task.points if more.get("stage", "passed") == "passed" else 0
    said: dict[str, Any] = {"message": f"{task.id}: passed.", "public": (3, 3), "hidden": (5, 5)}
    return Verdict(task.id, points, task.points, **said | more)


def a_card(**failed: Verdict) -> ReportCard:
    """Return a card on which everything is passed but for the verdicts given as part1_2=…"""
    reports = []
    for lab in FIVE:
        verdicts = {t.id: failed.get(t.id.replace("-", "_"), verdict(t)) for t in lab.judged}
        reports.append(LabReport(lab, verdicts))
    return ReportCard(tuple(reports))


def wrong(task: Task, **more: Any) -> Verdict:
    said = {"message": f"{task.id}: the mask is inverted.", "slip": "mask-inverted"}
    return verdict(task, **{"stage": "value", "public": (1, 3)} | said | more)


class TestCard:
    def test_a_full_card_is_the_originals(self) -> None:
        card = a_card()
        lines = repr(card).splitlines()
        assert lines[0].startswith("得分: 300.00")
        assert lines[1:3] == ["Accept", "TEST_ATTEN ENCODER DECODER TACOTRON2 AUDIO"]
        assert [line.split() for line in lines[3:8]] == [["PASS", n, "60/60"] for n in CLASSIC]

    def test_a_test_passes_only_with_all_its_points(self) -> None:
        task = FIVE[2].judged[2]
        card = a_card(part3_3=wrong(task, hint="What does True mean?"))
        assert [test.word for test in card.tests] == ["PASS", "PASS", "PASS", "FAIL", "PASS"]
        assert (card.score, card.max_score, card.word) == (270, 300, "Incomplete")
        text = repr(card)
        assert "得分: 270.00 (score, of 300)" in text and "Accept" not in text
        assert "FAIL  TACOTRON2   30/60" in text
        assert "the mask is inverted." in text
        assert text.endswith("Next: part3-3: ask yourself: What does True mean?")

    def test_each_task_has_its_cases_and_its_time(self) -> None:
        task = FIVE[0].judged[1]
        bad = wrong(task, hidden=(2, 5), seconds=0.25)
        line = next(li for li in repr(a_card(part1_2=bad)).splitlines() if "part1-2" in li)
        assert " ".join(line.split()) == (
            "✗ not yet part1-2 Part.run 0/30 public 1/3 hidden 2/5 0.25 s"
        )

    def test_the_html_says_what_the_text_says(self) -> None:
        card = a_card(part1_2=wrong(FIVE[0].judged[1], hint="Why?"))
        page = card._repr_html_()
        said = " ".join(words(page).split())
        for part in ("得分: 270.00", "Incomplete", "FAIL", "PASS", *CLASSIC, "✗ not yet", "1/3"):
            assert part in said
        assert "the mask is inverted. Next: ask yourself: Why?" in said
        assert "colo" not in page  # nothing is said by colour alone

    def test_what_a_student_wrote_cannot_act(self) -> None:
        bad = wrong(FIVE[0].judged[0], message="part1-1: <script>x</script>\x1b[31m\nline 2")
        card = a_card(part1_1=bad)
        assert "<script>" not in card._repr_html_()
        assert "\x1b" not in repr(card) and "line 2" not in repr(card)

    def test_a_lab_without_verdicts_counts_nothing_and_says_why(self) -> None:
        card = ReportCard((LabReport(FIVE[0], reason="part.ipynb is missing"), *a_card().labs[1:]))
        assert (card.score, card.tests[0].word) == (240, "FAIL")
        assert "part.ipynb is missing" in repr(card) and "part.ipynb is missing" in card.next

    @pytest.mark.parametrize(
        ("stage", "advice"),
        [
            ("unfilled", "write Part in the cell part1-1"),
            ("limit", "loops"),
            ("size", "run the check below the cell part1-1"),
        ],
    )
    def test_there_is_always_something_to_do_next(self, stage: str, advice: str) -> None:
        assert advice in a_card(part1_1=wrong(FIVE[0].judged[0], stage=stage)).next

    def test_json_carries_all_of_it(self) -> None:
        card = a_card(part1_2=wrong(FIVE[0].judged[1], seconds=0.5))
        record = json.loads(json.dumps(card.record()))
        assert (record["score"], record["word"]) == (270, "Incomplete")
        assert [test["name"] for test in record["tests"]] == list(CLASSIC)
        task = record["labs"][0]["tasks"][1]
        assert (task["slip"], task["public"], task["hidden"]) == ("mask-inverted", [1, 3], [5, 5])
        assert task["finding"] == "the mask is inverted." and task["seconds"] == 0.5
        assert record["labs"][0]["tasks"][2]["manual"] is True

    def test_the_kits_tasks_belong_to_the_five_tests(self) -> None:
        card = ReportCard(tuple(map(LabReport, LABS.values())))
        assert {t.classic for lab in LABS.values() for t in lab.judged} <= {"", *CLASSIC}
        assert card.tests[0].max_points == 60
        assert {test.max_points for test in card.tests} <= {0, 60}


class TestSelfCheck:
    @pytest.mark.parametrize("place", [".", LAB.name, f"../{LAB.name}"])
    def test_notebooks_are_found_in_their_folders_and_beside(
        self, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = tmp_path / "here"
        here.mkdir()
        path = own(here / place)
        assert find_notebook(here, LAB) == path.resolve()
        monkeypatch.chdir(here)
        assert find_notebook(Path(), LAB) == path.resolve()

    def test_the_card_says_what_is_wrong_and_that_it_is_a_self_check(self, tmp_path: Path) -> None:
        path = own(tmp_path, MASK_AFTER_SOFTMAX)
        os.utime(path, (0, 0))
        steps: list[str] = []
        card = check_folder(tmp_path, steps.append)
        assert (card.tests[0].points, card.tests[0].word) == (40, "FAIL")
        text = repr(card)
        assert text.startswith("Self-check") and "hidden" in text.splitlines()[0]
        assert "The mask is applied after the softmax" in text
        assert "Do the weights of a padded sentence still sum to one?" in card.next
        assert "public 3/3" in text and "hidden 0" not in text
        assert str(path) in text and "saved 19" in text
        assert len(steps) == len(LABS) and LAB.title in steps[0]

    def test_a_missing_notebook_counts_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(LABS, "lab9_part", a_lab(9))
        own(tmp_path)
        card = check_folder(tmp_path)
        assert card.tests[0].word == "PASS"
        assert card.labs[-1].reason == "part.ipynb is missing: put it into a folder lab9_part"
        assert card.labs[-1].total == 0

    def test_a_broken_notebook_costs_only_its_own_points(self, tmp_path: Path) -> None:
        (tmp_path / NOTEBOOK).write_text("{", "utf-8")
        card = check_folder(tmp_path)
        assert card.score == 0
        assert "broken JSON" in repr(card)

    def test_an_unfilled_notebook_is_told_where_to_begin(self, tmp_path: Path) -> None:
        own(tmp_path, fill(**dict.fromkeys((t.replace("-", "_") for t in BODIES), STUB)))
        card = check_folder(tmp_path)
        assert card.score == 0
        assert card.next == "attention-1: write LocationLayer.forward in the cell attention-1"

    def test_outside_a_notebook_it_prints(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        own(tmp_path)
        report_card(tmp_path)
        assert "PASS  TEST_ATTEN  60/60" in " ".join(capsys.readouterr().out.split(" "))

    def test_nothing_to_check_is_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "empty").mkdir()
        for folder in (tmp_path / "empty", tmp_path / "absent"):
            report_card(folder)
            said = capsys.readouterr()
            assert said.out.startswith("No report card: ") and said.out.count("\n") == 1

    def test_in_a_kernel_the_card_takes_the_place_of_its_progress(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import nbformat

        own(tmp_path / LAB.name)
        cell = nbformat.v4.new_code_cell("from grader import report_card\nreport_card()", id="card")
        notebook = nbformat.v4.new_notebook(cells=[cell])
        where = {"metadata": {"path": str(tmp_path)}}
        (output,) = execute(notebook, resources=where)["card"].outputs
        assert "得分: 60.00" in output["data"]["text/plain"]
        assert "得分: 60.00" in words(output["data"]["text/html"])
        (tmp_path / LAB.name / NOTEBOOK).unlink()
        card = execute(notebook, resources=where)["card"]
        assert len(card.outputs) == 1 and shown(card).startswith("No report card: no notebook")

    def test_a_confined_run_says_that_there_is_nothing(self, confined: str, edition: Path) -> None:
        document = {
            "kind": "notebook",
            "seconds": 60.0,
            "cells": [("card", "from grader import progress, report_card\nreport_card()")],
        }
        with Worker(confined, edition) as worker:
            answer = worker.ask(document, {})
        ((output,),) = answer.document["cells"].values()
        assert output["text"].startswith("No report card: no notebook")


class TestCommand:
    def test_student_edition_prints_the_card_of_a_folder(
        self, edition: Path, tmp_path: Path
    ) -> None:
        own(tmp_path, MASK_AFTER_SOFTMAX)
        where: dict[str, Any] = {"PYTHONPATH": str(edition), "PYTHONSAFEPATH": None}
        command = [Path(sys.executable).name, "-m", "grader.cli", "report"]
        told = run(command, tmp_path, **where)
        assert told.code == 0, told.text
        assert "FAIL  TEST_ATTEN" in told.out and told.err == ""
        record = json.loads(run([*command, str(tmp_path), "--json"], tmp_path, **where).out)
        assert record["self_check"] is True and record["tests"][0]["points"] == 40
        assert "--student" not in run([*command, "--help"], tmp_path, **where).out

    def test_instructors_are_warned_of_a_self_check(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        own(tmp_path)
        with pytest.raises(SystemExit) as stopped:
            main(["report", str(tmp_path)])
        said = capsys.readouterr()
        assert stopped.value.code == 0
        assert "with your rights" in said.err and "得分: 60.00" in said.out

    def test_nothing_to_report_is_one_line_and_status_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as stopped:
            main(["report", str(tmp_path / "nowhere")])
        assert stopped.value.code == 2
        assert "is not a folder" in capsys.readouterr().err


def judged(student: str, *passed: str, digest: str = "d", **more: Any) -> dict[str, Any]:
    """Return a record of lab 1 in which these tasks are passed."""
    verdicts = [
        asdict(verdict(task) if task.id in passed else wrong(task, hint="Why?"))
        for task in LAB.judged
    ]
    return {
        "student": student,
        "lab": LAB.name,
        "submission": digest,
        "suite": suite_version(LAB),
        "environment": "here",
        "isolation": "bubblewrap",
        "reason": "",
        "final": True,
        "points": sum(v["points"] for v in verdicts),
        "max_points": LAB.points,
        "verdicts": verdicts,
        "repairs": [],
    } | more


def in_ledger(course: Path, *records: dict[str, Any]) -> None:
    ledger = Ledger(course / "ledger.jsonl", course_secret(course))
    for record in records:
        ledger.append(record)


class TestCourse:
    def test_the_newest_record_of_a_student_counts(self, tmp_path: Path) -> None:
        in_ledger(tmp_path, judged("ada"), judged("ben", *TASKS), judged("ada", *TASKS[:2]))
        ada, ben = course_cards(tmp_path)
        assert (ada.student, ada.score, ada.tests[0].word) == ("ada", 40, "FAIL")
        assert (ben.student, ben.tests[0].word) == ("ben", "PASS")
        text = repr(ada)
        assert text.startswith("Report card of ada") and "Self-check" not in text
        assert "hidden 5/5" in text and "judged 20" in text

    def test_the_record_of_what_is_handed_in_now_goes_before_a_newer_one(
        self, tmp_path: Path
    ) -> None:
        folder = own(tmp_path / "submitted" / "ada" / LAB.name).parent
        digest = HandedIn("ada", LAB, folder).digest()
        in_ledger(tmp_path, judged("ada", *TASKS, digest=digest), judged("ada", digest="other"))
        (card,) = course_cards(tmp_path)
        assert card.score == 60 and card.labs[0].notes == ()

    def test_a_later_hand_in_is_told_not_guessed(self, tmp_path: Path) -> None:
        own(tmp_path / "submitted" / "ada" / LAB.name)
        own(tmp_path / "submitted" / "zoe" / LAB.name)
        in_ledger(tmp_path, judged("ada", *TASKS, digest="earlier"))
        ada, zoe = course_cards(tmp_path)
        assert "something else is handed in by now" in repr(ada)
        assert zoe.score == 0 and "not judged yet" in repr(zoe)

    @pytest.mark.parametrize(
        ("stamp", "shown_time"),
        [
            ("2026-11-20 23:59:01.123456 UTC", "submitted 2026-11-20 23:59:01 +0000"),
            ("2026-99-99 23:59:01 UTC", "judged"),
            ("\x1b[31m", "judged"),
        ],
    )
    def test_the_time_is_that_of_the_submission(
        self, stamp: str, shown_time: str, tmp_path: Path
    ) -> None:
        folder = own(tmp_path / "submitted" / "ada" / LAB.name).parent
        (folder / "timestamp.txt").write_text(stamp, "utf-8")
        in_ledger(tmp_path, judged("ada", *TASKS, digest=HandedIn("ada", LAB, folder).digest()))
        (card,) = course_cards(tmp_path, "ada")
        assert shown_time in repr(card).splitlines()[2]

    def test_what_makes_a_record_less_certain_is_said(self, tmp_path: Path) -> None:
        in_ledger(
            tmp_path,
            judged("ada", *TASKS, suite="old", isolation="unconfined", repairs=["one cell moved"]),
        )
        (card,) = course_cards(tmp_path)
        text = repr(card)
        for part in ("earlier version of the grader", "judged unconfined", "one cell moved"):
            assert part in text

    def test_an_unreadable_submission_keeps_its_reason(self, tmp_path: Path) -> None:
        in_ledger(tmp_path, judged("ada", reason="attention.ipynb is empty (0 bytes)"))
        (card,) = course_cards(tmp_path)
        assert card.score == 0 and "attention.ipynb is empty" in repr(card)

    def test_a_class_is_a_line_each(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "120")
        in_ledger(tmp_path, judged("ada", *TASKS), judged("b\x1b[2J"), judged("[red]cleo"))
        with pytest.raises(SystemExit) as stopped:
            main(["report", str(tmp_path)])
        table = capsys.readouterr().out
        assert stopped.value.code == 0
        assert [line.count("TEST_ATTEN") for line in table.splitlines()].count(1) == 1
        assert "PASS 60/60" in next(line for line in table.splitlines() if "ada" in line)
        assert "[red]cleo" in table and "\x1b[2J" not in table
        with pytest.raises(SystemExit):
            main(["report", str(tmp_path), "--json"])
        cards = json.loads(capsys.readouterr().out)
        assert [card["score"] for card in cards] == [0, 60, 0]

    def test_one_student_has_the_whole_card(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        in_ledger(tmp_path, judged("ada", *TASKS), judged("ben"))
        with pytest.raises(SystemExit):
            main(["report", str(tmp_path), "--student", "ben"])
        said = capsys.readouterr().out
        assert "Report card of ben" in said and "the mask is inverted." in said

    def test_wrong_use_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "submitted").mkdir()
        with pytest.raises(GraderError, match="run grader grade first"):
            course_cards(tmp_path)
        in_ledger(tmp_path, judged("ada"))
        with pytest.raises(GraderError, match="neither a record nor a submission of 'eve'"):
            course_cards(tmp_path, "eve")

    def test_a_date_is_read_where_there_is_one(self, tmp_path: Path) -> None:
        in_ledger(tmp_path, judged("ada"))
        (card,) = course_cards(tmp_path)
        assert card.newest is not None and card.newest.time is not None
        assert (datetime.now(timezone.utc) - card.newest.time).total_seconds() < 3600
