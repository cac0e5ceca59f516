"""What the terminal shows: a progress bar and the table of marks."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from grader.course.course import lost_points
from grader.course.ledger import Record
from grader.text import visible


class Progress:
    """A bar with the number of submissions done and the time that is left."""

    def __init__(self, quiet: bool) -> None:
        self._bar = Bar(
            TextColumn("judging"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=quiet,
        )

    def start(self, total: int) -> None:
        """Say how many there are; before that, nothing is drawn."""
        self._bar.start()
        self._task = self._bar.add_task("judging", total=total)

    def step(self, record: Record, cached: bool) -> None:
        """Count one."""
        self._bar.advance(self._task)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar.live.is_started:
            self._bar.stop()


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
