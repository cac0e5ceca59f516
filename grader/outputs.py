"""Runs a notebook's cells for their outputs only; marks never depend on what is shown."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

CELL_TEXT_LIMIT = 20_000  # characters of text that one cell may show
ALT_TEXT_LIMIT = 1_000  # characters that say what an image shows
IMAGE_LIMIT = 300_000  # characters of one base64 image
IMAGES_PER_CELL = 4


def _figures() -> list[dict[str, Any]]:
    """Return the matplotlib figures that a cell left open, as PNG outputs."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    outputs = []
    for number in pyplot.get_fignums()[:IMAGES_PER_CELL]:
        buffer = io.BytesIO()
        pyplot.figure(number).savefig(buffer, format="png", dpi=70)
        outputs.append(_image(base64.b64encode(buffer.getvalue()).decode("ascii"), "a figure"))
    pyplot.close("all")
    return [output for output in outputs if output is not None]


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


def run_notebook(cells: list[tuple[str, str]]) -> dict[str, Any]:
    """Execute cells in order as a notebook would.

    Args:
        cells: id and source of each code cell.

    Returns:
        ``{"cells": {id: [outputs]}}``; an output is ``{"kind": "text", "text"}`` or
        ``{"kind": "image", "png", "alt"}``. Nothing else is kept: no HTML, no scripts.
    """
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance(colors="nocolor", history_load_length=0)
    if shell.history_manager is not None:
        shell.history_manager.enabled = False
    found: dict[str, list[dict[str, Any]]] = {}
    for cell_id, source in cells:
        outputs: list[dict[str, Any] | None] = []
        try:
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
            outputs += _figures()
        except BaseException as error:  # the run is for show: a cell that breaks it shows less
            outputs.append(_text(f"{type(error).__name__}"))
        found[cell_id] = [output for output in outputs if output is not None]
    return {"cells": found}
