"""`labkit train`: a recipe file, a corpus, a folder."""

import argparse
from pathlib import Path

import pytest
import yaml

from labkit.cli import train
from labkit.errors import ConfigError, InputError, LabkitError
from labkit.tacotron2 import Tacotron2, Tacotron2Config, load_checkpoint
from labkit.training.acoustic import AcousticSettings
from labkit.training.config import fill, read_config
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


def test_a_corpus_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"train\.txt cannot be read"):
        command(write(tmp_path), "--data", tmp_path / "none", "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "acustic"}, "recipe must be acoustic or vocoder"),
        ({"learing": {}}, "did you mean learning"),
        ({"loop": {"step": 3}}, "did you mean steps"),
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
