"""The report of one benchmark: the original lab's lines, and what they leave out."""

from __future__ import annotations

import os
from typing import Any

from grader.bench.row import MEASURED, PARTS, Row, in_a_line, main_latency
from grader.text import visible
from labkit.audio.config import DEFAULT
from labkit.bench import Iteration, Log, Report, Step


def report_of(row: Row) -> Report:
    """Return the figures of a measured row in the original lab's terms.

    ``speak`` writes its files itself, so that conversion and storage are part of the vocoder's
    time; what is named transfer is what the pipe between judge and worker takes.
    """
    size = row["sizes"][row["main"]]
    frames, batch = size["frames"], size["batch"]
    samples = frames * DEFAULT.hop_length
    split = {name: row["parts"][name][0] for name in PARTS.values()}
    iterations = []
    for read, speak in size["own"]:
        seconds = {
            "pre_processing": row["pre_processing"],
            "tacotron2_latency": read,
            "waveglow_latency": speak,
            "latency": read + speak,
            "type_conversion": 0.0,
            "data_transfer": row["passing"],
            "storage": 0.0,
        }
        iterations.append(
            Iteration(
                Step.of(seconds, batch, frames, samples),
                split,
                speech=batch * samples / DEFAULT.sample_rate,
                processor=row["processors"] * (read + speak),
            )
        )
    return Report(_parameters(row), _setting(row), iterations)


def _parameters(row: Row) -> dict[str, Any]:
    size = row["sizes"][row["main"]]
    return {
        "tacotron2": row["model"],
        "waveglow": row["vocoder"] or row["model"],
        "sampling_rate": DEFAULT.sample_rate,
        "amp_run": False,
        "stft_hop_length": DEFAULT.hop_length,
        "num_iters": len(size["own"]),
        "input_length": size["symbols"],
        "batch_size": size["batch"],
        "device_param": "cpu",
        "model_name": "Tacotron2_PyT",
    }


def _setting(row: Row) -> dict[str, Any]:
    ratio = row["ratio"]
    facts = {
        "ratio": f"{ratio['median']:.3f} to the reference ({ratio['low']:.3f} to "
        f"{ratio['high']:.3f} in nine of ten cases, {ratio['rounds']} rounds)",
        "reference": f"{main_latency(row).seconds[1]:.4f} s in the same rounds",
        "peak memory": f"{row['peak_bytes'][0] / 1e6:.0f} MB (reference "
        f"{row['peak_bytes'][1] / 1e6:.0f} MB)",
        "threads": row["threads"],
        "processor": row["processor"],
        "isolation": row["isolation"],
    }
    if not row["held"]:
        facts["beside it"] = "the other side could not be stopped on this machine"
    return facts


def lines_of(row: Row) -> list[str]:
    """Return the report of a row, whatever came of it."""
    lines: list[str] = []
    if row["status"] == MEASURED:
        report = report_of(row)
        with Log(os.devnull, lines.append) as log:
            log.log("PARAMETER", report.parameters)
            for number, iteration in enumerate(report.iterations):
                log.log(number, iteration.step.as_dict())
        lines += [*report.original_lines(), *report.further_lines()]
    lines += ["", in_a_line(row)]
    lines += [
        f"  {task}: the reference ran in its place: {why}" for task, why in row["lent"].items()
    ]
    return [visible(line) for line in lines]
