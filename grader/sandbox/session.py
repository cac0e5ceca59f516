"""The judge's end of the pipe: starts workers, asks questions, keeps the time."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from grader.errors import IsolationError
from grader.judge.stage import Partner
from grader.labs.base import Tensors
from grader.sandbox.frame import (
    FRAME_LIMIT,
    LENGTH_BYTES,
    NOTEBOOK,
    FrameError,
    pack,
    unpack,
    unpack_each,
)
from grader.sandbox.isolation import NONE, worker_command
from grader.sandbox.worker import LONGEST_WAIT

START_SECONDS = 120.0  # importing torch on a slow, cold disk
GRACE_SECONDS = 10.0  # what a busy machine may add to a question's own limit
_TENSOR = re.compile(r"[0-9]{1,6}/[A-Za-z0-9_.]{1,200}")  # an answer's tensors: <call>/<name>


@dataclass(frozen=True)
class Answer:
    """What came back from a worker.

    Attributes:
        status: ``ok``, ``time`` (limit reached), ``output`` (too much), ``threads``, ``files`` (too
            many), ``died``, ``malformed``, ``lost`` (the worker itself went away, twice, at this
            question and at no other).
        code: exit status of the child, negative for a signal.
        seconds: wall-clock time of the question.
        peak_bytes: largest resident memory of the child.
        document: the child's report, unverified; of a notebook, what its cells showed until it
            ended, whatever the status.
        tensors: the child's tensors, unverified.
        partners: those of the question's calls, after all events; none if it had no stage.
    """

    status: str
    code: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    document: dict[str, Any] = field(default_factory=dict)
    tensors: Tensors = field(default_factory=dict)
    partners: tuple[Partner | None, ...] = ()


def _merge(parts: list[Any]) -> dict[str, Any]:
    """Put what the cells of a notebook showed, as far as they came, into one document."""
    cells: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("cells"), dict):
            cells |= part["cells"]
    return {"cells": cells}


class Listener(Protocol):
    """The judge's end of a child's line, such as a :class:`grader.judge.stage.Stage`."""

    def open(self) -> socket.socket:
        """Begin anew, and return the end that is the child's."""

    def close(self) -> None:
        """End the line, if nobody else does."""

    def fileno(self) -> int:
        """Return the descriptor to wait for; -1 if there is nothing to attend to."""

    def attend(self) -> None:
        """Take what has come."""


class _Gone(Exception):
    """The worker closed the pipe or did not answer in time."""


