"""One of the two that are timed: a worker's child, the judge's end of its line, and the clock.

The clock runs from the first byte of what a turn is given to the last byte of what comes back. It
is the judge's own: whatever the child does to clocks, nobody asks it for the time.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from grader.bench.processes import Held, Usage, pin
from grader.labs.base import Tensors
from grader.sandbox.frame import FRAME_LIMIT, LENGTH_BYTES, FrameError, pack, unpack
from grader.sandbox.session import Answer, Worker
from grader.text import visible

BUILD_SECONDS = 90.0  # for running the cells, loading a voice and trying each task
QUESTION_SECONDS = 900.0  # of wall clock, both sides' turns together
_END_SECONDS = 5.0  # for a child that was told to go; it is killed then
_BUFFER = 4 * 1024 * 1024

_UNASKED = "it said something that nobody had asked for"
_ENDINGS = {
    "time": "it took too long",
    "output": "it returned far too much data",
    "threads": "it started far too many threads",
    "files": "it made far too many files, folders or links",
    "malformed": "what came back could not be read",
    "lost": "the sandbox that ran it was lost",
}


class TurnError(Exception):
    """A turn without a result; the message says why, in words for a student."""


class _TakenError(Exception):
    """Another child is about to be started in the place of one that was lost."""


class Turn(NamedTuple):
    """What one turn gave, and what it took."""

    seconds: float
    tensors: Tensors
    used: Usage


class _Line:
    """A line whose events are answered by whoever takes the time, not by the worker's own loop."""

    def __init__(self) -> None:
        self.ours, self._theirs = socket.socketpair()
        for end in (self.ours, self._theirs):
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, _BUFFER)
        self.ours.setblocking(False)
        self._given = False

    def open(self) -> socket.socket:
        """Return the child's end.

        Raises:
            _TakenError: it was given away before: the worker was lost, and with it the child.
        """
        if self._given:
            raise _TakenError
        self._given = True
        return self._theirs

    def close(self) -> None:
        """Leave the line to whoever takes the time."""

    def fileno(self) -> int:
        """Return -1: there is nothing to wait for beside the worker's own answer."""
        return -1

    def attend(self) -> None:
        """Leave the events to whoever takes the time."""


