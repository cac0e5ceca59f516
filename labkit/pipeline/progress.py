"""A bar for texts that take a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

WORTH_A_BAR = 60
"""Symbols that a full-size voice speaks in about two seconds on two cores of a laptop."""


@contextmanager
def progress_bar(wanted: bool, sizes: Sequence[int]) -> Iterator[Callable[[int], None]]:
    """Show how much of the work is done, on standard error or in the notebook.

    Args:
        wanted: whether to show it at all.
        sizes: symbols of each piece.

    Yields:
        A function to call with the symbols of each piece that is done.
    """
    if not wanted or sum(sizes) < WORTH_A_BAR:
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    is_seen = console.is_terminal or console.is_jupyter
    with Progress(console=console, transient=True, disable=not is_seen) as progress:
        task = progress.add_task("speaking", total=sum(sizes))
        yield lambda size: progress.advance(task, size)
