"""The report card: the original lab's five tests, and below them what is known of each task.

A card is made from verdicts, wherever they come from: from a self-check of one's own notebooks
(:mod:`grader.report.own`), or from a course's ledger (:mod:`grader.course.report_cards`). How
each lab of it looks is settled in :mod:`grader.report.page`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grader.report.lab_report import LabReport, lab_record, next_step
from grader.report.page import columns, lab_html, lab_lines, say, table, when
from grader.text import visible

# The tests of the original lab in the order of its card. A task says which one its points are of.
CLASSIC = ("TEST_ATTEN", "ENCODER", "DECODER", "TACOTRON2", "AUDIO")
ACCEPTED = "Accept"  # what the original says of a full card
INCOMPLETE = "Incomplete"  # what this kit says of any other

_SELF_CHECK = (
    "Self-check of the notebooks as they were last saved, on the public cases. Grading also uses "
    "hidden ones, so this is no mark."
)


@dataclass(frozen=True)
class ClassicTest:
    """One of the five tests: passed only with all of its points."""

    name: str
    points: int
    max_points: int

    @property
    def passed(self) -> bool:
        """Whether every point is earned."""
        return 0 < self.max_points == self.points

    @property
    def word(self) -> str:
        """PASS or FAIL."""
        return "PASS" if self.passed else "FAIL"


@dataclass(frozen=True)
class ReportCard:
    """The card of one student.

    It prints itself as text and shows itself in a notebook.

    Attributes:
        labs: all labs of the kit in order.
        student: whose card it is; empty for one's own.
        self_check: whether only public cases were asked, by the student.
        benchmark: what was measured of the pipeline, as plain data; none if nothing was.
        picture: that shows it.
    """

    labs: tuple[LabReport, ...]
    student: str = ""
    self_check: bool = False
    benchmark: dict[str, Any] | None = None
    picture: Any = None

    @property
    def tests(self) -> tuple[ClassicTest, ...]:
        """The five tests of the original lab."""
        found = []
        for name in CLASSIC:
            tasks = [
                (report.points(task), task.points)
                for report in self.labs
                for task in report.lab.judged
                if task.classic == name
            ]
            found.append(ClassicTest(name, sum(p for p, _ in tasks), sum(m for _, m in tasks)))
        return tuple(found)

    @property
    def score(self) -> int:
        """The points of the five tests together."""
        return sum(test.points for test in self.tests)

    @property
    def max_score(self) -> int:
        """What the five tests can give."""
        return sum(test.max_points for test in self.tests)

    @property
    def word(self) -> str:
        """The card's one word: ``Accept`` if all five tests pass, else ``Incomplete``."""
        return ACCEPTED if all(test.passed for test in self.tests) else INCOMPLETE

    @property
    def newest(self) -> LabReport | None:
        """The lab whose time is the latest: the card's own time."""
        dated = [(report.time, report) for report in self.labs if report.time is not None]
        return max(dated, key=lambda pair: pair[0])[1] if dated else None

    @property
    def next(self) -> str:
        """What to do next, in one line."""
        for report in self.labs:
            for task in report.lab.judged:
                verdict = report.verdicts.get(task.id)
                if verdict is None:
                    return f"{task.id}: {report.reason or 'not judged yet: grade again'}"
                if not verdict.passed:
                    return f"{task.id}: {next_step(report, task)}"
        return "every task is passed; a written question is marked by a person"

    def record(self) -> dict[str, Any]:
        """Return the card as plain data."""
        newest = self.newest
        return {
            "student": self.student,
            "self_check": self.self_check,
            "score": self.score,
            "max_score": self.max_score,
            "word": self.word,
            "time": newest.time.isoformat() if newest and newest.time else "",
            "time_of": newest.time_of if newest else "",
            "next": self.next,
            "tests": [
                {
                    "name": test.name,
                    "passed": test.passed,
                    "points": test.points,
                    "max_points": test.max_points,
                }
                for test in self.tests
            ],
            "labs": [lab_record(report) for report in self.labs],
            "benchmark": self.benchmark,
        }

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        return _html(self)


def _score(card: ReportCard) -> str:
    return f"得分: {card.score:.2f} (score, of {card.max_score})"


def _classic_lines(card: ReportCard) -> list[str]:
    """Return the original lab's card: score and time, the word, the names, a line for each.

    The original printed nothing but PASS on the last five lines; here the name and its points
    follow, because a FAIL in the third of five lines names nothing.
    """
    time = when(card.newest)
    tests = [(test.word, test.name, f"{test.points}/{test.max_points}") for test in card.tests]
    return [f"{_score(card)}    {time}".rstrip(), card.word, " ".join(CLASSIC), *columns(tests)]


def _text(card: ReportCard) -> str:
    """Return the card as text."""
    lines = [f"Report card of {visible(card.student)}"] if card.student else []
    lines += [_SELF_CHECK] if card.self_check else []
    lines += ["", *_classic_lines(card)]
    for report in card.labs:
        lines += ["", *lab_lines(report)]
    if card.picture is not None:
        lines += ["", repr(card.picture)]
    return "\n".join([*lines, "", f"Next: {card.next}"]).lstrip("\n")


def _html(card: ReportCard) -> str:
    """Return the card as HTML; the words carry everything."""
    parts = [f"<p>{say(_SELF_CHECK)}</p>"] if card.self_check else []
    parts += [
        f"<p><b>{say(_score(card))}</b> {say(when(card.newest))}<br><b>{say(card.word)}</b></p>",
        table(
            [test.name for test in card.tests],
            [
                [test.word for test in card.tests],
                [f"{test.points}/{test.max_points}" for test in card.tests],
            ],
        ),
        *map(lab_html, card.labs),
        *([card.picture._repr_mimebundle_()["text/html"]] if card.picture is not None else []),
        f"<p><b>Next:</b> {say(card.next)}</p>",
    ]
    return f"<div>{''.join(parts)}</div>"
