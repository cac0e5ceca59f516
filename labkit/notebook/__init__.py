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
from typing import Any

_HOME = {
    "Notice": "picture",
    "OwnModel": "own_model",
    "Picture": "picture",
    "ProgressBoard": "progress",
    "ProgressRow": "progress",
    "Slider": "view",
    "View": "view",
    "compare_attention": "comparison",
    "draw_attention_idea": "idea",
    "draw_speech": "speech",
    "explore_attention": "attention",
    "explore_location": "attention",
    "hear_attention": "hearing",
    "own_model": "own_model",
    "plot_alignment": "alignment",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"labkit.notebook.{_HOME[name]}"), name)
    raise AttributeError(f"module 'labkit.notebook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
