"""The trusted side of a case that is played step by step: its partner, and what the events tell.

A partner holds the numbers of a case (durations, tables, keys), answers the events that stand-ins
send while student code runs, and keeps them in order. Whatever a worker sends is only an event: a
wrong one ends the line, and never raises in the judge.
"""

from __future__ import annotations

import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any

from grader.judge.compare import examine
from grader.judge.finding import Finding
from grader.labs.base import Case, Task, Tensors
from grader.sandbox.frame import LENGTH_BYTES, FrameError, pack, unpack
from grader.sandbox.line import EVENT_LIMIT, REPLY_LIMIT, Said
from grader.sandbox.perform import Report

EVENTS = 10_000  # of one question; the most that an honest one needs is some hundreds


class Partner(ABC):
    """Answers the events of one case.

    Args:
        case: its ``partner`` says which numbers there are.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts: dict[str, Any] = dict(case.partner)

    #: ids of the slips that only events can show: no numbers of them are stored
    shown: tuple[str, ...] = ()

    @abstractmethod
    def answer(self, what: str, said: Said, tensors: Tensors) -> tuple[Said, Tensors]:
        """Answer one event; whatever is raised ends the line."""

    def objection(self) -> Finding | None:
        """Say what the events show to be wrong although all numbers are right."""
        return None

    def explain(self, finding: Finding, tensors: Tensors) -> Finding:
        """Say in the student's terms what events and outputs tell about a finding.

        It may get the id of a slip that the events show; one that the numbers show comes first.
        """
        return finding


def partner_of(task: Task, case: Case) -> Partner | None:
    """Return a new partner for a case of a task; None if it needs none."""
    if not case.partner:
        return None
    partner: Partner = resolve_name(task.partner)(case)
    return partner


class Stage:
    """The partners of one question, and the judge's end of the line to its child.

    Args:
        task: that is asked about.
        cases: of the question, in order.
    """

    def __init__(self, task: Task, cases: Sequence[Case]) -> None:
        self._task, self._cases = task, cases
        self.partners: list[Partner | None] = []
        self._ours: socket.socket | None = None

    def open(self) -> socket.socket:
        """Begin anew, with new partners; return the end of the line that is the child's."""
        self.close()
        self.partners = [partner_of(self._task, case) for case in self._cases]
        self._number, self._heard = 0, bytearray()
        self._ours, theirs = socket.socketpair()
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * REPLY_LIMIT)
        self._ours.setblocking(False)
        return theirs

    def close(self) -> None:
        """End the line; whoever still holds the other end hears nothing more."""
        if self._ours is not None:
            self._ours.close()
            self._ours = None

    def fileno(self) -> int:
        """Return the descriptor to wait for; -1 if the line has ended."""
        return -1 if self._ours is None else self._ours.fileno()

    def attend(self) -> None:
        """Take what has come, and answer it if it is an event; else end the line."""
        try:
            self._attend()
        except Exception:
            self.close()

    def _attend(self) -> None:
        assert self._ours is not None
        with contextlib.suppress(BlockingIOError):
            heard = self._ours.recv(EVENT_LIMIT)
            if not heard:
                raise FrameError("the other end was closed")
            self._heard += heard
        if len(self._heard) < LENGTH_BYTES:
            return
        end = LENGTH_BYTES + int.from_bytes(self._heard[:LENGTH_BYTES], "little")
        if end > LENGTH_BYTES + EVENT_LIMIT or len(self._heard) > end:
            raise FrameError("an event too long, or two at once")
        if len(self._heard) < end:
            return
        event, tensors = unpack(bytes(self._heard[LENGTH_BYTES:]))
        self._heard.clear()
        self._number += 1
        if event["number"] != self._number or self._number > EVENTS:
            raise FrameError("an event out of order, or one too many")
        partner = self.partners[event["call"]] if event["call"] >= 0 else None
        if partner is None:
            raise FrameError("an event of a call that has no partner")
        reply = pack(*partner.answer(event["what"], event["said"], tensors))
        # the whole of it or nothing: who does not listen is not waited for
        if len(reply) > REPLY_LIMIT or self._ours.send(reply) != len(reply):
            raise FrameError("a reply too long, or nobody listens")


def examine_played(
    task: Task, case: Case, partner: Partner | None, report: Report, tensors: Tensors, **more: Any
) -> Finding | None:
    """Judge a call as :func:`grader.judge.compare.examine` does, and hear what its events tell."""
    finding = examine(task, case, report, tensors, **more)
    if partner is None:
        return finding
    try:
        return partner.explain(finding, tensors) if finding else partner.objection()
    except Exception:  # made of events that a forger may have sent
        return finding


def on_its_own(task: Task, cases: list[Case]) -> list[Case]:
    """Return what can be asked of a task by itself."""
    if task.given is None:
        return [case for case in cases if case.alone]
    # a given tensor begins the graph: what lies before it can have no gradient
    return [replace(case, gradients=case.given_gradients) for case in cases]
