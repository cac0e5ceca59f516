"""Runs a notebook's cells for their outputs only; marks never depend on what is shown."""

from __future__ import annotations

import base64
import io
import signal
import sys
from collections.abc import Iterator
from typing import Any

CELL_TEXT_LIMIT = 20_000  # characters of text that one cell may show
ALT_TEXT_LIMIT = 1_000  # characters that say what an image shows
IMAGE_LIMIT = 300_000  # characters of one base64 image
IMAGES_PER_CELL = 4
SHARE_OF_TIME = 0.9  # of the limit, after which the running cell is interrupted


def _figures() -> list[dict[str, Any] | None]:
    """Return the matplotlib figures that a cell left open, as PNG outputs."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    outputs: list[dict[str, Any] | None] = []
    for number in pyplot.get_fignums()[:IMAGES_PER_CELL]:
        buffer = io.BytesIO()
        pyplot.figure(number).savefig(buffer, format="png", dpi=70)
        outputs.append(_image(base64.b64encode(buffer.getvalue()).decode("ascii"), "a figure"))
    pyplot.close("all")
    return outputs


def _image(encoded: Any, text: Any) -> dict[str, Any] | None:
    if not isinstance(encoded, str) or len(encoded) > IMAGE_LIMIT:
        return None
    text = text if isinstance(text, str) else ""
    return {"kind": "image", "png": encoded, "alt": text[:ALT_TEXT_LIMIT]}


def _text(text: Any) -> dict[str, Any] | None:
    if not isinstance(text, str) or not text:
        return None
    more = len(text) - CELL_TEXT_LIMIT
    if more > 0:
        text = text[:CELL_TEXT_LIMIT] + f"\n… {more} more characters are not shown"
    return {"kind": "text", "text": text}


def run_notebook(
    cells: list[tuple[str, str]], seconds: float | None = None
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Execute cells in order as a notebook would, and yield what each shows as soon as it has run.

    Args:
        cells: id and source of each code cell.
        seconds: time for all of them. Shortly before it is over, the running cell is interrupted,
            as by the notebook's stop button, and is the last.

    Yields:
        id and outputs; an output is ``{"kind": "text", "text"}`` or
        ``{"kind": "image", "png", "alt"}``. Nothing else is kept: no HTML, no scripts.
    """
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance(colors="nocolor", history_load_length=0)
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    ending = _Ending(seconds)
    for cell_id, source in cells:
        try:
            with ending:
                outputs = _run(shell, source)
        except BaseException as error:  # the run is for show: a cell that breaks it shows less
            outputs = [_text(f"{type(error).__name__}")]
        if ending.reached:
            outputs.append(_text(f"Stopped here: the run has taken {ending.seconds:.0f} s.\n"))
        yield cell_id, [output for output in outputs if output is not None]
        if ending.reached:
            return


class _Ending:
    """Interrupts the cell that runs when the time is over; it may catch that, or not notice."""

    def __init__(self, seconds: float | None) -> None:
        self.reached = False
        self._running = False
        if seconds is not None:
            self.seconds = SHARE_OF_TIME * seconds
            signal.signal(signal.SIGALRM, self._interrupt)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __enter__(self) -> None:
        self._running = True

    def __exit__(self, *_: Any) -> None:
        self._running = False

    def _interrupt(self, *_: Any) -> None:
        self.reached = True
        if self._running:  # and not between two cells, where nobody would expect it
            raise KeyboardInterrupt


def _run(shell: Any, source: str) -> list[dict[str, Any] | None]:
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.utils.capture import capture_output

    outputs: list[dict[str, Any] | None] = []
    with capture_output() as captured:
        # a cell's value is shown like what it displays, not printed after a prompt
        shell.display_trap.hook = CapturingDisplayHook(shell, shell.display_pub.outputs)
        shell.run_cell(source, store_history=False)
    outputs += [_text(captured.stdout), _text(captured.stderr)]
    for rich in captured.outputs[:IMAGES_PER_CELL]:
        data = rich.data
        if "image/png" in data:
            png = data["image/png"]
            if isinstance(png, bytes):
                png = base64.b64encode(png).decode("ascii")
            outputs.append(_image(png, data.get("text/plain")))
        else:
            outputs.append(_text(data.get("text/plain")))
    return outputs + _figures()
