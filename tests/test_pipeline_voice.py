"""Voices on disk: a folder that is written and read, checkpoints, and what can be wrong there."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from labkit.audio import MelConfig
from labkit.errors import CheckpointError, ConfigError, DeviceError, SpeechError, TextError
from labkit.pipeline import Synthesizer, VoiceSettings, save_voice, voice_folder
from labkit.tacotron2 import save_checkpoint
from labkit.vocoders import GriffinLim, HiFiGAN, HiFiGANConfig, WaveGlow, WaveGlowConfig
from pipeline_tools import Buzzer, tiny_tacotron2


@pytest.fixture(scope="module")
def model():
    return tiny_tacotron2()


@pytest.fixture
def folder(model, tmp_path):
    return save_voice(tmp_path / "ada", model, settings=VoiceSettings(name="Ada", max_frames=20))


@pytest.fixture(scope="module")
def checkpoint(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tacotron2.safetensors"
    save_checkpoint(model, path)
    return path


@pytest.fixture(scope="module")
def waveglow(tmp_path_factory):
    """A small WaveGlow as it is published: a dict with the state dict and its config."""
    path = tmp_path_factory.mktemp("weights") / "waveglow.pt"
    torch.manual_seed(0)
    config = WaveGlowConfig(n_flows=2, WN_config={"n_layers": 2, "n_channels": 8})
    torch.save({"state_dict": WaveGlow(config).state_dict()}, path)
    return path


def change(folder, **values):
    """Rewrite voice.json; None takes a key out."""
    file = folder / "voice.json"
    content = json.loads(file.read_text()) | values
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


# Written and read


def test_voice_is_read_as_it_was_written(model, tmp_path):
    settings = VoiceSettings(
        name="Ådå",
        mel=MelConfig(mel_fmax=7600.0),
        input="phonemes",
        cleaners=("basic_cleaners",),
        sigma=0.7,
        denoise=0.02,
        prenet_dropout=False,
        gate_threshold=0.4,
        frames_per_symbol=9.5,
        max_frames=50,
        max_symbols=90,
        licence="CC0-1.0",
        card="Made for a test.",
    )
    folder = save_voice(tmp_path / "voice", model, settings=settings)
    names = ["card.md", "tacotron2.safetensors", "voice.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / "card.md").read_text(encoding="utf-8") == "Made for a test.\n"
    assert voice_folder.read_voice(folder)[2] == settings
    speaker = Synthesizer.from_pretrained(folder, device="cpu")
    assert speaker.settings == settings
    assert isinstance(speaker.vocoder, GriffinLim)
    assert speaker.vocoder.mel == settings.mel
    for name, weight in model.state_dict().items():
        assert torch.equal(speaker.tacotron2.state_dict()[name], weight)


def test_voice_speaks(folder):
    speech = Synthesizer.from_pretrained(str(folder)).say("Hello.", on_failure="ignore")
    assert speech.audio.shape == (20 * 256,)
    assert speech.audio.abs().max() <= 1


def test_voice_keeps_the_checkpoints_that_it_was_given(checkpoint, waveglow, tmp_path):
    folder = save_voice(tmp_path / "voice", checkpoint, waveglow)
    assert (folder / "tacotron2.safetensors").read_bytes() == checkpoint.read_bytes()
    speaker = Synthesizer.from_pretrained(folder)
    assert isinstance(speaker.vocoder, WaveGlow)
    assert speaker.settings.denoise == 0  # as the folder says


def test_what_lies_beside_a_checkpoint_comes_along(model, tmp_path):
    config = HiFiGANConfig(
        upsample_initial_channel=16, resblock_kernel_sizes=(3,), resblock_dilation_sizes=((1, 2),)
    )
    torch.save({"generator": HiFiGAN(config).state_dict()}, tmp_path / "g_1")
    (tmp_path / "config.json").write_text(json.dumps(dataclasses.asdict(config)))
    folder = save_voice(tmp_path / "voice", model, tmp_path / "g_1")
    assert Synthesizer.from_pretrained(folder).vocoder.config == config


def test_checkpoints_are_a_voice_too(checkpoint, waveglow):
    speaker = Synthesizer.from_pretrained(tacotron2=checkpoint)
    assert isinstance(speaker.vocoder, GriffinLim)
    assert (speaker.settings.name, speaker.settings.denoise) == ("tacotron2", 0)
    speaker = Synthesizer.from_pretrained(tacotron2=checkpoint, vocoder=waveglow)
    assert isinstance(speaker.vocoder, WaveGlow)
    assert speaker.settings.denoise == 0.01


def test_another_vocoder_for_a_voice(folder, waveglow):
    change(folder, denoise=0.5)
    speaker = Synthesizer.from_pretrained(folder, vocoder=waveglow)
    assert isinstance(speaker.vocoder, WaveGlow)
    assert (speaker.settings.name, speaker.settings.denoise) == ("Ada", 0.01)


@pytest.mark.parametrize("vocoder", [None, "griffin-lim", GriffinLim()])
def test_a_voice_without_a_neural_vocoder(model, tmp_path, vocoder):
    folder = save_voice(tmp_path / "voice", model, vocoder)
    assert json.loads((folder / "voice.json").read_text())["vocoder"] is None
    assert isinstance(Synthesizer.from_pretrained(folder).vocoder, GriffinLim)


def test_shipped_voice_is_used_without_a_path(folder, monkeypatch):
    monkeypatch.setattr(voice_folder, "SHIPPED_VOICE", folder)
    assert Synthesizer.from_pretrained().settings.name == "Ada"


def test_name_in_place_of_the_settings():
    from pipeline_tools import Scripted

    assert Synthesizer(Scripted(), Buzzer(), name="Bea").settings.name == "Bea"


# Wrong paths


def test_no_voice_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(voice_folder, "SHIPPED_VOICE", tmp_path / "none")
    with pytest.raises(SpeechError, match=r"no voice comes with .* \(tacotron2=FILE\)"):
        Synthesizer.from_pretrained()


def test_wrong_paths(checkpoint, folder, waveglow, tmp_path):
    with pytest.raises(SpeechError, match=r"there is no voice folder .*nowhere"):
        Synthesizer.from_pretrained(tmp_path / "nowhere")
    with pytest.raises(SpeechError, match=r"is a file, but a voice is a folder .* tacotron2=FILE"):
        Synthesizer.from_pretrained(checkpoint)
    with pytest.raises(SpeechError, match="not both"):
        Synthesizer.from_pretrained(folder, tacotron2=checkpoint)
    with pytest.raises(SpeechError, match=r"voice\.json cannot be read"):
        Synthesizer.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        Synthesizer.from_pretrained(tacotron2=tmp_path / "nowhere.pt")
    with pytest.raises(CheckpointError, match="WaveGlow, not of Tacotron 2"):
        Synthesizer.from_pretrained(tacotron2=waveglow)
    with pytest.raises(CheckpointError, match="Tacotron2, not a vocoder"):
        Synthesizer.from_pretrained(tacotron2=checkpoint, vocoder=checkpoint)
    with pytest.raises(DeviceError, match="there is no device 'abacus'"):
        Synthesizer.from_pretrained(folder, device="abacus")


def test_folder_is_not_overwritten(model, folder):
    with pytest.raises(SpeechError, match="exists already"):
        save_voice(folder, model)


def test_folder_appears_whole_or_not_at_all(model, checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match=r"no_vocoder\.pt does not exist"):
        save_voice(tmp_path / "voice", checkpoint, tmp_path / "no_vocoder.pt")
    with pytest.raises(SpeechError, match="kind Tacotron 2, which cannot be the vocoder"):
        save_voice(tmp_path / "voice", checkpoint, checkpoint)
    broken = tiny_tacotron2()
    broken.embedding.weight.data[0] = torch.nan
    with pytest.raises(CheckpointError, match="not finite"):
        save_voice(tmp_path / "voice", broken)
    with pytest.raises(SpeechError, match="cannot be written"):
        save_voice(tmp_path / "no" / "such" / "place", model)
    assert list(tmp_path.iterdir()) == []


# Wrong settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 2}, '"format" must be 1; is it a voice of another version'),
        ({"format": None}, '"format" must be 1'),
        ({"acoustic": None}, '"acoustic" must be the name of a file in this folder, but is None'),
        ({"acoustic": "other.pt"}, '"acoustic" names other.pt, but there is no such file'),
        ({"acoustic": "../secret.pt"}, "must be the name of a file in this folder"),
        ({"acoustic": "/etc/passwd"}, "must be the name of a file in this folder"),
        ({"acoustic": ".."}, "must be the name of a file in this folder"),
        ({"kinds": 5}, '"kinds" must be an object, but is 5'),
        ({"kinds": {"acoustic": "tacotron5"}}, "'tacotron5', which is unknown here; known are ta"),
        (
            {"kinds": {"acoustic": "vocos"}},
            "the acoustic model is .vocos., which is unknown",
        ),
        ({"kinds": {"voice": "vocos"}}, "unknown key 'voice'.* in \"kinds\"; known: acoustic, voc"),
        ({"options": 5}, "options must be an object of names and values, but is 5"),
        ({"vocoder": 5}, '"vocoder" must be the name of a file in this folder, but is 5'),
        ({"denoising": 0.1}, r"unknown key 'denoising' \(did you mean 'denoise'\?\)"),
        ({"qqq": 1}, "unknown key 'qqq' in the voice; known: name, mel"),
        ({"mel": 80}, '"mel" must be an object, but is 80'),
        ({"mel": {"hop": 256}}, "unknown key 'hop'.* in \"mel\""),
        ({"mel": {"n_mels": 80.5}}, '"n_mels" of "mel" must be a whole number, but is 80.5'),
        ({"mel": {"mel_fmax": "8k"}}, '"mel_fmax" of "mel" must be a number'),
        ({"mel": {"hop_length": 4096}}, "must be positive and in ascending order"),
        ({"card": "..."}, "unknown key 'card'"),
        ({"name": 5}, "name must be a text, but is 5"),
        ({"input": "runes"}, "input must be one of characters, phonemes"),
        ({"cleaners": ["latin"]}, "no cleaner is called 'latin'"),
        ({"cleaners": 5}, "cleaners must be a list of names"),
        ({"normalise": "new"}, "normalise='new' does not exist"),
        ({"sigma": -1}, "sigma must be 0 or above, but is -1"),
        ({"level": 3}, "level must be a number from -60 to 0, or null, but is 3"),
        ({"denoise": "much"}, "denoise must be 0 or above, but is 'much'"),
        ({"prenet_dropout": 1}, "prenet_dropout must be true or false, but is 1"),
        ({"gate_threshold": 1}, "gate_threshold must be a number between 0 and 1"),
        ({"frames_per_symbol": 0}, "frames_per_symbol must be above 0"),
        ({"max_frames": 1.5}, "max_frames must be a whole number above 0"),
        ({"max_symbols": True}, "max_symbols must be a whole number above 0"),
    ],
)
def test_wrong_settings_are_named(folder, values, message):
    change(folder, **values)
    with pytest.raises(SpeechError, match=message) as caught:
        Synthesizer.from_pretrained(folder)
    assert "voice.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe"])
def test_settings_that_are_no_object(folder, content):
    (folder / "voice.json").write_bytes(content)
    with pytest.raises(SpeechError, match=r"voice\.json"):
        Synthesizer.from_pretrained(folder)


def test_card_that_is_no_text(folder):
    (folder / "card.md").write_bytes(b"\xff\xfe")
    with pytest.raises(SpeechError, match=r"voice\.json: card\.md beside it cannot be read"):
        Synthesizer.from_pretrained(folder)


def test_settings_that_do_not_fit_the_weights(folder, waveglow):
    change(folder, mel={"n_mels": 40})
    with pytest.raises(SpeechError, match="mel bands 80 and 40"):
        Synthesizer.from_pretrained(folder)
    change(folder, mel={"sample_rate": 44_100})
    with pytest.raises(SpeechError, match="sample_rate 44100 and 22050"):
        Synthesizer.from_pretrained(folder, vocoder=waveglow)


def test_weights_that_are_something_else(folder):
    (folder / "tacotron2.safetensors").write_text("<html>not found</html>")
    with pytest.raises(CheckpointError, match="is not a weights file"):
        Synthesizer.from_pretrained(folder)


def test_options_that_the_model_does_not_have_are_refused(folder):
    change(folder, options={"gate_treshold": 0.5})
    with pytest.raises(SpeechError, match=r"the voice 'Ada' .*'gate_threshold'.*of Tacotron2"):
        Synthesizer.from_pretrained(folder)
    change(folder, options={"precision": "bfloat16"})
    assert Synthesizer.from_pretrained(folder, device="cpu").say("Oh.", on_failure="ignore")


def test_weights_of_a_model_that_is_not_known_here(folder):
    torch.save({"decoder.flows.0.logs": torch.zeros(2)}, folder / "new.pt")
    change(folder, acoustic="new.pt")
    with pytest.raises(CheckpointError, match=r"new.pt .* of Glow-TTS; known here .* needs that"):
        Synthesizer.from_pretrained(folder)


def test_settings_in_code_are_checked_too():
    with pytest.raises(ConfigError, match="sigma"):
        VoiceSettings(sigma=float("nan"))
    with pytest.raises(ConfigError, match="mel must be a MelConfig"):
        VoiceSettings(mel={})
    with pytest.raises(TextError, match="no cleaner"):
        VoiceSettings(cleaners="latin")
    assert VoiceSettings(cleaners="basic_cleaners").cleaners == ("basic_cleaners",)
