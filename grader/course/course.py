"""Grades a class: nbgrader's folder layout in; ledger, scores and feedback pages out."""

from __future__ import annotations

import os
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch

from grader.bench.row import LAST
from grader.course.benchmark_rows import newest_rows, page_section
from grader.course.feedback import feedback_page
from grader.course.handed_in import HandedIn, handed_in
from grader.course.ledger import KEY_FIELDS, Key, Ledger, Record, environment_version
from grader.course.points import Points, points_of, weighed
from grader.course.secret import course_secret
from grader.course.spreadsheet import write_csv
from grader.errors import GraderError, SubmissionError
from grader.judge.judge import Judge
from grader.judge.suite import suite_version
from grader.judge.verdict import unreadable
from grader.release.edition import build_edition
from grader.sandbox.isolation import Isolation, require
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission
from grader.text import neutral

LEDGER = "ledger.jsonl"
SCORES = "scores.csv"


def judge_one(handed: HandedIn, judge: Judge) -> Record:
    """Judge one student's folder; whatever it holds, the result is a record."""
    reason, submission, final = "", Submission(), True
    try:
        submission = handed.read()
        verdicts = judge.judge(submission, handed.student)
    except SubmissionError as error:
        reason = str(error)
    except GraderError:  # the machine's fault: nobody can be judged
        raise
    except Exception as error:  # a notebook at which the judge itself fails costs nobody else
        final = False
        reason = (
            f"the judge itself failed at this notebook ({type(error).__name__}); tell the staff"
        )
    if reason:
        verdicts = unreadable(handed.lab, reason)
    return {
        "reason": reason,
        "final": final,
        "points": sum(verdict.points for verdict in verdicts),
        "max_points": handed.lab.points,
        "verdicts": [verdict.record() for verdict in verdicts],
        "repairs": list(submission.repairs),
    }


def grade(
    course: Path,
    lab_names: list[str],
    *,
    isolation: str,
    jobs: int,
    output: Path | None = None,
    progress: Callable[[Record, bool], object] = lambda record, cached: None,
    announce: Callable[[int], None] = lambda total: None,
) -> list[Record]:
    """Grade every submission of a course and write ledger, scores and pages.

    Args:
        course: folder with ``submitted/``.
        lab_names: labs to grade; empty for all that were handed in.
        isolation: ``bubblewrap`` or ``none``.
        jobs: how many submissions are judged at the same time.
        output: folder for ``ledger.jsonl``, ``scores.csv`` and ``feedback/``; the course if None.
        progress: called with each record, and whether it was known already.
        announce: called once with the number of records to come.

    Returns:
        the records in order of lab and student, with the points that the course's cells are worth.

    Raises:
        GraderError: nothing to grade, or the isolation cannot be had.
    """
    found = require(isolation)
    output = output or course
    todo = handed_in(course, lab_names)
    make_writable(output)
    secret = course_secret(course)
    ledger = Ledger(output / LEDGER, secret)
    benchmarks = newest_rows(output, secret)
    labs = {one.lab.name: one.lab for one in todo}
    points = {name: points_of(course, lab) for name, lab in labs.items()}
    announce(len(todo))
    suites = {name: suite_version(lab) for name, lab in labs.items()}
    environment = environment_version()
    records: dict[int, Record] = {}
    waiting: list[int] = []
    keys: list[Key] = []
    for index, handed in enumerate(todo):
        keys.append(
            (
                handed.student,
                handed.lab.name,
                handed.digest(),
                suites[handed.lab.name],
                environment,
                found.label,
            )
        )
        known = ledger.find(keys[index])
        if known is None or not known["final"]:
            waiting.append(index)
        else:
            records[index] = known
            progress(known, True)
    torch.set_num_threads(1)  # the cases are tiny: threads would only wait for each other
    for index, part in _judge_all(todo, waiting, found, secret, suites, jobs):
        records[index] = ledger.append(dict(zip(KEY_FIELDS, keys[index], strict=True)) | part)
        progress(records[index], False)
    ordered = [weighed(records[i], points[todo[i].lab.name]) for i in range(len(todo))]
    sections = {name: page_section(row) for name, row in benchmarks.items()}
    write_results(output, todo, ordered, points, sections)
    return ordered


