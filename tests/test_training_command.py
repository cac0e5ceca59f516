"""`labkit train`: a recipe file, a corpus, a folder."""

import argparse
from pathlib import Path

import pytest
import yaml

from labkit.audio import load_audio, resample, save_audio
from labkit.cli import train
from labkit.corpus import CorpusError, Features, prepare_corpus
from labkit.errors import ConfigError, LabkitError
from labkit.tacotron2 import Tacotron2, Tacotron2Config, load_checkpoint
from labkit.training.acoustic import AcousticSettings
from labkit.training.build import build
from labkit.training.recipe_file import fill, read_config
from training_tools import SMALL_MODEL, make_tones

ROOT = Path(__file__).parents[1]
RECIPE = {
    "recipe": "acoustic",
    "model": SMALL_MODEL,
    "learning": {"batch_size": 4, "read_sentences": 1},
    "loop": {"steps": 2, "learning_rate": "1e-3", "evaluate_every": 2},
}


def write(folder, **changes):
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**RECIPE, **changes}))
    return path


def command(*arguments):
    parser = argparse.ArgumentParser()
    train.add_commands(parser.add_subparsers())
    parsed = parser.parse_args(["train", *map(str, arguments)])
    return parsed.run(parsed)


def test_a_recipe_runs_and_goes_on(tmp_path, capsys):
    corpus, out = make_tones(tmp_path / "corpus", sentences=12), tmp_path / "out"
    given = (write(tmp_path), "--data", corpus, "--out", out, "--device", "cpu")
    assert command(*given) == 0
    assert f"{out / 'model.safetensors'} is ready" in capsys.readouterr().out
    assert load_checkpoint(out / "model.safetensors").config.n_frames_per_step == 3
    assert command(*given, "--resume", "--steps", 3) == 0
    assert (out / "step_00000003.pt").exists()
    with pytest.raises(LabkitError, match="holds a training already"):
        command(*given)


def test_the_length_on_the_command_line_goes_before_that_of_the_recipe(tmp_path):
    path = write(tmp_path)
    assert read_config(path).loop.steps == 2
    by_time = read_config(path, minutes=5.0).loop
    assert (by_time.steps, by_time.minutes) == (None, 5.0)
    assert read_config(path).loop.learning_rate == 1e-3  # which YAML takes for a word


def test_what_prepare_made_is_what_training_reads(tmp_path, monkeypatch):
    corpus = make_tones(tmp_path / "corpus", sentences=12)
    for path in (corpus / "wavs").iterdir():  # as a corpus from elsewhere: no lists, another rate
        audio = resample(load_audio(path), 22_050, 16_000)
        save_audio(path, audio / max(1, audio.abs().max()), 16_000)
    lines = [line for part in ("train", "val") for line in _lines(corpus / f"{part}.txt")]
    (corpus / "metadata.csv").write_text(
        "".join(f"{Path(path).stem}|{text}\n" for path, text in (x.split("|") for x in lines))
    )
    for part in ("train", "val"):
        (corpus / f"{part}.txt").unlink()
    given = (write(tmp_path), "--out", tmp_path / "out", "--device", "cpu", "--data")
    with pytest.raises(CorpusError, match=rf"labkit corpus prepare {corpus} .*--data .*prepared"):
        command(*given, corpus)
    with pytest.raises(CorpusError, match=r"16000 Hz.*labkit corpus prepare --resample"):
        prepare_corpus(corpus)
    prepared = prepare_corpus(corpus, allow_resampling=True)
    assert prepared.clips == {"train": 10, "val": 1, "test": 1}
    monkeypatch.setattr("labkit.corpus.features.log_mel", None)  # no mel is taken anew
    assert command(*given, prepared.folder) == 0
    heard = Features(prepared.folder / "features" / "train")
    assert all(float(heard.ends(index)[0]) > 0 for index in range(10))  # the labels came along
    vocoder = {"batch_size": 2, "segment_frames": 16}
    recipe = read_config(write(tmp_path, recipe="vocoder", model={}, learning=vocoder))
    _, audio = build(recipe, prepared.folder).batch(0)
    assert audio.shape == (2, 16 * 256)


def _lines(path):
    return path.read_text().splitlines()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no corpus"),
        ("", "lists no recording"),
        ("wavs/a.wav|see\nwavs/b.wav\n", r"train\.txt:2: .*1 fields between bars, not 2"),
        ("wavs/t1.wav| \n", r"train\.txt:1: wavs/t1\.wav"),
    ],
)
def test_bad_lists_are_refused(tmp_path, content, message):
    corpus = make_tones(tmp_path / "corpus", sentences=2)
    (corpus / "train.txt").unlink()
    if content is not None:
        (corpus / "train.txt").write_text(content)
    with pytest.raises(CorpusError, match=message):
        command(write(tmp_path), "--data", corpus, "--out", tmp_path / "out")


def test_a_corpus_that_is_not_there(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        command(write(tmp_path), "--data", tmp_path / "none", "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "acustic"}, "recipe must be acoustic or vocoder"),
        ({"learing": {}}, "did you mean 'learning'"),
        ({"loop": {"step": 3}}, "did you mean 'steps'"),
        ({"loop": {"steps": "many"}}, "steps must be a number"),
        ({"loop": {"steps": 3, "learning_rate": "fast"}}, "learning_rate must be a number"),
        ({"loop": {"steps": 3, "log_every": 2.5}}, "log_every must be of the type int"),
        ({"loop": [1]}, "loop must hold names and values"),
        ({"loop": {}}, "say how long"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        read_config(write(tmp_path, **changes))


def test_files_that_are_no_recipe_are_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(path)
    path.write_text("a: [")
    with pytest.raises(ConfigError, match="is no YAML"):
        read_config(path)
    path.write_text("just words")
    with pytest.raises(ConfigError, match="must hold the parts"):
        read_config(path)


@pytest.mark.parametrize("name", ["voice_small", "voice_unguided"])
def test_shipped_recipes_are_sound_and_their_models_small(name):
    config = read_config(ROOT / "configs" / f"{name}.yaml")
    fill("learning", AcousticSettings, config.learning)
    model = Tacotron2(Tacotron2Config(**config.model))
    assert sum(tensor.numel() * 2 for tensor in model.state_dict().values()) < 8e6  # as float16
