"""The picture of a benchmark: latency over length, and where the time goes."""

from __future__ import annotations

from grader.bench.row import MEASURED, PARTS, Row, in_a_line, latencies
from labkit.notebook.picture import DARK, LIGHT, Notice, Picture, Table, new_figure

_LOOKS = (
    {"color": DARK, "label": "yours"},
    {"color": LIGHT, "label": "the reference", "hatch": "////", "edgecolor": "#5c4a10", "lw": 0.5},
)


def draw_benchmark(row: Row, title: str = "How fast this pipeline is") -> Picture | Notice:
    """Draw a row; one that is not measured is a notice that says why."""
    if row["status"] != MEASURED:
        return Notice("There is no time for this pipeline", in_a_line(row))
    single = latencies(row, single=True)
    figure = new_figure(9, 3)
    left, right = figure.subplots(1, 2)
    symbols = [size["symbols"] for size in row["sizes"] if size["batch"] == 1]
    for side, (mark, line) in enumerate((("o", "-"), ("s", "--"))):
        look = _LOOKS[side]
        times = [1000 * one.seconds[side] for one in single]
        left.plot(symbols, times, line, marker=mark, color=look["color"], label=look["label"])
    left.set_xlabel("symbols of the sentence")
    left.set_ylabel("milliseconds to its audio")
    left.set_ylim(0, 1.3 * max(1000 * max(one.seconds) for one in single))
    left.legend(loc="upper left", frameon=False, fontsize="small")
    names = list(PARTS.values())
    for side in (0, 1):
        places = [index + (side - 0.5) * 0.4 for index in range(len(names))]
        times = [1000 * row["parts"][name][side] for name in names]
        right.barh(places, times, height=0.38, **_LOOKS[side])
    right.set_yticks(range(len(names)), names)
    right.invert_yaxis()
    right.set_xlabel("milliseconds of one sentence")
    right.legend(frameon=False, fontsize="small")
    for panel in (left, right):
        panel.spines[["top", "right"]].set_visible(False)
    main = latencies(row)[row["main"]]
    total = sum(row["parts"][name][0] for name in names)
    shares = ", ".join(f"{name} {row['parts'][name][0] / total:.0%}" for name in names)
    text = (
        f"{in_a_line(row)}.\n{main.name} take {1000 * main.seconds[0]:.0f} ms, the reference "
        f"{1000 * main.seconds[1]:.0f} ms; a second of speech takes {main.real_time_factor:.3f} s. "
        f"Of that: {shares}."
    )
    rows: list[tuple[str, ...]] = [
        (one.name, f"{1000 * one.seconds[0]:.1f}", f"{1000 * one.seconds[1]:.1f}",
         f"{size['ratio']['median']:.2f}", f"{one.real_time_factor:.3f}")
        for one, size in zip(latencies(row), row["sizes"], strict=True)
    ]  # fmt: skip
    rows += [
        (name, *(f"{1000 * seconds:.1f}" for seconds in row["parts"][name]),
         f"{row['parts'][name][0] / row['parts'][name][1]:.2f}", "")
        for name in names
    ]  # fmt: skip
    head = ("what", "yours (ms)", "reference (ms)", "ratio", "real-time factor")
    return Picture(figure, title, text, Table(head, rows))
