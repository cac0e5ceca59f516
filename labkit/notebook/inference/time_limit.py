"""An end for code that may not have one, such as a decoder loop whose gate never fires."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooLongError(Exception):
    """The code ran for longer than it was given."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop the block with a :class:`TooLongError` when its time is over.

    It is stopped between two steps of the interpreter, on every system and in every thread; a
    single call into a library is waited for.

    Args:
        seconds: time for the block.

    Raises:
        TooLongError: the block was stopped.
    """
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    over = False

    def stop() -> None:
        with lock:
            if not over:
                raise_in(thread, ctypes.py_object(TooLongError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TooLongError:
        raise TooLongError(
            f"it was stopped after {seconds:g} seconds: does its loop end?"
        ) from None
    finally:
        with lock:
            over = True
            raise_in(thread, None)  # one that was on its way comes too late now
        timer.cancel()
