"""How fast a voice loads and speaks: run as a program, once for each figure, in a fresh process."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TEN_WORDS = "Please turn off the lights before the last guests leave."
TEXTS = (
    "The old bridge was closed, so we walked along the river instead.",
    "Could you bring me a glass of water before you leave?",
    "It takes about twenty minutes to reach the airport by bus.",
)
ROUNDS = 3


def measure_speed(voice: Path | None, threads: int, processes: int) -> list[dict[str, float]]:
    """Measure in fresh processes, one after the other."""
    from common import in_a_process  # not in the process that is measured

    arguments = [str(threads), *([str(voice)] if voice else [])]
    return [
        json.loads(in_a_process(__file__, *arguments, threads=threads)) for _ in range(processes)
    ]


def measure_here(voice: str | None, threads: int) -> dict[str, float]:
    import torch

    torch.set_num_threads(threads)
    started = time.perf_counter()
    from labkit import Synthesizer

    synthesizer = Synthesizer.from_pretrained(voice)
    loading = time.perf_counter() - started

    def first_audio() -> Any:
        return next(synthesizer.stream(TEN_WORDS, seed=0))

    first = seconds_of(first_audio)
    again = statistics.median(seconds_of(first_audio) for _ in range(ROUNDS))
    walls, processor = [], []
    for _ in range(ROUNDS):
        wall, used = time.perf_counter(), time.process_time()
        speech = sum(synthesizer.say(text, seed=0).seconds for text in TEXTS)
        walls.append((time.perf_counter() - wall) / speech)
        processor.append((time.process_time() - used) / speech)
    return {
        "loading": loading,
        "first audio": first,
        "first audio, later": again,
        "real-time factor": statistics.median(walls),
        "processor time / speech": statistics.median(processor),
    }


def seconds_of(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    threads, *voice = sys.argv[1:]
    print(json.dumps(measure_here(voice[0] if voice else None, int(threads))))
