"""The arguments of ``labkit bench``: those of the original script, and more."""

from __future__ import annotations

import argparse
from pathlib import Path

from labkit.cli.values import add_number, add_precision, not_negative

DESCRIPTION = """\
Measure the way from text to sound and print the latency report: a line for each figure of each
iteration, a line of five averages (all iterations but the first), the summary, and below it what
the original report leaves out. Without weights files, full-size untrained models are measured:
as fast as trained ones, but what they say is noise."""


def add_arguments(bench: argparse.ArgumentParser) -> None:
    """Add them to the command's parser, in groups."""
    models = bench.add_argument_group("models")
    add = models.add_argument
    add(
        "--tacotron2",
        metavar="FILE",
        default="random",
        help="weights of an acoustic model, of any published layout, or random (default): an "
        "untrained Tacotron 2 of full size",
    )
    vocoders = models.add_mutually_exclusive_group()
    vocoders.add_argument(
        "--waveglow", metavar="FILE", default="random", help="the same for the vocoder"
    )
    vocoders.add_argument(
        "--vocoder",
        metavar="FILE",
        help="any vocoder instead: weights, griffin-lim, or (untrained) hifigan-v1, -v2, -v3 or "
        "vocos",
    )
    told = "width of WaveGlow, 256 or 512 (default: the file's; 512 if random)"
    add_number(models, "--wn-channels", about=told)
    add(
        "-s",
        "--sigma-infer",
        type=not_negative,
        metavar="SIGMA",
        help="spread of WaveGlow's noise (default: 0.6)",
    )
    add(
        "-d",
        "--denoising-strength",
        type=not_negative,
        metavar="STRENGTH",
        help="bias removed from the audio (default: 0.01 for WaveGlow, 0 for the others)",
    )
    told = "samples per second; must be the vocoder's"
    add_number(models, "-sr", "--sampling-rate", default=22_050, metavar="HZ", about=told)
    told = "samples per mel frame; must be the vocoder's"
    add_number(models, "--stft-hop-length", default=256, metavar="SAMPLES", about=told)

    work = bench.add_argument_group("work")
    add = work.add_argument
    add_number(work, "--num-iters", default=10, about="iterations, warm-ups included")
    told = "iterations to discard, but never the last (default: 3)"
    add("--warm-ups", type=int, default=3, metavar="N", help=told)
    add_number(work, "-il", "--input-length", default=64, about="characters of text")
    told = "how often the text stands in the batch"
    add_number(work, "-bs", "--batch-size", default=1, about=told)
    told = "exact number of mel frames (default: until the gate fires; untrained: 4.5 for each "
    add_number(work, "--frames", about=f"{told}character)")
    add("--seed", type=int, default=0, metavar="N", help="of all that is random (default: 0)")

    machine = bench.add_argument_group("machine")
    devices = machine.add_mutually_exclusive_group()
    devices.add_argument(
        "--device-param",
        "--device",
        dest="device_param",
        metavar="DEVICE",
        help="cpu, gpu, cuda:1, mlu, ... (default: a GPU if there is one)",
    )
    devices.add_argument(
        "--cpu",
        action="store_const",
        const="cpu",
        dest="device_param",
        help="the same as --device-param cpu",
    )
    precisions = machine.add_mutually_exclusive_group()
    add_precision(precisions)
    precisions.add_argument(
        "--amp-run",
        "--fp16",
        action="store_const",
        const="bfloat16",
        dest="precision",
        help="the same as --precision bfloat16",
    )
    add_number(machine, "--threads", about="processor threads (default: as PyTorch finds best)")

    files = bench.add_argument_group("files")
    add = files.add_argument
    add(
        "--log-file",
        type=Path,
        default=Path("nvlog.json"),
        metavar="FILE",
        help="the figures again, a line of JSON for each (default: nvlog.json)",
    )
    add(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="keep the last audio (.wav or .flac; default: a temporary file)",
    )
    add(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="the whole report as JSON, to a file or instead of the lines",
    )
