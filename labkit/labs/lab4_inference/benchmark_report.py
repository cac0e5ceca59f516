"""The student's ``benchmark`` on the real pipeline, in the lines of the original lab's report."""

from __future__ import annotations

import html
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from labkit.audio import save_audio
from labkit.bench import Iteration, Report, Step, Stopwatch
from labkit.devices import device_name, synchronise
from labkit.labs.lab4_inference.benchmark_view import checked
from labkit.notebook.picture import DARK, LIGHT, Notice, Picture, Table, new_figure
from labkit.notebook.student import NotReadyError, students_code

WARM_UPS = 3
FEWEST, MOST = 2, 8  # iterations that are kept


@dataclass(frozen=True, repr=False)
class LatencyReport:
    """What was measured. As the last line of a cell it shows itself.

    Args:
        report: the figures.
        device: what computed.
        threads: of PyTorch.
        picture: latency of each iteration.
    """

    report: Report
    device: str
    threads: int
    picture: Picture

    @property
    def lines(self) -> list[str]:
        """The lines of the original report, and below them the real-time factor."""
        factor = self.report.real_time_factor
        return [
            *self.report.original_lines(),
            "",
            f"Speech of an iteration (seconds) = {self.report.speech:.4f}",
            f"Real-time factor (latency / speech) = {factor:.4f}, {1 / factor:.1f} x real time",
            f"Measured on {self.device}, threads of PyTorch: {self.threads}, "
            f"iterations: {len(self.report.iterations)}",
        ]

    def __repr__(self) -> str:
        return "\n".join([*self.lines, "", repr(self.picture)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        lines = html.escape("\n".join(self.lines))
        shown = self.picture._repr_mimebundle_()["text/html"]
        return {"text/html": f"<pre>{lines}</pre>{shown}", "text/plain": repr(self)}


def latency_report(
    benchmark: Callable[..., Any],
    *,
    prepare: Callable[[], Any],
    read: Callable[[], torch.Tensor],
    vocode: Callable[[torch.Tensor], torch.Tensor],
    device: torch.device,
    sample_rate: int = 22050,
    seconds: float = 8.0,
) -> LatencyReport | Notice:
    """Measure a pipeline with the student's ``benchmark``, and report as the original lab did.

    The report also names what lies before and behind the two models; that is timed here, as often.
    A slow machine measures less often, not longer: a first run says what there is time for.

    Args:
        benchmark: the student's function.
        prepare: text to padded ids.
        read: gives the mel (B, n_mels, T).
        vocode: makes it audible: (B, N).
        device: where that is done.
        sample_rate: samples per second.
        seconds: what may be spent; at least two iterations are kept, at most eight, after three
            warm-ups.

    Returns:
        The report, or a notice if a function of the student's is not ready.
    """
    last: dict[str, torch.Tensor] = {}

    def reading() -> torch.Tensor:
        with students_code("inference-1"):
            last["mel"] = read()
        return last["mel"]

    def vocoding(mel: torch.Tensor) -> torch.Tensor:
        last["audio"] = vocode(mel)
        return last["audio"]

    try:
        with torch.no_grad():
            n_iterations = _affordable(lambda: vocoding(reading()), device, seconds)
        with students_code("inference-3"), torch.no_grad():
            figures = benchmark(
                reading, vocoding, lambda: synchronise(device), time.perf_counter,
                n_iterations, WARM_UPS,
            )  # fmt: skip
        figures = checked(figures, n_iterations)
        iterations = [
            _iteration(figures, at, prepare, last, device, sample_rate)
            for at in range(n_iterations)
        ]
    except NotReadyError as problem:
        return problem.notice
    report = Report({}, {}, iterations)
    return LatencyReport(
        report, device_name(device), torch.get_num_threads(), _draw(figures, report)
    )


def _affordable(once: Callable[[], Any], device: torch.device, seconds: float) -> int:
    """Run the pipeline once, and return how many iterations can be kept in the time."""
    start = time.perf_counter()
    try:
        once()
    except Exception:  # said where benchmark comes to it, if it does
        return FEWEST
    synchronise(device)
    took = max(time.perf_counter() - start, 1e-6)
    return int(min(max(seconds / took - 1 - WARM_UPS, FEWEST), MOST))


def _iteration(
    figures: dict[str, list[float]],
    at: int,
    prepare: Callable[[], Any],
    last: dict[str, torch.Tensor],
    device: torch.device,
    sample_rate: int,
) -> Iteration:
    """Join what the student measured to what lies before and behind it."""
    watch = Stopwatch(device)
    with watch.time("pre_processing"):
        prepare()
    with watch.time("type_conversion"):
        audio = last["audio"].float()
    with watch.time("data_transfer"):
        audio = audio.cpu()
    with tempfile.TemporaryDirectory() as folder, watch.time("storage"):
        for number, samples in enumerate(audio.clamp(-1, 1)):
            save_audio(Path(folder, f"{number}.wav"), samples, sample_rate)
    step = Step(
        **watch.seconds,
        tacotron2_latency=figures["tacotron2_latency"][at],
        waveglow_latency=figures["vocoder_latency"][at],
        latency=figures["latency"][at],
        tacotron2_items_per_sec=figures["tacotron2_items_per_sec"][at],
        waveglow_items_per_sec=figures["vocoder_items_per_sec"][at],
        num_mels_per_audio=last["mel"].size(2),
        throughput=figures["throughput"][at],
    )
    speech = figures["throughput"][at] * figures["latency"][at] / sample_rate
    return Iteration(step, {}, speech=speech, processor=0.0)


def _draw(figures: dict[str, list[float]], report: Report) -> Picture:
    figure = new_figure(7.5, 2.6)
    axes = figure.add_subplot()
    numbers = list(range(len(figures["latency"])))
    reading = [1000 * value for value in figures["tacotron2_latency"]]
    vocoding = [1000 * value for value in figures["vocoder_latency"]]
    axes.bar(numbers, reading, color=DARK, ec="black", lw=0.5, label="Tacotron 2")
    axes.bar(
        numbers, vocoding, bottom=reading, color=LIGHT, ec="black", lw=0.5, hatch="////",
        label="vocoder",
    )  # fmt: skip
    total = [1000 * value for value in figures["latency"]]
    average = 1000 * report.summary.latency
    axes.axhline(average, color="black", lw=1, ls="--", label="average latency")
    axes.set_ylim(0, 1.35 * max(total))
    axes.legend(loc="upper right", ncols=3, fontsize="small", frameon=False)
    axes.set_xlabel("iteration")
    axes.set_ylabel("milliseconds")
    axes.spines[["top", "right"]].set_visible(False)
    text = (
        f"An iteration takes {average:.0f} ms on average, from {min(total):.0f} to "
        f"{max(total):.0f}; {sum(reading) / sum(total):.0%} of it is Tacotron 2."
    )
    rows = [
        (str(at), f"{1000 * one:.1f}", f"{1000 * two:.1f}", f"{1000 * both:.1f}", f"{rate:.0f}")
        for at, (one, two, both, rate) in enumerate(
            zip(
                figures["tacotron2_latency"],
                figures["vocoder_latency"],
                figures["latency"],
                figures["throughput"],
                strict=True,
            )
        )
    ]
    head = ("iteration", "Tacotron 2 (ms)", "vocoder (ms)", "latency (ms)", "samples / s")
    return Picture(figure, "Latency of each iteration", text, Table(head, rows))
