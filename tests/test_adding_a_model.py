"""What docs/adding_a_model.md says: a folder and a line, and a model is everywhere."""

from __future__ import annotations

import json
import re
import sys

import pytest
import torch

import labkit
from conftest import ROOT
from labkit import cli
from labkit.errors import CheckpointError, LabkitError, SpeechError
from labkit.models import registry
from labkit.models.kind import kinds, load_acoustic
from labkit.pipeline import Synthesizer, VoiceSettings, save_voice
from labkit.vocoders import load_vocoder

PAGE = (ROOT / "docs" / "adding_a_model.md").read_text("utf-8")
FILE = re.compile(r"^`(\w+/\w+\.py)`\n\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINES = re.findall(r'^ +"(\w+\.kind)",$', PAGE, re.MULTILINE)


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Write the files of the page outside of the package, and its lines into the registry."""
    for name, source in FILE.findall(PAGE):
        path = tmp_path / "added" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "added")
    monkeypatch.setattr(registry, "MODELS", (*LINES, *registry.MODELS))
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("hum", "buzz"):
            del sys.modules[name]


@pytest.fixture
def files(added, tmp_path):
    """Save both models, as a training would."""
    for kind in kinds()[:2]:
        torch.manual_seed(0)
        (build,) = kind.untrained.values()
        kind.save(build(), tmp_path / f"{kind.stem}.safetensors", torch.float16)
    return tmp_path


def run(capsys, *words):
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    shown = capsys.readouterr()
    assert not end.value.code, shown.err
    return shown.out


def test_the_page_has_all_files_and_lines():
    assert [name for name, _ in FILE.findall(PAGE)] == [
        f"{model}/{part}.py" for part in ("config", "model", "kind") for model in ("hum", "buzz")
    ]
    assert LINES == ["hum.kind", "buzz.kind"]


def test_its_files_are_recognised(files):
    for name in ("hum", "buzz"):
        model = labkit.load_checkpoint(files / f"{name}.safetensors")
        assert type(model).__name__ == name.title()
        assert not model.training
    with pytest.raises(CheckpointError, match=r"hum\.safetensors holds a Hum, not a vocoder"):
        load_vocoder(files / "hum.safetensors")
    with pytest.raises(CheckpointError, match="weights of Buzz, not of Hum or Tacotron 2"):
        load_acoustic(files / "buzz.safetensors")


def test_it_speaks(files):
    speaker = Synthesizer.from_pretrained(
        tacotron2=files / "hum.safetensors", vocoder=files / "buzz.safetensors", device="cpu"
    )
    speech = speaker.say("It hums.", seed=1, on_failure="raise")
    assert (speech.alignment.shape, speech.gate, speech.notes) == ((8 * 6, 8), None, ())
    assert speech.seconds == pytest.approx(8 * 6 * 256 / 22_050)
    assert speech.audio.abs().max() > 0.05


def test_what_it_cannot_do_is_refused(files):
    given = {"tacotron2": files / "hum.safetensors", "device": "cpu"}
    with pytest.raises(LabkitError, match="precision='int8' is not one of float32"):
        Synthesizer.from_pretrained(**given, precision="int8")
    speaker = Synthesizer.from_pretrained(**given)
    with pytest.raises(SpeechError, match=r"unknown key 'prenet_dropout' in the options of Hum; k"):
        speaker.say("Hum.", prenet_dropout=True)


@pytest.mark.parametrize("given", ["", ".safetensors"])
def test_it_is_measured(files, capsys, given):
    models = ("--tacotron2", f"hum{given}", "--vocoder", f"buzz{given}")
    report = json.loads(run(capsys, "bench", *models, "--num-iters", 2, "-il", 9, "--json"))
    assert report["setting"]["acoustic model"] == "Hum, 11 840 parameters"
    assert report["steps"][0]["num_mels_per_audio"] == 9 * 6
    assert list(report["split"])[:3] == ["text", "acoustic model", "vocoder"]
    notes = [note for name, note in report["setting"].items() if name.startswith("note")]
    assert len(notes) == (0 if given else 2)


def test_a_length_that_it_cannot_be_told_is_refused(files, capsys):
    with pytest.raises(SystemExit):
        cli.main(["bench", "--tacotron2", "hum", "--vocoder", "buzz", "--frames", "9"])
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "labkit: Hum decides by itself how many frames it makes; leave --frames out"


def test_it_is_kept_in_a_voice_folder(files, capsys):
    model = labkit.load_checkpoint(files / "hum.safetensors")
    settings = VoiceSettings(name="Hum", options={"pace": 2.0})
    save_voice(files / "voice", model, files / "buzz.safetensors", settings)
    save_voice(files / "same", files / "hum.safetensors", load_vocoder("buzz.safetensors"))
    for folder in ("voice", "same"):
        names = sorted(path.name for path in (files / folder).iterdir())
        assert names == ["hum.safetensors", "vocoder.safetensors", "voice.json"]
        content = json.loads((files / folder / "voice.json").read_text("utf-8"))
        assert content["kinds"] == {"acoustic": "hum", "vocoder": "buzz"}
    assert "hum.safetensors" in run(capsys, "voices", "voice")
    for folder, pace in (("voice", 2), ("same", 1)):
        said = json.loads(run(capsys, "say", "Hum.", "--voice", folder, "--json"))
        assert said["seconds"] == pytest.approx(4 * 6 / pace * 256 / 22_050)


def test_a_voice_of_a_kind_that_is_not_here_is_refused(files, capsys, monkeypatch):
    save_voice(files / "voice", files / "hum.safetensors", files / "buzz.safetensors")
    monkeypatch.setattr(registry, "MODELS", registry.MODELS[2:])
    with pytest.raises(
        SpeechError, match=r"voice\.json.*'hum', which is unknown here; known are ta"
    ):
        Synthesizer.from_pretrained(files / "voice")
    with pytest.raises(CheckpointError, match=r"hum\.s.* holds no model that is known .*registry"):
        labkit.load_checkpoint(files / "hum.safetensors")


def test_a_line_without_a_kind_is_refused(files, monkeypatch):
    monkeypatch.setattr(registry, "MODELS", ("hum.kinds",))
    with pytest.raises(
        LabkitError, match=r"registry\.py names hum\.kinds, but .* write a kind\.py"
    ):
        labkit.load_checkpoint(files / "hum.safetensors")
    monkeypatch.setattr(registry, "MODELS", ("hum.config",))
    with pytest.raises(LabkitError, match=r"config\.py has no KIND; give it one"):
        labkit.load_checkpoint(files / "hum.safetensors")


def test_every_model_has_a_kind_and_a_line():
    package = ROOT / "labkit"
    for model in sorted(package.rglob("model.py")):
        folder = ".".join(model.parent.relative_to(ROOT).parts)
        assert (model.parent / "kind.py").is_file(), f"{folder} has a model.py, but no kind.py"
        assert f"{folder}.kind" in registry.MODELS, f"labkit/models/registry.py lacks {folder}.kind"
    names = [kind.name for kind in kinds()]
    assert len(set(names)) == len(names) == len(registry.MODELS)
