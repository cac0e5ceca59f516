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
    "OwnModel": "inference.grafting",
    "Picture": "picture",
    "ProgressBoard": "progress",
    "ProgressRow": "progress",
    "Slider": "view",
    "View": "view",
    "compare_attention": "attention.comparison",
    "compare_dropout": "decoder.dropout",
    "compare_hiding": "encoder.convolutions",
    "compare_packing": "encoder.memory",
    "compare_precisions": "inference.precision",
    "compare_scoring": "inference.scoring",
    "compare_sounds": "ab_player",
    "draw_attention_idea": "attention.idea",
    "draw_decoder_idea": "decoder.idea",
    "draw_encoder_idea": "encoder.idea",
    "draw_pipeline": "inference.pipeline",
    "draw_speech": "speech",
    "explore_attention": "attention.views",
    "explore_convolutions": "encoder.convolutions",
    "explore_gate": "decoder.gate",
    "explore_halves": "encoder.memory",
    "explore_location": "attention.views",
    "explore_reading": "inference.pipeline",
    "gradient_cost": "inference.pipeline",
    "hear_attention": "attention.hearing",
    "hear_encoder": "encoder.hearing",
    "hear_speech": "inference.speech_comparison",
    "hear_vocoders": "inference.speech_comparison",
    "latency_report": "inference.benchmark_report",
    "name_failures": "decoder.gallery",
    "own_model": "inference.grafting",
    "plot_alignment": "alignment",
    "say_with": "decoder.speaking",
    "show_failures": "decoder.gallery",
    "show_postnet": "decoder.speaking",
    "show_start": "decoder.start",
    "step_decoder": "decoder.stepper",
    "watch_benchmark": "inference.benchmark_view",
    "watch_decoder": "decoder.live",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        home = f"labkit.notebook.{_HOME[name]}"
        try:
            return getattr(importlib.import_module(home), name)
        except ModuleNotFoundError as error:
            if error.name != home:
                raise
            raise ImportError(
                f"this edition of the kit lacks {name}, which gives away what a lab still asks for"
            ) from None
    raise AttributeError(f"module 'labkit.notebook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
