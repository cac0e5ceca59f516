"""Corpora that others made: read, checked for faults, prepared for training."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import soundfile
import torch

from conftest import ROOT
from labkit.audio import load_audio, log_mel
from labkit.cli import corpus as command
from labkit.corpus import (
    CorpusError,
    Features,
    Limits,
    check_corpus,
    prepare_corpus,
    read_listing,
)
from labkit.corpus.listing import Clip
from labkit.corpus.split import split_by_name

RATE = 22_050


def tone(path: Path, seconds: float = 0.5, *, level: float = 0.1, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = level * torch.sin(torch.arange(int(seconds * rate)) * 0.05)
    soundfile.write(path, audio.clamp(-1, 1).numpy(), rate, subtype="PCM_16")


@pytest.fixture
def ljspeech(tmp_path: Path) -> Path:
    """A folder in the layout of LJSpeech-1.1 with 12 recordings."""
    folder = tmp_path / "LJSpeech-1.1"
    lines = []
    for number in range(1, 13):
        name = f"LJ001-{number:04}"
        tone(folder / "wavs" / f"{name}.wav", 0.3 + 0.02 * number)
        lines.append(f"{name}|It is {number}.|It is number {'x' * number}.\n")
    (folder / "metadata.csv").write_text("".join(lines), "utf-8")
    return folder


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_commands(parser.add_subparsers())
    parsed = parser.parse_args(["corpus", *map(str, arguments)])
    return int(parsed.run(parsed))


def test_every_fault_is_reported_at_once(
    ljspeech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wavs = ljspeech / "wavs"
    (wavs / "LJ001-0002.wav").unlink()
    tone(wavs / "LJ001-0003.wav", level=0.0)
    tone(wavs / "LJ001-0004.wav", level=3.0)
    tone(wavs / "LJ001-0005.wav", rate=16_000)
    tone(wavs / "LJ001-0006.wav", 3.0)
    tone(wavs / "LJ001-0007.wav", 0.05)
    (wavs / "LJ001-0008.wav").write_text("no audio", "utf-8")
    lines = (ljspeech / "metadata.csv").read_bytes().splitlines()
    lines[8] = b"LJ001-0009|...|..."
    lines[9] = b"LJ001-0010"
    lines[10] = b"LJ001-0001|Once more.|Once more."
    lines[11] = b"LJ001-0012|\xff\xfe|broken"
    (ljspeech / "metadata.csv").write_bytes(b"\n".join(lines))

    assert run("check", ljspeech, "--max-seconds", 2, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [(fault["line"], fault["kind"]) for fault in report["faults"]] == [
        ("metadata.csv:2", "missing"),
        ("metadata.csv:3", "silent"),
        ("metadata.csv:4", "clipped"),
        ("metadata.csv:5", "sample rate"),
        ("metadata.csv:6", "too long"),
        ("metadata.csv:7", "too short"),
        ("metadata.csv:8", "unreadable"),
        ("metadata.csv:9", "text"),
        ("metadata.csv:10", "fields"),
        ("metadata.csv:11", "duplicate"),
        ("metadata.csv:12", "encoding"),
    ]
    assert run("check", ljspeech) == 1
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 11
    assert printed[3] == "metadata.csv:5: LJ001-0005: it is at 16000 Hz, not 22050"
    assert printed[-1].endswith("10 faults")


def test_a_good_corpus_has_no_faults(ljspeech: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", ljspeech) == 0
    assert capsys.readouterr().out.endswith("12 recordings, 5.2 seconds, no faults\n")
    assert check_corpus(ROOT / "data/mini", jobs=2).faults == ()


def test_limits_can_be_changed(ljspeech: Path) -> None:
    faults = check_corpus(ljspeech, Limits(min_seconds=0.4)).faults
    assert {fault.kind for fault in faults} == {"too short"}
    assert len(faults) == 4


def test_what_is_no_corpus_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder or list"):
        check_corpus(tmp_path / "nothing")
    with pytest.raises(CorpusError, match=r"neither metadata\.csv nor train\.txt"):
        check_corpus(tmp_path)


def test_the_split_is_ljspeechs_in_size_and_does_not_depend_on_place_or_order() -> None:
    clips = [Clip(f"LJ{n}", Path(f"/a/LJ{n}.wav"), "", "") for n in range(13_100)]
    split = split_by_name(clips)
    assert {part: len(members) for part, members in split.items()} == {
        "train": 12_500,
        "val": 100,
        "test": 500,
    }
    assert {clip.name for part in split.values() for clip in part} == {c.name for c in clips}
    moved = [Clip(clip.name, Path("/b") / clip.audio.name, "", "") for clip in reversed(clips)]
    assert {clip.name for clip in split_by_name(moved)["val"]} == {
        clip.name for clip in split["val"]
    }


def test_prepared_mels_are_those_of_the_recordings(ljspeech: Path) -> None:
    prepared = prepare_corpus(ljspeech)
    assert prepared.folder == ljspeech / "prepared"
    assert prepared.clips == {"train": 10, "val": 1, "test": 1}
    listing = read_listing(prepared.folder)
    assert not listing.faults
    assert {clip.text[:12] for clip in listing.clips} == {"It is number"}
    for part, clips in listing.split.items():
        features = Features(prepared.folder / "features" / part)
        assert len(features) == len(clips)
        for index, clip in enumerate(clips):
            expected = log_mel(load_audio(clip.audio))
            assert features.frames[index] == expected.shape[1]
            assert (features.mel(index) - expected).abs().max() < 0.004
    assert prepare_corpus(ljspeech, jobs=2).new_clips == 0


def test_lists_that_come_with_a_corpus_are_kept(ljspeech: Path, tmp_path: Path) -> None:
    parts = {"train": range(1, 9), "val": (9, 10), "test": (11, 12)}
    lists = ljspeech / "filelists"
    lists.mkdir()
    for part, members in parts.items():
        (lists / f"ljs_audio_text_{part}_filelist.txt").write_text(
            "".join(f"DUMMY/LJ001-{n:04}.wav|Number {n}.\n" for n in members), "utf-8"
        )
    prepared = prepare_corpus(ljspeech, tmp_path / "out")
    assert prepared.clips == {"train": 8, "val": 2, "test": 2}
    first = (prepared.folder / "val.txt").read_text("utf-8").splitlines()[0]
    assert first == "../LJSpeech-1.1/wavs/LJ001-0009.wav|Number 9."
    lists.rename(tmp_path / "elsewhere")
    again = prepare_corpus(ljspeech, tmp_path / "out2", lists=tmp_path / "elsewhere")
    assert again.clips == prepared.clips


def test_a_recording_in_two_lists_is_refused(ljspeech: Path) -> None:
    for part in ("train", "val", "test"):
        (ljspeech / f"{part}.txt").write_text("wavs/LJ001-0001.wav|One.\n", "utf-8")
    (fault, _) = check_corpus(ljspeech).faults
    assert str(fault) == "test.txt:1: wavs/LJ001-0001.wav: it is in train.txt:1 already"
    with pytest.raises(CorpusError, match=r"\(and 1 more\); for everything: labkit corpus check"):
        prepare_corpus(ljspeech)


def test_a_list_of_recordings_is_a_corpus(ljspeech: Path, tmp_path: Path) -> None:
    names = [f"LJSpeech-1.1/wavs/LJ001-{n:04}.wav" for n in range(1, 6)]
    (tmp_path / "mine.txt").write_text("".join(f"{name}|Text.\n" for name in names), "utf-8")
    assert check_corpus(tmp_path / "mine.txt").faults == ()
    prepared = prepare_corpus(tmp_path / "mine.txt")
    assert prepared.clips == {"train": 3, "val": 1, "test": 1}
    (tmp_path / "mine.txt").write_text(f"{names[0]}|Text.|Tom\n", "utf-8")
    (fault,) = check_corpus(tmp_path / "mine.txt").faults
    assert fault.message == "the line has 3 fields between bars, not 2"
    (tmp_path / "mine.txt").write_text(f"{names[0]}|Text.\n", "utf-8")
    with pytest.raises(CorpusError, match="holds 1 recordings; 3 are needed"):
        prepare_corpus(tmp_path / "mine.txt")


def test_what_cannot_be_prepared_is_said(
    ljspeech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tone(ljspeech / "wavs/LJ001-0005.wav", rate=16_000)
    with pytest.raises(CorpusError, match=r"metadata\.csv:5: .* is at 16000 Hz"):
        prepare_corpus(ljspeech)
    with pytest.raises(CorpusError, match="holds no features"):
        Features(ljspeech / "prepared/features/train")
    assert run("prepare", ljspeech, "--resample", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["train"], report["val"], report["test"], report["new"]) == (10, 1, 1, 12)
    assert run("prepare", ljspeech, "--resample", "--jobs", 1) == 0
    assert "0 of them new" in capsys.readouterr().out


def test_make_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--hours", 0.001, "--seed", 5, "--voices", "slt,rms", "--jobs", 1)
    assert run("make", tmp_path / "new", *options) == 0
    assert "new" in capsys.readouterr().out
    assert run("make", tmp_path / "new", *options, "--json") == 0
    assert json.loads(capsys.readouterr().out)["new"] == 0
