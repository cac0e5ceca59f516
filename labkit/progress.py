"""The one bar for work that takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(wanted: bool, title: str, total: float) -> Iterator[Callable[[float], object]]:
    """Show how much is done and how long the rest takes, on standard error or in the notebook.

    Args:
        wanted: whether to show it at all; into a file it is never written.
        title: what is being done.
        total: amount of work; a whole number is counted, any other is shown in per cent.

    Yields:
        A function to call with the amount that was just done.
    """
    if not wanted:
        yield lambda amount: None
        return
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    seen = console.is_terminal or console.is_jupyter
    done = rich.MofNCompleteColumn() if isinstance(total, int) else rich.TaskProgressColumn()
    columns = ("{task.description}", rich.BarColumn(), done, rich.TimeRemainingColumn())
    with rich.Progress(*columns, console=console, transient=True, disable=not seen) as bar:
        task = bar.add_task(title, total=total)
        yield lambda amount: bar.advance(task, amount)
