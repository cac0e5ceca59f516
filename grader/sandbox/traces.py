"""What a question leaves behind in its sandbox: it is counted, taken away, or made useless."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

WIPE_SECONDS = 3.0  # what takes longer is thrown away with the whole sandbox
SCRATCH = ("/scratch", "/dev/shm")  # of the sandbox; emptied after every question

STIRRED_FILES, STIRRED_THREADS = 2048, 128  # at most, before each question
FORGIVEN_FILES, FORGIVEN_THREADS = 128, 32  # the question of lab 4 that makes most makes half


def threads(child: int) -> int:
    """Count the threads of a process; 0 if it has ended."""
    try:
        return Path(f"/proc/{child}/task").stat().st_nlink - 2
    except OSError:  # it has just ended
        return 0


def entries() -> int:
    """Count what lies in the scratch folders: every name counts there, those of hard links too."""
    return sum(found.f_files - found.f_ffree for found in map(os.statvfs, SCRATCH))


def wipe(folder: Path, seconds: float = WIPE_SECONDS) -> bool:
    """Empty a scratch folder; False if something resisted, or it took too long.

    The folders of a folder are moved to the top before it goes: no path gets long, however deep
    they lie.
    """
    deadline = time.monotonic() + seconds
    unused = (folder / f"{os.urandom(8).hex()}{number}" for number in itertools.count())
    try:
        while entries := list(folder.iterdir()):
            for entry in entries:
                if time.monotonic() > deadline:
                    return False
                _remove(entry, unused)
    except OSError:
        return False
    return True


def _remove(path: Path, unused: Iterator[Path]) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    path.chmod(0o700)
    for inner in list(path.iterdir()):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o700)
            inner.rename(next(unused))
        else:
            inner.unlink()
    path.rmdir()


def stir() -> None:
    """Move the counters that outlive a question by amounts that nobody knows."""
    for folder in SCRATCH:
        path = f"{folder}/{os.urandom(8).hex()}"
        for _ in range(secrets.randbelow(STIRRED_FILES)):  # in the quickest way there is
            os.symlink("nowhere", path)  # noqa: PTH211
            os.unlink(path)  # noqa: PTH108
    before = threads(os.getpid())
    for _ in range(secrets.randbelow(STIRRED_THREADS)):
        _end(threading.Thread(target=int))
    _wait_for(before)


def _inode(folder: str) -> int:
    """Return the number of the next file that is made in a folder."""
    path = f"{folder}/{os.urandom(8).hex()}"
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    number = os.fstat(descriptor).st_ino
    os.close(descriptor)
    Path(path).unlink()
    return number


def _thread() -> int:
    """Return the number of the next thread, from which processes have theirs, too."""
    before = threads(os.getpid())
    thread = threading.Thread(target=int)
    _end(thread)
    _wait_for(before)
    return thread.native_id or 0


def _end(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


def _wait_for(count: int) -> None:
    """Wait until there are as few threads: the kernel has one a moment longer than Python."""
    while threads(os.getpid()) > count:
        time.sleep(0)


def counters() -> tuple[int, int, int]:
    """Return the next numbers of a file in each scratch folder, and of a thread."""
    return _inode(SCRATCH[0]), _inode(SCRATCH[1]), _thread()


def unmoved(before: tuple[int, int, int]) -> bool:
    """Whether a question moved the counters no further than honest ones do.

    Files and threads are numbered on and on: a later question could read what an earlier one has
    written by making many. So few are forgiven that the stirring hides them.
    """
    moved = [after - then for after, then in zip(counters(), before, strict=True)]
    return max(moved[:2]) <= FORGIVEN_FILES and moved[2] <= FORGIVEN_THREADS
