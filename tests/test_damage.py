"""A class with damaged and hostile submissions: each has a record, and nobody else pays."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import grader.course.course
from attacks import ATTACKS
from conftest import ROOT, STUB, fill
from grader.course.course import grade
from grader.course.ledger import Record
from grader.errors import GraderError
from grader.judge.golden import golden_file, hidden_cases, load_cases
from grader.labs.base import Lab

pytestmark = pytest.mark.lab1

LAB = "lab1_attention"
FILE = "attention.ipynb"
Notebook = dict[str, Any]
Make = Callable[[Path], None]


def code(source: Any, name: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": name, "solution": True}} if name else {}
    cell = {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}
    return cell | {"execution_count": None} | ({"id": name} if name else {}) | more


def notebook(cells: list[dict[str, Any]] | None = None, **more: Any) -> Notebook:
    if cells is None:
        cells = [code(source, name) for name, source in fill().items()]
    start = code("import torch\nfrom torch import nn")
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [start, *cells]} | more


def with_cell(name: str, **changes: Any) -> Notebook:
    made = notebook()
    next(cell for cell in made["cells"] if cell.get("id") == name).update(changes)
    return made


def with_body(body: str) -> Notebook:
    return notebook([code(source, name) for name, source in fill(attention_2=body).items()])


def file(content: bytes | str | Notebook | list[Any]) -> Make:
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content

    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / FILE).write_bytes(data)

    return write


def linked_file(folder: Path) -> None:
    folder.mkdir(parents=True)
    perfect = folder.parent.parent.parent / "perfect.ipynb"
    perfect.write_text(json.dumps(notebook()))
    (folder / FILE).symlink_to(perfect)


def linked_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.symlink_to(folder.parent.parent / "ada" / LAB)


def fifo(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / FILE)


def a_socket(folder: Path) -> None:
    folder.mkdir(parents=True)
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(FILE)
    finally:
        os.chdir(here)


def a_folder(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)
    (folder / FILE / FILE).write_text(json.dumps(notebook()))


def other_name(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "attention (1).ipynb").write_text(json.dumps(notebook()))


def with_company(folder: Path) -> None:
    file(notebook())(folder)
    for name in ("conftest.py", "sitecustomize.py", "torch.py", "grader.py", "labkit.py"):
        (folder / name).write_text("raise SystemExit('from the submission')")
    (folder / "labkit").mkdir()
    (folder / "labkit" / "__init__.py").write_text("raise SystemExit('from the submission')")
    (folder / "link").symlink_to("/etc/passwd")


CONFLICT = json.dumps(notebook(), indent=1).replace(
    '"nbformat": 4', '<<<<<<< HEAD\n"nbformat": 4\n=======\n"nbformat": 4\n>>>>>>> theirs'
)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[31m\\u202e\\u2028&amp;'\""

# What is wrong: how to make it, the points of the three tasks, and what the reason says.
UNREADABLE: dict[str, tuple[Make, str]] = {
    "not JSON": (file("my notebook"), "is not a notebook: broken JSON, line 1"),
    "cut short": (file(json.dumps(notebook())[:500]), "broken JSON"),
    "an empty file": (file(b""), "is empty (0 bytes)"),
    "no cells": (file({"nbformat": 4, "metadata": {}, "cells": []}), "it has no cells"),
    "format 3": (file({"nbformat": 3, "worksheets": []}), "format 3; open it in JupyterLab"),
    "a format of its own": (file({"nbformat": "9" * 10**6}), "has the notebook format 999"),
    "no format": (file({"cells": []}), "is JSON, but not a notebook"),
    "JSON, but a list": (file([1, 2, 3]), "is JSON, but not a notebook"),
    "null bytes": (file(b"\0" * 4096), "broken JSON"),
    "UTF-16": (file(json.dumps(notebook()).encode("utf-16")), "is not text in UTF-8"),
    "Latin-1": (file('{"nbformat": 4, "cells": ["é"]}'.encode("latin-1")), "not text in UTF-8"),
    "a PNG": (file(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "is not text in UTF-8"),
    "a merge conflict": (file(CONFLICT), "unsolved merge conflict?"),
    "another language": (
        file(
            notebook(
                [code("forward <- function(x) {\n  x\n}", "attention-1")],
                metadata={"kernelspec": {"name": "ir", "language": "R"}},
            )
        ),
        "is a notebook for r, not for Python",
    ),
    "cells are no list": (file(notebook() | {"cells": {"0": code("x")}}), "has no list of cells"),
    "cells are no cells": (file(notebook() | {"cells": ["x", 3, None]}), "has no list of cells"),
    "thirty megabytes": (
        file(json.dumps(notebook() | {"metadata": {"x": "x" * 30_000_000}})),
        "has 30 MB; clear its outputs",
    ),
    "deep nesting": (file("[" * 100_000 + "]" * 100_000), "broken JSON, nesting"),
    "a number without end": (file('{"nbformat": 4, "x": ' + "1" * 9999 + "}"), "broken JSON"),
    "cells without end": (file(notebook([{"cell_type": "code"}] * 6000)), "6001 cells"),
    "code without end": (
        file(notebook([code("x = 1\n" * 30_000) for _ in range(8)])),
        "characters of code",
    ),
    "a linked notebook": (linked_file, "is a symbolic link; hand in the notebook itself"),
    "a linked folder": (linked_folder, "is a symbolic link"),
    "a FIFO": (fifo, "is not a file"),
    "a socket": (a_socket, "is not a file"),
    "a folder as notebook": (a_folder, "is not a file"),
    "no folder": (lambda folder: folder.parent.mkdir(), "nothing was handed in"),
    "an empty folder": (lambda folder: folder.mkdir(parents=True), "no notebook attention.ipynb"),
    "another file name": (other_name, "no notebook attention.ipynb was handed in"),
}
PARTLY: dict[str, tuple[Make, list[int], str]] = {
    "a missing cell": (
        file(notebook([code(fill()[name], name) for name in ("attention-1", "attention-3")])),
        [20, 0, 20],
        "attention-2: the solution cell is missing",
    ),
    "a source that is nothing": (
        file(with_cell("attention-2", source=None)),
        [20, 0, 20],
        "attention-2: the solution cell is missing",
    ),
    "a source that is a number": (file(with_cell("attention-2", source=7)), [20, 0, 20], "missing"),
    "a source without end": (
        file(with_cell("attention-2", source=fill()["attention-2"] + "#" * 100_000)),
        [20, 0, 20],
        "attention-2: the solution cell is missing",
    ),
    "a null byte in a cell": (
        file(with_cell("attention-2", source=fill()["attention-2"] + "\0")),
        [20, 0, 20],
        "attention-2: the cell itself stopped",
    ),
    "half a character in a cell": (
        file(with_cell("attention-2", source=fill()["attention-2"] + "# \ud800")),
        [20, 0, 20],
        "attention-2: the cell itself stopped",
    ),
    "a stub as deep as a well": (
        file(with_body(f"raise NotImplementedError({'-' * 900}1)")),
        [20, 0, 20],
        "attention-2: Attention.get_alignment_energies is not written yet",
    ),
    "lines without end": (
        file(notebook([code("class Attention" + "\n" * 250_000 + "pass")])),
        [0, 0, 0],
        "the solution cell is missing",
    ),
    "the untouched release": (
        file(
            notebook(
                [
                    code(source, name)
                    for name, source in fill(
                        attention_1=STUB, attention_2=STUB, attention_3=STUB
                    ).items()
                ]
            )
        ),
        [0, 0, 0],
        "attention-1: LocationLayer.forward is not written yet",
    ),
    "a hostile message": (
        file(with_body(f"raise ValueError('''{HOSTILE}''')")),
        [20, 0, 20],
        "attention-2: your code stopped with ValueError",
    ),
    "answers by heart": (
        file(with_cell("attention-2", source=ATTACKS["its own answer by heart"].cell)),
        [20, 0, 20],
        "no gradient reaches",
    ),
    "ends the process": (
        file(with_cell("attention-2", source="import os\nos._exit(0)")),
        [20, 0, 20],
        "ended the process",
    ),
    "kills everybody": (
        file(with_cell("attention-2", source=ATTACKS["killing everybody"].cell)),
        [20, 0, 20],
        "attention-2",
    ),
}
FULL: dict[str, tuple[Make, str]] = {
    "ada": (file(notebook()), ""),
    "bob": (file(notebook()), ""),
    "with a byte order mark": (file(b"\xef\xbb\xbf" + json.dumps(notebook()).encode()), ""),
    "source as lists": (
        file(notebook([code(s.splitlines(keepends=True), n) for n, s in fill().items()])),
        "",
    ),
    "cells twice": (
        file(
            notebook(
                [
                    code(STUB, "attention-2"),
                    *(code(s, n) for n, s in fill().items()),
                    code(fill(attention_2=STUB)["attention-2"], "attention-2"),
                ]
            )
        ),
        "attention-2: 3 cells claim to be this one",
    ),
    "cells in another order": (
        file(notebook([code(s, n) for n, s in reversed(fill().items())])),
        "",
    ),
    "cells without names": (
        file(notebook([code(s) for s in fill().values()])),
        "attention-1: the cell had lost its name",
    ),
    "cells of another kind": (
        file(with_cell("attention-2", cell_type="markdown")),
        "attention-2: the cell was no code cell any more",
    ),
    "metadata of nonsense": (
        file(notebook([code(s, n, metadata=[1]) for n, s in fill().items()], metadata=["x"])),
        "",
    ),
    "outputs with scripts": (
        file(with_cell("attention-2", outputs=[{"data": {"text/html": HOSTILE}}])),
        "",
    ),
    "files beside the notebook": (with_company, ""),
    "tags that skip cells": (
        file(
            notebook(
                [code(s, n) | {"metadata": {"tags": ["skip-execution"]}} for n, s in fill().items()]
            )
        ),
        "",
    ),
    "a name with  spaces, commas and 'quotes\"": (file(notebook()), ""),
    "=cmd|' -C calc'!A0": (file(notebook()), ""),
    "@SUM(1+1)*cmd": (file(notebook()), ""),
    "-2+3": (file(notebook()), ""),
    "＝1+1": (file(notebook()), ""),
    " ＋1": (file(notebook()), ""),
    "<script>alert(1)<": (file(notebook()), ""),
    "小明 Žižka 🎧": (file(notebook()), ""),
    "\u202eada reversed": (file(notebook()), ""),
    "two\nlines\x1b[2J": (file(notebook()), ""),
    "long " + "x" * 240: (file(notebook()), ""),
}
STUDENTS = [*UNREADABLE, *PARTLY, *FULL]


def lay_out(course: Path, students: dict[str, Make]) -> Path:
    for name, make in students.items():
        make(course / "submitted" / name / LAB)
    return course


def run(course: Path, seen: list[tuple[Record, bool]] | None = None) -> dict[str, Record]:
    def note(record: Record, cached: bool) -> None:
        if seen is not None:
            seen.append((record, cached))

    records = grade(course, [], isolation="bubblewrap", jobs=2, progress=note)
    assert len(records) == len({record["student"] for record in records})
    return {record["student"]: record for record in records}


@pytest.fixture(scope="module")
def course(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    everybody = {
        name: parts[0] for part in (FULL, PARTLY, UNREADABLE) for name, parts in part.items()
    }
    return lay_out(tmp_path_factory.mktemp("course"), everybody)


@pytest.fixture(scope="module")
def records(course: Path) -> dict[str, Record]:
    return run(course)


def points(record: Record) -> list[int]:
    return [verdict["points"] for verdict in record["verdicts"]]


def test_everybody_has_a_record_and_the_class_is_large(records: dict[str, Record]) -> None:
    assert set(records) == set(STUDENTS)
    assert len(records) >= 60


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_has_no_point_and_a_plain_reason(
    records: dict[str, Record], name: str
) -> None:
    record, reason = records[name], UNREADABLE[name][1]
    assert points(record) == [0, 0, 0]
    assert reason in record["reason"]
    assert len(record["reason"]) < 300
    assert all(reason in verdict["message"] for verdict in record["verdicts"])
    assert "Traceback" not in json.dumps(record)


@pytest.mark.parametrize("name", PARTLY)
def test_what_is_partly_broken_loses_that_part(records: dict[str, Record], name: str) -> None:
    _, expected, message = PARTLY[name]
    record = records[name]
    assert points(record) == expected, record
    assert message in " ".join(verdict["message"] for verdict in record["verdicts"])
    assert record["reason"] == ""


@pytest.mark.parametrize("name", FULL)
def test_what_is_strange_but_right_has_full_marks(records: dict[str, Record], name: str) -> None:
    record, repair = records[name], FULL[name][1]
    assert points(record) == [20, 20, 20], record
    assert record["points"] == record["max_points"] == 60
    assert repair in " ".join(record["repairs"])
    assert bool(record["repairs"]) == bool(repair)


def test_the_table_of_scores_is_whole_and_no_spreadsheet_runs_it(
    records: dict[str, Record], course: Path
) -> None:
    with (course / "scores.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.reader(table, strict=True))
    header, *rows = rows
    assert header == [
        *("student", "lab", "attention-1", "attention-2", "attention-3"),
        *("points", "max_points", "reason", "isolation", "time", "look_at"),
    ]
    assert len(rows) == len(STUDENTS)
    assert all(len(row) == len(header) for row in rows)
    signs = ("=", "+", "-", "@", "\t", "＝", "＋")
    assert not [cell for row in rows for cell in row if cell.strip(" ").startswith(signs)]
    assert not [
        char
        for row in rows
        for cell in row
        for char in cell
        if char != "\n" and unicodedata.category(char)[0] == "C"
    ]
    by_name = {row[0]: row for row in rows}
    assert by_name["ada"][2:7] == ["20", "20", "20", "60", "60"]
    assert by_name["an empty file"][2:7] == ["0", "0", "0", "0", "60"]
    assert "0 bytes" in by_name["an empty file"][7]
    assert by_name["'=cmd|' -C calc'!A0"][5] == "60"
    assert sum(int(row[5]) for row in rows) == sum(r["points"] for r in records.values())


class Page(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def pages(course: Path) -> Iterator[tuple[str, str]]:
    for student in STUDENTS:
        path = course / "feedback" / student / LAB / "attention.html"
        yield student, path.read_text("utf-8")


def test_feedback_pages_are_inert(records: dict[str, Record], course: Path) -> None:
    inert = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "b", "table", "tr"}
    inert |= {"th", "td", "section", "ul", "li", "small", "br"}
    for student, text in pages(course):
        page = Page(text)
        assert page.tags <= inert, student
        assert page.attributes <= {"lang", "charset", "http-equiv", "content", "class"}, student
        assert "default-src 'none'" in text
        assert not [c for c in text if c != "\n" and unicodedata.category(c)[0] == "C"], student
        assert len(text) < 200_000
    hostile = (course / "feedback" / "a hostile message" / LAB / "attention.html").read_text()
    assert "<script>alert(1)</script>" in Page(hostile).text  # shown, not run
    assert "\\u001b[31m\\u202e" in Page(hostile).text


def test_feedback_says_what_was_wrong_and_what_was_repaired(
    records: dict[str, Record], course: Path
) -> None:
    text = {student: Page(page).text for student, page in pages(course)}
    assert "60 of 60" in text["ada"]
    assert "unsolved merge conflict?" in text["a merge conflict"]
    assert "had lost its name" in text["cells without names"]
    assert "40 of 60" in text["a missing cell"]


def test_feedback_holds_no_hidden_number(
    records: dict[str, Record], course: Path, lab: Lab
) -> None:
    numbers = {
        f"{value:.{digits}g}"
        for cases in hidden_cases(lab).values()
        for case in cases
        for tensor in case.expected.values()
        for value in tensor.flatten()[:500].tolist()
        for digits in (4, 6)
        if len(f"{value:.{digits}g}") > 5
    }
    assert len(numbers) > 1000
    for student, text in pages(course):
        shown = set(re.findall(r"-?\d+\.\d+(?:e-?\d+)?", Page(text).text))
        assert not shown & numbers, student


def test_a_second_run_judges_nobody_again(
    records: dict[str, Record], course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_worker(*_: Any) -> Any:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(grader.course.course, "Worker", no_worker)
    before = (course / "ledger.jsonl").read_bytes()
    seen: list[tuple[Record, bool]] = []
    assert run(course, seen) == records
    assert len(seen) == len(STUDENTS)
    assert all(cached for _, cached in seen)
    assert (course / "ledger.jsonl").read_bytes() == before


def test_a_changed_notebook_is_judged_again_and_nobody_else(confined: str, tmp_path: Path) -> None:
    lay_out(tmp_path, {"ada": file(notebook()), "bob": file(notebook())})
    run(tmp_path)
    changed = tmp_path / "submitted" / "bob" / LAB / FILE
    changed.write_text(json.dumps(with_body("return self.v(processed_memory).squeeze(-1)")))
    seen: list[tuple[Record, bool]] = []
    after = run(tmp_path, seen)
    assert {record["student"]: cached for record, cached in seen} == {"ada": True, "bob": False}
    assert (after["ada"]["points"], after["bob"]["points"]) == (60, 40)
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 3


def test_a_run_that_was_killed_goes_on_where_it_stopped(confined: str, tmp_path: Path) -> None:
    names = [f"student {number}" for number in range(6)]
    lay_out(tmp_path, {name: file(notebook()) for name in names})
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.course.course import grade\n"
        "done = []\n"
        "def progress(record, cached):\n"
        "    done.append(record['student'])\n"
        "    if len(done) == 3:\n"
        "        print(','.join(done), flush=True)\n"
        "        sys.stdin.read()\n"
        "grade(Path(sys.argv[1]), [], isolation='bubblewrap', jobs=1, progress=progress)\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=pipe, stdout=pipe, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        done = process.stdout.readline().strip().split(",")
        process.send_signal(signal.SIGKILL)
    with (tmp_path / "ledger.jsonl").open("a") as ledger:
        ledger.write('{"student": "half a line')
    seen: list[tuple[Record, bool]] = []
    after = run(tmp_path, seen)
    assert {record["points"] for record in after.values()} == {60}
    assert {record["student"] for record, known in seen if known} == set(done)
    assert len(done) == 3
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == len(names)


def test_a_ledger_that_was_changed_is_refused_with_the_line(
    records: dict[str, Record], course: Path, tmp_path: Path
) -> None:
    lines = (course / "ledger.jsonl").read_text().splitlines(keepends=True)
    forged = json.loads(lines[4])
    forged["points"] = 60
    copy = lay_out(tmp_path, {"ada": file(notebook())})
    (copy / ".grader_secret").write_bytes((course / ".grader_secret").read_bytes())
    (copy / "ledger.jsonl").write_text("".join([*lines[:4], json.dumps(forged) + "\n", *lines[5:]]))
    with pytest.raises(GraderError, match="line 5 was changed or lost"):
        run(copy)


def test_an_empty_course_is_refused_in_one_line(confined: str, tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="has no folder 'submitted'"):
        run(tmp_path)
    (tmp_path / "submitted").mkdir()
    with pytest.raises(GraderError, match="holds no student's folder"):
        run(tmp_path)
    (tmp_path / "submitted" / "ada").mkdir()
    with pytest.raises(GraderError, match=r"nobody in .* handed in one of: lab1_attention"):
        run(tmp_path)


def test_the_hidden_cases_are_not_the_public_ones(lab: Lab) -> None:
    labels = {kind: load_cases(golden_file(lab, kind)) for kind in ("public", "hidden")}
    public, hidden = (labels[kind]["attention-2"] for kind in ("public", "hidden"))
    shapes = {case.expected["energies"].shape for case in public}
    assert not shapes & {case.expected["energies"].shape for case in hidden}
