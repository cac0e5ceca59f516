"""The training loop: it learns, it goes on where it was, and it says what stops it."""

import json
import math
import os
import signal

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from labkit.errors import CheckpointError, ConfigError, OutputError
from labkit.training.loop import TrainingError, run
from labkit.training.recipe import LoopSettings
from labkit.training.schedule import learning_rate, progress

QUICK = {"warm_up_steps": 2, "log_every": 2, "evaluate_every": 3, "learning_rate": 0.05}


class Line:
    """Learn y = 3 x through dropout; `events` happen before the batch of a step is made."""

    def __init__(self, events=()):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
        self.model.append(nn.Linear(8, 1))
        self.events = dict(events)

    def batch(self, step):
        if step in self.events:
            self.events[step]()
        x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        return {"x": x, "y": 3 * x.sum(dim=1, keepdim=True)}

    def loss(self, batch, step):
        return {"total": (self.model(batch["x"]) - batch["y"]).square().mean()}

    def evaluate(self, step):
        assert not self.model.training and not torch.is_grad_enabled()
        return {"loss": float(self.loss(self.batch(-1 - step), step)["total"])}

    def pictures(self):
        return {}

    def export(self, path):
        save_file(self.model.state_dict(), path)


def train(folder, recipe=None, resume=False, **changes):
    settings = LoopSettings(**{**QUICK, "steps": 6, **changes})
    recipe = recipe or Line()
    outcome = run(recipe, settings, folder, resume=resume, device="cpu", show=lambda line: None)
    return recipe, outcome


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_resuming_changes_nothing(tmp_path, precision):
    whole, _ = train(tmp_path / "whole", precision=precision)
    _, first = train(tmp_path / "parts", Line({2: interrupt}), precision=precision)
    assert (first.step, first.interrupted) == (3, True)
    parts, second = train(tmp_path / "parts", resume=True, precision=precision)
    assert (second.step, second.interrupted) == (6, False)
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, parts.model.state_dict()[name]), name


def test_ctrl_c_is_as_usual_afterwards(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    train(tmp_path, Line({2: interrupt}))
    assert signal.getsignal(signal.SIGINT) is before


def test_small_numbers_are_kept_afterwards(tmp_path):
    train(tmp_path)
    assert torch.full((64,), 1e-40).mul(0.5).all()


def test_it_learns_and_leaves_its_traces(tmp_path):
    _, outcome = train(tmp_path, steps=60, evaluate_every=20, export_at=(5,))
    records = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    losses = [record["loss"] for record in records if record["kind"] == "evaluate"]
    assert losses[-1] < losses[0] / 2
    assert losses[-1] == outcome.figures["loss"]
    assert {"total", "rate", "gradient", "steps/s"} <= records[0].keys()
    assert "step      2" in (tmp_path / "train.log").read_text()
    assert (
        load_file(tmp_path / "step_00000005.safetensors").keys() == Line().model.state_dict().keys()
    )
    for name in ("model", "best"):
        assert (tmp_path / f"{name}.safetensors").exists()


def test_two_checkpoints_are_kept(tmp_path):
    train(tmp_path, save_every_minutes=0)
    names = sorted(path.name for path in tmp_path.glob("*.pt"))
    assert names == ["step_00000005.pt", "step_00000006.pt"]


def test_time_spent_counts_after_resuming(tmp_path):
    train(tmp_path, Line({2: interrupt}))
    path = tmp_path / "step_00000003.pt"
    torch.save({**torch.load(path, weights_only=True), "seconds": 3000.0}, path)
    _, outcome = train(tmp_path, resume=True, steps=None, minutes=50)
    assert outcome.step == 3
    assert outcome.seconds >= 3000


def test_a_loss_that_is_not_finite_stops_and_keeps_what_was_good(tmp_path):
    recipe = Line()
    recipe.events[4] = lambda: recipe.model[0].weight.data.fill_(math.nan)
    with pytest.raises(TrainingError, match=r"not finite at step 5.*step_00000004\.pt"):
        train(tmp_path, recipe, save_every_minutes=0)
    state = torch.load(tmp_path / "step_00000004.pt", weights_only=True)
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_a_training_is_not_overwritten(tmp_path):
    train(tmp_path)
    with pytest.raises(OutputError, match="holds a training already"):
        train(tmp_path)


def test_nothing_to_resume(tmp_path):
    with pytest.raises(CheckpointError, match="no training to resume"):
        train(tmp_path, resume=True)


def test_a_damaged_checkpoint_is_named(tmp_path):
    train(tmp_path)
    (tmp_path / "step_00000006.pt").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(CheckpointError, match=r"step_00000006\.pt is damaged"):
        train(tmp_path, resume=True)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        train(tmp_path / "file" / "folder")


def test_the_learning_rate_rises_stays_and_falls():
    settings = LoopSettings(
        steps=1000,
        learning_rate=1e-3,
        final_learning_rate=1e-5,
        warm_up_steps=100,
        flat_share=0.5,
    )
    rates = [learning_rate(settings, step, progress(settings, step, 0)) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[49] == pytest.approx(5e-4)
    assert rates[100:501] == pytest.approx([1e-3] * 401)
    assert rates[750] == pytest.approx(1e-4)  # halfway down, by equal factors
    assert rates[1000] == pytest.approx(1e-5)


def test_progress_is_by_steps_or_time_whichever_is_further():
    settings = LoopSettings(steps=100, minutes=10)
    assert progress(settings, 50, 60) == 0.5
    assert progress(settings, 50, 540) == 0.9
    assert progress(settings, 500, 0) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "how long to train"),
        ({"steps": 0}, "steps must be a number above 0"),
        ({"minutes": -1.0}, "minutes must be a number above 0"),
        ({"steps": 1, "precision": "float16"}, "float32 or bfloat16"),
        ({"steps": 1, "flat_share": 2.0}, "between 0 and 1"),
        ({"steps": 1, "log_every": 0}, "log_every must be a positive"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        LoopSettings(**changes)
