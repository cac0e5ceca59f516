"""Names the mistake behind what came back: a slip that yields the same, or says the same.

A slip of the task is known by its numbers, in every case that was asked; one that can be made in
every task by what is said about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from grader.judge.compare import agrees, examine
from grader.judge.finding import Finding
from grader.labs.base import Case, Slip, Task, Tensors
from grader.labs.common_slips import COMMON_SLIPS
from grader.labs.error_slips import ERROR_SLIPS
from grader.sandbox.perform import Report

_ASIDE = ("gradient", "changed")  # found where the numbers themselves are right


def _explains(key: str, case: Case, report: Report, tensors: Tensors) -> bool:
    """Whether a stored slip yields what came back for this case."""
    if key not in case.slips:
        return "error" in report
    return all(agrees(tensors, name, want) for name, want in case.slips[key].items())


def _is_way(slip: Slip, way: str, asked: Sequence[tuple[Case, Report, Tensors]]) -> bool:
    """Whether numbers say that a slip was made in this way."""
    if not all(_explains(way, *parts) for parts in asked):  # of most ways the first case tells
        return False
    cases = [case for case, _, _ in asked]
    raises = any(way not in case.slips for case in cases)
    return has_numbers(way, cases) or (raises and not slip.tells)


def has_numbers(way: str, cases: Sequence[Case]) -> bool:
    """Whether a way to make a slip yields a wrong number anywhere, and not errors alone."""
    return any(
        not all(agrees(case.slips[way], name, want) for name, want in case.expected.items())
        for case in cases
        if way in case.slips
    )


def name_slip(
    task: Task,
    cases: Sequence[Case],
    reports: Sequence[Report],
    tensors: Sequence[Tensors],
    *,
    alone: bool = False,
) -> Slip | None:
    """Return the named slip that explains the results of all these cases, if there is one."""
    asked = list(zip(cases, reports, tensors, strict=True))
    findings = [examine(task, *parts, alone=alone) for parts in asked]
    wrong = [finding for finding in findings if finding is not None]
    ways: dict[str, list[str]] = {}
    for key in sorted({key for case in cases for key in case.slips}):
        ways.setdefault(key.partition("~")[0], []).append(key)
    rounds = [asked]
    # What chance drops looks different in every hand, and a device stops at a mistake of its own:
    # where all shows without them, only that counts.
    calm = [not (case.options.get("training") or case.options.get("elsewhere")) for case in cases]
    shown = [found for found, still in zip(findings, calm, strict=True) if found and still]
    if any(found.stage not in _ASIDE for found in shown):
        rounds.append([parts for parts, still in zip(asked, calm, strict=True) if still])
    for these in rounds:
        for slip in task.slips:
            if any(_is_way(slip, way, these) for way in ways.get(slip.id, ())):
                return slip
    for slip in task.slips:
        if not slip.in_part:
            continue
        parts = [_explains_in_part(slip, *answer) for answer in asked]
        if any(parts) and None not in parts:
            return slip
    # what an error always means is right of the one that is told, whatever the others are
    known = (*task.slips, *COMMON_SLIPS)
    return (
        common_slip(wrong, known)
        or common_slip(shown, known)
        or common_slip(wrong[:1], ERROR_SLIPS)
    )


def common_slip(findings: Sequence[Finding], slips: Sequence[Slip]) -> Slip | None:
    """Return the first slip that is told by what all of these findings say."""
    for slip in slips:
        if (
            slip.tells
            and findings
            and all(_is_said(slip.tells, found.message) for found in findings)
        ):
            return slip
    return None


def _is_said(pattern: str, message: str) -> bool:
    """Whether a message says this of itself, not in the line of code that it quotes."""
    return bool(re.search(pattern, re.split(r" in line \d+: ", message)[0]))


def _explains_in_part(slip: Slip, case: Case, report: Report, tensors: Tensors) -> bool | None:
    """Whether a slip shows in some outputs of a case, or in none; None if it explains nothing."""
    if slip.id not in case.slips:
        return None if "error" not in report else False
    shows = False
    for name, want in case.slips[slip.id].items():
        if not agrees(tensors, name, case.expected[name]):
            if not agrees(tensors, name, want):
                return None
            shows = True
    return shows


def named(
    task: Task,
    finding: Finding,
    cases: Sequence[Case],
    reports: Sequence[Report],
    tensors: Sequence[Tensors],
    *,
    alone: bool = False,
) -> Finding:
    """Put the name of a slip before a finding: of one that explains all results, or was seen.

    Args:
        task: the task.
        finding: about one of the cases; may have the id of a slip that its events show.
        cases: all that were asked.
        reports: what the worker says about each.
        tensors: what came back for each.
        alone: whether the task's given answer was sent.
    """
    slip = None
    if finding.stage != "manner":
        slip = name_slip(task, cases, reports, tensors, alone=alone)
    if finding.slip and slip not in task.slips:
        slip = task.slip(finding.slip)
    return with_slip(finding, slip)


def with_slip(finding: Finding, slip: Slip | None) -> Finding:
    """Put the name of a slip before the finding that led to it."""
    if slip is None:
        return finding
    title = slip.title[0].upper() + slip.title[1:]
    return replace(finding, message=f"{title}. ({finding.message})", hint=slip.hint, slip=slip.id)
