"""The worker: a warm process that forks once per question and holds no golden and no reference.

It is started by :mod:`grader.isolation`, reads request frames from its standard input and writes
answer frames to its standard output. Every question runs in a child of its own: pipes of the
worker closed, limits set, killed with all that it left behind when it is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from grader.frame import FRAME_LIMIT, LENGTH_BYTES, pack, read_frame, unpack

MEMORY_LIMIT = 2 * 1024**3  # bytes of address space that a question may add
FILE_LIMIT = 32 * 1024**2  # bytes of any file that it writes
PROCESS_LIMIT = 16  # processes and threads in the namespace
SCRATCH = ("/scratch", "/dev/shm")  # of the sandbox; emptied after every question

_NOTEBOOK_MODULES = (
    "IPython.core.interactiveshell",
    "IPython.utils.capture",
    "ipywidgets",
    "matplotlib.pyplot",
    "labkit.notebook",
)
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
    if sys.platform.startswith("linux"):
        lower(resource.RLIMIT_AS, _address_space() + MEMORY_LIMIT)
    if confined:  # elsewhere the count would be that of all of the user's processes
        lower(resource.RLIMIT_NPROC, PROCESS_LIMIT)


def _answer(document: dict[str, Any], tensors: dict[str, Any]) -> bytes:
    if document["kind"] == "ready":
        return pack({})[LENGTH_BYTES:]
    if document["kind"] == "notebook":
        from grader.outputs import run_notebook

        return pack(run_notebook(document["cells"]))[LENGTH_BYTES:]
    from grader.perform import perform

    return pack(*perform(document, tensors))[LENGTH_BYTES:]


def _child(body: bytes, pipe: int, confined: bool) -> None:
    """Answer one request in the forked child; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, pipe)
        os.closerange(pipe + 1, 256)
        document, tensors = unpack(body)
        _limit(document["seconds"], confined)
        answer = memoryview(_answer(document, tensors))
        while answer:
            answer = answer[os.write(pipe, answer) :]
    except BaseException:
        os._exit(1)  # the judge reads a missing answer as what it is
    os._exit(0)


def _collect(child: int, pipe: int, seconds: float) -> tuple[str, int, int, bytes]:
    """Read a child's answer until it ends; return status, exit code, peak bytes and answer."""
    deadline = time.monotonic() + seconds
    chunks: list[bytes] = []
    size, status, ended = 0, "ok", False
    code, peak = 0, 0
    while True:
        ready = bool(select.select([pipe], [], [], 0 if ended else _POLL_SECONDS)[0])
        chunk = os.read(pipe, 1 << 20) if ready else b""
        chunks.append(chunk)
        size += len(chunk)
        if size > FRAME_LIMIT:
            status = "output"
        elif time.monotonic() > deadline:
            status = "time"
        if ended and not chunk:  # drained; a grandchild may hold the pipe open: no matter
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
        if ready and not chunk and not ended:  # closed early: wait for the exit without spinning
            time.sleep(_POLL_SECONDS)
    answer = b"".join(chunks)
    if status == "ok" and (code != 0 or not answer):
        status = "died"
    return status, code, peak, answer if status == "ok" else b""


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


def _wipe(folder: Path) -> bool:
    """Empty a scratch folder; False if something resisted."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                (Path(path) / name).chmod(0o700, follow_symlinks=False)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    return not any(folder.iterdir())


def answer_in_child(body: bytes, confined: bool) -> bytes:
    """Fork, let the child answer, and return an envelope that says how it went.

    The envelope's document holds the request's ``nonce``, ``status`` (``ok``, ``time``,
    ``output``, ``died``), the child's exit ``code`` (negative: signal), ``seconds``,
    ``peak_bytes``, whether the sandbox is ``clean`` again, and the ``size`` of the answer, which
    follows it raw: what the child says about its own length is not believed.
    """
    document, _ = unpack(body)
    if document["kind"] == "notebook":
        _preload(_NOTEBOOK_MODULES)
    started = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(body, writing, confined)
    os.close(writing)
    status, code, peak, answer = _collect(child, reading, document["seconds"])
    _kill_leftovers(child, confined)
    os.close(reading)
    envelope = {
        "nonce": document["nonce"],
        "status": status,
        "code": code,
        "seconds": round(time.monotonic() - started, 3),
        "peak_bytes": peak,
        "clean": not confined or all(_wipe(Path(folder)) for folder in SCRATCH),
        "size": len(answer),
    }
    return pack(envelope) + answer


def _preload(modules: tuple[str, ...]) -> None:
    """Import what children will need, so that each inherits it; what is not installed is left."""
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def _warm_up() -> None:
    """Do once what every child would otherwise do anew: imports, and the first use of kernels."""
    import torch
    from torch.nn import functional as F

    _preload(("grader.perform", "labkit.tacotron2"))
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


def serve(requests: BinaryIO, answers: BinaryIO, confined: bool) -> None:
    """Answer requests until the judge closes the pipe."""
    _warm_up()
    _hide_memory()
    while (body := read_frame(requests)) is not None:
        answers.write(answer_in_child(body, confined))
        answers.flush()


def main() -> None:
    """Entry point inside the sandbox; the argument says whether this is one."""
    confined = sys.argv[1:] == ["confined"]
    if confined and os.getpid() != 1:
        sys.exit("worker: 'confined' was said outside of a process namespace of its own")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as first process, nothing else can reach it
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd()))]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed while importing does not mix with frames
    serve(sys.stdin.buffer, answers, confined)


if __name__ == "__main__":
    main()
