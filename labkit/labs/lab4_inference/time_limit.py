"""An end for code that may not have one, such as a decoder loop whose gate never fires."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


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
    over = fired = received = False

    def stop() -> None:
        nonlocal fired
        with lock:
            if not over:
                fired = True
                raise_in(thread, ctypes.py_object(TooLongError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TooLongError:
        received = True
        raise TooLongError(
            f"it was stopped after {seconds:g} seconds: does its loop end?"
        ) from None
    finally:
        # One that is on its way must arrive here and nowhere else. To call it back is no way:
        # under a tracer, such as that of coverage, Python 3.11 then never goes on.
        with suppress(TooLongError):
            with lock:
                over = True
            if fired and not received:
                for _ in range(100):
                    time.sleep(0.001)
        timer.cancel()
