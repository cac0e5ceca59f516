"""How a lab looks on a report card: as text for terminals and screen readers, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.labs.base import Task
from grader.report.lab_report import LabReport, finding, next_step
from grader.text import visible

_STYLE = "text-align:left"  # notebooks set every cell to the right
_NARROW = "white-space:nowrap"  # all columns but the last, which holds sentences
_HEAD = ("", "task", "what", "points", "public", "hidden", "time", "what was found")


def when(report: LabReport | None) -> str:
    """Return when a lab's notebook was saved, handed in or judged; nothing if nobody knows."""
    if report is None or report.time is None:
        return ""
    return f"{report.time_of} {report.time:%Y-%m-%d %H:%M:%S %z}"


def _mark(report: LabReport, task: Task) -> str:
    """Return a mark and a word: the mark alone would say nothing to a screen reader."""
    if task.manual:
        return "✎ by hand"
    verdict = report.verdicts.get(task.id)
    if verdict is None:
        return "· missing"
    return "✓ passed" if verdict.passed else "✗ not yet"


def _figures(report: LabReport, task: Task) -> list[str]:
    """Return points, public cases, hidden cases and seconds, each empty if not known."""
    if task.manual:
        return [f"up to +{task.points}", "", "", ""]
    points = f"{report.points(task)}/{task.points}"
    verdict = report.verdicts.get(task.id)
    if verdict is None or not verdict.public[1]:
        return [points, "", "", ""]
    hidden = f"{verdict.hidden[0]}/{verdict.hidden[1]}" if verdict.hidden[1] else ""
    return [points, f"{verdict.public[0]}/{verdict.public[1]}", hidden, f"{verdict.seconds:.2f} s"]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns; one that is empty in every row takes no room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width
        ).rstrip()
        for row in rows
    ]


def lab_lines(report: LabReport) -> list[str]:
    """Return what is known of a lab as lines of text."""
    lines = [f"{report.lab.title} · {report.total}/{report.lab.points}"]
    if report.file:
        lines.append("  " + "  ".join(filter(None, (visible(report.file), when(report)))))
    if report.reason:
        return [*lines, f"  {visible(report.reason)}"]
    rows = []
    for task in report.lab.tasks:
        points, public, hidden, seconds = _figures(report, task)
        rows.append(
            (
                _mark(report, task),
                task.id,
                task.title,
                points,
                public and f"public {public}",
                hidden and f"hidden {hidden}",
                seconds,
            )
        )
    for task, row in zip(report.lab.tasks, columns(rows), strict=True):
        lines.append(f"  {row}")
        if problem := finding(report, task):
            lines += [f"      {problem}", f"      Next: {next_step(report, task)}"]
    return [*lines, *(f"  ! {visible(note)}" for note in report.notes)]


def say(text: str) -> str:
    """Return a text, whatever it holds, as HTML that shows it."""
    return escape(visible(text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text, without the columns that are empty in every row."""
    used = [index for index in range(len(head)) if any(row[index] for row in rows)]

    def line(cells: Sequence[str], tag: str) -> str:
        styles = [f"{_STYLE};{_NARROW}"] * (len(head) - 1) + [_STYLE]
        written = [f'<{tag} style="{styles[i]}">{say(cells[i])}</{tag}>' for i in used]
        return f"<tr>{''.join(written)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def lab_html(report: LabReport) -> str:
    """Return what is known of a lab as HTML."""
    parts = [f"<p><b>{say(report.lab.title)} · {report.total}/{report.lab.points}</b>"]
    if report.file:
        parts.append(f"<br><small>{say(report.file)} {say(when(report))}</small>")
    parts.append("</p>")
    if report.reason:
        return "".join([*parts, f"<p>{say(report.reason)}</p>"])
    rows = []
    for task in report.lab.tasks:
        problem, advice = finding(report, task), next_step(report, task)
        said = f"{problem} Next: {advice}" if problem else advice
        rows.append((_mark(report, task), task.id, task.title, *_figures(report, task), said))
    parts.append(table(_HEAD, rows))
    parts += [f"<p><small>! {say(note)}</small></p>" for note in report.notes]
    return "".join(parts)
