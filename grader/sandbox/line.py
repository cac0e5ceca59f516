"""The line from a stand-in beside student code to the partner that answers for it.

A stand-in (a toy model, a clock) holds nothing worth reading: it says what it was asked and passes
on what comes back. What comes back is decided elsewhere, step by step: in grading by the judge, at
the other end of a socket; in a notebook's self-check by the same partner in the same process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

from grader.sandbox.frame import (
    FRAME_LIMIT,
    LENGTH_BYTES,
    FrameError,
    pack,
    read_bytes,
    unpack,
    write_bytes,
)

EVENT_LIMIT = 64 * 1024  # bytes of what one event may say
REPLY_LIMIT = 256 * 1024  # bytes of what a partner of a case answers

Tensors = dict[str, torch.Tensor]
Said = dict[str, Any]
Ask = Callable[[int, str, Said, Tensors], tuple[Said, Tensors]]


class LineClosed(ConnectionError):
    """Nobody answers: too much was asked, or something that was not understood."""


_asked: list[Ask] = []  # who answers all events of this process: a worker's child has one line
_here: ContextVar[Ask | None] = ContextVar("_here", default=None)  # who answers in this thread
_turn = [0]  # the number of the call that is being made


def line_to_partner() -> Callable[..., tuple[Said, Tensors]]:
    """Return :func:`ask` of whoever answers now, for stand-ins that are asked from any thread."""
    here = _here.get()
    if here is None:
        return ask
    return lambda what, said=None, tensors=None: here(_turn[0], what, said or {}, tensors or {})


def ask(
    what: str, said: Said | None = None, tensors: Tensors | None = None
) -> tuple[Said, Tensors]:
    """Ask the partner of the call that is being made.

    Args:
        what: the kind of event.
        said: what belongs to it, as plain data.
        tensors: what else belongs to it.

    Returns:
        the answer: plain data and tensors.

    Raises:
        LineClosed: there is no answer, and there will be none.
    """
    answer = _here.get() or (_asked[0] if _asked else None)
    if answer is None:
        raise LineClosed("nobody is there to answer")
    return answer(_turn[0], what, said or {}, tensors or {})


def take_turn(number: int) -> None:
    """Say which call of the question is made from now on."""
    _turn[0] = number


@contextmanager
def answered_by(answer: Callable[[str, Said, Tensors], tuple[Said, Tensors]]) -> Iterator[None]:
    """Let the events of this thread be answered in this process.

    Judges work side by side in threads, and the events of one are none of another's business.
    """
    before = _here.set(lambda _, what, said, tensors: answer(what, said, tensors))
    try:
        yield
    finally:
        _here.reset(before)


def answered_through(descriptor: int) -> None:
    """Let all events of this process be answered at the other end of a socket."""
    number = 0

    def through(call: int, what: str, said: Said, tensors: Tensors) -> tuple[Said, Tensors]:
        nonlocal number
        number += 1
        event = {"number": number, "call": call, "what": what, "said": said}
        try:
            write_bytes(descriptor, pack(event, tensors))
            length = int.from_bytes(read_bytes(descriptor, LENGTH_BYTES), "little")
            if length > FRAME_LIMIT:
                raise FrameError("a reply too long")
            reply, found = unpack(read_bytes(descriptor, length))
        except (OSError, FrameError):
            raise LineClosed("what was asked of a stand-in was too much, or no question") from None
        return reply, found

    _asked[:] = [through]
