"""A corpus that flite speaks."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

from conftest import ROOT
from labkit.audio import audio_report, load_audio
from labkit.corpus import CorpusError, Recipe, check_corpus, make_corpus, read_listing
from labkit.corpus import flite as flite_module
from labkit.corpus import make as make_module
from labkit.corpus.flite import STYLES, VOICES, Style, speak
from labkit.errors import OutputError
from labkit.text import arpabet

RECIPE = Recipe(hours=0.006, seed=3)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def labels_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "made"
    made = make_corpus(folder, RECIPE)
    assert (made.clips, made.new_clips) == (len(labels_of(folder)),) * 2
    return folder


def test_the_same_recipe_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    make_corpus(tmp_path / "again", RECIPE, jobs=3)
    assert contents(tmp_path / "again") == contents(corpus)


def test_an_interrupted_run_goes_on_to_the_same_bytes(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, calls = make_module.record, itertools.count()

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return record(*arguments, **options)

    monkeypatch.setattr(make_module, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_corpus(tmp_path / "halves", RECIPE, jobs=1)
    assert not (tmp_path / "halves/corpus.json").exists()
    (journal,) = (tmp_path / "halves").glob(".*.jsonl")
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"id": "rms-neutral-00004", "tex')  # and the last line was cut short
    monkeypatch.undo()

    made = make_corpus(tmp_path / "halves", RECIPE)
    assert made.new_clips == made.clips - 3
    assert contents(tmp_path / "halves") == contents(corpus)


def test_a_complete_corpus_is_left_alone(corpus: Path) -> None:
    before = contents(corpus)
    assert make_corpus(corpus, RECIPE).new_clips == 0
    assert contents(corpus) == before


def test_it_lasts_as_long_as_asked_and_lies_like_ljspeech(corpus: Path) -> None:
    lines = [line.split("|") for line in (corpus / "metadata.csv").read_text("utf-8").splitlines()]
    assert all(len(line) == 3 for line in lines)
    names = {f"{line[0]}.wav" for line in lines}
    assert names == {path.name for path in (corpus / "wavs").iterdir()}
    seconds = sum(soundfile.info(path).duration for path in (corpus / "wavs").iterdir())
    longest = max(soundfile.info(path).duration for path in (corpus / "wavs").iterdir())
    assert RECIPE.hours * 3600 <= seconds < RECIPE.hours * 3600 + longest
    listing = read_listing(corpus)
    assert {clip.name for part in listing.split.values() for clip in part} == {
        f"wavs/{name}" for name in names
    }
    assert all(listing.split.values())
    assert not check_corpus(corpus).faults


def test_recordings_begin_and_end_with_50_ms_of_silence(corpus: Path) -> None:
    for path in sorted((corpus / "wavs").iterdir()):
        audio = load_audio(path)
        silence, sound = audio.split([900, len(audio) - 900])[0], audio[:3300]
        assert silence.square().mean().sqrt() < 0.004
        assert sound.square().mean().sqrt() > 0.004
        assert audio[-900:].square().mean().sqrt() < 0.004


def test_labels_say_what_is_heard_and_where(corpus: Path) -> None:
    for labels in labels_of(corpus):
        phonemes, ends = labels["phonemes"].split(), labels["ends"]
        assert set(phonemes) <= {*arpabet, "PAU"}
        assert len(phonemes) == len(ends)
        assert ends == sorted(ends)
        assert ends[-1] == pytest.approx(labels["seconds"], abs=0.12)
        audio = load_audio(corpus / "wavs" / f"{labels['id']}.wav")
        assert len(audio) / 22_050 == pytest.approx(labels["seconds"], abs=1e-3)
        pauses = [(ends[i - 1] if i else 0, ends[i]) for i, p in enumerate(phonemes) if p == "PAU"]
        spoken = [(ends[i - 1], ends[i]) for i, p in enumerate(phonemes) if p != "PAU" and i]
        assert level(audio, pauses) < level(audio, spoken) - 10


def level(audio: torch.Tensor, stretches: list[tuple[float, float]]) -> float:
    parts = [audio[round(begin * 22_050) : round(end * 22_050)] for begin, end in stretches]
    return audio_report(torch.cat(parts)).rms_dbfs


def test_voices_and_styles_are_labelled(tmp_path: Path) -> None:
    recipe = Recipe(0.007, voices=("slt", "rms"), styles=("sad", "happy"), suffix=".flac")
    make_corpus(tmp_path / "two", recipe)
    labels = labels_of(tmp_path / "two")
    assert {(clip["speaker"], clip["style"]) for clip in labels} == set(
        itertools.product(("slt", "rms"), ("sad", "happy"))
    )
    sad = next(clip for clip in labels if clip["style"] == "sad" and clip["speaker"] == "slt")
    assert (sad["rate"], sad["gain_db"]) == (STYLES["sad"].rate, STYLES["sad"].gain_db)
    assert not check_corpus(tmp_path / "two").faults


@pytest.mark.parametrize("voice", VOICES)
def test_styles_change_rate_and_pitch(voice: str) -> None:
    text = "Mary moved in alone."
    neutral = speak(text, voice, STYLES["neutral"])
    for rate in (0.8, 1.25):
        spoken = speak(text, voice, Style(rate=rate))
        assert len(spoken.audio) * rate == pytest.approx(len(neutral.audio), rel=0.03)
    for factor in (0.85, 1.2):
        spoken = speak(text, voice, Style(pitch=factor))
        seconds = len(spoken.audio) / spoken.sample_rate
        assert seconds * 16_000 == pytest.approx(len(neutral.audio), rel=0.03)
        change = pitch(spoken.audio, spoken.sample_rate) / pitch(neutral.audio, 16_000)
        assert change == pytest.approx(factor, rel=0.05)


def pitch(audio: torch.Tensor, sample_rate: int) -> float:
    """Median over frames of the lag at which a voiced frame is most like itself."""
    frames = audio.unfold(0, 1024, 256)  # (T, 1024)
    frames = frames[frames.square().mean(1) > 1e-3]
    spectrum = torch.fft.rfft(frames - frames.mean(1, keepdim=True), 2048)
    likeness = torch.fft.irfft(spectrum.abs().square())[:, : sample_rate // 45]
    likeness[:, : sample_rate // 350] = 0
    return sample_rate / float(likeness.argmax(1).float().median())


def test_the_neutral_style_is_the_voice_as_it_is(tmp_path: Path) -> None:
    for voice in VOICES:
        file = tmp_path / f"{voice}.wav"
        subprocess.run(["flite", "-voice", voice, "-t", "Hello.", "-o", str(file)], check=True)
        spoken = speak("Hello.", voice, STYLES["neutral"])
        assert torch.equal(spoken.audio, load_audio(file, 16_000)), voice


def test_the_mini_corpus_is_what_its_command_makes(tmp_path: Path) -> None:
    mini = ROOT / "data/mini"
    recipe = Recipe(hours=0.045, seed=2, max_characters=40, suffix=".flac")
    first = list(itertools.islice(recipe.orders(), 200))
    labels = labels_of(mini)
    assert 60 <= len(labels) <= 100
    assert [clip["text"] for clip in labels] == [order.text for order in first[: len(labels)]]
    assert sum(path.stat().st_size for path in mini.rglob("*") if path.is_file()) < 4_000_000
    assert not check_corpus(mini).faults
    for order in first[:3]:
        make_module.record(order, tmp_path)
        remade, kept = (load_audio(folder / order.file) for folder in (tmp_path, mini / "wavs"))
        assert remade.shape == kept.shape
        # another processor may round a sample to the next step of 16 bits
        assert (remade - kept).abs().max() < 1.5 * 2**-15


def test_a_missing_flite_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match=r"not installed; .*apt-get install flite") as error:
        make_corpus(tmp_path / "new", RECIPE)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "new").exists()


def test_another_corpus_is_not_overwritten(corpus: Path, tmp_path: Path) -> None:
    before = contents(corpus)
    with pytest.raises(CorpusError, match="with seed 3, not 4"):
        make_corpus(corpus, Recipe(RECIPE.hours, seed=4))
    assert contents(corpus) == before
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(CorpusError, match="not empty"):
        make_corpus(tmp_path, RECIPE)
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"hours": 0}, "hours must be above 0"),
        ({"hours": float("nan")}, "hours must be above 0"),
        ({"hours": 1, "voices": ("tom",)}, "voices must be one or more of rms, slt"),
        ({"hours": 1, "styles": ()}, "styles must be .* not none"),
        ({"hours": 1, "max_characters": 5}, "at least 20"),
    ],
)
def test_wrong_recipes_are_refused(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        Recipe(**wrong)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        make_corpus(tmp_path / "file/corpus", RECIPE)


def test_a_broken_flite_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "flite"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\nexit 3\n', "utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{Path(shutil.which('sh') or '').parent}")
    with pytest.raises(CorpusError, match="flite cannot say"):
        make_corpus(tmp_path / "new", RECIPE)


def test_a_flite_that_is_held_up_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = speak("Hello.", "kal16", STYLES["neutral"])
    once, real = tmp_path / "once", shutil.which("flite")
    fake = tmp_path / "flite"
    fake.write_text(
        f'#!/bin/sh\n[ -e {once} ] || {{ touch {once}; exec sleep 60; }}\nexec {real} "$@"\n',
        "utf-8",
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(flite_module, "_PATIENCE_SECONDS", 2)
    assert torch.equal(speak("Hello.", "kal16", STYLES["neutral"]).audio, expected.audio)
    assert once.exists()
    fake.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    monkeypatch.setattr(flite_module, "_PATIENCE_SECONDS", 0.2)
    with pytest.raises(CorpusError, match=r"did not finish saying 'Hello\.' .* 3 times"):
        speak("Hello.", "kal16", STYLES["neutral"])
