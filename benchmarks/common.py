"""What measurements share: the machine in a line, works timed in turn, processes of their own."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from labkit.devices import device_name


def machine() -> str:
    """Say what the figures were measured on."""
    processor = device_name(torch.device("cpu"))
    return f"{platform.machine()}, {processor}, {os.cpu_count()} cores, torch {torch.__version__}"


class Time(NamedTuple):
    wall: float  # seconds
    processor: float  # seconds, of all threads together


def in_turn(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Time]]:
    """Time works round after round, so that what disturbs one disturbs all; the first warms up."""
    times: dict[str, list[Time]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            wall, processor = time.perf_counter(), time.process_time()
            work()
            taken = Time(time.perf_counter() - wall, time.process_time() - processor)
            if number > 0:
                times[name].append(taken)
    return times


def in_a_process(script: str, *arguments: str, threads: int = 1) -> str:
    """Run a script with so many threads, and return what it prints."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    return subprocess.run(
        [sys.executable, script, *arguments],
        env=environment, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip


def peak_bytes() -> int:
    """Return the largest resident size of this process in bytes.

    ``getrusage`` is asked only where there is nothing else: on Linux its figure begins with what
    the process that started this one held.
    """
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest substitutions, deletions and insertions that make one of the other."""
    row = list(range(len(other) + 1))
    for number, item in enumerate(one, 1):
        diagonal, row[0] = row[0], number
        for column, wanted in enumerate(other, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (item != wanted)),
            )
    return row[-1]
