"""What smaller numbers gain and cost: float32, bfloat16 and int8, measured on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

import torch

from labkit.bench.models import choose_acoustic
from labkit.devices import device_name
from labkit.errors import ConfigError
from labkit.models.acoustic import NEVER
from labkit.notebook.picture import DARK, GREY, LIGHT, Picture, Table, new_figure
from labkit.tacotron2 import PrecisionReport, Tacotron2, compare_precision
from labkit.tacotron2.formats import PRECISIONS

BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}  # of one weight
DECIBELS = 8.686  # of one unit of the natural-log mel
_STEPS = 60  # of the full-size model
_MOST_ROUNDS = 7  # more of them say no more
_HATCHES = {"float32": "", "bfloat16": "////", "int8": "...."}
_COLOURS = {"float32": DARK, "bfloat16": LIGHT, "int8": GREY}


@dataclass(frozen=True)
class Speed:
    """How long one model takes in each precision.

    Args:
        name: of the model.
        matrices: number of weights in the matrices that are kept in that precision.
        seconds: of each round, by precision; the precisions took turns.
    """

    name: str
    matrices: int
    seconds: dict[str, list[float]]

    def ratios(self, precision: str) -> list[float]:
        """How many times as fast as float32 it was, round by round."""
        pairs = zip(self.seconds["float32"], self.seconds[precision], strict=True)
        return [reference / other for reference, other in pairs]

    def megabytes(self, precision: str) -> float:
        """Size of those matrices."""
        return self.matrices * BYTES[precision] / 1e6


def compare_precisions(
    tacotron2: Tacotron2,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    *,
    seconds: float = 8.0,
    full_size: bool = True,
) -> Picture:
    """Measure size, speed and error of the decoder in each precision that the device can do.

    The precisions take turns in every round, so that whatever else the machine does meets all of
    them; a ratio is the median over the rounds. A slow machine measures fewer rounds, not longer.
    The full-size model is untrained: how long it takes
    depends on its sizes only, and what it says means nothing.

    Args:
        tacotron2: a trained model, labkit's own: it is the kit's decoding engine that is measured.
        ids: (B, T_in) symbol ids, padded on the right.
        lengths: (B,) number of symbols of each sentence.
        seconds: what may be spent on measuring; every model is measured for one round at least.
        full_size: whether the published sizes are measured, too.

    Returns:
        A picture of size, speed and error; its table has the numbers.
    """
    device = tacotron2.embedding.weight.device
    ids, lengths = ids.to(device), lengths.to(device)
    available, reports = [PRECISIONS[0]], {}
    for precision in PRECISIONS[1:]:
        try:
            reports[precision] = compare_precision(tacotron2, ids, lengths, precision)
            available.append(precision)
        except ConfigError:  # int8 runs on the CPU only
            continue
    seconds /= 1 + full_size
    speeds = [_measure("this voice", tacotron2, ids, lengths, available, seconds)]
    if full_size:
        large = choose_acoustic().to(device)
        assert isinstance(large, Tacotron2)
        limits = {"max_decoder_steps": _STEPS, "gate_threshold": NEVER}
        speeds.append(
            _measure("published sizes", large, ids[:1], lengths[:1], available, seconds, **limits)
        )
    return _draw(speeds, reports, available, device)


def _measure(
    name: str,
    model: Tacotron2,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    precisions: list[str],
    budget: float,
    **options: float,
) -> Speed:
    seconds: dict[str, list[float]] = {precision: [] for precision in precisions}
    begun = time.perf_counter()
    for number in range(-1, _MOST_ROUNDS):  # the first round lays the weights out
        round_begun = time.perf_counter()
        for precision in precisions:
            start = time.perf_counter()
            outputs = model.infer(ids, lengths, seed=0, precision=precision, **options)  # type: ignore[arg-type]
            outputs[1].tolist()  # waits for the device
            if number >= 0:
                seconds[precision].append(time.perf_counter() - start)
        now = time.perf_counter()
        if number >= 0 and now - begun + (now - round_begun) > budget:  # no time for another
            break
    cells = (model.decoder.attention_rnn, model.decoder.decoder_rnn)
    matrices = sum(cell.weight_ih.numel() + cell.weight_hh.numel() for cell in cells)
    return Speed(name, matrices, seconds)


def _draw(
    speeds: list[Speed],
    reports: dict[str, PrecisionReport],
    precisions: list[str],
    device: torch.device,
) -> Picture:
    figure = new_figure(9, 2.9)
    size, speed, error = figure.subplots(1, 3, width_ratios=(3, 3, 2))
    width = 0.8 / len(precisions)
    for place, precision in enumerate(precisions):
        look = {
            "width": width * 0.95, "color": _COLOURS[precision], "hatch": _HATCHES[precision],
            "ec": "black", "lw": 0.5,
        }  # fmt: skip
        at = [model + (place - (len(precisions) - 1) / 2) * width for model in range(len(speeds))]
        values = [one.megabytes(precision) for one in speeds]
        bars = size.bar(at, values, label=precision, **look)
        size.bar_label(bars, [f"{value:.1f}" for value in values], fontsize=7.5, padding=2)
        values = [median(one.ratios(precision)) for one in speeds]
        bars = speed.bar(at, values, **look)
        speed.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=7.5, padding=2)
        if precision in reports:
            value = DECIBELS * reports[precision].mel_error
            bars = error.bar([precision], [value], **(look | {"width": 0.6}))
            error.bar_label(bars, [f"{value:.2f}"], fontsize=7.5, padding=2)
    speed.axhline(1, color="black", lw=0.8, ls="--")
    for axes, title in (
        (size, "LSTM matrices (MB)"),
        (speed, "speed (float32 = 1)"),
        (error, "mean mel error (dB)"),
    ):
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(y=0.15)
    for axes in (size, speed):
        axes.set_xticks(range(len(speeds)), [one.name for one in speeds])
    size.legend(fontsize=7.5, frameon=False, loc="upper left")
    return Picture(
        figure,
        "Three precisions of the decoder",
        _in_words(speeds, reports, precisions, device),
        _table(speeds, reports, precisions),
    )


def _in_words(
    speeds: list[Speed],
    reports: dict[str, PrecisionReport],
    precisions: list[str],
    device: torch.device,
) -> str:
    lines = [
        f"Measured on {device_name(device)}, threads of PyTorch: {torch.get_num_threads()}; the "
        "precisions took turns."
    ]
    for one in speeds:
        parts = []
        for precision in precisions[1:]:
            ratios = one.ratios(precision)
            parts.append(
                f"{precision} is {median(ratios):.2f} times as fast as float32 "
                f"({min(ratios):.2f} to {max(ratios):.2f})"
            )
        lines.append(
            f"{one.name[0].upper()}{one.name[1:]}: the LSTM matrices have "
            f"{one.megabytes('float32'):.1f} MB in float32; "
            f"in {len(one.seconds['float32'])} rounds, {', '.join(parts)}."
        )
    for precision, report in reports.items():
        lines.append(
            f"With {precision} the log-mel of this voice is off by "
            f"{DECIBELS * report.mel_error:.2f} dB on average and {report.alignment_change:.1%} of "
            f"the attention lies elsewhere; {sum(report.frames)} frames instead of "
            f"{sum(report.frames_float32)}."
        )
    return "\n".join(lines)


def _table(
    speeds: list[Speed], reports: dict[str, PrecisionReport], precisions: list[str]
) -> Table:
    head = ["precision"]
    for one in speeds:
        head += [f"{one.name}: MB", "ms", "speed"]
    head += ["mel error (dB)", "largest (dB)", "attention moved", "frames"]
    rows = []
    for precision in precisions:
        row = [precision]
        for one in speeds:
            row += [
                f"{one.megabytes(precision):.2f}",
                f"{1000 * median(one.seconds[precision]):.0f}",
                f"{median(one.ratios(precision)):.2f}",
            ]
        report = reports.get(precision)
        if report is None:
            any_report = next(iter(reports.values()), None)
            row += ["0", "0", "0", str(sum(any_report.frames_float32)) if any_report else ""]
        else:
            row += [
                f"{DECIBELS * report.mel_error:.3f}",
                f"{DECIBELS * report.largest_mel_error:.2f}",
                f"{report.alignment_change:.2%}",
                str(sum(report.frames)),
            ]
        rows.append(row)
    return Table(head, rows)
