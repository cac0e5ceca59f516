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
    "OwnModel": "grafting",
    "Picture": "picture",
    "ProgressBoard": "progress",
    "ProgressRow": "progress",
    "Slider": "view",
    "View": "view",
    "compare_attention": "comparison",
    "compare_dropout": "dropout_view",
    "compare_hiding": "encoder_views",
    "compare_packing": "memory_views",
    "compare_precisions": "precision_view",
    "compare_scoring": "scoring_view",
    "compare_sounds": "ab_player",
    "draw_attention_idea": "idea",
    "draw_decoder_idea": "decoder_idea",
    "draw_encoder_idea": "encoder_idea",
    "draw_pipeline": "pipeline_view",
    "draw_speech": "speech",
    "explore_attention": "attention",
    "explore_convolutions": "encoder_views",
    "explore_gate": "gate_view",
    "explore_halves": "memory_views",
    "explore_location": "attention",
    "explore_reading": "pipeline_view",
    "gradient_cost": "pipeline_view",
    "hear_attention": "hearing",
    "hear_encoder": "encoder_hearing",
    "hear_speech": "speech_comparison",
    "hear_vocoders": "speech_comparison",
    "latency_report": "benchmark_report",
    "name_failures": "gallery",
    "own_model": "grafting",
    "plot_alignment": "alignment",
    "say_with": "own_decoder",
    "show_failures": "gallery",
    "show_postnet": "own_decoder",
    "show_start": "decoder_start",
    "step_decoder": "stepper",
    "watch_benchmark": "benchmark_view",
    "watch_decoder": "live",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"labkit.notebook.{_HOME[name]}"), name)
    raise AttributeError(f"module 'labkit.notebook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
