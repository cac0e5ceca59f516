"""Lab 4: the named slips of its third task as code. Each is the reference with one mistake."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from labkit.pipeline import plain

Fill = Callable[..., Any]


def _benchmark(
    *,
    waits: tuple[bool, bool, bool] = (True, True, True),
    too_late: tuple[bool, bool, bool] = (False, False, False),
    begin_once: bool = False,
    reread: bool = False,
    rounds: Fill = lambda iterations, warm_ups: iterations + warm_ups,
    keep: Fill = lambda steps, warm_ups, iterations: steps[warm_ups:],
    count_frames: Fill = lambda mel: mel.size(0) * mel.size(2),
    count_samples: Fill = lambda audio: audio.numel(),
    per: Fill = lambda items, seconds, whole: items / seconds,
    per_frame: Fill | None = None,
    per_sample: Fill | None = None,
    unit: float = 1.0,
    latency: Fill = lambda start, middle, end: end - start,
    throughput: Fill = lambda frames, samples, vocoder, whole: (samples, whole),
    finish: Fill = lambda values: values,
    order: Sequence[str] = ("start", "read", "middle", "vocode", "end"),
    change: Fill = lambda step, mel, audio, moments: step,
) -> Fill:
    """A measurement with one thing done otherwise.

    ``waits`` says when the device is waited for, ``too_late`` when only after the clock was read.
    """

    def benchmark(
        read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
    ) -> dict[str, Any]:
        def moment(index: int) -> float:
            if waits[index] and not too_late[index]:
                synchronise()
            seconds = float(clock()) * unit
            if too_late[index]:
                synchronise()
            return seconds

        steps = []
        start = moment(0) if begin_once else 0.0
        for _ in range(rounds(n_iterations, n_warm_ups)):
            moments = {"start": start}
            for what in order:
                if what == "read":
                    mel = read()
                elif what == "vocode":
                    audio = vocode(read() if reread else mel)
                elif what != "start" or not begin_once:
                    moments[what] = moment(("start", "middle", "end").index(what))
            start, middle, end = (moments[what] for what in ("start", "middle", "end"))
            frames, samples = count_frames(mel), count_samples(audio)
            reading, vocoding = middle - start, end - middle
            whole = latency(start, middle, end)
            step = {
                "tacotron2_latency": reading,
                "vocoder_latency": vocoding,
                "latency": whole,
                "tacotron2_items_per_sec": (per_frame or per)(frames, reading, whole),
                "vocoder_items_per_sec": (per_sample or per)(samples, vocoding, whole),
                "throughput": per(*throughput(frames, samples, vocoding, whole), whole),
            }
            steps.append(change(step, mel, audio, moments))
        kept = keep(steps, n_warm_ups, n_iterations)
        return {name: finish([step[name] for step in kept]) for name in kept[0]}

    return benchmark


def _by_own_clock(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, Any]:
    """Look at a clock that has nothing to do with the device; its answers are never the same."""
    return _benchmark()(read, vocode, synchronise, time.perf_counter, n_iterations, n_warm_ups)


def _mel_called(read: Any, *others: Any) -> Any:
    """Give the mel the name of what reads it, and read again."""
    read = read()
    return read()


def _one_for_all(*arguments: Any) -> dict[str, Any]:
    """Take one step for the list of them, which knows no number 0."""
    step: dict[Any, Any] = {name: values[0] for name, values in plain.benchmark(*arguments).items()}
    return {name: [each[name] for each in step] for name in step[0]}


def _in_part(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, Any]:
    """Let the vocoder have the first sentence alone."""
    return _benchmark()(
        read, lambda mel: vocode(mel[:1]), synchronise, clock, n_iterations, n_warm_ups
    )


def _nothing_run(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, Any]:
    """Measure what was computed once, before the clock was looked at."""
    mel = read()
    return _benchmark()(
        lambda: mel, lambda mel: mel.flatten(1), synchronise, clock, n_iterations, n_warm_ups
    )


def _exchanged(first: str, second: str) -> Fill:
    """Give the numbers of two names to each other."""

    def change(step: dict[str, float], *_: Any) -> dict[str, float]:
        return step | {first: step[second], second: step[first]}

    return _benchmark(change=change)


def _with(**numbers: Fill) -> Fill:
    """Count some numbers otherwise, from the right ones, mel, audio and moments."""
    return _benchmark(
        change=lambda step, *seen: step | {name: of(step, *seen) for name, of in numbers.items()}
    )


def _frames_times(hop: int) -> Fill:
    """Count samples by the frames and a hop length that was written down."""

    def samples(mel: Any) -> int:
        return mel.size(0) * mel.size(2) * hop

    return _with(
        vocoder_items_per_sec=lambda step, mel, *_: samples(mel) / step["vocoder_latency"],
        throughput=lambda step, mel, *_: samples(mel) / step["latency"],
    )


BENCHMARK_SLIPS: dict[str, Fill] = {
    "never-synchronised": _benchmark(waits=(False, False, False)),
    "start-not-synchronised": _benchmark(waits=(False, True, True)),
    "middle-not-synchronised": _benchmark(waits=(True, False, True)),
    "end-not-synchronised": _benchmark(waits=(True, True, False)),
    "clock-before-waiting": _benchmark(too_late=(True, True, True)),
    "clock-before-waiting-between": _benchmark(too_late=(False, True, True)),
    "own-clock": _by_own_clock,
    "nothing-run": _nothing_run,
    "started-once": _benchmark(begin_once=True),
    "read-twice": _benchmark(reread=True),
    "only-end-synchronised": _benchmark(waits=(False, False, True)),
    "only-middle-synchronised": _benchmark(waits=(False, True, False)),
    "warm-ups-kept": _benchmark(keep=lambda steps, warm_ups, iterations: steps),
    "last-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:iterations]),
    "first-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[1:]),
    "warm-ups-alone-kept": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:warm_ups]),
    "iterations-thrown-away": _benchmark(
        keep=lambda steps, warm_ups, iterations: steps[iterations:]
    ),
    "one-too-few": _benchmark(keep=lambda steps, warm_ups, iterations: steps[warm_ups + 1 :]),
    "wrong-end": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:-warm_ups]),
    "last-only": _benchmark(keep=lambda steps, warm_ups, iterations: steps[-1:]),
    "warm-ups-taken-away": _benchmark(rounds=lambda iterations, warm_ups: iterations),
    "one-sentence": _benchmark(
        count_frames=lambda mel: mel.size(2), count_samples=lambda audio: audio.size(1)
    ),
    "vocoded-in-part": _in_part,
    "one-too-many": _benchmark(keep=lambda steps, warm_ups, iterations: steps[warm_ups - 1 :]),
    "as-many-as-warm-ups": _benchmark(keep=lambda steps, warm_ups, iterations: steps[-warm_ups:]),
    "three-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[3:]),
    "thrown-away-twice": _benchmark(keep=lambda steps, warm_ups, iterations: steps[2 * warm_ups :]),
    "one-for-all": _one_for_all,
    "tensor-called": _mel_called,
    "sorted": _benchmark(
        keep=lambda steps, warm_ups, iterations: sorted(
            steps[warm_ups:], key=lambda step: step["latency"]
        )
    ),
    "sorted~2": _benchmark(finish=sorted),
    "samples-by-fixed-hop": _frames_times(256),
    "rates-added": _with(
        throughput=lambda step, *_: step["tacotron2_items_per_sec"] + step["vocoder_items_per_sec"]
    ),
    "sentences-per-second": _with(throughput=lambda step, mel, *_: mel.size(0) / step["latency"]),
    "by-a-moment": _with(
        vocoder_items_per_sec=lambda step, mel, audio, at: audio.numel() / at["end"]
    ),
    "by-a-moment~2": _with(throughput=lambda step, mel, audio, at: audio.numel() / at["end"]),
    "by-a-moment~3": _with(
        tacotron2_items_per_sec=lambda step, mel, audio, at: (
            mel.size(0) * mel.size(2) / at["middle"]
        ),
        vocoder_items_per_sec=lambda step, mel, audio, at: audio.numel() / at["end"],
    ),
    "by-a-moment~4": _with(
        tacotron2_items_per_sec=lambda step, mel, audio, at: (
            mel.size(0) * mel.size(2) / at["middle"]
        )
    ),
    "names-swapped": _exchanged("tacotron2_items_per_sec", "vocoder_items_per_sec"),
    "names-swapped~2": _exchanged("tacotron2_latency", "vocoder_latency"),
    "names-swapped~3": _exchanged("vocoder_items_per_sec", "throughput"),
    "names-swapped~4": _exchanged("tacotron2_items_per_sec", "throughput"),
    "names-swapped~5": _exchanged("latency", "vocoder_latency"),
    "names-swapped~6": _exchanged("latency", "tacotron2_latency"),
    "middle-before-reading": _benchmark(order=("start", "middle", "read", "vocode", "end")),
    "middle-behind-vocoding": _benchmark(order=("start", "read", "vocode", "middle", "end")),
    "rounded": _benchmark(per=lambda items, seconds, whole: items // seconds),
    "rounded~2": _benchmark(per=lambda items, seconds, whole: round(items / seconds)),
    "key-missing": lambda *a: {
        name.replace("items", "frames"): values for name, values in plain.benchmark(*a).items()
    },
    "frames-of-one-sentence": _benchmark(count_frames=lambda mel: mel.size(2)),
    "samples-of-one-sentence": _benchmark(count_samples=lambda audio: audio.size(1)),
    "bands-counted": _benchmark(count_frames=lambda mel: mel.size(0) * mel.size(1)),
    "bands-of-one-sentence": _benchmark(count_frames=lambda mel: mel.size(1)),
    "sentences-counted": _benchmark(count_frames=lambda mel: mel.size(0)),
    "sentences-for-samples": _benchmark(count_samples=lambda audio: audio.size(0)),
    "numbers-counted": _benchmark(count_frames=lambda mel: mel.numel()),
    "throughput-of-vocoder": _benchmark(
        throughput=lambda frames, samples, vocoder, whole: (samples, vocoder)
    ),
    "throughput-in-frames": _benchmark(
        throughput=lambda frames, samples, vocoder, whole: (frames, whole)
    ),
    "throughput-of-reading": _benchmark(
        throughput=lambda frames, samples, vocoder, whole: (samples, whole - vocoder)
    ),
    "throughput-in-sentences": _benchmark(
        throughput=lambda frames, samples, vocoder, whole: (1, whole)
    ),
    "throughput-in-both": _benchmark(
        throughput=lambda frames, samples, vocoder, whole: (frames + samples, whole)
    ),
    "items-by-latency": _benchmark(per=lambda items, seconds, whole: items / whole),
    "frames-by-latency": _benchmark(per_frame=lambda items, seconds, whole: items / whole),
    "samples-by-latency": _benchmark(per_sample=lambda items, seconds, whole: items / whole),
    "multiplied": _benchmark(per=lambda items, seconds, whole: items * seconds),
    "latency-of-vocoder": _benchmark(latency=lambda start, middle, end: end - middle),
    "milliseconds": _benchmark(unit=1000.0),
    "mean": _benchmark(finish=lambda values: sum(values) / len(values)),
    "mean-in-a-list": _benchmark(finish=lambda values: [sum(values) / len(values)]),
    "upside-down": _benchmark(per=lambda items, seconds, whole: seconds / items),
}
