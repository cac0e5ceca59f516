"""`labkit bench`: the whole report from weights files, and clear words for what cannot be run."""

from __future__ import annotations

import functools
import json
import re
import time
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from conftest import ROOT
from course_tools import Ran
from labkit import cli
from labkit.bench import Pipeline, Step, Stopwatch, Summary, measure, models, unlabelled_line
from labkit.errors import ConfigError
from labkit.tacotron2 import Tacotron2Config
from labkit.vocoders import WaveGlowConfig
from small_models import (
    FRAMES,
    TACOTRON2,
    small_waveglow,
    write_tacotron2,
    write_waveglow,
)

ORIGINAL = json.loads((ROOT / "tests" / "data" / "mlu_report.json").read_text("utf-8"))
KEYS = [field.name for field in fields(Step)]
LINE = re.compile(r"DLL \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ - (\S+) (\S+) : (.*)")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("weights")
    return SimpleNamespace(
        tacotron2=write_tacotron2(folder / "tacotron2.pt"),
        waveglow=write_waveglow(folder / "waveglow.pt"),
    )


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bench(weights: SimpleNamespace, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object, models: bool = True, device: str = "cpu") -> Ran:
        given = ["--tacotron2", weights.tacotron2, "--waveglow", weights.waveglow] if models else []
        with pytest.raises(SystemExit) as end:
            cli.main(["bench", "--device-param", device, *map(str, given), *map(str, arguments)])
        shown = capsys.readouterr()
        return Ran(int(end.value.code or 0), shown.out, shown.err)

    return run


def logged(output: str) -> list[tuple[str, str, str]]:
    return [match.groups() for line in output.splitlines() if (match := LINE.fullmatch(line))]


def read_log(path: Path) -> list[tuple[object, str, object]]:
    lines = path.read_text("utf-8").splitlines()
    records = [json.loads(line.removeprefix("DLLL ")) for line in lines]
    return [(record["step"], *item) for record in records for item in record["data"].items()]


def steps_of(path: Path) -> list[Step]:
    figures: dict[object, dict[str, object]] = {}
    for step, key, value in read_log(path):
        if step != "PARAMETER":
            figures.setdefault(step, {})[key] = value
    return [Step(**one) for one in figures.values()]


# --- the report ----------------------------------------------------------------------------------


def test_the_report_has_the_lines_of_the_original_in_their_order(bench, here, weights) -> None:
    ran = bench("--num-iters", 6, "-il", 40)
    assert ran.code == 0, ran.err
    lines = logged(ran.out)
    parameters = {key: value for step, key, value in lines if step == "PARAMETER"}
    assert list(parameters) == list(ORIGINAL["parameters"])
    assert parameters["tacotron2"] == str(weights.tacotron2)
    assert parameters["sigma_infer"] == "0.6"
    assert parameters["denoising_strength"] == "0.01"
    assert parameters["amp_run"] == "False"
    assert parameters["wn_channels"] == "8"
    assert parameters["model_name"] == "Tacotron2_PyT"
    assert [(step, key) for step, key, _ in lines[len(parameters) :]] == [
        (str(step), key) for step in range(3) for key in KEYS
    ]
    assert ran.err.count("warm-up: ") == 3

    steps = steps_of(here / "nvlog.json")
    assert [str(value) for _, _, value in read_log(here / "nvlog.json")] == [
        value for _, _, value in lines
    ]
    after = ran.out.splitlines()[len(lines) :]
    assert after[:12] == [unlabelled_line(steps), *Summary.of(steps).lines()]
    assert after[12:14] == ["", "Beyond the original report"]
    assert {step.num_mels_per_audio for step in steps} == {FRAMES}


def test_what_the_original_leaves_out(bench, here) -> None:
    ran = bench("--num-iters", 4, "--json", "report.json", "--threads", torch.get_num_threads())
    content = json.loads((here / "report.json").read_text("utf-8"))
    assert ran.code == 0
    assert "real-time factor" in ran.out
    seconds = FRAMES * 256 / 22_050
    assert content["speech"] == pytest.approx(seconds)
    assert content["real_time_factor"] == pytest.approx(content["summary"]["latency"] / seconds)
    assert list(content["split"]) == [
        *("text", "encoder", "decoder", "postnet", "vocoder", "denoiser"),
        *("conversion", "transfer", "storage"),
    ]
    (step,), split = content["steps"], content["split"]
    acoustic = split["encoder"] + split["decoder"] + split["postnet"]
    assert acoustic == pytest.approx(step["tacotron2_latency"])
    assert split["vocoder"] + split["denoiser"] <= step["waveglow_latency"]
    assert min(split.values()) > 0
    assert content["setting"]["threads"] == torch.get_num_threads()
    assert content["setting"]["PyTorch"] == torch.__version__
    assert content["setting"]["precision"].startswith("float32")
    assert content["setting"]["device"].startswith("cpu (")


