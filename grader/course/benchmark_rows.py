"""The rows of a course's benchmarks: where they lie, the newest ones, and the class at a look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from grader.bench.picture import draw_benchmark
from grader.bench.row import MEASURED
from grader.course.ledger import Ledger, Record

BENCHMARKS = "benchmarks.jsonl"
ALL_LABS = "all labs"  # what a row is about, where a record of marks names its lab
_EDGES = (0.5, 0.8, 0.95, 1.05, 1.25, 2.0)  # of the bars: 0.95 to 1.05 is as fast as the reference
_BAR = 30


def newest_rows(folder: Path, secret: bytes) -> dict[str, Record]:
    """Return each student's newest row; nothing if nobody was measured.

    Args:
        folder: with ``benchmarks.jsonl``.
        secret: of the course, which has sealed it.

    Raises:
        GraderError: a line was changed.
    """
    path = folder / BENCHMARKS
    if not path.is_file():
        return {}
    return {record["student"]: record for record in Ledger(path, secret).records}


def page_section(row: Record | None) -> str:
    """Return what a feedback page shows of a row, as HTML without scripts; nothing of none."""
    if row is None:
        return ""
    shown = draw_benchmark(row, "Your pipeline beside the reference")
    return (
        f"<h2>How fast your pipeline is</h2>{shown._repr_mimebundle_()['text/html']}"
        "<p><small>No point depends on it.</small></p>"
    )


def class_lines(rows: Sequence[Record]) -> list[str]:
    """Say how the ratios of a class are distributed; nothing of no row."""
    if not rows:
        return []
    ratios = sorted(row["ratio"]["median"] for row in rows if row["status"] == MEASURED)
    others = len(rows) - len(ratios)
    lines = [f"Benchmarks: {len(ratios)} pipelines are measured, {others} have no time."]
    if not ratios:
        return lines
    lines[0] += (
        f" Of the reference's time, the fastest takes {ratios[0]:.2f}, half of them at most "
        f"{median(ratios):.2f}, the slowest {ratios[-1]:.2f}."
    )
    edges = (0.0, *_EDGES, float("inf"))
    counts = [sum(low <= ratio < high for ratio in ratios) for low, high in pairwise(edges)]
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        name = f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} and more"
        bar = "█" * round(_BAR * count / max(counts))
        lines.append(f"  {name:>12s} {count:4d}  {bar}".rstrip())
    return lines
