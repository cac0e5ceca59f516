"""What the student's ``benchmark`` measures, on a device whose times are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from labkit.notebook.picture import DARK, LIGHT, Notice, Picture, Table, new_figure
from labkit.notebook.student import NotReadyError, students_code
from labkit.notebook.view import Slider, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

READ, VOCODE, LAUNCH, SETTLING = 0.30, 0.20, 0.02, 0.25  # seconds
UNSETTLED, ITERATIONS = 2, 3
_NEEDED = ("tacotron2_latency", "vocoder_latency", "latency")


class SlowDevice:
    """A device that is told what to do and does it later; its clock is not the wall's.

    A call returns when the work is queued (:data:`LAUNCH`). The device does one piece after the
    other: :data:`READ` for a mel, :data:`VOCODE` for a sound, and :data:`SETTLING` more for each
    in the first iterations.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.free_at = 0.0
        self.work: list[tuple[str, float, float]] = []  # what, from, to
        self.looks: list[float] = []  # at the clock

    def read(self) -> torch.Tensor:
        """Queue the reading of a mel."""
        self._queue("read", READ)
        return torch.zeros(1, 80, 100)

    def vocode(self, mel: torch.Tensor) -> torch.Tensor:
        """Queue the vocoding of a mel."""
        self._queue("vocode", VOCODE)
        return torch.zeros(mel.size(0), mel.size(2) * 256)

    def synchronise(self) -> None:
        """Wait until all is done."""
        self.now = max(self.now, self.free_at)

    def clock(self) -> float:
        """Look at the clock."""
        self.looks.append(self.now)
        return self.now

    def _queue(self, what: str, seconds: float) -> None:
        self.now += LAUNCH
        start = max(self.now, self.free_at)
        settling = SETTLING if len(self.work) < 2 * UNSETTLED else 0.0
        self.free_at = start + seconds + settling
        self.work.append((what, start, self.free_at))


def watch_benchmark(benchmark: Callable[..., Any]) -> View:
    """Run the student's ``benchmark`` on a simulated device, with waiting and without.

    Args:
        benchmark: the student's function.

    Returns:
        The picture, with a slider for the warm-ups; a notice if the function is not ready.
    """

    def draw(n_warm_ups: int) -> Picture | Notice:
        waiting, careless = SlowDevice(), SlowDevice()
        try:
            found = _figures(benchmark, waiting, waiting.synchronise, n_warm_ups)
            wrong = _figures(benchmark, careless, lambda: None, n_warm_ups)
        except NotReadyError as problem:
            return problem.notice
        return _draw_both(waiting, careless, found, wrong, n_warm_ups)

    return View(draw, [Slider("n_warm_ups", "n_warm_ups", 0, 4, 2)])


def _draw_both(
    waiting: SlowDevice,
    careless: SlowDevice,
    found: dict[str, list[float]],
    wrong: dict[str, list[float]],
    n_warm_ups: int,
) -> Picture:
    figure = new_figure(9, 4.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw(upper, waiting, n_warm_ups, "your benchmark on a device that answers before it is done")
    _draw(lower, careless, n_warm_ups, "the same, if synchronise did not wait")
    upper.legend(loc="upper right", ncols=3, fontsize="small", frameon=False)
    end = max(waiting.free_at, careless.free_at)
    lower.set_xlim(0, end * 1.02)
    lower.set_xlabel("seconds of the simulated clock")
    truth = {"tacotron2_latency": READ, "vocoder_latency": VOCODE}
    truth = {name: seconds + LAUNCH for name, seconds in truth.items()}
    truth["latency"] = sum(truth.values())
    rows = [
        (name, f"{truth[name]:.2f}", _listed(found[name]), _listed(wrong[name])) for name in _NEEDED
    ]
    is_true = all(abs(seconds - truth[name]) < 1e-6 for name in _NEEDED for seconds in found[name])
    text = (
        f"The device takes {READ:.2f} s for a mel and {VOCODE:.2f} s for its sound, and the first "
        f"{UNSETTLED} iterations longer; to hand over work takes {LAUNCH:.2f} s.\n"
        f"Your benchmark reports a latency of {_listed(found['latency'])} s for the "
        f"{len(found['latency'])} iterations that it keeps; "
        + ("that is the truth" if is_true else f"the truth is {truth['latency']:.2f} s")
        + f". If synchronise did not wait, it would report {_listed(wrong['latency'])} s."
    )
    head = ("figure", "truth (s)", "reported (s)", "without waiting (s)")
    return Picture(figure, "What your benchmark measures", text, Table(head, rows))


def _figures(
    benchmark: Callable[..., Any],
    device: SlowDevice,
    synchronise: Callable[[], None],
    n_warm_ups: int,
) -> dict[str, list[float]]:
    with students_code("inference-3"):
        figures = benchmark(
            device.read, device.vocode, synchronise, device.clock, ITERATIONS, n_warm_ups
        )
    return checked(figures, ITERATIONS)


def checked(figures: Any, n_iterations: int) -> dict[str, list[float]]:
    """Return what a student's ``benchmark`` returned, if it can be used.

    Raises:
        NotReadyError: it cannot; the notice says why.
    """
    problem = _problem(figures, n_iterations)
    if problem:
        raise NotReadyError(Notice(problem, "Run the check below the task: it says more."))
    return {name: [float(value) for value in values] for name, values in figures.items()}


def _problem(figures: Any, n_iterations: int) -> str | None:
    if not isinstance(figures, dict):
        return f"benchmark returned a {type(figures).__name__}, not a dict"
    for name in (*_NEEDED, "tacotron2_items_per_sec", "vocoder_items_per_sec", "throughput"):
        if name not in figures:
            return f"the figures of benchmark lack {name!r}"
        if not isinstance(figures[name], list) or len(figures[name]) != n_iterations:
            return f"{name!r} should be a list of {n_iterations} figures, one for each kept"
    return None


def _draw(axes: Axes, device: SlowDevice, n_warm_ups: int, title: str) -> None:
    looks = {
        "read": (DARK, None, 1, "device reads"),
        "vocode": (LIGHT, "////", 0, "device vocodes"),
    }
    for what, (colour, hatch, row, label) in looks.items():
        spans = [(start, end - start) for kind, start, end in device.work if kind == what]
        axes.broken_barh(
            spans, (row - 0.35, 0.7), fc=colour, ec="black", lw=0.6, hatch=hatch, label=label
        )
    axes.vlines(device.looks, -0.7, 1.7, color="black", lw=1.2, ls=":", label="a look at the clock")
    if n_warm_ups and len(device.work) > 2 * n_warm_ups:
        first = device.work[2 * n_warm_ups][1]
        axes.axvspan(0, first - LAUNCH, color="#eeeeee", zorder=0)
        axes.text(0.01, 2.0, "warm-up", fontsize=8, va="center")
    axes.set_yticks([1, 0], ["Tacotron 2", "vocoder"])
    axes.set_ylim(-0.8, 2.3)
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _listed(seconds: list[float]) -> str:
    shown = [f"{value:.2f}" for value in seconds]
    return shown[0] if len(set(shown)) == 1 else ", ".join(shown)
