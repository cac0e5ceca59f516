"""What the lab notebooks show: pictures with a text twin, and views with sliders.

Nothing here computes an answer: every view drives the class that it is given and draws what
comes out. matplotlib, ipywidgets and torch are loaded when the first picture is made, so
that importing this package costs nothing.

In a notebook, write the call as the last line of a cell::

    explore_location(LocationLayer)     # after attention-1
    explore_attention(Attention)        # after attention-2, and again after attention-3
    compare_attention(Attention, "no no never")
    plot_alignment(alignments, "no no never")

Set the environment variable ``LABKIT_STATIC=1`` to leave the sliders out (exports, batch
runs); without ipywidgets or a kernel they are left out anyway. The picture and its text are
always shown.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from labkit.labs.curriculum import LESSONS

_OWN = {
    "Notice": "picture",
    "Picture": "picture",
    "ProgressBoard": "board",
    "ProgressRow": "board",
    "Slider": "view",
    "View": "view",
    "compare_sounds": "ab_player",
    "draw_speech": "speech_picture",
    "plot_alignment": "alignment",
}


def _homes() -> dict[str, str]:
    """Return where each name is defined: here, or among the views of a lab."""
    homes = {name: f"labkit.notebook.{module}" for name, module in _OWN.items()}
    for lesson in LESSONS:
        lab = f"labkit.labs.{lesson.name}"
        if find_spec(lab) is None:
            continue  # an edition has the views of its own lab and of those before
        views: dict[str, str] = importlib.import_module(lab).VIEWS
        homes |= {name: f"{lab}.{module}" for name, module in views.items()}
    return homes


_HOME = _homes()

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(
        f"module 'labkit.notebook' has no attribute {name!r}; what a later lab shows comes with "
        "the edition of that lab"
    )


def __dir__() -> list[str]:
    return list(__all__)
