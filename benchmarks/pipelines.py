"""Whether the bench tells the truth: the reference against itself, slow pipelines, and cheats.

    python benchmarks/pipelines.py [--isolation none] [--repeat 3] [--only NAME]

Hands in the notebooks' own solutions, then the same with one thing changed, and prints what the
bench says of each: the ratio to the reference, and what it names. Beside four busy loops nothing
may be measured. Takes about three minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from pipeline_variants import RIGHT, VARIANTS, Variant, solved

from grader.bench.bench import Bench, Settings
from grader.bench.row import LAST, Row, in_a_line, main_latency
from grader.release.edition import build_edition
from grader.sandbox.isolation import BUBBLEWRAP, KINDS, require

LOOPS = 4


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep processors busy."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def told(label: str, row: Row, seconds: float) -> None:
    """Print a line of the table."""
    ratio = f"{row['ratio']['median']:.3f}" if row["ratio"] else "-"
    shown = f"{1000 * main_latency(row).seconds[0]:.0f} ms" if row["ratio"] else ""
    print(f"{label:42s} {ratio:>7s} {shown:>8s} {seconds:5.1f} s  {in_a_line(row)}", flush=True)


def main() -> None:
    """Measure every variant, and the solutions beside busy loops."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isolation", choices=KINDS, default=BUBBLEWRAP)
    parser.add_argument("--repeat", type=int, default=3, help="of the reference against itself")
    parser.add_argument("--only", default="", help="variants with this in their name")
    arguments = parser.parse_args()
    isolation = require(arguments.isolation)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        edition = build_edition(LAST, Path(folder))
        with Bench(isolation, edition, Settings()) as bench:

            def measured(variant: Variant, label: str = "") -> None:
                started = time.perf_counter()
                row = bench.measure(solved(variant), secrets.token_hex(8))
                told(label or variant.name, row, time.perf_counter() - started)

            for _ in range(arguments.repeat):
                measured(RIGHT)
            for variant in VARIANTS[1:]:
                if arguments.only in variant.name:
                    measured(variant)
            if arguments.only:
                return
            with busy(LOOPS):
                measured(RIGHT, f"the solutions beside {LOOPS} busy loops")


if __name__ == "__main__":
    main()
