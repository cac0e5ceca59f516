"""``labkit bench``: the latency report of the original lab, and what it leaves out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.cli.bench_arguments import DESCRIPTION, add_arguments
from labkit.cli.outputs import check_output
from labkit.files import whole_file

if TYPE_CHECKING:
    import torch

    from labkit.bench import Iteration, Pipeline

# Of one processor, which the models keep busy all the time.
_UNDISTURBED = 0.9


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    bench = commands.add_parser(
        "bench",
        help="Measure the way from text to sound: the latency report.",
        description=DESCRIPTION,
    )
    add_arguments(bench)
    bench.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from labkit.devices import find_device

    device = find_device(arguments.device_param)
    check_output(arguments.log_file)
    if arguments.output:
        check_output(arguments.output, (".wav", ".flac"))
    if arguments.json and arguments.json != "-":
        check_output(Path(arguments.json))

    import torch

    from labkit.bench import Log, Report, measure

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    pipeline, notes = _prepare(arguments, device)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    parameters = _parameters(arguments, pipeline, device)

    show = _nothing if arguments.json == "-" else print
    with Log(arguments.log_file, show) as log:
        log.log("PARAMETER", parameters)

        def on_step(number: int, iteration: Iteration) -> None:
            if number < 0:
                print(f"warm-up: {iteration.step.latency:.2f} s", file=sys.stderr)
            else:
                log.log(number, iteration.step.as_dict())

        iterations = measure(
            pipeline,
            input_length=arguments.input_length,
            batch_size=arguments.batch_size,
            num_iters=arguments.num_iters,
            warm_ups=arguments.warm_ups,
            output=arguments.output,
            on_step=on_step,
        )
    report = Report(parameters, _setting(arguments, pipeline, device, notes), iterations)
    if device.type == "cpu" and report.processors < _UNDISTURBED:
        print(
            f"note: other programs were in the way: only {report.processors:.2f} of a processor "
            "was left for this; measure again when the machine is idle",
            file=sys.stderr,
        )
    for line in (*report.original_lines(), "", *report.further_lines()):
        show(line)
    if arguments.json:
        document = json.dumps(report.as_dict(), indent=1)
        if arguments.json == "-":
            print(document)
        else:
            with whole_file(Path(arguments.json)) as unfinished:
                unfinished.write_text(document, "utf-8")
    return 0


def _prepare(arguments: argparse.Namespace, device: torch.device) -> tuple[Pipeline, list[str]]:
    """Load or make the models; also return what must be said about them."""
    from labkit.bench import Pipeline, models
    from labkit.models.kind import kind_of
    from labkit.vocoders import Denoiser

    tacotron2 = models.choose_acoustic(arguments.tacotron2)
    if arguments.vocoder:
        vocoder = models.choose_vocoder(arguments.vocoder)
    else:
        vocoder = models.choose_waveglow(arguments.waveglow, arguments.wn_channels)
    models.check_audio(vocoder, arguments.sampling_rate, arguments.stft_hop_length)
    tacotron2, vocoder = tacotron2.to(device), vocoder.to(device)

    sigma = vocoder.sigma if arguments.sigma_infer is None else arguments.sigma_infer
    strength = arguments.denoising_strength
    strength = vocoder.denoising if strength is None else strength

    notes, frames = [], arguments.frames
    if not models.is_trained(arguments.tacotron2):
        length = ""
        if tacotron2.exactly(1) is not None:
            frames = frames or round(models.FRAMES_PER_CHARACTER * arguments.input_length)
            length = (
                f", and because its gate means nothing, the number of frames is fixed to {frames}"
            )
        notes.append(
            f"{kind_of(tacotron2).name} is untrained: what it says is noise{length}; it takes the "
            "time of a trained one of this size"
        )
    if not models.is_trained(arguments.vocoder or arguments.waveglow):
        notes.append(
            "the vocoder is untrained: its sound is noise; it takes the time of a trained one "
            "of this size"
        )
    return Pipeline(
        tacotron2,
        vocoder,
        Denoiser(vocoder) if strength > 0 else None,
        sigma=sigma,
        denoising_strength=strength,
        precision=arguments.precision,
        frames=frames,
    ), notes


def _parameters(
    arguments: argparse.Namespace, pipeline: Pipeline, device: torch.device
) -> dict[str, Any]:
    """Give the parameters of the original report, in its order, as they took effect."""
    return {
        "tacotron2": arguments.tacotron2,
        "waveglow": arguments.vocoder or arguments.waveglow,
        "sigma_infer": pipeline.sigma,
        "denoising_strength": pipeline.denoising_strength,
        "sampling_rate": arguments.sampling_rate,
        "amp_run": arguments.precision != "float32",
        "log_file": str(arguments.log_file),
        "stft_hop_length": arguments.stft_hop_length,
        "num_iters": arguments.num_iters,
        "input_length": arguments.input_length,
        "batch_size": arguments.batch_size,
        "device_param": "gpu" if device.type == "cuda" else device.type,
        "wn_channels": getattr(getattr(pipeline.vocoder, "config", None), "n_channels", None),
        "model_name": "Tacotron2_PyT",
    }


def _setting(
    arguments: argparse.Namespace, pipeline: Pipeline, device: torch.device, notes: list[str]
) -> dict[str, Any]:
    """Give what else the figures depend on."""
    import torch

    from labkit.bench import kept_warm_ups, models
    from labkit.devices import device_name

    cost = pipeline.precision_cost(arguments.input_length)
    discarded = kept_warm_ups(arguments.num_iters, arguments.warm_ups)
    return {
        "acoustic model": models.describe(pipeline.tacotron2),
        "vocoder": models.describe(pipeline.vocoder),
        "denoiser": "on" if pipeline.denoiser else "off",
        "precision": arguments.precision
        + ("" if arguments.precision == "float32" else " in the decoder's matrices, else float32"),
        **({"precision costs": cost} if cost else {}),
        "device": f"{device} ({device_name(device)})",
        "threads": torch.get_num_threads(),
        "PyTorch": torch.__version__,
        "batch": f"{arguments.batch_size} x {arguments.input_length} characters",
        "iterations": f"{arguments.num_iters - discarded}, after {discarded} discarded",
        **{f"note {number}": note for number, note in enumerate(notes, start=1)},
    }


def _nothing(line: str) -> None:
    """Show nothing: standard output is for JSON."""
