"""The progress board: which tasks of a notebook are done, in a table that also reads as text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.notebook.picture import Table

_BAR = 30  # blocks


@dataclass(frozen=True)
class ProgressRow:
    """One task on the board.

    Args:
        name: what the task is called everywhere, such as ``attention-1``.
        title: what it is about, in a few words.
        points: what it is worth.
        done: whether its last check passed; None if it has not been checked.
        cases: how many of its check's cases passed, and how many there are; None if unknown.
        checks: how often it was checked.
        seconds: the time spent on it.
        by_hand: whether a person marks it; it then counts neither as done nor as open.
    """

    name: str
    title: str
    points: int
    done: bool | None = None
    cases: tuple[int, int] | None = None
    checks: int = 0
    seconds: float = 0.0
    by_hand: bool = False

    @property
    def status(self) -> str:
        """Where the task stands: a mark and the same in words."""
        if self.by_hand:
            return "✎ marked by hand"
        if self.done is None:
            return "· not checked yet"
        return "✓ done" if self.done else "✗ not yet"


@dataclass(frozen=True)
class ProgressBoard:
    """The tasks of a notebook: done or not, points, and the time they took.

    As the last line of a cell it displays itself; ``print`` shows the same as text.

    Args:
        title: of the notebook.
        rows: one for each task, in the notebook's order.
        seconds_open: time since the notebook was opened.
        seconds_since_check: time since the last check; None if there was none.
    """

    title: str
    rows: Sequence[ProgressRow]
    seconds_open: float
    seconds_since_check: float | None = None

    @property
    def points(self) -> tuple[int, int]:
        """The points of the tasks that are done, and of all that can be checked."""
        checked = [row for row in self.rows if not row.by_hand]
        return sum(row.points for row in checked if row.done), sum(row.points for row in checked)

    @property
    def lines(self) -> list[str]:
        """What the board says in sentences."""
        checked = [row for row in self.rows if not row.by_hand]
        done = sum(row.done is True for row in checked)
        earned, possible = self.points
        lines = [
            f"{done} of {len(checked)} tasks done, {earned} of {possible} points "
            "on the cases that you can see."
        ]
        following = next((row for row in checked if not row.done), None)
        if following is not None:
            lines.append(f"Next: {following.name}, {following.title}.")
        time = f"Open for {say_duration(self.seconds_open)}"
        if self.seconds_since_check is not None:
            time += f", last check {say_duration(self.seconds_since_check)} ago"
        lines.append(f"{time}. A task's time runs from the check before it to its own last one.")
        return lines

    @property
    def table(self) -> Table:
        """The board's rows as text."""
        return Table(
            ("task", "what", "status", "points", "cases", "checks", "time"),
            [
                (
                    row.name,
                    row.title,
                    row.status,
                    f"up to {row.points}" if row.by_hand else _share(row),
                    "" if row.cases is None else f"{row.cases[0]}/{row.cases[1]}",
                    str(row.checks) if row.checks else "",
                    say_duration(row.seconds) if row.checks else "",
                )
                for row in self.rows
            ],
        )

    def _bar(self) -> str:
        earned, possible = self.points
        filled = _BAR * earned // possible if possible else 0
        return "█" * filled + "░" * (_BAR - filled)

    def __repr__(self) -> str:
        return "\n".join([self.title, self._bar(), *self.lines, "", self.table.as_text()])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # the bar repeats the first sentence, so a screen reader may skip it
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.lines)
        return {
            "text/html": f"<p><b>{html.escape(self.title)}</b></p>"
            f'<p aria-hidden="true">{self._bar()}</p>{lines}{self.table.as_html()}',
            "text/plain": repr(self),
        }


def _share(row: ProgressRow) -> str:
    return f"{row.points if row.done else 0}/{row.points}"


def say_duration(seconds: float) -> str:
    """Say a time as people do: ``40 s``, ``12 min``, ``1 h 05 min``."""
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
