"""The worker: a warm process that forks once per question and holds no golden and no reference.

It is started by :mod:`grader.sandbox.isolation`, reads requests from standard input and writes
answers to standard output. Every question runs in a child of its own: pipes of the worker are
closed, limits set, and it is killed with all that it left behind when it is done.

What a student sent or returned never stands in the worker's own memory, of which every later
child has a copy: the child reads its request itself, and the answer passes through pages that are
given back before the next fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import mmap
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from grader.sandbox.frame import (
    FRAME_LIMIT,
    LENGTH_BYTES,
    NOTEBOOK,
    TURNS,
    pack,
    read_bytes,
    unpack,
    write_bytes,
)
from grader.sandbox.landlock import hide_kernel_files
from grader.sandbox.line import answered_through
from grader.sandbox.system_calls import forbid_system_calls
from grader.sandbox.traces import SCRATCH, counters, entries, stir, threads, unmoved, wipe

MEMORY_LIMIT = 2 * 1024**3  # bytes of address space that a question may add
FILE_LIMIT = 32 * 1024**2  # bytes of any file that it writes
OPEN_FILE_LIMIT = 256  # each pipe among them holds memory, too
THREAD_LIMIT = 16
LONGEST_WAIT = 3  # times its limit: how much longer a question may take if others starve it
ENTRY_LIMIT = 2_000  # files, folders and links that it makes

_NOTEBOOK_MODULES = (
    "IPython.core.interactiveshell",
    "IPython.utils.capture",
    "ipywidgets",
    "matplotlib.pyplot",
    "labkit.notebook",
)
# of those kinds of questions that not every worker is asked; what they do tells them no secret
_MODULES = {NOTEBOOK: _NOTEBOOK_MODULES, TURNS: ("grader.bench.beside",)}
_PR_SET_DUMPABLE = 4
_POLL_SECONDS = 0.005


def _hide_memory() -> None:
    """Forbid other processes of this user to read this one's memory or descriptors."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _limit(seconds: float, confined: bool) -> None:
    import resource

    def lower(what: int, value: int) -> None:
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_CPU, int(seconds) + 2)
    lower(resource.RLIMIT_FSIZE, FILE_LIMIT)
    lower(resource.RLIMIT_NOFILE, OPEN_FILE_LIMIT)
    if sys.platform.startswith("linux"):
        lower(resource.RLIMIT_AS, _address_space() + MEMORY_LIMIT)
        # what the kernel counts together with all that the same user runs
        lower(resource.RLIMIT_MEMLOCK, 0)
        lower(resource.RLIMIT_MSGQUEUE, 0)
        lower(resource.RLIMIT_SIGPENDING, 64)


def _compute() -> None:
    """Do what every solution does: compute, and send a gradient back through a thread."""
    import torch

    x = torch.ones(4, 4, requires_grad=True)
    (x @ x).sum().backward()


def _answer(document: dict[str, Any], tensors: dict[str, Any]) -> Iterator[bytes]:
    """Yield the parts of an answer; those of a notebook come one by one, each a frame."""
    if document["kind"] == "ready":
        _compute()
        yield pack({})[LENGTH_BYTES:]
    elif document["kind"] == NOTEBOOK:
        from grader.sandbox.outputs import run_notebook

        for cell_id, outputs in run_notebook(document["cells"], document["seconds"]):
            yield pack({"cells": {cell_id: outputs}})
    elif document["kind"] == TURNS:
        yield pack(*resolve_name(document["served"])(document, tensors))[LENGTH_BYTES:]
    else:
        from grader.sandbox.perform import perform

        yield pack(*perform(document, tensors))[LENGTH_BYTES:]


def _child(head: dict[str, Any], requests: int, pipe: int, line: int, confined: bool) -> None:
    """Answer one request in the forked child; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        body = read_bytes(requests, head["size"])
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        first = 3
        for kept in (*sorted({pipe, line} - {-1}), 256):
            os.closerange(first, kept)
            first = kept + 1
        if line >= 0:
            answered_through(line)
        _limit(head["seconds"], confined)
        if confined:
            hide_kernel_files()
            forbid_system_calls()
        for part in _answer(*unpack(body)):
            write_bytes(pipe, part)
    except BaseException:
        os._exit(1)  # the judge reads a missing answer as what it is
    os._exit(0)


def _waited(child: int) -> float:
    """Return for how many seconds a child was ready to run while others had the processor."""
    try:
        return int(Path(f"/proc/{child}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # it has ended, or this kernel does not count
        return 0.0


def _collect(
    child: int, pipe: int, seconds: float, confined: bool, buffer: memoryview
) -> tuple[str, int, int, int]:
    """Read a child's answer until it ends; return status, exit code, peak bytes and size read."""
    deadline = time.monotonic() + seconds
    size, status, ended = 0, "ok", False
    code, peak = 0, 0
    while True:
        ready = bool(select.select([pipe], [], [], 0 if ended else _POLL_SECONDS)[0])
        count = os.readv(pipe, [buffer[size:]]) if ready else 0
        size += count
        if size > FRAME_LIMIT:
            status = "output"
        elif (late := time.monotonic() - deadline) > 0 and late > min(
            _waited(child), (LONGEST_WAIT - 1) * seconds
        ):
            status = "time"
        # of the kernel's own limits, that on threads would count all of a user's processes, and
        # there is none on files
        elif confined and threads(child) > THREAD_LIMIT:
            status = "threads"
        elif confined and entries() > ENTRY_LIMIT:
            status = "files"
        if ended and not count:  # drained; a grandchild may hold the pipe open: no matter
            break
        if not ended:
            if status != "ok":
                os.kill(child, signal.SIGKILL)
            process, wait_status, usage = os.wait4(child, 0 if status != "ok" else os.WNOHANG)
            if process:
                ended = True
                code, peak = os.waitstatus_to_exitcode(wait_status), usage.ru_maxrss * 1024
        if status != "ok" and ended:
            break
        if ready and not count and not ended:  # closed early: wait for the exit without spinning
            time.sleep(_POLL_SECONDS)
    if status == "ok" and (code != 0 or not size):
        status = "died"
    return status, code, peak, min(size, FRAME_LIMIT)


