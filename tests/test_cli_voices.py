"""``labkit voices``: the shipped voice, voices of one's own, and none at all."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from labkit.cli import voices
from labkit.errors import SpeechError
from labkit.pipeline import VoiceSettings, save_voice
from pipeline_tools import tiny_tacotron2


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    voices.add_commands(parser.add_subparsers())
    arguments = parser.parse_args(["voices", *words])
    return arguments.run(arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    settings = VoiceSettings(
        name="Ada", input="phonemes", licence="CC0-1.0", card="# Ada\n\nMade for a test."
    )
    return save_voice(tmp_path_factory.mktemp("voices") / "ada", tiny_tacotron2(), None, settings)


def test_shipped_voice_is_shown_with_its_card(folder, monkeypatch, capsys):
    monkeypatch.setattr("labkit.pipeline.voice_folder.SHIPPED_VOICE", folder)
    assert run() == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Ada: {folder}\n  reads phonemes, speaks at 22050 Hz\n")
    assert "tacotron2.safetensors (0." in out
    assert "licence: CC0-1.0" in out
    assert out.endswith("\n\n# Ada\n\nMade for a test.\n")


def test_json(folder, capsys):
    assert run("--json", str(folder)) == 0
    (voice,) = json.loads(capsys.readouterr().out)
    assert (voice["name"], voice["input"], voice["folder"]) == ("Ada", "phonemes", str(folder))
    assert voice["mel"]["hop_length"] == 256
    size = (folder / "tacotron2.safetensors").stat().st_size
    assert voice["files"] == {"tacotron2.safetensors": size}


def test_no_voice_at_all(monkeypatch, capsys):
    monkeypatch.setattr("labkit.pipeline.voice_folder.SHIPPED_VOICE", Path("nowhere"))
    assert run() == 0
    assert capsys.readouterr().out.startswith("No voice comes with this version; ")
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_folder_that_is_no_voice(tmp_path):
    with pytest.raises(SpeechError, match=r"voice\.json cannot be read"):
        run(str(tmp_path))
