"""A bar for work on many files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(wanted: bool, title: str, total: float) -> Iterator[Callable[[float], None]]:
    """Show how much is done and how long the rest takes, on standard error.

    Args:
        wanted: whether to show it at all.
        title: what is being done.
        total: amount of work.

    Yields:
        A function to call with the amount that was just done.
    """
    if not wanted:
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda amount: progress.advance(task, amount)
