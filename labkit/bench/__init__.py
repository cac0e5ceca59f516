"""The latency report: how long each part of the way from text to sound takes.

Read in this order: ``figures`` (the original report), ``measure`` (the timed pipeline), ``report``
(both, and what the original leaves out).
"""

from __future__ import annotations

from labkit.bench.figures import Step, Summary, percentile, unlabelled_line
from labkit.bench.log import Log
from labkit.bench.measure import Iteration, Pipeline, kept_warm_ups, measure
from labkit.bench.report import Report
from labkit.bench.stopwatch import Stopwatch
from labkit.bench.text import text_of_length

__all__ = [
    "Iteration",
    "Log",
    "Pipeline",
    "Report",
    "Step",
    "Stopwatch",
    "Summary",
    "kept_warm_ups",
    "measure",
    "percentile",
    "text_of_length",
    "unlabelled_line",
]
