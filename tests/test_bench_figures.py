"""The original report's figures give the original report's lines; few iterations give some, too."""

from __future__ import annotations

import errno
import json
import math
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from conftest import ROOT
from labkit.bench import Iteration, Log, Report, Step, Summary, percentile, unlabelled_line
from labkit.bench.text import TEXT, text_of_length
from labkit.errors import OutputError

ORIGINAL = json.loads((ROOT / "tests" / "data" / "mlu_report.json").read_text("utf-8"))
STEPS = [Step(**figures) for figures in ORIGINAL["steps"]]


def test_the_unlabelled_line_to_the_last_digit() -> None:
    assert unlabelled_line(STEPS) == ORIGINAL["unlabelled_line"]


def test_the_summary_to_the_last_digit() -> None:
    assert Summary.of(STEPS).lines() == ORIGINAL["summary"]


def test_the_keys_of_a_step_in_the_order_of_the_original() -> None:
    assert [field.name for field in fields(Step)] == list(ORIGINAL["steps"][0])


@pytest.mark.parametrize("figures", ORIGINAL["steps"])
def test_the_rates_of_a_step_follow_from_its_times(figures: dict[str, float]) -> None:
    frames = int(figures["num_mels_per_audio"])
    derived = Step.of(figures, batch_size=1, frames=frames, samples=256 * frames)
    assert asdict(derived) == figures
    assert figures["latency"] >= figures["tacotron2_latency"] + figures["waveglow_latency"]


def test_rates_count_the_whole_batch() -> None:
    figures = ORIGINAL["steps"][0]
    step = Step.of(figures, batch_size=4, frames=100, samples=25_600)
    assert step.num_mels_per_audio == 100
    assert step.tacotron2_items_per_sec == pytest.approx(400 / step.tacotron2_latency)
    assert step.waveglow_items_per_sec == pytest.approx(4 * 25_600 / step.waveglow_latency)
    assert step.throughput == pytest.approx(4 * 25_600 / step.latency)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10])
def test_any_number_of_iterations_gives_finite_figures(n: int) -> None:
    steps = STEPS[:n]
    summary = Summary.of(steps)
    text = " ".join([unlabelled_line(steps), *summary.lines()])
    assert "nan" not in text.lower() and "inf" not in text.lower()
    latencies = [step.latency for step in steps]
    assert summary.latency_percentiles[100] == max(latencies)
    assert list(summary.latency_percentiles) == [50, 90, 95, 99, 100]
    assert set(summary.latency_percentiles.values()) <= set(latencies)
    mean = sum(latencies) / n
    population = math.sqrt(sum((latency - mean) ** 2 for latency in latencies) / n)
    assert summary.latency_std == pytest.approx(population)


def test_a_single_iteration_is_its_own_average() -> None:
    (step,) = STEPS[:1]
    assert unlabelled_line([step]).split()[0] == str(step.latency)
    assert set(Summary.of([step]).latency_percentiles.values()) == {step.latency}


def test_percentiles_are_ranks_not_interpolations() -> None:
    ordered = [float(value) for value in range(1, 11)]
    assert [percentile(ordered, share) for share in (0.5, 0.9, 0.95, 0.99, 1.0)] == [5, 9, 9, 9, 10]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([1.0, 2.0], 0.99) == 1.0


def original() -> Report:
    split = {"text": 1.0, "encoder": 1.0, "decoder": 5.0, "postnet": 1.0, "vocoder": 2.0}
    return Report(
        ORIGINAL["parameters"],
        {"device": "MLU370"},
        [
            Iteration(step, split, step.num_mels_per_audio * 256 / 22_050, step.latency / 2)
            for step in STEPS
        ],
    )


def test_what_the_original_leaves_out() -> None:
    report = original()
    assert report.real_time_factor == pytest.approx(0.961, abs=5e-4)
    lines = report.further_lines()
    assert lines[0] == "Beyond the original report"
    assert any("0.9608 (latency / speech), 1.04 x real time" in line for line in lines)
    assert any(line.split() == ["decoder", "5.000000", "s", "50.00", "%"] for line in lines)
    assert any("MLU370" in line for line in lines)
    assert report.processors == pytest.approx(0.5)
    assert any("0.50 busy with this" in line for line in lines)


def test_the_report_as_json() -> None:
    content = json.loads(json.dumps(original().as_dict()))
    assert content["steps"] == ORIGINAL["steps"]
    assert content["unlabelled_line"] == ORIGINAL["unlabelled_line"]
    assert content["parameters"] == ORIGINAL["parameters"]
    assert content["summary"]["latency"] == pytest.approx(8.4131, abs=5e-5)
    assert content["real_time_factor"] * content["times_real_time"] == pytest.approx(1)


def test_log_lines_as_the_original_wrote_them(tmp_path: Path) -> None:
    shown: list[str] = []
    with Log(tmp_path / "nvlog.json", shown.append) as log:
        log.log("PARAMETER", {"batch_size": 1, "device_param": "mlu"})
        log.log(0, {"latency": 8.152102591469884})
    time = r"DLL \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ - "
    for line, rest in zip(
        shown,
        ["PARAMETER batch_size : 1", "PARAMETER device_param : mlu", "0 latency : 8.1521025914"],
        strict=True,
    ):
        assert re.match(time + rest, line)
    written = (tmp_path / "nvlog.json").read_text("utf-8").splitlines()
    assert all(line.startswith("DLLL {") for line in written)
    records = [json.loads(line.removeprefix("DLLL ")) for line in written]
    assert [(record["step"], record["data"]) for record in records] == [
        ("PARAMETER", {"batch_size": 1}),
        ("PARAMETER", {"device_param": "mlu"}),
        (0, {"latency": 8.152102591469884}),
    ]
    assert {record["type"] for record in records} == {"LOG"}
    assert all(float(record["timestamp"]) > float(record["elapsedtime"]) for record in records)


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match=r"missing/nvlog\.json cannot be written: No such file"):
        Log(tmp_path / "missing" / "nvlog.json")

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Log(tmp_path / "nvlog.json", lambda _: None) as log:
        monkeypatch.setattr(log._file, "flush", full)
        with pytest.raises(OutputError, match=r"nvlog\.json cannot be written: No space left"):
            log.log(0, {"latency": 1.0})


def test_the_text_is_two_sentences_and_begins_again() -> None:
    assert TEXT[165] == "." and TEXT[166] == " "
    assert "." not in TEXT[:165]
    assert TEXT.count(".") == 2 and len(TEXT) > 170
    assert text_of_length(5) == TEXT[:5]
    assert text_of_length(167) == TEXT[:167]
    long = text_of_length(1000)
    assert len(long) == 1000 and long.startswith(TEXT + TEXT)