def _own_copy(edition: Path) -> Path:
    """Copy an edition for one worker alone, so that no file of it is open in two sandboxes.

    The sandbox can read where its folders come from: the copy's name tells nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="labkit-"))
    for package in ("labkit", "grader"):
        shutil.copytree(edition / package, folder / package)
    return folder


class Worker:
    """A worker that is started when it is first asked, and anew after anything unusual.

    A confined one has a copy of the edition to itself.

    Args:
        kind: isolation, see :mod:`grader.sandbox.isolation`.
        edition: folder with the student edition.
    """

    def __init__(self, kind: str, edition: Path) -> None:
        self.confined = kind != NONE
        if self.confined:
            edition = _own_copy(edition)
            weakref.finalize(self, shutil.rmtree, edition, ignore_errors=True)
        self._command, self._environment = worker_command(kind, edition)
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._nonce = 0
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the worker and all that runs in its namespace."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._requests, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self._process = None

    def kill(self) -> None:
        """End what runs, from whichever thread: whoever has asked learns that it is lost."""
        if self._process is not None:
            self._process.kill()

    @property
    def pid(self) -> int | None:
        """The process that was started, of the sandbox if there is one; None if none runs."""
        return self._process.pid if self._process is not None else None

    def last_words(self) -> str:
        """Return the last line that a worker printed on its standard error."""
        self._said.seek(0)
        lines = self._said.read()[-4000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no reason given"

    def ask(
        self, document: dict[str, Any], tensors: Tensors, stage: Listener | None = None
    ) -> Answer:
        """Send one request and wait for its answer, however the student's code behaves.

        Args:
            document: see :func:`grader.sandbox.perform.perform`; ``kind`` and ``seconds`` beside
                it.
            tensors: of the request.
            stage: answers the events of the question's calls; its partners are there afterwards.

        Raises:
            IsolationError: no worker can be started at all.
        """
        for _ in range(2):  # a worker that is lost although nobody could reach it gets one retry
            self.start()
            try:
                seconds = LONGEST_WAIT * document["seconds"] + GRACE_SECONDS
                return self._exchange(document, tensors, seconds, stage)
            except (_Gone, FrameError):
                self.close()
        # Whose fault is it? A machine that runs no worker raises here; one that does has shown,
        # for the third time, that other questions are answered.
        self.start()
        return Answer("lost")

    def start(self) -> None:
        """Start a process, if none runs.

        Raises:
            IsolationError: none can be started at all.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        # no pipe: with a question, the child's end of its own line to the stage is handed over
        self._requests, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.PIPE,
                    stderr=self._said,
                    env=self._environment,
                    cwd="/" if os.name == "posix" else None,
                    bufsize=0,
                )
            ready = self._exchange({"kind": "ready", "seconds": START_SECONDS}, {}, START_SECONDS)
        except OSError as error:  # the machine's fault, not the student's
            raise IsolationError(f"the worker does not start: {error}") from None
        except (_Gone, FrameError):
            self.close()
            raise IsolationError(f"the worker does not start: {self.last_words()}") from None
        if ready.status != "ok":
            self.close()
            raise IsolationError(
                f"the worker cannot set its limits or its system call filter ({ready.status})"
            )

    def _exchange(
        self,
        document: dict[str, Any],
        tensors: Tensors,
        seconds: float,
        stage: Listener | None = None,
    ) -> Answer:
        deadline = time.monotonic() + seconds
        self._nonce += 1
        body = pack(document, tensors)[LENGTH_BYTES:]
        head = {name: document[name] for name in ("kind", "seconds")}
        head |= {"nonce": self._nonce, "size": len(body)}
        request = pack(head) + body
        try:
            if stage is not None:
                with stage.open() as line:  # the worker's copy is the only one that is left
                    request = request[self._hand_over(line, request[:LENGTH_BYTES]) :]
            self._write(request, deadline)
            if stage is not None:
                self._play(stage, deadline)
        finally:
            if stage is not None:
                stage.close()
        envelope, _ = unpack(self._read_frame(deadline))
        if envelope["nonce"] != self._nonce:
            raise FrameError("an answer to another question")
        body = self._read(min(envelope["size"], FRAME_LIMIT), deadline)
        if not envelope["clean"]:
            self.close()
        facts = {name: envelope[name] for name in ("code", "seconds", "peak_bytes")}
        if document["kind"] == NOTEBOOK:
            shown = _merge(unpack_each(body, len(document["cells"])))
            return Answer(envelope["status"], **facts, document=shown)
        if envelope["status"] != "ok":
            return Answer(envelope["status"], **facts)
        try:
            report, answers = unpack(body)
        except FrameError:
            return Answer("malformed", **facts)
        if not isinstance(report, dict) or not all(map(_TENSOR.fullmatch, answers)):
            return Answer("malformed", **facts)
        return Answer("ok", **facts, document=report, tensors=answers)

    def _hand_over(self, line: socket.socket, data: bytes) -> int:
        """Send the first bytes of a request together with the child's end of its line."""
        assert self._requests is not None
        try:
            return socket.send_fds(self._requests, [data], [line.fileno()])
        except OSError:
            raise _Gone from None

    def _play(self, stage: Listener, deadline: float) -> None:
        """Answer events until the worker's envelope comes: by then, no child is left."""
        assert self._process is not None and self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while (line := stage.fileno()) >= 0:
            left = deadline - time.monotonic()
            ready = select.select([pipe, line], [], [], max(left, 0))[0]
            if not ready:
                raise _Gone
            if pipe in ready:
                return
            stage.attend()

    def _write(self, data: bytes, deadline: float) -> None:
        assert self._requests is not None
        view = memoryview(data)
        pipe = self._requests.fileno()
        os.set_blocking(pipe, False)
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [pipe], [], left)[1]:
                raise _Gone
            try:
                view = view[os.write(pipe, view) :]
            except ConnectionError:
                raise _Gone from None

    def _read(self, size: int, deadline: float) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        chunks = []
        while size > 0:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise _Gone
            chunk = os.read(pipe, min(size, 1 << 20))
            if not chunk:
                raise _Gone
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _read_frame(self, deadline: float) -> bytes:
        length = int.from_bytes(self._read(LENGTH_BYTES, deadline), "little")
        if length > FRAME_LIMIT:
            raise FrameError("answer too long")
        return self._read(length, deadline)