def _kill_leftovers(child: int, confined: bool) -> None:
    """Kill whatever the question started and did not end."""
    if not confined:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        return
    # As the namespace's first process, this one adopts all orphans: kill and reap until none.
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def answer_in_child(
    head: dict[str, Any], requests: int, answers: int, confined: bool, line: int = -1
) -> None:
    """Fork, let the child answer, and write an envelope that says how it went.

    The envelope's document holds the request's ``nonce``, ``status`` (``ok``, ``time``,
    ``output``, ``threads``, ``files``, ``died``), the child's exit ``code`` (negative: signal),
    ``seconds``, ``peak_bytes``, whether the sandbox is ``clean`` again, and the ``size`` of the
    answer, which follows it raw: what the child says about its own length is not believed. Of a
    notebook, what came before the end is passed on, whatever ended it.

    Args:
        head: ``nonce``, ``kind``, ``seconds`` (the limit) and ``size`` of the request's body.
        requests: descriptor from which the child reads the body.
        answers: descriptor to which envelope and answer are written.
        confined: whether this runs in a sandbox of its own.
        line: descriptor of the child's line to the judge's stage, if it has one; closed here.
    """
    _preload(_MODULES.get(head["kind"], ()))
    if counted := confined and head["kind"] not in _MODULES:
        stir()
        numbers = counters()
    started = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(head, requests, writing, line, confined)
    os.close(writing)
    if line >= 0:
        os.close(line)
    with mmap.mmap(-1, FRAME_LIMIT + 1) as memory, memoryview(memory) as buffer:
        status, code, peak, size = _collect(child, reading, head["seconds"], confined, buffer)
        _kill_leftovers(child, confined)
        os.close(reading)
        if status != "ok" and head["kind"] != NOTEBOOK:  # a part of an answer is none
            size = 0
        clean = not confined or all([wipe(Path(folder)) for folder in SCRATCH])
        envelope = {
            "nonce": head["nonce"],
            "status": status,
            "code": code,
            "seconds": round(time.monotonic() - started, 3),
            "peak_bytes": peak,
            "clean": clean and (not counted or unmoved(numbers)),
            "size": size,
        }
        write_bytes(answers, pack(envelope))
        with buffer[:size] as answer:
            write_bytes(answers, answer)


def _preload(modules: tuple[str, ...]) -> None:
    """Import what children will need, so that each inherits it; what is not installed is left."""
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def _warm_up() -> None:
    """Do once what every child would otherwise do anew: imports, and the first use of kernels."""
    import torch
    from torch.nn import functional as F

    from grader.labs import LABS

    # loaded before student code runs, so that nothing of it can stand in what they import
    adapters = {task.adapter.partition(":")[0] for lab in LABS.values() for task in lab.judged}
    _preload(("grader.sandbox.perform", "labkit.tacotron2", *sorted(adapters)))
    torch.set_num_threads(1)
    # oneDNN compiles a kernel for every new shape: for tiny cases that costs more than it saves
    torch.backends.mkldnn.set_flags(False)
    # forward only: a process whose autograd engine has run cannot be forked
    with torch.no_grad():
        x = torch.ones(2, 4, 8)
        x = F.linear(F.conv1d(x, torch.ones(4, 4, 3), padding=1), torch.ones(8, 8))
        torch.bmm(F.softmax(x.tanh(), dim=1), x.transpose(1, 2))
    gc.collect()
    gc.freeze()  # the collector of a child must not touch, and so copy, every inherited object


def serve(requests: int, answers: int, confined: bool) -> None:
    """Answer requests until the judge closes the pipe."""
    _warm_up()
    _hide_memory()
    with socket.socket(fileno=os.dup(requests)) as stream:
        while True:
            length, lines, *_ = socket.recv_fds(stream, LENGTH_BYTES, 1)
            length += read_bytes(requests, LENGTH_BYTES - len(length))
            if not length:
                return
            head, _ = unpack(read_bytes(requests, int.from_bytes(length, "little")))
            answer_in_child(head, requests, answers, confined, *lines)


def main() -> None:
    """Entry point inside the sandbox; the argument says whether this is one."""
    confined = sys.argv[1:] == ["confined"]
    if confined and os.getpid() != 1:
        sys.exit("worker: 'confined' was said outside of a process namespace of its own")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as first process, nothing else can reach it
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever is printed while importing does not mix with frames
    serve(0, answers, confined)


if __name__ == "__main__":
    main()
