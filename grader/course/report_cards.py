"""Report cards of a class, from the records that ``grader grade`` has left in the ledger."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.bench.picture import draw_benchmark
from grader.course.benchmark_rows import class_lines, newest_rows
from grader.course.course import LEDGER
from grader.course.handed_in import HandedIn, is_student, students_of
from grader.course.ledger import Ledger, Record
from grader.course.secret import SECRET_FILE, course_secret
from grader.errors import GraderError
from grader.judge.suite import suite_version
from grader.judge.verdict import from_record
from grader.labs import LABS
from grader.labs.base import Lab
from grader.report.card import CLASSIC, ReportCard
from grader.report.lab_report import LabReport
from grader.sandbox.isolation import BUBBLEWRAP
from grader.text import visible

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC\s*")


def course_cards(
    course: Path, student: str = "", *, secret_of: Path | None = None
) -> list[ReportCard]:
    """Return the cards of a class, or of one student.

    Args:
        course: folder with ``ledger.jsonl``: the course, or what ``--output`` named.
        student: whose card; empty for everybody who was judged or has handed in.
        secret_of: the course whose secret has sealed the ledger; by default the folder itself, or
            the one around it.

    Raises:
        GraderError: nothing was graded there, the ledger is damaged, or nobody is called so.
    """
    path = course / LEDGER
    if not path.is_file():
        raise GraderError(
            f"{course} holds no {LEDGER}: run grader grade first, or give the folder that its "
            "--output named"
        )
    if secret_of is None:
        around = course.resolve().parent
        secret_of = around if _is_only_there(SECRET_FILE, course, around) else course
    secret = course_secret(secret_of, make=False)
    records, benchmarks = Ledger(path, secret).records, newest_rows(course, secret)
    students = {record["student"] for record in records if is_student(record["student"])}
    submitted = course / "submitted"
    if submitted.is_dir():
        students |= set(students_of(course))
    if student and student not in students:
        raise GraderError(f"{course} has neither a record nor a submission of {visible(student)!r}")
    cards = []
    for name in [student] if student else sorted(students):
        own = [record for record in records if record["student"] == name]
        labs = [_lab_report(lab, own, name, submitted) for lab in LABS.values()]
        row = benchmarks.get(name)
        picture = draw_benchmark(row, "Benchmark") if row else None
        cards.append(ReportCard(tuple(labs), student=name, benchmark=row, picture=picture))
    return cards


def _is_only_there(name: str, here: Path, there: Path) -> bool:
    return (there / name).exists() and not (here / name).exists()


def _lab_report(lab: Lab, records: list[Record], student: str, submitted: Path) -> LabReport:
    """Take the newest record of what is handed in now; if there is none, the newest of all."""
    handed = HandedIn(student, lab, submitted / student / lab.name)
    now = handed.digest() if submitted.is_dir() else ""
    records = [record for record in records if record["lab"] == lab.name]
    current = [record for record in records if record["submission"] == now]
    if not records:
        reason = "nothing was handed in"
        if now not in ("", "absent"):
            reason = "handed in, but not judged yet: run grader grade"
        return LabReport(lab, reason=reason)
    record = (current or records)[-1]
    notes = list(record["repairs"])
    if now and not current:
        notes.append("something else is handed in by now: run grader grade")
    if record["suite"] != suite_version(lab):
        notes.append("judged with an earlier version of the grader: run grader grade")
    if record["isolation"] != BUBBLEWRAP:
        notes.append(f"judged {record['isolation']}")
    time, time_of = datetime.fromisoformat(record["time"]), "judged"
    stamp = _submission_time(handed.folder) if current else None
    if stamp is not None:
        time, time_of = stamp, "submitted"
    return LabReport(
        lab,
        {}
        if record["reason"]
        else {said["task"]: from_record(said) for said in record["verdicts"]},
        reason=record["reason"],
        file=f"{lab.name}/{lab.notebook}.ipynb",
        time=time,
        time_of=time_of,
        notes=tuple(notes),
    )


def _submission_time(folder: Path) -> datetime | None:
    """Return when nbgrader collected this; None if it did not, or the file says something else."""
    path = folder / "timestamp.txt"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
            return None
        found = _TIMESTAMP.fullmatch(path.read_text("utf-8", errors="replace"))
        return datetime.fromisoformat(f"{found[1]} {found[2]}+00:00") if found else None
    except (OSError, ValueError):  # not to be read, or digits that are no date
        return None


def print_class(cards: list[ReportCard]) -> None:
    """Print a line for each student: the score, the five tests, and what is next."""
    table = Table()
    table.add_column("student", overflow="fold")
    table.add_column("得分", justify="right")
    for name in CLASSIC:
        table.add_column(name)
    for card in cards:
        tests = [f"{test.word} {test.points}/{test.max_points}" for test in card.tests]
        table.add_row(Text(visible(card.student)), f"{card.score:.2f}", *tests)
    Console().print(table)
    for line in class_lines([card.benchmark for card in cards if card.benchmark]):
        Console().print(Text(line))
