"""The same work on many files, several at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Generator[Result, None, None]:
    """Work on items in threads, a few ahead of whoever takes the results.

    Threads will do, because the time goes into other programs, files and tensor arithmetic.

    Args:
        function: what to do with an item; what it raises is raised when its turn comes.
        items: may be endless.
        jobs: how many at a time.

    Yields:
        The results in the order of the items. Closing the iterator waits for what is under way.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # jobs share the processors, so each keeps to one
    ahead: deque[Future[Result]] = deque()
    remaining = iter(items)
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                while True:
                    for item in remaining:
                        ahead.append(pool.submit(function, item))
                        if len(ahead) >= 2 * jobs:
                            break
                    if not ahead:
                        return
                    yield ahead.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)
    finally:
        torch.set_num_threads(threads)
