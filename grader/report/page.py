"""How a report card looks: as text for terminals and screen readers, and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.labs.base import Task
from grader.report.card import CLASSIC, LabReport, ReportCard, finding, next_step
from grader.text import visible

_SELF_CHECK = (
    "Self-check of the notebooks as they were last saved, on the public cases. Grading also uses "
    "hidden ones, so this is no mark."
)
_STYLE = "text-align:left"  # notebooks set every cell to the right
_NARROW = "white-space:nowrap"  # all columns but the last, which holds sentences
_HEAD = ("", "task", "what", "points", "public", "hidden", "time", "what was found")


def _score(card: ReportCard) -> str:
    return f"得分: {card.score:.2f} (score, of {card.max_score})"


def _when(report: LabReport | None) -> str:
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


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns; one that is empty in every row takes no room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width
        ).rstrip()
        for row in rows
    ]


def classic_lines(card: ReportCard) -> list[str]:
    """Return the original lab's card: score and time, the word, the names, a line for each.

    The original printed nothing but PASS on the last five lines; here the name and its points
    follow, because a FAIL in the third of five lines names nothing.
    """
    when = _when(card.newest)
    tests = [(test.word, test.name, f"{test.points}/{test.max_points}") for test in card.tests]
    return [f"{_score(card)}    {when}".rstrip(), card.word, " ".join(CLASSIC), *_columns(tests)]


def _lab_lines(report: LabReport) -> list[str]:
    lines = [f"{report.lab.title} · {report.total}/{report.lab.points}"]
    if report.file:
        lines.append("  " + "  ".join(filter(None, (visible(report.file), _when(report)))))
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
    for task, row in zip(report.lab.tasks, _columns(rows), strict=True):
        lines.append(f"  {row}")
        if problem := finding(report, task):
            lines += [f"      {problem}", f"      Next: {next_step(report, task)}"]
    return [*lines, *(f"  ! {visible(note)}" for note in report.notes)]


def card_text(card: ReportCard) -> str:
    """Return the card as text."""
    lines = [f"Report card of {visible(card.student)}"] if card.student else []
    lines += [_SELF_CHECK] if card.self_check else []
    lines += ["", *classic_lines(card)]
    for report in card.labs:
        lines += ["", *_lab_lines(report)]
    return "\n".join([*lines, "", f"Next: {card.next}"]).lstrip("\n")


def _say(text: str) -> str:
    return escape(visible(text))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text, without the columns that are empty in every row."""
    used = [index for index in range(len(head)) if any(row[index] for row in rows)]

    def line(cells: Sequence[str], tag: str) -> str:
        styles = [f"{_STYLE};{_NARROW}"] * (len(head) - 1) + [_STYLE]
        written = [f'<{tag} style="{styles[i]}">{_say(cells[i])}</{tag}>' for i in used]
        return f"<tr>{''.join(written)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def _lab_html(report: LabReport) -> str:
    parts = [f"<p><b>{_say(report.lab.title)} · {report.total}/{report.lab.points}</b>"]
    if report.file:
        parts.append(f"<br><small>{_say(report.file)} {_say(_when(report))}</small>")
    parts.append("</p>")
    if report.reason:
        return "".join([*parts, f"<p>{_say(report.reason)}</p>"])
    rows = []
    for task in report.lab.tasks:
        problem, advice = finding(report, task), next_step(report, task)
        said = f"{problem} Next: {advice}" if problem else advice
        rows.append((_mark(report, task), task.id, task.title, *_figures(report, task), said))
    parts.append(_table(_HEAD, rows))
    parts += [f"<p><small>! {_say(note)}</small></p>" for note in report.notes]
    return "".join(parts)


def card_html(card: ReportCard) -> str:
    """Return the card as HTML; the words carry everything."""
    parts = [f"<p>{_say(_SELF_CHECK)}</p>"] if card.self_check else []
    parts += [
        f"<p><b>{_say(_score(card))}</b> {_say(_when(card.newest))}"
        f"<br><b>{_say(card.word)}</b></p>",
        _table(
            [test.name for test in card.tests],
            [
                [test.word for test in card.tests],
                [f"{test.points}/{test.max_points}" for test in card.tests],
            ],
        ),
        *map(_lab_html, card.labs),
        f"<p><b>Next:</b> {_say(card.next)}</p>",
    ]
    return f"<div>{''.join(parts)}</div>"
