"""Speech is judged by what is heard: the right words pass, whatever else comes back does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import pytest
import torch

from grader.judge.golden import hidden_cases
from grader.judge.sound import DISTANCE, QUIET, distance, examine_sound, heard
from grader.labs.base import Case, Tensors
from grader.labs.lab4_inference.adapter import DENOISING, voice
from grader.labs.lab4_inference.instructor.voice_cases import SENTENCES, voice_case
from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from grader.labs.lab4_inference.tasks import SPEAK

pytestmark = pytest.mark.lab4


@lru_cache
def case() -> Case:
    return next(c for c in hidden_cases(INFERENCE)["inference-2"] if "whole" in c.options.values())


@lru_cache
def reading(seed: int) -> tuple[torch.Tensor, ...]:
    """Say the case's sentences under a seed; samples of each."""
    tacotron2, vocoder, denoiser = voice()
    mel, lengths, _ = tacotron2.infer(case().inputs["ids"], case().inputs["lengths"], seed=seed)
    audio = denoiser(vocoder.infer(mel), DENOISING)
    return tuple(audio[i, : n * 256] for i, n in enumerate(lengths.tolist()))


def files(*sentences: torch.Tensor, rate: float = 22_050.0) -> Tensors:
    named = {f"file_{index}": audio for index, audio in enumerate(sentences)}
    return named | {"sample_rates": torch.full((len(sentences),), rate)}


@pytest.mark.parametrize("seed", [11, 0, 1, 2, 3])
def test_any_honest_reading_passes(seed: int) -> None:
    assert examine_sound(SPEAK, case(), files(*reading(seed))) is None


def test_the_reading_of_the_same_seed_is_almost_the_golden_itself() -> None:
    for index, audio in enumerate(reading(11)):
        assert distance(heard(audio), case().expected[f"file_{index}"]) < 0.01


@lru_cache
def tone() -> torch.Tensor:
    return 0.1 * torch.sin(torch.arange(len(reading(11)[0])) * 0.1)


