"""Benchmarks of a class: a row for each student, in a ledger of its own, and a table of them.

No mark depends on a clock: rows and marks know nothing of each other. A course may give points on
top for a ratio to the reference that was measured in the same run (:class:`Bonus`); they stand in
the table of benchmarks alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from grader.bench.bench import Bench, Settings
from grader.bench.row import LAST, MEASURED, NOT_MEASURED, PARTS, Row, in_a_line, main_latency
from grader.course.benchmark_rows import ALL_LABS, BENCHMARKS
from grader.course.course import make_writable
from grader.course.handed_in import HandedIn, students_of
from grader.course.ledger import KEY_FIELDS, Key, Ledger, Record, environment_version
from grader.course.secret import course_secret
from grader.course.spreadsheet import write_csv
from grader.errors import GraderError, SubmissionError
from grader.judge.judge import fresh_seed
from grader.labs import LABS
from grader.release.edition import build_edition
from grader.sandbox.isolation import Isolation, require
from grader.submissions.graft import NOTHING, Submission
from grader.text import neutral
from labkit.devices import device_name

TABLE = "benchmarks.csv"
_VERSION = "1"  # of what is measured: with another one, all is measured anew

_HEAD = (
    *("student", "status", "ratio", "low", "high", "rounds", "seconds", "reference_seconds"),
    *("real_time_factor", "encoder", "decoder", "postnet", "vocoder", "peak_bytes", "processors"),
    *("bonus", "what_was_found", "lent", "isolation", "processor", "time"),
)


@dataclass(frozen=True)
class Bonus:
    """Points on top for a pipeline that takes at most so many times as long as the reference.

    Attributes:
        ratio: the limit; the whole interval of the measured ratio must lie below it.
        points: that it is worth.
    """

    ratio: float
    points: float

    @classmethod
    def read(cls, text: str) -> Bonus:
        """Read ``RATIO:POINTS``, such as ``0.8:5``.

        Raises:
            ValueError: it is something else.
        """
        ratio, _, points = text.partition(":")
        bonus = cls(float(ratio), float(points))
        if not (0 < bonus.ratio < 100 and 0 < bonus.points < 1000):
            raise ValueError(text)
        return bonus


def bonus_of(row: Row, bonuses: Sequence[Bonus]) -> float:
    """Return the points on top that a row earns: the most of those whose limit it keeps.

    A pipeline that has something lent is not its author's, and earns none.
    """
    if row["status"] != MEASURED or row["lent"]:
        return 0
    earned = [bonus.points for bonus in bonuses if row["ratio"]["high"] <= bonus.ratio]
    return max(earned, default=0)


def bench_course(
    course: Path,
    settings: Settings,
    *,
    isolation: str,
    students: Sequence[str] = (),
    output: Path | None = None,
    bonuses: Sequence[Bonus] = (),
    again: bool = False,
    announce: Callable[[int], None] = lambda total: None,
    progress: Callable[[Record, bool], object] = lambda record, known: None,
) -> list[Record]:
    """Measure every student's pipeline, one at a time: two would disturb each other.

    Args:
        course: folder with ``submitted/``.
        settings: what is measured.
        isolation: ``bubblewrap`` or ``none``.
        students: only these; everybody if it is empty.
        output: folder for the ledger and the table; the course if None.
        bonuses: points on top, for the table.
        again: measure what was measured before, too.
        announce: called once with the number of rows to come.
        progress: called with each row, and whether it was known already.

    Returns:
        The rows by student.

    Raises:
        GraderError: nothing was handed in, or the isolation cannot be had.
    """
    found = require(isolation)
    todo = _students(course, students)
    output = output or course
    make_writable(output)
    with Benchmarks(course, settings, found, output) as all_rows:
        announce(len(todo))
        rows = []
        for student in todo:
            known = None if again else all_rows.known(student)
            rows.append(known or all_rows.measure(student))
            progress(rows[-1], known is not None)
        every = {row["student"]: row for row in (*all_rows.newest(), *rows)}
    table = [every[student] for student in _students(course, ()) if student in every]
    write_table(output / TABLE, table, bonuses)
    return rows


def _students(course: Path, wanted: Sequence[str]) -> list[str]:
    if not course.is_dir():
        raise GraderError(f"{course} is not a folder: give a course's folder, or notebooks")
    everybody = students_of(course)
    if not everybody:
        raise GraderError(f"{course / 'submitted'} holds no student's folder")
    if missing := [name for name in wanted if name not in everybody]:
        raise GraderError(f"nobody in {course / 'submitted'} is called {', '.join(missing)}")
    return [name for name in everybody if not wanted or name in wanted]


class Benchmarks:
    """The rows of a course; workers are started when the first pipeline has to be measured.

    Args:
        course: its root folder.
        settings: what is measured.
        isolation: of student code.
        output: folder of the ledger.
        submitted: folder of the course with what was handed in.
    """

    def __init__(
        self,
        course: Path,
        settings: Settings,
        isolation: Isolation,
        output: Path,
        submitted: str = "submitted",
    ) -> None:
        self._submitted = course / submitted
        self._settings, self._isolation = settings, isolation
        self._secret = course_secret(course)
        self._ledger = Ledger(output / BENCHMARKS, self._secret)
        self._suite = f"bench {_VERSION} {json.dumps(settings.as_dict(), sort_keys=True)}"
        self._lock = _lock(output)
        self._bench: Bench | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Benchmarks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, if there are any."""
        if self._bench is not None:
            self._bench.close()
        if self._folder is not None:
            self._folder.cleanup()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def newest(self) -> list[Record]:
        """Return what was measured under these settings before, the newest last."""
        return [row for row in self._ledger.records if row["suite"] == self._suite]

    def known(self, student: str) -> Record | None:
        """Return the row of what a student has handed in now; None if that is still to be measured.

        What a busy machine kept from being measured is.
        """
        row = self._ledger.find(self._key(student))
        return None if row is None or row["status"] == NOT_MEASURED else row

    def measure(self, student: str) -> Record:
        """Measure a student's pipeline; whatever the folders hold, there is a row."""
        submissions: dict[str, Submission] = {}
        problems = {}
        for one in self._handed_in(student):
            try:
                submissions[one.lab.name] = one.read()
            except SubmissionError as error:
                problems[one.lab.name] = str(error)
            except Exception as error:  # a notebook at which the graft fails costs nobody else
                problems[one.lab.name] = f"it cannot be read ({type(error).__name__})"
        seed = fresh_seed(self._secret, secrets.token_hex(8), student, ALL_LABS)
        row = self._workers().measure(submissions, seed) | {"missing": problems, "seed": seed}
        unread = {lab: why for lab, why in problems.items() if why != NOTHING}
        if unread and not submissions:
            row["reason"] = "; ".join(dict.fromkeys(unread.values()))
        for lab, why in unread.items():
            row["lent"] |= {t.id: why for t in LABS[lab].judged if t.id in row["lent"]}
        return self._ledger.append(dict(zip(KEY_FIELDS, self._key(student), strict=True)) | row)

    def _handed_in(self, student: str) -> list[HandedIn]:
        return [
            HandedIn(student, lab, self._submitted / student / lab.name) for lab in LABS.values()
        ]

    def _key(self, student: str) -> Key:
        """Return what makes two measurements the same, so that the second one is not needed."""
        content = "\n".join(one.digest() for one in self._handed_in(student))
        return (
            student,
            ALL_LABS,
            hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest(),
            self._suite,
            f"{environment_version()}, {device_name(torch.device('cpu'))}",
            self._isolation.label,
        )

    def _workers(self) -> Bench:
        if self._bench is None:
            self._folder = tempfile.TemporaryDirectory(prefix="grader-")
            edition = build_edition(LAST, Path(self._folder.name))
            self._bench = Bench(self._isolation, edition, self._settings)
        return self._bench


