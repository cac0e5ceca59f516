"""The views of the inference lab: what they say is true, and an unfilled function stops nothing."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import labkit
from labkit.audio import load_audio
from labkit.errors import InputError
from labkit.labs.lab4_inference import benchmark_report
from labkit.labs.lab4_inference import precision as precision_view
from labkit.labs.lab4_inference.benchmark_report import LatencyReport, latency_report
from labkit.labs.lab4_inference.benchmark_view import watch_benchmark
from labkit.labs.lab4_inference.pipeline import draw_pipeline, explore_reading, gradient_cost
from labkit.labs.lab4_inference.precision import compare_precisions
from labkit.labs.lab4_inference.scoring import compare_scoring
from labkit.labs.lab4_inference.speech_comparison import hear_speech, hear_vocoders
from labkit.notebook.picture import Notice, Picture
from labkit.pipeline.plain import benchmark, read, speak
from labkit.tacotron2.masking import pad_symbols
from labkit.vocoders import GriffinLim
from notebook_tools import refusal

CPU = torch.device("cpu")
TEXTS = ("Never again.", "No.")


@lru_cache
def voice() -> labkit.Synthesizer:
    return labkit.Synthesizer.from_pretrained(device="cpu")


@lru_cache
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return pad_symbols([voice().settings.front_end.read(text).ids for text in TEXTS])


def unfilled(*_: Any, **__: Any) -> None:
    raise NotImplementedError


def explore(function: Callable[..., Any]) -> Picture | Notice:
    return explore_reading(function, voice().tacotron2, *batch(), CPU).draw()


class TestPipeline:
    def test_says_the_shapes(self) -> None:
        text = draw_pipeline().text
        assert "5 symbol ids (@HH @AH @L @OW .);" in text
        assert "log-mel of 80 bands" in text


class TestReading:
    def test_says_how_long_each_sentence_is(self) -> None:
        picture = explore(read)
        assert isinstance(picture, Picture)
        mel, lengths, _ = read(voice().tacotron2, *batch(), CPU, seed=1)
        first, second = (int(length) for length in lengths)
        assert f"{int(batch()[1][0])} symbols, {first} frames of {mel.size(2)}" in picture.text
        assert picture.table is not None
        assert [row[3:5] for row in picture.table.rows] == [
            (str(first), str(mel.size(2) - first)),
            (str(second), str(mel.size(2) - second)),
        ]

    def test_the_seed_can_be_moved(self) -> None:
        view = explore_reading(read, voice().tacotron2, *batch(), CPU)
        assert len({view.draw(seed=seed).text for seed in range(1, 5)}) > 1

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (unfilled, "inference-1 is not filled in yet"),
            (lambda *a, **k: None, "read should return three things"),
            (lambda *a, **k: (1, 2, 3), "read, as the mel, returned a int"),
            (lambda *a, **k: read(*a, **k)[::-1], "read, as the mel, returned the shape"),
            (lambda *a, **k: (*read(*a, **k)[:2], None), "as the alignments, returned None"),
            (lambda *a: a, "inference-1 stopped with TypeError"),
        ],
    )
    def test_what_is_not_ready_is_said(self, wrong: Callable[..., Any], said: str) -> None:
        notice = explore(wrong)
        assert said in refusal(notice)


class TestGradientCost:
    def test_longer_sentences_keep_more(self) -> None:
        ids, lengths = batch()
        both = gradient_cost(voice().tacotron2, ids, lengths)
        short = gradient_cost(voice().tacotron2, ids[1:, :5], lengths[1:])
        kept = [float(picture.text.split("keeps ")[1].split(" MB")[0]) for picture in (short, both)]
        assert 0 < kept[0] < kept[1]
        assert "the weights have 9.8 MB" in both.text


class TestHearSpeech:
    def hear(self, folder: Path, **changed: Any) -> Any:
        functions = {"read": read, "speak": speak} | changed
        models = {"Reference!": voice().tacotron2, "yours": voice().tacotron2}
        return hear_speech(
            functions["read"], functions["speak"], models, *batch(), voice().vocoder, CPU,
            folder=folder, sentence=changed.get("sentence", 1),
        )  # fmt: skip

    def test_the_same_model_sounds_the_same(self, tmp_path: Path) -> None:
        comparison = self.hear(tmp_path / "new")
        assert [sound.label for sound in comparison.sounds] == ["Reference!", "yours"]
        assert comparison.sounds[1].distance == 0
        saved = sorted(path.name for path in (tmp_path / "new").iterdir())
        assert saved == ["reference_1.wav", "reference_2.wav", "yours_1.wav", "yours_2.wav"]

    def test_it_plays_what_was_saved_of_the_sentence_asked_for(self, tmp_path: Path) -> None:
        second = self.hear(tmp_path, sentence=2).sounds[0]
        saved = load_audio(tmp_path / "reference_2.wav")
        assert second.report.duration == len(saved) / 22050

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"read": unfilled}, "inference-1 is not filled in yet"),
            ({"speak": unfilled}, "inference-2 is not filled in yet"),
            ({"speak": lambda *a: None}, "speak has not saved it"),
            ({"speak": lambda *a: 1 / 0}, "inference-2 stopped with ZeroDivisionError"),
        ],
    )
    def test_what_is_not_ready_is_said(
        self, tmp_path: Path, changed: dict[str, Any], said: str
    ) -> None:
        notice = self.hear(tmp_path, **changed)
        assert said in refusal(notice)

    def test_an_old_file_is_not_taken_for_a_new_one(self, tmp_path: Path) -> None:
        self.hear(tmp_path)
        assert isinstance(self.hear(tmp_path, speak=lambda *a: None), Notice)


class TestHearVocoders:
    def test_each_makes_the_same_mel_audible(self, tmp_path: Path) -> None:
        mel, lengths, _ = voice().tacotron2.infer(*batch(), seed=1)
        vocoders = {"Vocos": voice().vocoder, "Griffin-Lim": GriffinLim(n_iter=8)}
        comparison = hear_vocoders(speak, vocoders, mel, lengths, folder=tmp_path)
        durations = {sound.report.duration for sound in comparison.sounds}
        assert durations == {int(lengths[0]) * 256 / 22050}
        assert 0.02 < comparison.sounds[1].distance < 0.6
        assert (tmp_path / "griffin_lim_2.wav").is_file()

    def test_what_is_not_ready_is_said(self, tmp_path: Path) -> None:
        mel, lengths, _ = voice().tacotron2.infer(*batch(), seed=1)
        notice = hear_vocoders(unfilled, {"a": voice().vocoder}, mel, lengths, folder=tmp_path)
        assert notice.title == "inference-2 is not filled in yet"


def without_waiting(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, list[float]]:
    return benchmark(read, vocode, lambda: None, clock, n_iterations, n_warm_ups)


class TestWatchBenchmark:
    def test_the_truth(self) -> None:
        text = watch_benchmark(benchmark).draw().text
        assert "a latency of 0.54 s for the 3 iterations that it keeps; that is the truth" in text
        assert "If synchronise did not wait, it would report 0.04 s." in text

    def test_warm_ups_can_be_left_out(self) -> None:
        text = watch_benchmark(benchmark).draw(n_warm_ups=0).text
        assert "1.04, 1.04, 0.54 s" in text
        assert "the truth is 0.54 s" in text

    def test_who_does_not_wait_is_told_the_truth(self) -> None:
        assert "0.04 s for the 3" in watch_benchmark(without_waiting).draw().text
        assert "the truth is 0.54 s" in watch_benchmark(without_waiting).draw().text

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (unfilled, "inference-3 is not filled in yet"),
            (lambda *a: None, "benchmark returned a NoneType, not a dict"),
            (lambda *a: {"latency": [1.0]}, "lack 'tacotron2_latency'"),
            (
                lambda *a: {name: 0.5 for name in benchmark(*a)},
                "'tacotron2_latency' should be a list of 3 figures",
            ),
            (
                lambda r, v, s, c, n, w: benchmark(r, v, s, c, n + w, 0),
                "should be a list of 3 figures, one for each kept",
            ),
        ],
    )
    def test_what_is_not_ready_is_said(self, wrong: Callable[..., Any], said: str) -> None:
        notice = watch_benchmark(wrong).draw()
        assert said in refusal(notice)


class TestLatencyReport:
    def report(self, **changed: Any) -> Any:
        settings = {
            "benchmark": benchmark,
            "prepare": lambda: None,
            "read": lambda: torch.zeros(2, 80, 50),
            "vocode": lambda mel: torch.zeros(2, 50 * 256),
            "device": CPU,
            "seconds": 0.0,
        } | changed
        return latency_report(settings.pop("benchmark"), **settings)

    def test_has_the_lines_of_the_original(self) -> None:
        report = self.report()
        assert isinstance(report, LatencyReport)
        assert len(report.lines[0].split()) == 5
        starts = [line.split(" =")[0] for line in report.lines[1:12]]
        assert starts[:6] == [
            "Throughput average (samples/sec)",
            "Preprocessing average (seconds)",
            "Postprocessing average (seconds)",
            "Number of mels per audio average",
            "Latency average (seconds)",
            "Latency std (seconds)",
        ]
        assert "Number of mels per audio average = 50.0" in report.lines

    def test_counts_the_speech_of_the_whole_batch(self) -> None:
        report = self.report(vocode=lambda mel: time.sleep(0.01) or torch.zeros(2, 50 * 256))
        assert f"Speech of an iteration (seconds) = {2 * 50 * 256 / 22050:.4f}" in report.lines
        factor = report.report.summary.latency / report.report.speech
        assert report.report.real_time_factor == pytest.approx(factor)

    @pytest.mark.parametrize(("seconds", "kept"), [(0.0, 2), (1e9, 8), (math.inf, 8)])
    def test_what_there_is_time_for_is_measured(self, seconds: float, kept: int) -> None:
        report = self.report(seconds=seconds)
        assert len(report.report.iterations) == kept
        assert report.lines[-1].endswith(f"iterations: {kept}")

    def test_a_slow_machine_measures_less_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        runs: list[int] = []
        ticks = itertools.count()
        clock = SimpleNamespace(perf_counter=lambda: 1.5 * len(runs) + 1e-6 * next(ticks))
        monkeypatch.setattr(benchmark_report, "time", clock)
        report = self.report(read=lambda: runs.append(1) or torch.zeros(2, 80, 50), seconds=10.6)
        assert len(report.report.iterations) == 3
        assert len(runs) == 1 + 3 + 3

    def test_measures_what_lies_around(self) -> None:
        report = self.report(prepare=lambda: time.sleep(0.02))
        assert report.report.summary.pre_processing > 0.015

    def test_as_html_it_keeps_its_columns(self) -> None:
        html = self.report()._repr_mimebundle_()["text/html"]
        assert html.startswith("<pre>")
        assert '<img alt="Latency of each iteration' in html

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"benchmark": unfilled}, "inference-3 is not filled in yet"),
            ({"read": unfilled}, "inference-1 is not filled in yet"),
            ({"read": unfilled, "benchmark": unfilled}, "inference-3 is not filled in yet"),
            ({"benchmark": lambda *a: {}}, "the figures of benchmark lack"),
        ],
    )
    def test_what_is_not_ready_is_said(self, changed: dict[str, Any], said: str) -> None:
        notice = self.report(**changed)
        assert said in refusal(notice)


class TestPrecisions:
    def test_sizes_are_arithmetic_and_errors_grow(self) -> None:
        picture = compare_precisions(voice().tacotron2, *batch(), seconds=0, full_size=False)
        assert picture.table is not None
        rows = {row[0]: row for row in picture.table.rows}
        assert list(rows) == ["float32", "bfloat16", "int8"]
        assert [row[1] for row in rows.values()] == ["5.11", "2.56", "1.28"]
        errors = [float(row[4]) for row in rows.values()]
        assert 0 == errors[0] < errors[1] < errors[2]
        assert "in 1 rounds, bfloat16 is" in picture.text

    def test_full_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(precision_view, "_STEPS", 2)
        picture = compare_precisions(voice().tacotron2, *batch(), seconds=0)
        assert "Published sizes: the LSTM matrices have 71.3 MB" in picture.text

    @pytest.mark.parametrize(("seconds", "rounds"), [(0, 1), (4, 1), (30, 4), (1000, 7)])
    def test_a_slow_machine_measures_fewer_rounds(
        self, monkeypatch: pytest.MonkeyPatch, seconds: float, rounds: int
    ) -> None:
        now = [0.0]

        class Slow:
            embedding = SimpleNamespace(weight=torch.zeros(1))
            decoder = voice().tacotron2.decoder

            def infer(self, *_: Any, **__: Any) -> tuple[torch.Tensor, ...]:
                now[0] += 2.0
                return (torch.zeros(1),) * 3

        clock = SimpleNamespace(perf_counter=lambda: now[0])
        monkeypatch.setattr(precision_view, "time", clock)
        three: list[Any] = ["float32", "bfloat16", "int8"]
        speed = precision_view._measure("slow", Slow(), *batch(), three, seconds)  # type: ignore[arg-type]
        assert [len(taken) for taken in speed.seconds.values()] == [rounds] * 3
        assert now[0] <= max(seconds, 12)  # what was laid out, and one round, at least


FORMS: dict[str, Any] = {
    "additive": lambda q, h, f, v: v(torch.tanh(q + h + f)).squeeze(-1),
    "without tanh": lambda q, h, f, v: v(q + h + f).squeeze(-1),
    "the same, by itself": lambda q, h, f, v: v(h + f).squeeze(-1),
    "dot product": lambda q, h, f, v: (q * (h + f)).sum(-1),
}


class TestScoring:
    SENTENCE = "An old canoe drifts over the calm grey lake."

    def test_only_what_the_weights_were_trained_for_reads_well(self) -> None:
        scoring = compare_scoring(voice(), self.SENTENCE, FORMS)
        assert scoring.picture.table is not None
        rows = {row[0]: row for row in scoring.picture.table.rows}
        assert rows["additive"][-1] == "nothing"
        assert rows["additive"][2] == "ends by itself"
        assert "skipped" in rows["dot product"][-1]
        # Without tanh the query is the same for all symbols and cancels in the softmax.
        assert rows["without tanh"][1:] == rows["the same, by itself"][1:]
        assert int(rows["without tanh"][1]) > 1.5 * int(rows["additive"][1])
        assert [sound.label for sound in scoring.sounds.sounds] == list(FORMS)
        assert scoring._repr_mimebundle_()["text/html"].count("<audio") == 4

    def test_the_additive_one_is_the_voice_itself(self) -> None:
        scoring = compare_scoring(voice(), "Good morning.", {"additive": FORMS["additive"]})
        speech = voice().say("Good morning.", seed=1)
        heard = scoring.sounds.sounds[0].audio
        assert abs(len(heard) - len(speech.audio)) <= 512

    @pytest.mark.parametrize(
        ("forms", "said"),
        [
            ({}, "1 to 5 formulas"),
            ({"half": lambda q, h, f, v: q * h}, r"'half' should give energies .* \(1, 11, 96\)"),
            ({"none": lambda q, h, f, v: None}, r"but gave \(\)"),
        ],
    )
    def test_formulas_that_cannot_be_used(self, forms: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            compare_scoring(voice(), "Good morning.", forms)
