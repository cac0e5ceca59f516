"""`labkit say`: a playable file, or one clear line and no file."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from course_tools import Ran
from labkit import cli
from labkit.pipeline import Synthesizer, save_voice
from small_models import small_tacotron2, small_waveglow, write_tacotron2, write_waveglow

TEXT = "Hello, my friend. How are you?"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("weights")
    return SimpleNamespace(
        tacotron2=write_tacotron2(folder / "tacotron2.pt"),
        safe=write_tacotron2(folder / "tacotron2.safetensors"),
        waveglow=write_waveglow(folder / "waveglow.pt"),
    )


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with nothing on standard input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return tmp_path


@pytest.fixture
def say(weights: SimpleNamespace, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object, models: bool = True) -> Ran:
        given = ["--tacotron2", weights.tacotron2, "--waveglow", weights.waveglow] if models else []
        with pytest.raises(SystemExit) as end:
            cli.main(["say", "--device", "cpu", *map(str, given), *map(str, arguments)])
        shown = capsys.readouterr()
        return Ran(int(end.value.code or 0), shown.out, shown.err)

    return run


def heard(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path)
    assert rate == 22_050
    assert np.abs(audio).max() > 0.001
    return audio


# --- what is made --------------------------------------------------------------------------------


def test_a_text_becomes_a_file(say, here) -> None:
    ran = say(TEXT, "--seed", 3)
    assert ran.code == 0, ran.err
    audio = heard(here / "speech.wav")
    line = ran.out.strip()
    assert line.startswith(f"speech.wav: {len(audio) / 22_050:.2f} s, peak ")
    assert "RMS" in line and "real-time factor" in line and line.endswith("seed 3")
    assert "note: " in ran.err and "did not stop by itself" in ran.err
    assert [path.name for path in here.iterdir()] == ["speech.wav"]


def test_safetensors_and_no_vocoder_weights(say, here, weights) -> None:
    ran = say(TEXT, "--tacotron2", weights.safe, "-o", "a.flac", models=False)
    assert ran.code == 0, ran.err
    heard(here / "a.flac")


def test_other_vocoders(say, here, weights) -> None:
    for vocoder in (weights.waveglow, "griffin-lim"):
        ran = say(TEXT, "--tacotron2", weights.safe, "--vocoder", vocoder, models=False)
        assert ran.code == 0, ran.err
        heard(here / "speech.wav")


def test_a_voice_folder(say, here, weights) -> None:
    save_voice(here / "voice", weights.tacotron2, weights.waveglow)
    for more in ((), ("--vocoder", "griffin-lim"), ("--waveglow", weights.waveglow)):
        ran = say(TEXT, "--voice", "voice", *more, models=False)
        assert ran.code == 0, ran.err
        heard(here / "speech.wav")


def test_the_same_seed_gives_the_same_file(say, here) -> None:
    files = []
    for seed in (1, 1, 2):
        say(TEXT, "--seed", seed)
        files.append((here / "speech.wav").read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_seed_that_is_printed_gives_the_same_file_again(say, here) -> None:
    first = say(TEXT, "--json")
    audio = (here / "speech.wav").read_bytes()
    say(TEXT, "--seed", json.loads(first.out)["seed"])
    assert (here / "speech.wav").read_bytes() == audio


@pytest.mark.parametrize("words", [[], ["-"]])
def test_standard_input(say, here, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXT + "\n"))
    ran = say(*words, "--json")
    assert ran.code == 0, ran.err
    assert "hello" in json.loads(ran.out)["pieces"][0]["spoken"]


def test_words_need_no_quotation_marks(say) -> None:
    ran = say("hello", "my", "friend", "--json")
    assert json.loads(ran.out)["pieces"][0]["text"] == "hello my friend"


def test_json_tells_all(say, here) -> None:
    ran = say(TEXT, "--json", "--plot", "picture.png", "-o", "b.wav", "--sigma", 0.5)
    content = json.loads(ran.out)
    assert (content["file"], content["plot"]) == ("b.wav", "picture.png")
    assert content["seconds"] == pytest.approx(len(heard(here / "b.wav")) / 22_050)
    assert content["real_time_factor"] == content["compute_seconds"] / content["seconds"]
    assert content["stop_reason"] == "limit"
    assert content["pieces"][0]["failures"]
    assert all(f"note: {note}\n" in ran.err for note in content["notes"])
    assert (here / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_long_text_does_not_flood_the_screen(say, here) -> None:
    ran = say("This is one more sentence of it. " * 12, "--json")
    notes = json.loads(ran.out)["notes"]
    assert len(notes) > 10
    assert ran.err.count("note: ") == 11
    assert f"note: {len(notes) - 10} more" in ran.err


def test_how_it_is_decoded_reaches_the_synthesizer(
    say, here, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    spoken = {}
    real = Synthesizer.say

    def watch(self: Synthesizer, text: str, **options: object) -> object:
        spoken.update(options, precision=self.precision)
        return real(self, text, **options)

    monkeypatch.setattr(Synthesizer, "say", watch)
    more = ("--precision", "int8", "--threads", 1, "--sigma", 0.4, "--denoise", 0.02)
    assert say(TEXT, *more).code == 0
    assert threads == [1]
    assert (spoken["precision"], spoken["sigma"], spoken["denoise"]) == ("int8", 0.4, 0.02)


def test_untrained_models_go_the_whole_way(say, here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.bench.models.choose_acoustic", small_tacotron2)
    monkeypatch.setattr("labkit.bench.models.choose_waveglow", lambda _: small_waveglow())
    ran = say("Hello.", "--tacotron2", "random", "--waveglow", "random", models=False)
    assert ran.code == 0, ran.err
    assert "note: Tacotron 2 is untrained: what it says is noise" in ran.err
    heard(here / "speech.wav")


def test_an_older_file_is_replaced(say, here) -> None:
    (here / "speech.wav").write_text("older", "utf-8")
    say(TEXT)
    heard(here / "speech.wav")


# --- what is refused -----------------------------------------------------------------------------


def refused(ran: Ran, *words: str) -> None:
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.splitlines()[-1].startswith("labkit: ")
    assert all(word in ran.err.splitlines()[-1] for word in words), ran.err


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!"])
def test_what_cannot_be_spoken(say, here, text: str) -> None:
    refused(say(text))
    assert list(here.iterdir()) == []


def test_nothing_to_say(say, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(say())
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    refused(say(), "there is nothing to say; give a text")
    binary = io.TextIOWrapper(io.BytesIO(b"caf\xe9\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", binary)
    refused(say("-"), "standard input is no text in utf-8")


def test_weights_that_cannot_be_used(say, here, weights) -> None:
    def given(tacotron2: object, waveglow: object) -> Ran:
        return say(TEXT, "--tacotron2", tacotron2, "--waveglow", waveglow, models=False)

    t, w = weights.tacotron2, weights.waveglow
    refused(given("nowhere.pt", w), "nowhere.pt does not exist")
    refused(given(w, w), f"{w} holds the weights of WaveGlow, not of Tacotron 2")
    refused(given(t, t), f"{t} holds", "not a vocoder")
    (here / "cut.pt").write_bytes(t.read_bytes()[:-1000])
    refused(given("cut.pt", w), "cut.pt is damaged or was cut off")
    refused(say(TEXT, "--voice", "nowhere", models=False), "there is no voice folder nowhere")


def test_without_a_voice_it_says_what_to_give(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.pipeline.voice_folder.SHIPPED_VOICE", Path("nowhere"))
    refused(say(TEXT, models=False), "--voice FOLDER", "--tacotron2 FILE")


def test_a_device_that_is_not_there(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.devices._count", lambda kind: int(kind == "cpu"))
    refused(say(TEXT, "--device", "cuda"), "there is no device 'cuda' here; there is cpu (")


@pytest.mark.parametrize("option", ["--output", "--plot"])
def test_places_that_cannot_be_written_are_found_before_the_work(
    say, here, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Synthesizer, "from_pretrained", lambda *_, **__: pytest.fail("work began"))
    suffix = ".wav" if option == "--output" else ".png"
    refused(say(TEXT, option, f"missing/a{suffix}"), "there is no folder missing")
    refused(say(TEXT, option, "a.mp3"), "the name must end in .")
    (here / f"folder{suffix}").mkdir()
    refused(say(TEXT, option, f"folder{suffix}"), "is a folder; give the name of a file in it")

    def forbidden(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    refused(say(TEXT, option, f"a{suffix}"), "cannot be written: Permission denied")


def test_a_picture_without_matplotlib(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    refused(say(TEXT, "--plot", "a.png"), "matplotlib", "pip install 'tacotron2-lab-kit[lab]'")


def test_a_full_disk_leaves_no_half_file_and_keeps_the_older(
    say, here, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "speech.wav").write_text("older", "utf-8")

    def full(file: Path, _: bytes) -> None:
        file.write_text("RIFF", "utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    refused(say(TEXT), "speech.wav", "cannot be written: No space left on device")
    assert [path.name for path in here.iterdir()] == ["speech.wav"]
    assert (here / "speech.wav").read_text("utf-8") == "older"


def test_an_interrupt_leaves_no_half_file(say, here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(file: Path, _: bytes) -> None:
        file.write_text("RIFF", "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    ran = say(TEXT)
    assert ran.code == 130
    assert ran.out == ""
    assert ran.err.splitlines()[-1] == "labkit: stopped"
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        *(["--seed", "-1"], ["--seed", "x"], ["--sigma", "-1"], ["--denoise", "nan"]),
        *(["--threads", "0"], ["--precision", "float64"], ["--waveglow", "a", "--vocoder", "b"]),
        ["--voice", "a", "--tacotron2", "b"],
    ],
)
def test_wrong_use_exits_2_with_the_usage(say, wrong: list[str]) -> None:
    ran = say(TEXT, *wrong, models=False)
    assert ran.code == 2
    assert ran.err.startswith("usage: labkit")
    assert "error: " in ran.err.splitlines()[-1]


def test_a_model_that_stops_at_once_makes_no_file(say, here, weights) -> None:
    content = torch.load(weights.tacotron2, weights_only=True)
    content["state_dict"]["module.decoder.gate_layer.linear_layer.bias"].fill_(20.0)
    torch.save(content, "silent.pt")
    ran = say(TEXT, "--tacotron2", "silent.pt", models=False)
    refused(ran, "nothing was said, so there is no file")
    assert "said nothing: the gate fired at frame 0" in ran.err
    assert not (here / "speech.wav").exists()
