"""The self-check that stands below each task: the grader's own comparison on the public cases."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from html import escape
from typing import Any, NamedTuple

import torch

from grader.judge.compare import close, examine
from grader.judge.finding import Finding, in_words, with_reason
from grader.judge.golden import public_cases
from grader.judge.naming import named
from grader.judge.stage import Partner, examine_played, on_its_own, partner_of
from grader.labs import find_task
from grader.labs.base import Case, Task, Tensors, call_document, call_tensors, outputs_of
from grader.sandbox.line import answered_by
from grader.sandbox.perform import Report, perform_call
from grader.selfcheck.picture import difference_svg
from grader.submissions.graft import gone_astray


class Checked(NamedTuple):
    """That a check was run, for :mod:`grader.selfcheck.board`."""

    task_id: str
    passed: bool
    cases: tuple[int, int]  # passed and all
    time: float  # of the monotonic clock


OPENED = time.monotonic()  # a notebook imports this module in its first cell
HISTORY: list[Checked] = []  # of this kernel

_CELLS = 2  # of those that were run: the check itself, and what stands above it
_EARLIER = "{} is right by itself; what an earlier task gives it is not. Mend that task first."


class CheckFailed(AssertionError):
    """A check that did not pass; a notebook shows its one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CheckResult:
    """What a notebook shows below a check."""

    def __init__(
        self, task: Task, passed: int, total: int, finding: Finding | None, picture: str = ""
    ) -> None:
        self.task = task
        self.passed = passed
        self.total = total
        self.finding = finding
        self.picture = picture

    @property
    def summary(self) -> str:
        """How many public cases pass, and that there are others."""
        return f"public cases {self.passed}/{self.total}; grading also uses hidden ones"

    def __repr__(self) -> str:
        if self.finding is None:
            return f"✓ {self.task.id} {self.task.title}: passed ({self.summary})"
        said = in_words(self.finding.message, self.finding.hint)
        return f"✗ {self.task.id} {self.task.title}: " + "\n  ".join([*said, f"({self.summary})"])

    def _repr_html_(self) -> str:
        passed = self.finding is None
        colour = "#1a7f37" if passed else "#9a4b00"
        rows = [
            f'<div style="border-left:6px solid {colour};padding:6px 12px;margin:4px 0">'
            f"<b>{'✓ passed' if passed else '✗ not yet'}</b> · {escape(self.task.id)} · "
            f"<code>{escape(self.task.title)}</code>"
        ]
        if self.finding is not None:
            said = in_words(self.finding.message, self.finding.hint)
            rows += [f"<p>{escape(line)}</p>" for line in said]
        if self.picture:
            rows.append(f"<div>{self.picture}</div>")
        rows.append(f"<small>Self-check: {escape(self.summary)}.</small></div>")
        return "".join(rows)


def _picture(task: Task, case: Case, tensors: Tensors) -> str:
    for output in outputs_of(task, case):
        got, want = tensors.get(output.name), case.expected[output.name]
        if got is not None and got.shape == want.shape:
            wrong = ~close(got, want)
            if bool(wrong.any()):
                return difference_svg(got, want, wrong)
    return ""


def _called(
    task: Task, case: Case, cls: Any, partner: Partner | None = None, *, given: bool = False
) -> tuple[Report, Tensors]:
    with (
        torch.random.fork_rng(devices=[]),
        answered_by(partner.answer) if partner else nullcontext(),
    ):
        return perform_call(
            call_document(task, case, given=given),
            call_tensors(task, case, given=given),
            {task.defines: cls},
        )


def _is_right_alone(task: Task, cases: list[Case], cls: Any) -> bool:
    """Whether a class passes where an earlier task's answer is given, as grading gives it."""
    if task.given is None:
        return False
    return all(
        examine(task, case, *_called(task, case, cls, given=True), alone=True) is None
        for case in on_its_own(task, cases)
    )


def run_check(task_id: str, cls: Any) -> CheckResult:
    """Judge a class on a task's public cases, here in this process.

    Args:
        task_id: such as ``attention-1``.
        cls: the class that the student's cell defines.

    Raises:
        GraderError: there is no such task, or it is marked by hand.
    """
    lab, task = find_task(task_id)
    cases = public_cases(lab)[task.id]
    reports, returned, findings = [], [], []
    for case in cases:
        partner = partner_of(task, case)
        report, answers = _called(task, case, cls, partner)
        reports.append(report)
        returned.append(answers)
        findings.append(examine_played(task, case, partner, report, answers))
    passed = sum(finding is None for finding in findings)
    worst = next((index for index, finding in enumerate(findings) if finding), None)
    if worst is None:
        return CheckResult(task, passed, len(cases), None)
    first = findings[worst]
    assert first is not None
    if first.stage != "unfilled" and _is_right_alone(task, cases, cls):
        return CheckResult(task, passed, len(cases), Finding("earlier", _EARLIER.format(task.name)))
    finding = named(task, first, cases, reports, returned)
    return CheckResult(
        task, passed, len(cases), finding, _picture(task, cases[worst], returned[worst])
    )


def _with_what_was_run(task: Task, finding: Finding) -> Finding:
    """Add what the last cells of the notebook tell of something that is not written yet."""
    ipython = sys.modules.get("IPython")
    kernel = ipython.get_ipython() if ipython else None
    cells = kernel.user_ns.get("In", [])[-_CELLS:] if kernel else []
    reasons = (gone_astray(task, str(source)) for source in reversed(cells))
    return with_reason(finding, next(filter(None, reasons), ""))


def check(task_id: str, cls: Any) -> None:
    """Check a task below its cell; shows the result, and stops the notebook if it did not pass.

    Args:
        task_id: such as ``attention-1``.
        cls: the class that the cell above defines.

    Raises:
        CheckFailed: the task is not solved yet.
    """
    result = run_check(task_id, cls)
    if result.finding is not None and result.finding.stage == "unfilled":
        result.finding = _with_what_was_run(result.task, result.finding)
    HISTORY.append(
        Checked(task_id, result.finding is None, (result.passed, result.total), time.monotonic())
    )
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        shown = get_ipython() is not None
    except ImportError:
        shown = False
    if shown:
        display(result)
    else:
        print(result)
    if result.finding is not None:
        raise CheckFailed(f"{task_id} has not passed yet: {result.finding.message}")