class Side:
    """Asks one child for turns.

    Args:
        worker: where the child runs.
        clock: seconds since some moment.
    """

    def __init__(self, worker: Worker, clock: Callable[[], float] = time.perf_counter) -> None:
        self.worker = worker
        self.held: Held | None = None
        self._clock = clock
        self._line: _Line | None = None
        self._thread: threading.Thread | None = None
        self._answer: Answer | None = None
        self._problem: Exception | None = None
        self._events = 0
        self._lost = False

    @property
    def is_alive(self) -> bool:
        """Whether there is a child that can be asked."""
        return self._thread is not None and self._thread.is_alive() and not self._lost

    def start(
        self, document: dict[str, Any], core: int | None = None, seconds: float = QUESTION_SECONDS
    ) -> dict[str, Any]:
        """Start a child, and wait until it has built what it is to be asked for.

        Args:
            document: see :func:`grader.bench.beside.serve_turns`.
            core: the one that it may compute on; any if None.
            seconds: that the child may exist.

        Returns:
            What it says about itself.

        Raises:
            TurnError: nothing was built.
        """
        self._line, self._answer, self._problem = _Line(), None, None
        self._events, self._lost = 0, False
        document = document | {
            "kind": "turns",
            "served": "grader.bench.beside:serve_turns",
            "seconds": seconds,
        }
        self.worker.start()
        if core is not None and self.worker.pid is not None:
            # before the child is there: on several cores, threads of Python can keep each other
            # from building anything
            pin(self.worker.pid, core)
        self._thread = threading.Thread(target=self._ask, args=(document,), daemon=True)
        self._thread.start()
        try:
            late = f"for {BUILD_SECONDS:.0f} s to be built and was stopped"
            what, said, _ = self._hear(time.monotonic() + BUILD_SECONDS, late)
            assert self.worker.pid is not None
            self.held = Held(self.worker.pid, self.worker.confined)
            self.held.stop()
            if what != "ready":
                raise TurnError(self._given_up(_UNASKED))
        except TurnError:
            self.end()
            raise
        return said

    def turn(self, do: str, given: Tensors | None = None, *, limit: float, **said: Any) -> Turn:
        """Ask for one turn, and take the time.

        Args:
            do: what is to be done, see :class:`grader.bench.beside.Pipelines`.
            given: its inputs.
            limit: seconds after which it is given up, with the child.
            said: what else belongs to it.

        Raises:
            TurnError: there is no result; after a limit or an end, there is no child, either.
        """
        assert self._line is not None and self.held is not None
        data = pack({"do": do, **said}, given)
        before = self.held.usage()
        self.held.go()
        start = self._clock()
        deadline = time.monotonic() + limit
        self._send(data, deadline)
        event = self._receive(deadline, f"for {limit:.1f} s and was stopped")
        seconds = self._clock() - start
        self.held.stop()
        after = self.held.usage()
        what, told, tensors = self._open(event)
        if what not in ("done", "failed"):
            raise TurnError(self._given_up(_UNASKED))
        if what == "failed":
            raise TurnError(_said_error(told))
        used = Usage(*(b - a for a, b in zip(before, after, strict=True)))
        return Turn(seconds, tensors, used)

    def end(self) -> Answer:
        """Let the child go, and return what the worker says of it."""
        if self._line is not None:
            with contextlib.suppress(TurnError):
                self._send(pack({"do": "end"}), time.monotonic() + 1)
            if self.held is not None:
                self.held.go()
        if self._thread is not None:
            self._thread.join(_END_SECONDS)
            if self._thread.is_alive() and not (self.held and self.held.kill()):
                self.worker.kill()
            self._thread.join()
            self._thread = None
        if self._line is not None:
            self._line.ours.close()
            self._line = None
        self.held = None
        if self._problem is not None:
            raise self._problem
        return self._answer or Answer("lost")

    def _ask(self, document: dict[str, Any]) -> None:
        try:
            self._answer = self.worker.ask(document, {}, self._line)
        except _TakenError:
            self._answer = Answer("lost")
        except Exception as error:  # the machine's fault; it is raised where it can be seen
            self._problem = error

    def _send(self, data: bytes, deadline: float) -> None:
        assert self._line is not None
        view = memoryview(data)
        while view:
            self._wait(deadline, "for too long without listening", writing=True)
            try:
                view = view[self._line.ours.send(view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise TurnError(self._ending()) from None

    def _receive(self, deadline: float, late: str) -> bytes:
        """Return the body of the next event, as soon as its last byte is there."""
        assert self._line is not None
        heard = bytearray()
        size = LENGTH_BYTES
        while len(heard) < size:
            self._wait(deadline, late)
            try:
                part = self._line.ours.recv(_BUFFER)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise TurnError(self._ending())
            heard += part
            if size == LENGTH_BYTES and len(heard) >= LENGTH_BYTES:
                size += int.from_bytes(heard[:LENGTH_BYTES], "little")
                if size > FRAME_LIMIT:
                    raise TurnError(self._given_up("it returned far too much data"))
        if len(heard) > size:
            raise TurnError(self._given_up(_UNASKED))
        return bytes(heard[LENGTH_BYTES:])

    def _hear(self, deadline: float, late: str) -> tuple[str, dict[str, Any], Tensors]:
        return self._open(self._receive(deadline, late))

    def _open(self, body: bytes) -> tuple[str, dict[str, Any], Tensors]:
        """Read an event; one that is out of order ends the child."""
        self._events += 1
        try:
            event, tensors = unpack(body)
            if event["number"] != self._events or not isinstance(event["said"], dict):
                raise FrameError("an event out of order")
            return str(event["what"]), event["said"], tensors
        except (FrameError, KeyError, TypeError):
            raise TurnError(self._given_up("what came back could not be read")) from None

    def _wait(self, deadline: float, late: str, *, writing: bool = False) -> None:
        """Wait until the line can be read or written.

        Raises:
            TurnError: it took too long; the child is ended.
        """
        assert self._line is not None
        line = self._line.ours
        left = max(deadline - time.monotonic(), 0)
        ready = select.select([] if writing else [line], [line] if writing else [], [], left)
        if not any(ready):
            raise TurnError(self._given_up(f"it ran {late}"))

    def _given_up(self, reason: str) -> str:
        """End the child; return the reason."""
        self._lost = True
        if self.held is None or not self.held.kill():
            self.worker.kill()
        return reason

    def _ending(self) -> str:
        """Say why the child is no more."""
        self._lost = True
        if self._thread is not None:
            self._thread.join(_END_SECONDS)
        if self._problem is not None:
            raise self._problem
        answer = self._answer
        if answer is None:
            return self._given_up("it closed its line")
        if answer.status == "died":
            return f"it ended the process it ran in (exit status {answer.code})"
        return _ENDINGS.get(answer.status, "it ended before it was done")


def _said_error(report: dict[str, Any]) -> str:
    """Say what a student's code raised, from what its side has told."""
    kind, message, where = (
        visible(str(report.get(name, "")).partition("\n")[0], limit=300)
        for name in ("error", "message", "where")
    )
    said = f"it stopped with {kind}: {message}" if message else f"it stopped with {kind}"
    return f"{said} ({where})" if where else said