def make_writable(output: Path) -> None:
    """Make the folder of the results, or refuse before anything is judged.

    Raises:
        GraderError: nothing can be written there; it says what stands in the way.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise GraderError(f"{output} is not a folder: name one with --output") from None
    except OSError as error:
        raise GraderError(
            f"the folder {output} cannot be made: {error.strerror}; name another with --output"
        ) from None
    if not os.access(output, os.W_OK | os.X_OK):
        raise GraderError(f"nothing can be written in {output}: name another folder with --output")
    for name, kind in ((SCORES, "file"), (f"{SCORES}.new", "file"), ("feedback", "folder")):
        path = output / name
        if os.path.lexists(path) and not (path.is_file() if kind == "file" else path.is_dir()):
            raise GraderError(f"{path} is no {kind}: move it away")


def write_results(
    output: Path,
    todo: list[HandedIn],
    records: list[Record],
    points: dict[str, Points],
    benchmarks: Mapping[str, str],
) -> None:
    """Write the table and the pages, which are views of the ledger and can be written again.

    Args:
        output: the folder.
        todo: who handed in what.
        records: of them, in the same order.
        points: of the course's cells, by lab.
        benchmarks: what lab 4's page shows of a student's benchmark, as HTML.

    Raises:
        GraderError: there is no room, or something stands in the way; the ledger has everything.
    """
    try:
        write_scores(output / SCORES, records)
        for handed, record in zip(todo, records, strict=True):
            folder = output / "feedback" / handed.student / handed.lab.name
            page = folder / f"{handed.lab.notebook}.html"
            folder.mkdir(parents=True, exist_ok=True)
            page.unlink(missing_ok=True)  # pages that nbgrader wrote are read-only
            below = benchmarks.get(handed.student, "") if handed.lab.name == LAST else ""
            html = feedback_page(handed.lab, record, points[handed.lab.name], below)
            page.write_text(html, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise GraderError(
            f"{error.filename or output / SCORES} cannot be written: {error.strerror}; all marks "
            f"are in {output / LEDGER}, so mend this and run again"
        ) from None


def _judge_all(
    todo: list[HandedIn],
    waiting: list[int],
    isolation: Isolation,
    secret: bytes,
    suites: Mapping[str, str],
    jobs: int,
) -> Iterator[tuple[int, Record]]:
    """Judge the waiting ones, each thread with a worker of its own; yield as they are done."""
    if not waiting:
        return
    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        editions = {
            lab.name: build_edition(lab.name, Path(scratch) / lab.name)
            for lab in {todo[index].lab.name: todo[index].lab for index in waiting}.values()
        }
        idle: dict[str, queue.SimpleQueue[Worker]] = {
            name: queue.SimpleQueue() for name in editions
        }
        workers: list[Worker] = []

        def run(index: int) -> Record:
            handed = todo[index]
            try:
                worker = idle[handed.lab.name].get_nowait()
            except queue.Empty:
                worker = Worker(isolation.kind, editions[handed.lab.name])
                workers.append(worker)
            try:
                return judge_one(handed, Judge(handed.lab, worker, secret, suites[handed.lab.name]))
            finally:
                idle[handed.lab.name].put(worker)

        with ThreadPoolExecutor(max(1, min(jobs, len(waiting)))) as pool:
            try:
                futures = {pool.submit(run, index): index for index in waiting}
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                for worker in workers:
                    worker.close()


def write_scores(path: Path, records: list[Record]) -> None:
    """Write the table of scores as CSV that no spreadsheet can misread; whole or not at all."""
    tasks = list(dict.fromkeys(v["task"] for record in records for v in record["verdicts"]))
    header = ["student", "lab", *tasks, "points", "max_points", "reason", "isolation", "time"]
    header.append("look_at")
    write_csv(path, header, (_scores(record, tasks) for record in records))


def _scores(record: Record, tasks: Sequence[str]) -> list[object]:
    points = {v["task"]: v["points"] for v in record["verdicts"]}
    return [
        neutral(record["student"]),
        record["lab"],
        *(points.get(task, "") for task in tasks),
        record["points"],
        record["max_points"],
        neutral(lost_points(record)),
        record["isolation"],
        record["time"],
        neutral(look_at(record)),
    ]


def look_at(record: Record) -> str:
    """Say in one line what a person should look at; usually nothing."""
    return " | ".join(f"{v['task']}: {flag}" for v in record["verdicts"] for flag in v["flags"])


def lost_points(record: Record) -> str:
    """Say in one line where the points of a record were lost."""
    if record["reason"]:
        return str(record["reason"])
    return " | ".join(v["message"] for v in record["verdicts"] if v["stage"] != "passed")
