"""The pipeline in three functions: what it returns, saves and measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from labkit.audio import load_audio
from labkit.errors import AudioError
from labkit.pipeline.plain import benchmark, read, speak
from labkit.vocoders import Denoiser, GriffinLim
from test_tacotron2_infer import batch, build


def test_reading_is_what_the_model_infers_without_gradients() -> None:
    model = build().train()
    ids, lengths = batch()
    mel, mel_lengths, alignments = read(model, ids, lengths, torch.device("cpu"), seed=4)
    expected = build().infer(ids, lengths, seed=4)
    for got, want in zip((mel, mel_lengths, alignments), expected, strict=True):
        assert torch.equal(got, want)
    assert not mel.requires_grad


@pytest.fixture
def vocoder() -> GriffinLim:
    return GriffinLim(n_iter=2)


def test_each_sentence_is_cut_and_saved(vocoder: GriffinLim, tmp_path: Path) -> None:
    torch.manual_seed(0)
    mel = torch.randn(2, 80, 12) - 5
    paths = [tmp_path / "one.wav", tmp_path / "two.wav"]
    spoken = speak(mel, torch.tensor([12, 7]), vocoder, Denoiser(vocoder), 0.01, paths)
    assert [len(samples) for samples in spoken] == [12 * 256, 7 * 256]
    for samples, path in zip(spoken, paths, strict=True):
        assert samples.dtype == torch.float32
        saved = load_audio(path)
        assert (saved - samples.clamp(-1, 1)).abs().max() < 1e-4


def test_a_file_for_each_sentence(vocoder: GriffinLim, tmp_path: Path) -> None:
    mel = torch.zeros(2, 80, 12) - 5
    with pytest.raises(ValueError, match="shorter"):
        speak(mel, torch.tensor([12, 7]), vocoder, lambda x, s: x, 0.0, [tmp_path / "one.wav"])


def test_a_folder_that_is_missing_is_said(vocoder: GriffinLim, tmp_path: Path) -> None:
    mel = torch.zeros(1, 80, 12) - 5
    with pytest.raises(AudioError, match="nowhere"):
        path = tmp_path / "nowhere" / "one.wav"
        speak(mel, torch.tensor([12]), vocoder, lambda x, s: x, 0.0, [path])


class LazyDevice:
    """Computes when it is waited for; its clock is moved by nothing else."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pending = 0.0
        self.calls = 0

    def read(self) -> torch.Tensor:
        self.calls += 1
        self.pending += 9.0 if self.calls <= 3 else 0.5
        return torch.zeros(2, 80, 10)

    def vocode(self, mel: torch.Tensor) -> torch.Tensor:
        self.pending += 0.25
        return torch.zeros(mel.size(0), mel.size(2) * 256)

    def synchronise(self) -> None:
        self.now += self.pending
        self.pending = 0.0


def test_a_lazy_device_is_waited_for_and_warm_ups_are_left_out() -> None:
    device = LazyDevice()
    device.pending = 50.0  # somebody else's work, which must not count
    found: dict[str, Any] = benchmark(
        device.read, device.vocode, device.synchronise, lambda: device.now, n_iterations=2
    )
    assert device.calls == 5
    assert found == {
        "tacotron2_latency": [0.5, 0.5],
        "vocoder_latency": [0.25, 0.25],
        "latency": [0.75, 0.75],
        "tacotron2_items_per_sec": [40.0, 40.0],
        "vocoder_items_per_sec": [20480.0, 20480.0],
        "throughput": pytest.approx([5120 / 0.75] * 2),
    }
