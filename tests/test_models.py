"""What every kind of model promises, whichever it is: its files, and how it is used."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
import torch
from safetensors.torch import load_file, save_file

import labkit
from labkit.audio import MelConfig
from labkit.errors import CheckpointError, InputError
from labkit.models import AcousticModel, load_acoustic
from labkit.models.kind import kind_of, kinds
from labkit.vocoders import HiFiGAN, HiFiGANConfig, Vocoder, Vocos, VocosConfig, load_vocoder
from pipeline_tools import tiny_tacotron2
from small_models import refused_by, small_waveglow

# The smallest of each kind; a further kind adds a line.
SMALL = {
    "waveglow": small_waveglow,
    "hifigan": lambda: HiFiGAN(
        HiFiGANConfig(
            upsample_rates=(16, 16), upsample_kernel_sizes=(32, 32), upsample_initial_channel=8
        )
    ),
    "vocos": lambda: Vocos(VocosConfig(dim=8, intermediate_dim=8, num_layers=1)),
    "tacotron2": tiny_tacotron2,
}


@pytest.fixture(params=[kind.stem for kind in kinds()])
def kind(request):
    assert request.param in SMALL, f"tests/test_models.py needs a small {request.param}"
    return next(kind for kind in kinds() if kind.stem == request.param)


@pytest.fixture
def model(kind):
    torch.manual_seed(0)
    return SMALL[kind.stem]().eval()


@pytest.fixture
def path(kind, model, tmp_path):
    kind.save(model, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def rewrite(path, change, config=None):
    """Write a file again with other tensors, or another config."""
    tensors = load_file(path)
    metadata = json.dumps(config) if config is not None else read_config(path)
    change(tensors)
    save_file(tensors, path, {"config": metadata})


def read_config(path):
    header = path.read_bytes()
    length = int.from_bytes(header[:8], "little")
    return json.loads(header[8 : 8 + length])["__metadata__"]["config"]


def outputs(model):
    if isinstance(model, Vocoder):
        return model.infer(torch.linspace(-9, 0, 400).view(1, 80, 5), seed=1)
    return model.speak(torch.tensor([[5, 6, 7]]), torch.tensor([3]), seed=1, max_frames=5).mel


# Files


def test_what_was_saved_loads(kind, model, path):
    assert kind_of(model) is kind
    own = load_vocoder if isinstance(model, Vocoder) else load_acoustic
    for load in (kind.load, labkit.load_checkpoint, own):
        state = torch.random.get_rng_state()
        loaded = load(path)
        assert torch.equal(torch.random.get_rng_state(), state)
        assert (type(loaded), loaded.config) == (kind.model, model.config)
        assert not any(module.training for module in loaded.modules())
        torch.testing.assert_close(outputs(loaded), outputs(model), atol=1e-5, rtol=1e-5)
        kind.save(loaded, path)  # over the old file, and perhaps without weight norm
        again = kind.load(path).state_dict()
        assert all(torch.equal(again[name], t) for name, t in loaded.state_dict().items())


def test_half_precision_halves_the_file(kind, model, path):
    half = path.with_name("half.safetensors")
    kind.save(model, half, torch.float16)
    assert half.stat().st_size < 0.75 * path.stat().st_size
    loaded, whole = kind.load(half).state_dict(), kind.load(path).state_dict()
    for name, tensor in whole.items():
        assert loaded[name].dtype == tensor.dtype
        torch.testing.assert_close(loaded[name], tensor, atol=1e-3, rtol=2e-3)


def test_files_of_another_kind_are_refused(kind, model, path):
    for other in kinds():
        if other is not kind:
            refused_by(other.load, path, f"holds the weights of {kind.name}, not of {other.name}")
    wrong = load_acoustic if isinstance(model, Vocoder) else load_vocoder
    refused_by(wrong, path, type(model).__name__ if wrong is load_vocoder else kind.name)


def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(kind, model, path):
    before = path.read_bytes()
    name, parameter = next(reversed(list(model.named_parameters())))
    parameter.data.flatten()[0] = torch.nan
    with pytest.raises(CheckpointError, match=f"not finite as torch.float32: {name}"):
        kind.save(model, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    rewrite(path, lambda tensors: tensors[name].view(-1)[:1].fill_(torch.inf))
    refused_by(kind.load, path, "NaN or infinite", name.removesuffix("_g").removesuffix("_v"))


def test_tensors_and_config_that_do_not_fit_are_named(kind, path):
    rewrite(path, lambda tensors: None, config={"colour": 3})
    if kind.stem != "hifigan":  # whose configs hold much that belongs to the training
        refused_by(kind.load, path, "has a config that cannot be used", "colour")
    else:
        refused_by(kind.load, path, "has a config that cannot be used", "upsample_rates")


def test_missing_and_foreign_tensors_are_named(kind, model, path):
    gone = next(name for name in model.state_dict() if name.endswith(".bias"))

    def change(tensors):
        tensors[f"{gone}_of_mine"] = tensors.pop(gone)

    rewrite(path, change)
    refused_by(kind.load, path, kind.name, "1 missing", "1 unexpected", f"{gone}_of_mine")


def test_files_that_are_not_whole_or_not_there(kind, model, path):
    whole = path.read_bytes()
    for size in (0, 8, 1000, len(whole) - 1):
        path.write_bytes(whole[:size])
        refused_by(kind.load, path)
    path.unlink()
    refused_by(kind.load, path, "does not exist")
    torch.save({"model": model}, path.with_suffix(".pt"))
    refused_by(kind.load, path.with_suffix(".pt"), "not safe to open", "state_dict()")
    with pytest.raises(CheckpointError, match="no folder"):
        kind.save(model, path / "x" / "y.safetensors")


def test_recipes_can_be_built(kind):
    assert all(callable(import_module(module).build) for module in kind.recipes.values())


# Use


def test_it_does_what_its_protocol_says(model):
    (speaks if isinstance(model, AcousticModel) else is_audible)(model)


def speaks(model):
    assert (model.n_mels, model.n_symbols) == (80, 148)
    ids, lengths = torch.tensor([[5, 6, 7, 8], [9, 8, 0, 0]]), torch.tensor([4, 2])
    options = model.exactly(7) or {}
    state = torch.random.get_rng_state()
    spoken, again = (model.speak(ids, lengths, seed=3, **options) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(spoken.mel, again.mel)
    r = model.frames_per_step
    T = spoken.mel.size(2)
    assert spoken.mel.shape == (2, 80, T) and spoken.mel.isfinite().all()
    assert spoken.alignments.shape == (2, T // r, 4)
    assert not spoken.alignments[1, :, 2:].any()
    assert spoken.mel_lengths.max() <= T
    if options:
        assert spoken.mel_lengths.tolist() == [7 + -7 % r] * 2
    assert spoken.gate is None or spoken.gate.shape == (2, T // r)
    assert spoken.durations is None or spoken.durations.sum(dim=1).equal(spoken.mel_lengths)
    assert ("precision" in model.reading_options) == (len(model.precisions) > 1)
    with pytest.raises(InputError):
        model.speak(ids[0], lengths)


def is_audible(model):
    assert model.mel == MelConfig()
    mel = torch.randn(2, 80, 6, generator=torch.Generator().manual_seed(1)) - 4
    state = torch.random.get_rng_state()
    audio = model.infer(mel, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert audio.shape == (2, 6 * 256) and audio.dtype == torch.float32 and audio.isfinite().all()
    assert torch.equal(model.infer(mel, seed=3), audio)
    assert not audio.requires_grad
    if model.sigma is None:
        with pytest.raises(InputError, match="no sigma"):
            model.infer(mel, 0.5)
    else:
        assert not torch.equal(model.infer(mel, 0.0), audio)
        with pytest.raises(InputError, match="sigma must be a number from 0"):
            model.infer(mel, -1.0)
    with pytest.raises(InputError, match="bands"):
        model.infer(mel[:, :7])
