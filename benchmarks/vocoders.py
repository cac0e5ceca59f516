"""How fast are the vocoders, and how much of what the machine can do do they use?

    python benchmarks/vocoders.py [NAME ...] [--threads 1 2] [--seconds 3] [--json]

Random weights, batch 1, float32. All vocoders are timed in turn, round after round, so that what
disturbs one disturbs all; each number of threads has a process of its own. Beside them, large
square matrices are multiplied with both libraries that PyTorch has for that; the faster one's best
is the peak. The share of it that a vocoder reaches is taken from processor time, at its best, so
that other work on the machine does not count. Operations are those of convolutions and matrix
products, two for each product that is added, whole audio at once; streaming repeats some.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from common import Time, in_a_process, in_turn, machine, peak_bytes
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from labkit.bench.models import untrained
from labkit.vocoders import GriffinLim, Vocoder
from labkit.vocoders.griffin_lim import GRIFFIN_LIM
from labkit.vocoders.streaming import ConvolutionalVocoder
from labkit.vocoders.weight_norm import remove_weight_norm

VOCODERS: dict[str, Callable[[], Vocoder]] = {**untrained(Vocoder), GRIFFIN_LIM: GriffinLim}
CHUNK_FRAMES = 32
PEAK_SIZES = (1024, 2048)  # smaller ones are too short for the clock of processor time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(VOCODERS)}")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=3.0, help="of speech")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--memory-of", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.names = options.names or list(VOCODERS)
    unknown = [name for name in options.names if name not in VOCODERS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(VOCODERS)}")
    if options.memory_of is not None:
        print(peak_memory(options.names[0], options.memory_of))
    elif options.measure:
        torch.set_num_threads(options.threads[0])
        print(json.dumps(measure(options.names, options.seconds, options.rounds)))
    else:
        found = [in_a_process_of_its_own(options, threads) for threads in options.threads]
        memory = {name: memory_per_second(name) for name in options.names}
        result = {"threads": found, "bytes per second of audio": memory}
        print(json.dumps(result, indent=2) if options.json else table(result))


def in_a_process_of_its_own(options: argparse.Namespace, threads: int) -> dict[str, Any]:
    return json.loads(
        in_a_process(
            __file__,
            *options.names,
            "--measure",
            *("--threads", str(threads)),
            *("--seconds", str(options.seconds)),
            *("--rounds", str(options.rounds)),
            threads=threads,
        )
    )


def build(name: str) -> Vocoder:
    torch.manual_seed(0)
    vocoder = VOCODERS[name]().eval()
    remove_weight_norm(vocoder)
    return vocoder


def mel_of(vocoder: Vocoder, seconds: float) -> torch.Tensor:
    n_frames = round(seconds * vocoder.sample_rate / vocoder.mel.hop_length)
    return torch.randn(1, vocoder.mel.n_mels, n_frames) - 5  # (1, n_mels, T)


def measure(names: list[str], seconds: float, rounds: int) -> dict[str, Any]:
    vocoders = {name: build(name) for name in names}
    mels = {name: mel_of(vocoder, seconds) for name, vocoder in vocoders.items()}
    works: dict[str, Callable[[], Any]] = peak_works()
    for name, vocoder in vocoders.items():
        works[name] = partial(vocoder.infer, mels[name], seed=0)
        if isinstance(vocoder, ConvolutionalVocoder):
            works[f"{name}, first audio"] = partial(first_chunk, vocoder, mels[name])
    times = in_turn(works, rounds)
    peaks = {
        name: 2 * int(name.split()[-1]) ** 3 / least_processor_time(times[name])
        for name in works
        if name.startswith(("torch.matmul", "oneDNN"))
    }
    peak = max(peaks, key=lambda name: peaks[name])
    return {
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "rounds": rounds,
        "seconds of speech": seconds,
        "peak": {"by": peak, "FLOP per processor second": peaks[peak], "all": peaks},
        "vocoders": {
            name: figures(vocoder, mels[name], times[name], times.get(f"{name}, first audio"))
            for name, vocoder in vocoders.items()
        },
    }


def first_chunk(vocoder: Any, mel: torch.Tensor) -> torch.Tensor:
    """Make the first piece of audio of a stream."""
    chunk: torch.Tensor = next(vocoder.stream(mel, CHUNK_FRAMES))
    return chunk


def peak_works() -> dict[str, Callable[[], Any]]:
    works: dict[str, Callable[[], Any]] = {}
    for size in PEAK_SIZES:
        a, b = torch.randn(size, size), torch.randn(size, size)
        works[f"torch.matmul {size}"] = partial(torch.matmul, a, b)
        if torch.backends.mkldnn.is_available():
            c, d = a.to_mkldnn(), b.to_mkldnn()
            works[f"oneDNN {size}"] = partial(F.linear, c, d)
    return works


def figures(
    vocoder: Vocoder, mel: torch.Tensor, times: list[Time], first_audio: list[Time] | None
) -> dict[str, Any]:
    speech = mel.size(2) * vocoder.mel.hop_length / vocoder.sample_rate
    walls = [taken.wall / speech for taken in times]
    operations = None
    if not isinstance(vocoder, GriffinLim):  # whose Fourier transforms are not counted
        with FlopCounterMode(display=False) as counter:
            vocoder.infer(mel)
        operations = counter.get_total_flops()
    return {
        "parameters": sum(parameter.numel() for parameter in vocoder.parameters()),
        "compute per speech": statistics.median(walls),
        "compute per speech, least and most": [min(walls), max(walls)],
        "processor time per speech": statistics.median(t.processor for t in times) / speech,
        "FLOP per second of audio": operations and operations / speech,
        "FLOP per processor second": operations and operations / least_processor_time(times),
        "first audio after": first_audio and statistics.median(t.wall for t in first_audio),
    }


def least_processor_time(times: list[Time]) -> float:
    return min(taken.processor for taken in times)


def peak_memory(name: str, seconds: float) -> int:
    vocoder = build(name)
    vocoder.infer(mel_of(vocoder, seconds), seed=0)
    return peak_bytes()


def memory_per_second(name: str) -> float:
    """Bytes by which peak memory grows with each second of audio."""
    # WaveGlow is slow, and grows from the start; HiFi-GAN has other sizes for its first seconds.
    short, long = (2, 6) if name.startswith("waveglow") else (20, 120)
    peaks = [
        int(in_a_process(__file__, name, "--memory-of", str(seconds))) for seconds in (short, long)
    ]
    return (peaks[1] - peaks[0]) / (long - short)


def table(result: dict[str, Any]) -> str:
    lines = []
    for run in result["threads"]:
        peak = run["peak"]
        lines += [
            f"{run['machine']}; threads: {run['threads']}; "
            f"median of {run['rounds']}, {run['seconds of speech']:g} s of speech; peak "
            f"{peak['FLOP per processor second'] / 1e9:.0f} GFLOP per processor second "
            f"({peak['by']})",
            "",
            "| vocoder | parameters | compute / speech (least–most) | × real time "
            "| processor time / speech | GFLOP per second of audio | share of peak | first audio |",
            "|---|---|---|---|---|---|---|---|",
            *(row(name, found, peak) for name, found in run["vocoders"].items()),
            "",
        ]
    lines += ["Peak memory grows with each second of audio by", ""]
    for name, grown in result["bytes per second of audio"].items():
        lines.append(f"- {name}: {grown / 2**20:.1f} MiB")
    return "\n".join(lines)


def row(name: str, found: dict[str, Any], peak: dict[str, Any]) -> str:
    least, most = found["compute per speech, least and most"]
    operations, first = found["FLOP per second of audio"], found["first audio after"]
    share = "FLOP per processor second"
    cells = [
        name,
        f"{found['parameters']:,}".replace(",", " "),
        f"{found['compute per speech']:.4f} ({least:.4f}–{most:.4f})",
        f"{1 / found['compute per speech']:.2f}",
        f"{found['processor time per speech']:.4f}",
        f"{operations / 1e9:.1f}" if operations else "",
        f"{found[share] / peak[share]:.0%}" if operations else "",
        f"{1000 * first:.0f} ms" if first else "after all",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
