"""Verdicts: what the judge decides on a task, and which of its findings the student is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from grader.judge.compare import said_error
from grader.judge.finding import Finding, in_words
from grader.judge.naming import named
from grader.judge.stage import Partner, examine_played
from grader.labs.base import Case, Lab, Task, Tensors
from grader.sandbox.perform import Report
from grader.sandbox.session import Answer


@dataclass(frozen=True)
class Verdict:
    """The judge's decision on one task, and why.

    Attributes:
        task: the task's id.
        points: what was earned.
        max_points: what could be earned.
        message: for the student; always begins with the task's id.
        hint: a question that leads on, or nothing.
        slip: id of the named slip, or nothing.
        stage: see :class:`grader.judge.finding.Finding`; ``passed`` if nothing was found.
        public: passed and all public cases.
        hidden: passed and all hidden and fresh cases; they are asked once the public ones pass.
        note: how it was judged, if not in the usual way.
        flags: what the cell reaches for, for the instructor's eye;
            see :mod:`grader.submissions.reach`.
        seed: of the fresh cases, to replay the verdict.
        seconds: wall-clock time in the worker.
        peak_bytes: largest memory of the worker.
    """

    task: str
    points: int
    max_points: int
    message: str
    hint: str = ""
    slip: str = ""
    stage: str = "passed"
    public: tuple[int, int] = (0, 0)
    hidden: tuple[int, int] = (0, 0)
    note: str = ""
    flags: tuple[str, ...] = ()
    seed: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0

    @property
    def passed(self) -> bool:
        """Whether the task is solved."""
        return self.stage == "passed"

    @property
    def counted(self) -> str:
        """How many cases passed; empty if none were asked."""
        if not self.public[1]:
            return ""
        said = f"Public cases {self.public[0]} of {self.public[1]}"
        if not self.hidden[1]:
            return f"{said}; hidden ones are asked when these pass."
        return f"{said}, hidden cases {self.hidden[0]} of {self.hidden[1]}."

    @property
    def words(self) -> list[str]:
        """The verdict line by line: for its student, then how it came about, then for a person."""
        return [
            *in_words(self.message, self.hint),
            *filter(None, [self.counted, self.note and f"({self.note})"]),
            *(f"For a person's eye: {flag}." for flag in self.flags),
        ]

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain data for the ledger."""
        return asdict(self)


def from_record(said: dict[str, Any]) -> Verdict:
    """Return the verdict that a ledger holds; what it does not know is left out."""
    known = {field.name for field in fields(Verdict)}
    tuples = {name: tuple(said.get(name, ())) for name in ("public", "hidden", "flags")}
    return Verdict(**{name: said[name] for name in known & said.keys()} | tuples)


def unreadable(lab: Lab, reason: str) -> list[Verdict]:
    """Return the verdicts on a submission that could not be read at all."""
    return [
        Verdict(task.id, 0, task.points, f"{task.id}: {reason}", stage="unreadable")
        for task in lab.judged
    ]


def cell_error(answer: Answer) -> Finding | None:
    """Return what stopped the cell under test itself, if something did."""
    report = answer.document.get("cell")
    if not isinstance(report, dict) or "error" not in report:
        return None
    return Finding("error", f"the cell itself stopped with {said_error(report)}.")


def limit_finding(task: Task, answer: Answer, *, hidden: bool = False) -> Finding:
    """Say why a question brought no answer."""
    # a status is the student's to choose, and could tell of a hidden number
    status = "" if hidden else f" (exit status {answer.code})"
    reasons: dict[str, str] = {
        "time": f"your code did not finish within {task.seconds:.0f} seconds.",
        "output": "your code returned far too much data.",
        "threads": "your code started far too many threads.",
        "files": "your code made far too many files, folders or links.",
        "lost": "the sandbox that ran your code was lost, twice; other questions are answered.",
        "malformed": "what came back from your code could not be read.",
        "died": f"your code ended the process it ran in{status}.",
    }
    where = "the public cases pass, but on the hidden ones " if hidden else ""
    return Finding("limit", where + reasons.get(answer.status, "no answer came back."))


class Seen:
    """What came back for some cases of a task, and what is wrong with each."""

    def __init__(
        self,
        task: Task,
        cases: list[Case],
        reports: list[Report],
        returned: list[Tensors],
        partners: Sequence[Partner | None],
        alone: bool,
    ) -> None:
        self.alone = alone
        self.task, self.cases, self.reports, self.returned = task, cases, reports, returned
        self.findings = [
            examine_played(task, *parts, alone=alone)
            for parts in zip(cases, partners, reports, returned, strict=True)
        ]

    @property
    def count(self) -> tuple[int, int]:
        """Passed and all cases."""
        return sum(finding is None for finding in self.findings), len(self.findings)


def conclude(seen: Seen, cell_error: Finding | None) -> Finding | None:
    """Choose what the student is told of public cases, with the slip's name if it is known."""
    first = next((finding for finding in seen.findings if finding is not None), None)
    if first is None:
        return None
    if first.stage == "unfilled" and cell_error is not None:
        return cell_error
    return named(seen.task, first, seen.cases, seen.reports, seen.returned, alone=seen.alone)


def conclude_hidden(seen: Seen) -> Finding | None:
    """Tell of a hidden case what is special about it and which kind of thing is wrong, no more."""
    for case, finding in zip(seen.cases, seen.findings, strict=True):
        if finding is not None:
            return _without_numbers(case, finding)
    return None


def _without_numbers(case: Case, finding: Finding) -> Finding:
    what: dict[str, str] = {
        "value": "the numbers are wrong",
        "finite": "numbers are NaN or infinite",
        "property": "the result lacks a property that it must have",
        "rank": "the number of axes is wrong",
        "axes": "the axes are in another order",
        "size": "the shape is wrong",
        "type": "the result is of another kind",
        "dtype": "the result has another dtype or lies on another device",
        # the text of an error is the student's, who could put the hidden numbers into it
        "error": "your code stops with an error",
        "unfilled": "it is not written yet",
    }
    detail = what.get(finding.stage, finding.message.rstrip("."))
    return Finding(
        finding.stage,
        f"the public cases pass, but a hidden case ({case.label}) does not: {detail}.",
        finding.hint or f"What is different about the case '{case.label}'?",
    )
