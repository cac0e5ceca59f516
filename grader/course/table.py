"""What the terminal shows: the table of marks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.bench.row import MEASURED, in_a_line, main_latency
from grader.course.course import lost_points
from grader.course.ledger import Record
from grader.text import visible


def print_marks(records: list[Record]) -> None:
    """Print a table: who has how many points, and why not more."""
    table = Table(show_lines=True)
    table.add_column("student", overflow="fold")
    table.add_column("lab")
    table.add_column("points", justify="right")
    table.add_column("where points were lost", overflow="fold")
    for record in records:
        reasons = "\n".join(part.strip() for part in lost_points(record).split(" | "))
        table.add_row(
            Text(visible(record["student"])),
            record["lab"],
            f"{record['points']}/{record['max_points']}",
            Text(visible(reasons)),
        )
    Console().print(table)


def print_benchmarks(rows: list[Record]) -> None:
    """Print a table: how fast each pipeline is beside the reference, and what is slow in it."""
    table = Table(show_lines=True)
    table.add_column("student", overflow="fold")
    table.add_column("ratio", justify="right")
    table.add_column("ms", justify="right")
    table.add_column("what was found", overflow="fold")
    for row in rows:
        ratio = milliseconds = ""
        if row["status"] == MEASURED:
            ratio = f"{row['ratio']['median']:.2f}"
            milliseconds = f"{1000 * main_latency(row).seconds[0]:.0f}"
        found = visible(in_a_line(row))
        table.add_row(Text(visible(row["student"])), ratio, milliseconds, Text(found))
    Console().print(table)
