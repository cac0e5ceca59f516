"""How long does a decoder step take, and how does that compare with reading its weights once?

Full-size Tacotron 2 (28 193 153 random weights), 128 symbols, 200 steps. Everything is measured
in turn, round after round, so that what disturbs one measurement disturbs all.

    python benchmarks/decoding.py [--threads 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from functools import partial

import torch
from common import in_a_process, in_turn, machine, peak_bytes

from labkit.fast.engine import engine_for
from labkit.fast.matrices import prepare
from labkit.tacotron2 import Tacotron2, Tacotron2Config, compare_precision
from labkit.tacotron2.formats import Precision

SYMBOLS = 128
STEPS = 200
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
NEVER = 0.999999  # a gate threshold that random weights do not reach


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    if arguments.memory_of is not None:
        print(peak_of(arguments.memory_of))
        return
    model = Tacotron2(Tacotron2Config()).eval()
    found = {
        "machine": f"{machine()}, threads: {arguments.threads}",
        "milliseconds per step": measure(model, arguments.rounds),
        "memory": memory(),
        "precision": [
            str(compare_precision(model, *batch(1), precision, **(model.exactly(STEPS) or {})))
            for precision in PRECISIONS[1:]
        ],
    }
    print(json.dumps(found, indent=2) if arguments.json else table(found))


def batch(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randint(1, 148, (size, SYMBOLS)), torch.full((size,), SYMBOLS)


def measure(model: Tacotron2, rounds: int) -> dict[str, tuple[float, float]]:
    """Median and smallest milliseconds per step."""
    decoder = model.decoder
    matrices = [
        torch.cat((cell.weight_ih, cell.weight_hh), dim=1).detach()
        for cell in (decoder.attention_rnn, decoder.decoder_rnn)
    ]
    vectors = [torch.randn(matrix.size(1)) for matrix in matrices]
    ready = [prepare(matrix) for matrix in matrices]

    def bare() -> None:
        for _ in range(STEPS):
            for matrix, vector in zip(matrices, vectors, strict=True):
                torch.mv(matrix, vector)

    def bare_prepared() -> None:
        for _ in range(STEPS):
            for product, vector in zip(ready, vectors, strict=True):
                product(vector[None])

    tasks: dict[str, Callable[[], object]] = {
        "two matrices, torch.mv": bare,
        "two matrices, prepared": bare_prepared,
    }
    for size in (1, 8):
        ids, lengths = batch(size)
        with torch.no_grad():
            memory = model.encoder(model.embedding(ids).transpose(1, 2), lengths)
        tasks[f"plain modules, batch {size}"] = no_grad(
            partial(decoder.infer, memory, lengths, max_decoder_steps=STEPS, gate_threshold=NEVER)
        )
        for precision in PRECISIONS:
            engine = engine_for(decoder, precision)
            assert engine is not None
            tasks[f"engine, {precision}, batch {size}"] = partial(
                engine.infer,
                memory,
                lengths,
                p_prenet_dropout=0.5,
                generator=None,
                max_decoder_steps=STEPS,
                gate_threshold=NEVER,
                early_stopping=True,
            )
    ids, lengths = batch(1)
    for precision in PRECISIONS:
        tasks[f"whole infer, {precision}, batch 1"] = partial(
            model.infer,
            ids,
            lengths,
            precision=precision,
            gate_threshold=NEVER,
            max_decoder_steps=STEPS,
        )
    tasks["whole infer, plain modules, batch 1"] = no_grad(lambda: plain(model, ids, lengths))

    times = {
        name: [1000 * taken.wall / STEPS for taken in each]
        for name, each in in_turn(tasks, rounds).items()
    }
    return {name: (statistics.median(each), min(each)) for name, each in times.items()}


def no_grad(task: Callable[[], object]) -> Callable[[], object]:
    return torch.no_grad()(task)


def plain(model: Tacotron2, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    memory = model.encoder(model.embedding(ids).transpose(1, 2), lengths)
    mel, *_ = model.decoder.infer(memory, lengths, gate_threshold=NEVER, max_decoder_steps=STEPS)
    return mel + model.postnet(mel)


def memory() -> dict[str, float]:
    """Bytes that the peak of a whole process grows by with each further step, and the outputs'.

    With a small model, whose weights do not hide what the steps leave behind.
    """
    few, many = 20_000, 100_000
    peaks = [int(in_a_process(__file__, "--memory-of", str(steps))) for steps in (few, many)]
    return {
        "peak growth per step, bytes": (peaks[1] - peaks[0]) / (many - few),
        "outputs per step, bytes": 4 * (80 + SYMBOLS),
    }


def peak_of(steps: int) -> int:
    small = Tacotron2Config(attention_rnn_dim=64, decoder_rnn_dim=64, prenet_dim=32)
    model = Tacotron2(small).eval()
    model.infer(*batch(1), max_decoder_steps=steps, gate_threshold=NEVER)
    return peak_bytes()


def table(found: dict) -> str:
    times = found["milliseconds per step"]
    bare = times["two matrices, torch.mv"][0]
    lines = [
        found["machine"],
        "",
        "| | ms/step, median (least) | × torch.mv | frames/s |",
        "|---|---|---|---|",
    ]
    for name, (median, least) in times.items():
        size = 8 if name.endswith("8") else 1
        lines.append(
            f"| {name} | {median:.2f} ({least:.2f}) | {median / bare:.2f} "
            f"| {size * 1000 / median:.0f} |"
        )
    ratios = {
        "float32 engine / two matrices, torch.mv (at most 1.25)": (
            "engine, float32, batch 1",
            "two matrices, torch.mv",
        ),
        "float32 engine / two matrices, prepared": (
            "engine, float32, batch 1",
            "two matrices, prepared",
        ),
        "plain modules / int8 engine (at least 4)": (
            "plain modules, batch 1",
            "engine, int8, batch 1",
        ),
        "plain / int8, whole infer": (
            "whole infer, plain modules, batch 1",
            "whole infer, int8, batch 1",
        ),
    }
    lines.append("")
    lines += [f"{name}: {times[a][0] / times[b][0]:.2f}" for name, (a, b) in ratios.items()]
    for precision in PRECISIONS:
        one, eight = (times[f"engine, {precision}, batch {size}"][0] for size in (1, 8))
        lines.append(f"frames/s of batch 8 / batch 1, {precision}: {8 * one / eight:.2f}")
    lines += ["", *(f"{name}: {value:.0f}" for name, value in found["memory"].items())]
    return "\n".join([*lines, "", *found["precision"]])


if __name__ == "__main__":
    main()