WRONG: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str, str]] = {
    "nothing": (lambda x: x[:0], "size", r"lasts 0\.00 s; this sentence takes about \d\.\d\d s"),
    "half of it": (lambda x: x[: len(x) // 2], "size", "lasts"),
    "up to the decoder's limit": (
        lambda x: torch.cat([x, x.new_zeros(20 * 22_050)]), "size", r"lasts 2\d\.\d\d s"
    ),
    "not a number": (lambda x: x * float("nan"), "finite", "NaN or infinite"),
    "out of range": (lambda x: x * 32_768, "property", r"leaves \[-1, 1\]"),
    "silence": (lambda x: x * 0, "property", "is silent: -120 dB"),
    "clipped": (lambda x: (x * 50).clamp(-1, 1), "property", "is clipped"),
    "two channels": (lambda x: torch.stack([x, x], 1), "rank", "2 axes"),
    "noise": (lambda x: 0.1 * torch.randn(len(x)), "value", "does not sound as expected"),
    "a tone": (lambda x: tone(), "value", "does not sound as expected"),
    "backwards": (lambda x: x.flip(0), "value", "does not sound as expected"),
    "another sentence": (
        lambda x: reading(11)[1].repeat(2)[: len(x)], "value", "does not sound as expected"
    ),
    "twice as fast, and twice": (lambda x: x[::2].repeat(2), "value", "does not sound"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said(wrong: str) -> None:
    spoil, stage, message = WRONG[wrong]
    first, second = reading(11)
    finding = examine_sound(SPEAK, case(), files(spoil(first), second))
    assert finding is not None
    assert finding.stage == stage, finding.message
    assert re.search(message, finding.message), finding.message
    assert finding.message.startswith("file_0 ")


def test_sentences_in_each_others_files_are_told() -> None:
    finding = examine_sound(SPEAK, case(), files(*reversed(reading(11))))
    assert finding is not None


@pytest.mark.parametrize("rate", [16_000.0, 0.0, float("nan")])
def test_a_wrong_sample_rate_is_told(rate: float) -> None:
    finding = examine_sound(SPEAK, case(), files(*reading(11), rate=rate))
    assert finding is not None
    assert finding.message.startswith("sample_rates are")


FORGED = (torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float64)


@pytest.mark.parametrize("dtype", [*FORGED, torch.float8_e4m3fn, torch.complex64])
def test_audio_of_another_kind_is_told_whatever_the_worker_reports(dtype: torch.dtype) -> None:
    first, second = reading(11)
    finding = examine_sound(SPEAK, case(), files(first.to(dtype), second))
    assert finding is not None and finding.stage == "dtype"
    assert finding.message == f"file_0 is {dtype}; expected torch.float32."


@pytest.mark.parametrize("dtype", FORGED)
def test_sample_rates_of_another_kind_are_told(dtype: torch.dtype) -> None:
    rates = torch.full((2,), 22_050.0)
    forged = files(*reading(11)) | {"sample_rates": rates.to(dtype)}
    wanted = case().expected["sample_rates"]
    finding = examine_sound(SPEAK, case(), forged)
    if dtype == wanted.dtype:
        assert torch.equal(forged["sample_rates"], wanted) == (finding is None)
    else:
        assert finding is not None and finding.message.startswith("sample_rates are")


@pytest.mark.parametrize("shape", [(), (0,), (1,), (1, 1, 1, 1, 1, 1, 1, 0)])
def test_audio_of_any_shape_is_no_accident(shape: tuple[int, ...]) -> None:
    finding = examine_sound(SPEAK, case(), files(torch.zeros(shape), reading(11)[1]))
    assert finding is not None and finding.stage in ("rank", "size")


def test_sample_rates_of_any_shape_are_no_accident() -> None:
    answer = files(*reading(11)) | {"sample_rates": torch.zeros(2, 3, 0)}
    assert examine_sound(SPEAK, case(), answer) is not None


def test_the_distance_is_zero_to_itself_symmetric_and_deaf_to_tempo() -> None:
    dice = torch.Generator().manual_seed(0)
    one, other = (torch.randn(80, n, generator=dice) for n in (30, 41))
    assert distance(one, one) == 0
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, one.repeat_interleave(3, dim=1)) == 0
    assert distance(one, one + 0.5) == pytest.approx(0.5, abs=1e-6)
    assert distance(one, other) > 0.5
    assert distance(one[:, :1], other) == pytest.approx(
        float((one[:, :1] - other).abs().mean()) * 42 / 42, rel=0.05
    )


def by_the_book(one: torch.Tensor, other: torch.Tensor) -> float:
    """Dynamic time warping, cell by cell."""
    n, m = one.size(1), other.size(1)
    table = [[float("inf")] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            cost = float((one[:, i] - other[:, j]).abs().mean())
            table[i][j] = 2 * cost if i == j == 0 else min(
                table[i - 1][j] + cost if i else float("inf"),
                table[i][j - 1] + cost if j else float("inf"),
                table[i - 1][j - 1] + 2 * cost if i and j else float("inf"),
            )  # fmt: skip
    return table[-1][-1] / (n + m)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (6, 1), (4, 4), (5, 9), (9, 3)])
def test_the_distance_is_that_of_the_textbook(n: int, m: int) -> None:
    dice = torch.Generator().manual_seed(n * 10 + m)
    one, other = (torch.randn(7, size, generator=dice) for size in (n, m))
    assert distance(one, other) == pytest.approx(by_the_book(one, other), rel=1e-6)


def test_what_is_too_quiet_to_be_heard_makes_no_difference() -> None:
    audio = reading(11)[0]
    faint = audio + 1e-5 * torch.randn(len(audio), generator=torch.Generator().manual_seed(0))
    assert float(heard(audio).min()) == QUIET
    assert distance(heard(audio), heard(faint)) < 0.02 < DISTANCE


def test_every_sentence_of_fresh_cases_is_read_well_and_stops_by_itself() -> None:
    tacotron2, *_ = voice()
    for number in range(0, len(SENTENCES), 4):
        drawn = voice_case("", SENTENCES[number : number + 4], number, whole=True)
        lengths = [drawn.expected[f"file_{i}"].size(1) for i in range(4)]
        limit = tacotron2.config.max_decoder_steps * tacotron2.config.n_frames_per_step
        assert max(lengths) < limit / 4
        symbols = drawn.inputs["lengths"]
        assert all(4 < n / int(s) < 9 for n, s in zip(lengths, symbols, strict=True)), lengths


def test_cases_with_a_voice_ask_for_files_alone() -> None:
    found = [c for c in hidden_cases(INFERENCE)["inference-2"] if c.compare == "audio"]
    assert [c.alone for c in found] == [False, True]
    for one in found:
        assert sorted(one.expected) == ["file_0", "file_1", "sample_rates"]