@pytest.mark.parametrize("num_iters", [1, 2, 3, 4])
def test_one_iteration_is_always_kept(bench, here, num_iters: int) -> None:
    ran = bench("--num-iters", num_iters)
    assert ran.code == 0
    assert ran.err.count("warm-up: ") == num_iters - 1
    (step,) = steps_of(here / "nvlog.json")
    assert unlabelled_line([step]) in ran.out.splitlines()
    assert "nan" not in ran.out.lower()


def test_json_on_standard_output_is_nothing_but_json(bench, here) -> None:
    ran = bench("--num-iters", 3, "--warm-ups", 0, "--json")
    content = json.loads(ran.out)
    assert [list(step) for step in content["steps"]] == [KEYS] * 3
    assert content["unlabelled_line"] == unlabelled_line(steps_of(here / "nvlog.json"))


def test_a_batch_is_counted_whole_and_written_apart(bench, here) -> None:
    ran = bench("--num-iters", 1, "-bs", 2, "-o", "out.wav", "--log-file", "log.json")
    assert ran.code == 0
    (step,) = steps_of(here / "log.json")
    assert step.throughput == pytest.approx(2 * 256 * FRAMES / step.latency)
    assert {path.name for path in here.iterdir()} == {"out.wav", "out_2.wav", "log.json"}
    for name in ("out.wav", "out_2.wav"):
        audio, rate = soundfile.read(here / name)
        assert (len(audio), rate) == (256 * FRAMES, 22_050)
        assert np.abs(audio).max() > 0


@pytest.mark.parametrize("option", ["--amp-run", "--fp16"])
def test_mixed_precision_says_what_it_is(bench, option: str) -> None:
    ran = bench("--num-iters", 1, option)
    assert "PARAMETER amp_run : True" in ran.out
    assert re.search(
        r"precision costs +bfloat16 against float32: log-mel differs by [0-9.e-]+ ", ran.out
    )


def test_without_denoising_there_is_no_denoiser(bench) -> None:
    content = json.loads(bench("--num-iters", 1, "-d", 0, "--json").out)
    assert "denoiser" not in content["split"]
    assert content["setting"]["denoiser"] == "off"


def test_the_figures_can_be_fixed_by_a_seed(bench, here) -> None:
    sounds = []
    for seed in (1, 1, 2):
        bench("--num-iters", 1, "--seed", seed, "-o", "out.wav")
        sounds.append((here / "out.wav").read_bytes())
    assert sounds[0] == sounds[1] != sounds[2]


def test_a_gate_that_fires_at_once_is_measured_all_the_same(bench, here, weights) -> None:
    assert bench("--num-iters", 1, "--frames", 1).code == 0
    assert steps_of(here / "nvlog.json")[0].num_mels_per_audio == 1


@pytest.mark.parametrize(("share", "disturbed"), [(0.5, True), (1.0, False)])
def test_a_busy_machine_is_told(
    bench, monkeypatch: pytest.MonkeyPatch, share: float, disturbed: bool
) -> None:
    monkeypatch.setattr("time.process_time", lambda: share * time.perf_counter())
    ran = bench("--num-iters", 1)
    assert ("other programs were in the way" in ran.err) == disturbed


# --- other models --------------------------------------------------------------------------------


def test_untrained_models_are_called_so(bench, here, monkeypatch: pytest.MonkeyPatch) -> None:
    small = functools.partial(Tacotron2Config, **TACOTRON2 | {"max_decoder_steps": 1000})
    monkeypatch.setattr("labkit.tacotron2.kind.Tacotron2Config", small)
    narrow = functools.partial(WaveGlowConfig, n_flows=4, n_early_every=2, n_layers=1)
    monkeypatch.setattr(models, "WaveGlowConfig", narrow)
    ran = bench("--num-iters", 1, "-il", 20, "--wn-channels", 8, models=False)
    assert ran.code == 0
    assert "note: Tacotron 2 is untrained: what it says is noise" in ran.err
    assert "the number of frames is fixed to 90" in ran.err
    assert "note: the vocoder is untrained" in ran.err
    assert "Tacotron 2 is untrained" in ran.out
    assert steps_of(here / "nvlog.json")[0].num_mels_per_audio == 90


def test_untrained_models_of_full_size_are_the_published_ones() -> None:
    state = torch.random.get_rng_state()
    model = models.choose_acoustic()
    assert sum(parameter.numel() for parameter in model.parameters()) == 28_193_153
    assert models.describe(model) == "Tacotron2, 28 193 153 parameters"
    assert not model.training
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["griffin-lim", "hifigan-v2", "hifigan-v3"])
def test_other_vocoders(bench, weights, name: str) -> None:
    more = ("--tacotron2", weights.tacotron2, "--vocoder", name, "--frames", 8, "--num-iters", 1)
    ran = bench(*more, models=False)
    assert ran.code == 0, ran.err
    assert "PARAMETER sigma_infer : None" in ran.out
    assert "PARAMETER denoising_strength : 0.0" in ran.out
    assert ("the vocoder is untrained" in ran.err) == (name != "griffin-lim")


