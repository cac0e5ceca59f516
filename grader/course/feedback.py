"""The feedback page of one student: inert HTML, made from the judge's record alone."""

from __future__ import annotations

from html import escape

from grader.course.ledger import Record
from grader.course.points import Points
from grader.judge.verdict import from_record
from grader.labs.base import Lab
from grader.text import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;
color:#1f2328;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #d0d7de;padding:.4rem .6rem;
text-align:left;vertical-align:top}section{border-left:6px solid #9a4b00;padding:.2rem 1rem;
margin:1rem 0}section.passed{border-color:#1a7f37}section.open{border-color:#8c959f}
pre{white-space:pre-wrap;
overflow-wrap:anywhere;background:#f6f8fa;padding:.6rem}
"""


def _say(text: str) -> str:
    return escape(visible(text))


def feedback_page(lab: Lab, record: Record, points: Points | None = None, below: str = "") -> str:
    """Return the page of a record as HTML without scripts or outside references.

    Args:
        lab: the lab.
        record: from the ledger, with the course's points.
        points: what the written questions are worth, by task; the kit's points if None.
        below: HTML that the page ends with.
    """
    points = points or {}
    titles = {task.id: task.title for task in lab.tasks}
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{_say(lab.title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_say(lab.title)}</h1>",
        f"<p>{_say(record['student'])}: <b>{record['points']} of {record['max_points']}</b> "
        "points by the judge.</p>",
    ]
    if record["reason"]:
        parts.append(f"<p><b>{_say(record['reason'])}</b></p>")
    rows = "".join(
        f"<tr><td>{_say(verdict['task'])}</td><td>{_say(titles[verdict['task']])}</td>"
        f"<td>{verdict['points']} / {verdict['max_points']}</td>"
        f"<td>{'passed' if verdict['stage'] == 'passed' else 'not passed'}</td></tr>"
        for verdict in record["verdicts"]
    )
    parts.append(
        f"<table><tr><th>task</th><th>what</th><th>points</th><th>result</th></tr>{rows}</table>"
    )
    for verdict in record["verdicts"]:
        passed = verdict["stage"] == "passed"
        parts.append(
            f'<section class="{"passed" if passed else ""}"><h2>{_say(verdict["task"])}</h2>'
        )
        parts += [f"<p>{_say(line)}</p>" for line in from_record(verdict).words]
        parts.append("</section>")
    manual = [task for task in lab.tasks if task.manual]
    for task in manual:
        worth = points.get(task.id, task.points)
        parts.append(
            f'<section class="open"><h2>{task.id}</h2><p>{_say(task.title)}</p>'
            f"<p>Up to {worth} points on top, marked by a person.</p></section>"
        )
    if record["repairs"]:
        parts.append("<h2>What was repaired in your notebook</h2><ul>")
        parts += [f"<li>{_say(repair)}</li>" for repair in record["repairs"]]
        parts.append("</ul>")
    if below:
        parts.append(below)
    if record["isolation"] != "bubblewrap":
        parts.append(f"<p><small>Judged {_say(record['isolation'])}.</small></p>")
    parts.append("</body></html>\n")
    return "\n".join(parts)
