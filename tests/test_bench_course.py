"""`grader bench` as a course, a student and a notebook meet it: rows, files, pages, bad input."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench_tools import RIGHT, Small, notebooks, solved, ticking, unhurried
from course_tools import Ran, in_process
from grader.bench import bench as bench_room
from grader.bench import rounds as measure
from grader.bench.bench import Bench
from grader.bench.lines import lines_of, report_of
from grader.bench.picture import draw_benchmark
from grader.bench.ratio import Ratio
from grader.bench.row import Row, in_a_line
from grader.course import benchmarks
from grader.course.benchmark_rows import (
    ALL_LABS,
    BENCHMARKS,
    class_lines,
    newest_rows,
    page_section,
)
from grader.course.benchmarks import Bonus, bench_course, bonus_of, write_table
from grader.course.ledger import KEY_FIELDS, Ledger
from grader.course.report_cards import course_cards
from grader.course.secret import course_secret
from grader.errors import GraderError
from grader.nbgrader.autograde import JudgeSubmission
from labkit.notebook.picture import Notice, Picture

LABS = ("lab1_attention", "lab2_encoder", "lab3_decoder", "lab4_inference")


def some_row(**more: Any) -> Row:
    """A row as a bench makes it, whatever is given set otherwise."""
    times = [[0.06, 0.02], [0.066, 0.022], [0.06, 0.02], [0.063, 0.021], [0.06, 0.02]]
    size = {
        "batch": 1,
        "frames": 330,
        "own": times,
        "reference": [[a / 2, b] for a, b in times],
        "ratio": Ratio(1.6, 1.59, 1.61, 5).as_dict(),
    }
    sizes = [size | {"symbols": 20, "frames": 110}, size | {"symbols": 60}]
    return {
        "student": "ada",
        "status": "measured",
        "reason": "",
        "ratio": Ratio(1.6, 1.59, 1.61, 5).as_dict(),
        "findings": ["Decoder: with it alone, the decoder takes 1.60 times as long"],
        "slow": {},
        "guilty": [],
        "own": ["decoder-2"],
        "lent": {"encoder-1": "not filled in yet"},
        "sizes": sizes,
        "main": 1,
        "parts": {
            "encoder": [0.002, 0.002],
            "decoder": [0.05, 0.025],
            "postnet": [0.001, 0.001],
            "vocoder": [0.02, 0.02],
        },
        "pre_processing": 0.0004,
        "passing": 0.0003,
        "processors": 0.99,
        "peak_bytes": [300_000_000, 290_000_000],
        "model": "voice",
        "vocoder": "",
        "isolation": "bubblewrap",
        "held": True,
        "threads": 1,
        "processor": "a processor",
        "time": "2026-11-28T00:00:00+00:00",
        **more,
    }


class TestReport:
    def test_the_lines_are_those_of_the_original_lab(self) -> None:
        lines = lines_of(some_row())
        parameters = [line for line in lines if line.startswith("DLL ") and " PARAMETER " in line]
        assert [line.split(" PARAMETER ")[1].split(" : ")[0] for line in parameters][-3:] == [
            "batch_size",
            "device_param",
            "model_name",
        ]
        last = [line for line in lines if line.startswith("DLL ") and " - 4 " in line]
        assert len(last) == 11
        assert last[-1].endswith(f" : {330 * 256 / 0.08}")
        unlabelled = next(line for line in lines if len(line.split()) == 5 and "." in line)
        assert unlabelled.split()[0].startswith("0.08")
        for wanted in (
            "Throughput average (samples/sec) = ",
            "Latency average (seconds) = 0.0824",
            "Latency c1 50 (seconds) = 0.0800",
            "Latency c1 100 (seconds) = 0.0880",
        ):
            assert any(line.startswith(wanted) for line in lines), wanted

    def test_it_goes_on_with_what_the_original_leaves_out(self) -> None:
        text = "\n".join(lines_of(some_row()))
        for wanted in (
            "1.600 to the reference (1.590 to 1.610 in nine of ten cases, 5 rounds)",
            "300 MB (reference 290 MB)",
            "a processor",
            "real-time factor",
            "1.60 times the reference's time",
            "encoder-1: the reference ran in its place: not filled in yet",
        ):
            assert wanted in text, wanted

    def test_the_figures_agree_with_each_other(self) -> None:
        report = report_of(some_row())
        assert report.speech == pytest.approx(330 * 256 / 22050)
        assert report.real_time_factor == pytest.approx(0.0824 / report.speech)

    @pytest.mark.parametrize(
        ("status", "guilty", "line"),
        [
            ("not measured", [], "not measured: why"),
            ("wrong", ["decoder-3"], "wrong: decoder-3: why"),
            ("failed", [], "failed: why"),
        ],
    )
    def test_without_a_time_there_are_no_figures(
        self, status: str, guilty: list[str], line: str
    ) -> None:
        row = some_row(status=status, guilty=guilty, reason="why", findings=[], ratio=None)
        assert in_a_line(row) == line
        assert not [line for line in lines_of(row) if line.startswith("DLL ")]
        assert isinstance(draw_benchmark(row), Notice)

    def test_the_picture_says_in_words_what_it_shows(self) -> None:
        picture = draw_benchmark(some_row())
        assert isinstance(picture, Picture)
        assert "60 symbols take 80 ms, the reference 50 ms" in picture.text
        assert "decoder 68%" in picture.text
        assert picture.table is not None
        assert [row[0] for row in picture.table.rows] == [
            *("20 symbols", "60 symbols", "encoder", "decoder", "postnet", "vocoder")
        ]
        assert picture.png().startswith(b"\x89PNG")


class TestBonus:
    @pytest.mark.parametrize("text", ["", "0.8", "0.8:", ":5", "x:5", "0:5", "0.8:-1", "nan:5"])
    def test_what_is_no_bonus_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            Bonus.read(text)

    def test_the_whole_interval_must_lie_below_the_limit(self) -> None:
        bonuses = [Bonus.read("0.9:2"), Bonus.read("0.5:5")]
        for high, points in ((0.95, 0), (0.9, 2), (0.6, 2), (0.5, 5)):
            row = some_row(ratio=Ratio(0.4, 0.4, high, 5).as_dict(), lent={})
            assert bonus_of(row, bonuses) == points

    def test_what_is_lent_in_part_earns_nothing_and_is_said(self) -> None:
        row = some_row(ratio=Ratio(0.4, 0.4, 0.4, 5).as_dict())
        assert bonus_of(row, [Bonus.read("0.9:2")]) == 0
        assert in_a_line(row).endswith("; lent by the reference: encoder-1")

    def test_what_has_no_time_earns_nothing(self) -> None:
        assert bonus_of(some_row(status="wrong", ratio=None), [Bonus(9, 5)]) == 0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure little, with a clock that nothing depends on."""
    monkeypatch.setattr(benchmarks, "Bench", partial(Bench, clock=ticking()))
    unhurried(monkeypatch)
    monkeypatch.setattr(bench_room.Settings, "plan", Small.plan)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with a right pipeline, one that ends its process, and one that is no notebook."""
    root = tmp_path / "course"
    notebooks(root / "submitted" / "ada", *LABS)
    notebooks(root / "submitted" / "cleo", LABS[0])
    broken = root / "submitted" / "cleo" / LABS[0] / "attention.ipynb"
    text = broken.read_text("utf-8")
    end = '"import os; os._exit(5)\\n",\n    "@method_of(LocationLayer)'
    assert '"@method_of(LocationLayer)' in text
    broken.write_text(text.replace('"@method_of(LocationLayer)', end, 1), "utf-8")
    empty = root / "submitted" / "zoe" / LABS[1]
    empty.mkdir(parents=True)
    (empty / "encoder.ipynb").write_text("no notebook", "utf-8")
    return root


Measured = Callable[..., list[Row]]


@pytest.fixture
def measured(quick: None, confined: str) -> Measured:
    def run(course: Path, **more: Any) -> list[Row]:
        return bench_course(course, Small(), isolation=confined, **more)

    return run


class TestCourse:
    def test_every_student_has_a_row_and_a_bad_one_costs_nobody_else(
        self, measured: Measured, course: Path
    ) -> None:
        ada, cleo, zoe = measured(course, bonuses=[Bonus(1.5, 2)])
        assert (ada["student"], ada["status"]) == ("ada", "measured")
        assert (cleo["status"], zoe["status"]) == ("failed", "failed")
        assert "it ended the process it ran in (exit status 5)" in cleo["reason"]
        assert "encoder.ipynb" in zoe["reason"]
        with (course / "benchmarks.csv").open(encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file))
        assert [line["student"] for line in table] == ["ada", "cleo", "zoe"]
        assert float(table[0]["ratio"]) == pytest.approx(1.0)
        assert [line["bonus"] for line in table] == ["2", "0", "0"]
        assert table[1]["ratio"] == ""
        assert not (course / "scores.csv").exists()
        measured(course, students=["zoe"])  # the others keep their lines
        assert len((course / "benchmarks.csv").read_text("utf-8").splitlines()) == 4

        # what is known is not measured again; what was changed is
        known: list[bool] = []
        again = measured(course, progress=lambda row, is_known: known.append(is_known))
        assert (again, known) == ([ada, cleo, zoe], [True, True, True])
        (course / "submitted" / "cleo" / LABS[0] / "attention.ipynb").unlink()
        known.clear()
        measured(course, progress=lambda row, is_known: known.append(is_known))
        assert known == [True, False, True]

    def test_a_run_that_was_stopped_goes_on(self, measured: Measured, course: Path) -> None:
        def stop(row: Row, known: bool) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            measured(course, students=["cleo", "zoe"], progress=stop)
        known: list[bool] = []
        measured(
            course,
            students=["cleo", "zoe"],
            progress=lambda row, is_known: known.append(is_known),
        )
        assert known == [True, False]

    def test_what_a_busy_machine_kept_from_being_measured_is_measured_again(
        self, measured: Measured, course: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known: list[bool] = []
        with monkeypatch.context() as busy:
            busy.setattr(measure, "why_not", lambda *_: "the machine was busy")
            (row,) = measured(course, students=["ada"])
        assert (row["status"], row["reason"]) == ("not measured", "the machine was busy")
        (row,) = measured(
            course, students=["ada"], progress=lambda row, is_known: known.append(is_known)
        )
        assert (row["status"], known) == ("measured", [False])

    def test_one_run_at_a_time(self, measured: Measured, course: Path) -> None:
        def begin_again(row: Row, known: bool) -> None:
            with pytest.raises(GraderError, match="another run measures here"):
                measured(course, students=["zoe"])

        measured(course, students=["zoe"], progress=begin_again)

    def test_rows_are_sealed(self, measured: Measured, course: Path) -> None:
        measured(course, students=["zoe"])
        path = course / "benchmarks.jsonl"
        path.write_text(path.read_text("utf-8").replace("nothing was", "nothing at all was"))
        with pytest.raises(GraderError, match="line 1 was changed or lost"):
            measured(course, students=["zoe"])


class TestWhereItIsShown:
    """The card, the class, lab 4's page, and nbgrader's feedback."""

    @pytest.fixture
    def graded(self, tmp_path: Path) -> Path:
        """A course whose ledgers have a row of each kind."""
        secret = course_secret(tmp_path)
        marks = Ledger(tmp_path / "ledger.jsonl", secret)
        rows = Ledger(tmp_path / BENCHMARKS, secret)
        for student, row in {
            "ada": some_row(),
            "bob": some_row(ratio=Ratio(1.0, 0.99, 1.01, 5).as_dict(), findings=[]),
            "cleo": some_row(status="wrong", guilty=["decoder-3"], reason="why", ratio=None),
        }.items():
            key = dict.fromkeys(KEY_FIELDS, "x") | {"student": student, "isolation": "bubblewrap"}
            marks.append(key | {"lab": LABS[3], "reason": "why", "verdicts": [], "repairs": []})
            rows.append(row | key | {"lab": ALL_LABS})
        return tmp_path

    def test_a_card_has_the_picture_and_its_words(self, graded: Path) -> None:
        (card,) = course_cards(graded, "ada")
        assert "Benchmark\n\n1.60 times the reference's time" in repr(card)
        assert "data:image/png;base64," in card._repr_html_()
        assert card.record()["benchmark"]["ratio"]["median"] == 1.6
        (card,) = course_cards(graded, "cleo")
        assert "There is no time for this pipeline\nwrong: decoder-3: why" in repr(card)

    def test_the_class_has_a_distribution(
        self, graded: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ran = in_process(capsys, "report", graded)
        assert "Benchmarks: 2 pipelines are measured, 1 have no time." in ran.out
        lines = [line.split() for line in ran.out.splitlines() if " to " in line]
        assert ["0.95", "to", "1.05", "1"] in [line[:4] for line in lines]
        assert class_lines([]) == []
        assert len(class_lines([some_row(status="wrong", ratio=None)])) == 1

    def test_a_row_that_was_kept_is_the_row_that_was_made(self, graded: Path) -> None:
        rows = newest_rows(graded, course_secret(graded))
        write_table(graded / "table.csv", [rows["ada"]], [])
        with (graded / "table.csv").open(encoding="utf-8", newline="") as file:
            (line,) = csv.DictReader(file)
        figures = {name: float(line[name]) for name in ("encoder", "decoder", "vocoder", "low")}
        assert figures == {"encoder": 0.002, "decoder": 0.05, "vocoder": 0.02, "low": 1.59}
        assert lines_of(rows["ada"])[-30:] == lines_of(some_row())[-30:]

    def test_a_page_is_inert_and_says_that_no_point_depends_on_it(self, graded: Path) -> None:
        rows = newest_rows(graded, course_secret(graded))
        section = page_section(rows["ada"])
        assert "No point depends on it." in section
        assert 'alt="Your pipeline beside the reference. 1.60 times' in section
        assert "<script" not in section
        assert page_section(None) == ""

    def test_nbgrader_shows_it_where_the_course_wants_it(self) -> None:
        class Known:
            def known(self, student: str) -> Row:
                return some_row(student=student)

        bench: Any = type("", (), {"benchmarks": lambda self, submitted: Known()})()
        judge = JudgeSubmission()
        assert judge._benchmark(bench, "ada") == []
        judge.benchmark = True
        text, picture = judge._benchmark(bench, "ada")
        assert text.text.startswith("1.60 times the reference's time")
        assert "image/png" in picture.data


def refused(ran: Ran) -> str:
    assert ran.code == 2
    assert ran.out == ""
    (line,) = ran.err.strip().splitlines()
    return line


class TestBadInput:
    """One line: what, where, and what to do."""

    @pytest.fixture
    def bench(self, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
        return lambda *arguments: refused(in_process(capsys, "bench", *arguments))

    def test_a_place_that_is_not_there(self, bench: Callable[..., str], tmp_path: Path) -> None:
        assert "there is no" in bench(tmp_path / "nowhere.ipynb")

    def test_an_empty_folder(self, bench: Callable[..., str], tmp_path: Path) -> None:
        assert "holds neither submitted/ nor a notebook of a lab" in bench(tmp_path)

    def test_a_file_that_is_no_notebook(self, bench: Callable[..., str], tmp_path: Path) -> None:
        (tmp_path / "x.ipynb").write_text("{}", "utf-8")
        assert "x.ipynb" in bench(tmp_path / "x.ipynb")

    def test_two_notebooks_of_one_lab(self, bench: Callable[..., str], tmp_path: Path) -> None:
        for name in "ab":
            notebooks(tmp_path / name, LABS[0])
        places = [tmp_path / name / LABS[0] / "attention.ipynb" for name in "ab"]
        assert "are both of lab1_attention: give one" in bench(*places)

    def test_a_course_without_students(self, bench: Callable[..., str], tmp_path: Path) -> None:
        (tmp_path / "submitted").mkdir()
        assert "holds no student's folder" in bench(tmp_path)

    def test_nobody_is_called_so(self, bench: Callable[..., str], course: Path) -> None:
        assert "is called bob" in bench(course, "--student", "bob")

    def test_a_course_among_notebooks(self, bench: Callable[..., str], course: Path) -> None:
        assert "is a course: give it alone" in bench(course, course)

    def test_an_output_that_is_a_file(self, bench: Callable[..., str], course: Path) -> None:
        (course / "out").write_text("", "utf-8")
        assert "is not a folder" in bench(course, "--output", course / "out")

    def test_a_secret_that_is_none(self, bench: Callable[..., str], course: Path) -> None:
        (course / ".grader_secret").write_text("short", "utf-8")
        assert "a secret at least" in bench(course)

    def test_what_belongs_to_a_course_is_not_ignored(
        self, bench: Callable[..., str], tmp_path: Path
    ) -> None:
        notebooks(tmp_path, LABS[0])
        assert "belong to a course" in bench(tmp_path, "--output", tmp_path)

    def test_a_vocoder_that_nobody_knows(self, bench: Callable[..., str], tmp_path: Path) -> None:
        notebooks(tmp_path, LABS[0])
        assert "no vocoder is called 'x'; there are: griffin-lim, " in bench(
            tmp_path, "--vocoder", "x"
        )

    @pytest.mark.parametrize(
        "arguments", [("--bonus", "much"), ("--seconds", "0"), ("--model", "huge"), ()]
    )
    def test_wrong_use_shows_how_it_is_used(
        self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
    ) -> None:
        ran = in_process(capsys, "bench", *(["."] if arguments else []), *arguments)
        assert ran.code == 2
        assert "usage: grader bench" in ran.err


class TestOwn:
    def test_earlier_labs_are_found_beside_the_notebook(self, tmp_path: Path) -> None:
        from grader.bench.own import own_submissions

        notebooks(tmp_path, *LABS)
        found = own_submissions([tmp_path / LABS[3] / "inference.ipynb"])
        assert {name: set(one.cells) for name, one in found.items()} == {
            name: set(one.cells) for name, one in solved(RIGHT).items()
        }

    def test_a_self_check_says_what_it_is(
        self, quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        from grader.bench import own

        monkeypatch.setattr(own, "Bench", partial(Bench, clock=ticking()))
        notebooks(tmp_path, LABS[0], LABS[3])
        where = ("--isolation", "none")
        ran = in_process(capsys, "bench", tmp_path / LABS[3] / "inference.ipynb", *where)
        assert ran.code == 0, ran.err
        assert "Latency average (seconds) = " in ran.out
        assert "encoder-1: the reference ran in its place" in ran.out
        assert "A self-check: your code ran with your rights" in ran.out

    def test_as_json_it_is_the_row(
        self, quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        from grader.bench import own

        monkeypatch.setattr(own, "Bench", partial(Bench, clock=ticking()))
        notebooks(tmp_path, LABS[0])
        ran = in_process(capsys, "bench", tmp_path, "--json", "--isolation", "none")
        row = json.loads(ran.out)
        assert row["status"] == "measured"
        assert row["isolation"] == "unconfined"