def _lock(folder: Path) -> int | None:
    """Keep a second run away, which would slow the first one: hold the folder until it is closed.

    Raises:
        GraderError: somebody else holds it.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        return None
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise GraderError(
            f"{folder}: another run measures here; start again when that one is done"
        ) from None
    return held


def write_table(path: Path, rows: list[Record], bonuses: Sequence[Bonus]) -> None:
    """Write the table as CSV that no spreadsheet can misread; whole or not at all."""
    write_csv(path, _HEAD, (_cells(row, bonuses) for row in rows))


def _cells(row: Record, bonuses: Sequence[Bonus]) -> list[object]:
    figures: list[object] = [""] * 13
    if row["status"] == MEASURED:
        ratio, main = row["ratio"], main_latency(row)
        figures = [
            *(round(ratio[name], 4) for name in ("median", "low", "high")),
            ratio["rounds"],
            *(round(seconds, 6) for seconds in main.seconds),
            round(main.real_time_factor, 6),
            *(round(row["parts"][name][0], 6) for name in PARTS.values()),
            row["peak_bytes"][0],
            round(row["processors"], 3),
        ]
    return [
        neutral(row["student"]),
        row["status"],
        *figures,
        bonus_of(row, bonuses) if bonuses else "",
        neutral(in_a_line(row)),
        " ".join(row["lent"]),
        row["isolation"],
        neutral(row["processor"]),
        row["time"],
    ]