class StudentsOwn(nn.Module):
    """As little of a Tacotron 2 as the report needs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def infer(self, ids: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, ...]:
        mel = torch.full((ids.size(0), 80, 7), -5.0)
        return mel, torch.tensor([7, 0][: ids.size(0)]), torch.zeros(ids.size(0), 7, ids.size(1))


def test_a_students_own_model_can_be_measured() -> None:
    numbers: list[int] = []
    pipeline = Pipeline(StudentsOwn(), small_waveglow())
    kept = measure(
        pipeline,
        batch_size=2,
        num_iters=3,
        warm_ups=1,
        on_step=lambda number, _: numbers.append(number),
    )
    assert numbers == [-1, 0, 1]
    assert len(kept) == 2
    assert list(kept[0].split)[:3] == ["text", "acoustic model", "vocoder"]
    assert kept[0].speech == pytest.approx((7 + 1) * 256 / 22_050)


@pytest.mark.parametrize(
    "wrong", [{"num_iters": 0}, {"batch_size": 0}, {"input_length": 0}, {"warm_ups": -1}]
)
def test_impossible_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"0|-1"):
        measure(Pipeline(StudentsOwn(), small_waveglow()), **wrong)


def test_timers_wait_for_the_device_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr("labkit.bench.stopwatch.synchronise", waited.append)
    device = torch.device("cpu")
    watch = Stopwatch(device)
    with watch.time("all"):
        assert waited == [device]
    assert waited == [device] * 2
    layer = nn.Linear(2, 2)
    with watch.watch(layer=layer, missing=None):
        layer(torch.zeros(2))
        layer(torch.zeros(2))
    assert waited == [device] * 6
    assert list(watch.seconds) == ["all", "layer"]
    layer(torch.zeros(2))
    assert waited == [device] * 6


# --- what cannot be run --------------------------------------------------------------------------


def refused(ran: Ran, *words: str) -> None:
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("labkit: ")
    assert all(word in ran.err for word in words), ran.err


def test_weights_that_cannot_be_used(bench, here, weights) -> None:
    def given(tacotron2: object, waveglow: object, *more: object) -> Ran:
        return bench("--tacotron2", tacotron2, "--waveglow", waveglow, *more, models=False)

    t, w = weights.tacotron2, weights.waveglow
    refused(given("nowhere.pt", w), "nowhere.pt does not exist")
    refused(given(w, w), f"{w} holds the weights of WaveGlow, not of Tacotron 2")
    refused(given(t, t), f"{t} holds", "not a vocoder")
    refused(given(t, w, "--wn-channels", 512), f"{w} holds a WaveGlow of 8 channels, not of 512")
    (here / "cut.pt").write_bytes(w.read_bytes()[:-1000])
    refused(given(t, "cut.pt"), "cut.pt is damaged or was cut off")
    (here / "page.pt").write_text("<html>", "utf-8")
    refused(given("page.pt", w), "page.pt is not a weights file")
    assert not (here / "nvlog.json").exists()


def test_settings_that_are_not_the_vocoders(bench) -> None:
    refused(bench("-sr", 16_000), "the sampling rate of this vocoder is 22050, not 16000")
    refused(bench("--stft-hop-length", 512), "the hop length of this vocoder is 256, not 512")
    ran = bench("--sigma-infer", "0.5", "--tacotron2", "x", "--vocoder", "y")
    assert (ran.code, "not allowed with argument" in ran.err) == (2, True)


def test_a_device_that_is_not_there(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.devices._count", lambda kind: int(kind == "cpu"))
    for name in ("cuda", "gpu", "mlu"):
        refused(bench(device=name), f"there is no device '{name}' here; there is cpu (")


@pytest.mark.parametrize("option", ["--log-file", "--output", "--json"])
def test_places_that_cannot_be_written_are_found_before_the_work(
    bench, here, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "choose_acoustic", lambda *_: pytest.fail("work was begun"))
    refused(bench(option, "missing/file.wav"), "missing/file.wav cannot be written: there is no")
    refused(bench(option, here), "is a folder")


@pytest.mark.parametrize(
    "wrong",
    [
        *(["--num-iters", "0"], ["-bs", "x"], ["-il", "-1"], ["-s", "-1"], ["-d", "nan"]),
        *(["--amp-run", "--precision", "int8"], ["--nonsense"], ["extra"]),
    ],
)
def test_wrong_use_exits_2_with_the_usage(bench, wrong: list[str]) -> None:
    ran = bench(*wrong)
    assert ran.code == 2
    assert ran.err.startswith("usage: labkit")
    assert "error: " in ran.err.splitlines()[-1]


def test_an_interrupt_leaves_no_half_file(bench, here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(file: Path, _: bytes) -> None:
        file.write_text("half", "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    ran = bench("-o", "out.wav", "--json", "report.json")
    assert ran.code == 130
    assert ran.err.splitlines()[-1] == "labkit: stopped"
    assert {path.name for path in here.iterdir()} == {"nvlog.json"}
