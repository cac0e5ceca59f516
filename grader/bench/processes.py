"""A question's process, held and looked at from outside.

While the one side is timed, the other is stopped with all its threads: it can neither work ahead
nor take the processor away. What a process has used is read where only the kernel writes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_STOP_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Usage(NamedTuple):
    """What a process has had so far, in seconds."""

    processor: float
    """Of all its threads."""
    waited: float
    """Its first thread: ready to run, while something else than its other threads ran."""


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started; none if nobody can tell."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for task in (_PROC / str(pid) / "task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def can_be_held() -> bool:
    """Whether this machine tells who has started whom, so that all of it can be stopped."""
    try:
        (_PROC / "self/task" / str(os.getpid()) / "children").read_text()
    except OSError:
        return False
    return True


def _runs(pid: int) -> bool:
    """Whether a thread of a process is neither stopped nor dead."""
    try:
        tasks = [task / "stat" for task in (_PROC / str(pid) / "task").iterdir()]
        states = [task.read_text().rpartition(")")[2].split()[0] for task in tasks]
    except (OSError, IndexError):  # it has just ended
        return False
    return not set(states) <= set("TtZX")


def idlest_core(seconds: float = 0.2) -> int | None:
    """Return the core that does least, of those that this process may use; None if nobody knows.

    Args:
        seconds: for which it is looked at.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = os.sched_getaffinity(0)
    before = _idle_ticks()
    time.sleep(seconds)
    idle = {core: ticks - before.get(core, 0) for core, ticks in _idle_ticks().items()}
    return max(sorted(cores), key=lambda core: idle.get(core, 0))


def _idle_ticks() -> dict[int, int]:
    """Return for how long each core has had nothing to do."""
    found = {}
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROC / "stat").read_text().splitlines():
            name, *ticks = line.split()
            if name.startswith("cpu") and name[3:].isdigit():
                found[int(name[3:])] = int(ticks[3])
    return found


def pin(pid: int, core: int) -> None:
    """Keep a process, what descends from it and all that they will start on one core."""
    family = [pid]
    for one in family:
        family += children_of(one)
        with contextlib.suppress(OSError):
            for task in (_PROC / str(one) / "task").iterdir():
                os.sched_setaffinity(int(task.name), {core})


class Held:
    """The process of a question, and all that it starts.

    Args:
        worker: process of the worker, as it was started here.
        confined: whether a sandbox stands between that and the worker itself.
    """

    def __init__(self, worker: int, confined: bool) -> None:
        self.pid = 0
        family = children_of(worker)
        for _ in range(confined):
            family = [child for pid in family for child in children_of(pid)]
        if family:
            self.pid = family[-1]

    def all(self) -> list[int]:
        """Return the process and what descends from it."""
        family = [self.pid] if self.pid else []
        for pid in family:
            family += children_of(pid)
        return family

    def stop(self) -> None:
        """Stop every thread of every process, those that were just being started, too.

        A thread that waits for a processor stops when it next gets one: that is waited for, or it
        would be in the way of whoever is timed next.
        """
        stopped: set[int] = set()
        while new := set(self.all()) - stopped:
            for pid in new:
                self._send(pid, signal.SIGSTOP)
            stopped |= new
        deadline = time.monotonic() + _STOP_SECONDS
        while any(map(_runs, stopped)) and time.monotonic() < deadline:
            time.sleep(0.0002)

    def go(self) -> None:
        """Let all of them go on."""
        for pid in self.all():
            self._send(pid, signal.SIGCONT)

    def kill(self) -> bool:
        """End the process; False if nobody knows which it is."""
        if self.pid:
            self._send(self.pid, signal.SIGKILL)
        return bool(self.pid)

    def usage(self) -> Usage:
        """Return what has been used so far."""
        processor = waited = 0.0
        with contextlib.suppress(OSError, ValueError, IndexError):
            for pid in self.all():
                fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
                processor += (int(fields[11]) + int(fields[12])) / _TICKS
            for task in (_PROC / str(self.pid) / "task").iterdir():
                ran, stood = map(int, (task / "schedstat").read_text().split()[:2])
                # where one of its own threads was in the way of the first, nobody else was
                waited += stood / 1e9 if int(task.name) == self.pid else -ran / 1e9
        return Usage(processor, waited)

    def peak_bytes(self) -> int:
        """Return the most memory that the process has held at a time; 0 if nobody can tell."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in (_PROC / str(self.pid) / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return 1024 * int(line.split()[1])
        return 0

    @staticmethod
    def _send(pid: int, what: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, what)
