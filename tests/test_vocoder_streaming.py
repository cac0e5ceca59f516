"""Chunks of audio, one after another, are the audio of the whole mel; memory does not grow."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from labkit.errors import InputError
from labkit.vocoders.hifigan.config import HiFiGANConfig
from test_hifigan import TYPE_1, TYPE_2, lively, noise

HOP = 24
MODELS = {config: lively(config) for config in (TYPE_1, TYPE_2)}


def whole(model, mel):
    with torch.no_grad():
        return model(mel).squeeze(1)


@settings(max_examples=60)
@given(
    config=st.sampled_from([TYPE_1, TYPE_2]),
    chunk_frames=st.integers(1, 50),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    batch_size=st.integers(1, 2),
)
def test_chunks_are_the_whole(config, chunk_frames, lengths, batch_size):
    model, mel = MODELS[config], noise(batch_size, 6, sum(lengths))
    expected = whole(model, mel)
    for source in (mel, iter(mel.split(lengths, dim=2))):
        chunks = list(model.stream(source, chunk_frames))
        audio = torch.cat(chunks, dim=1)
        torch.testing.assert_close(audio, expected, rtol=0, atol=1e-5)
        *others, last = (chunk.size(1) for chunk in chunks)
        assert all(samples == chunk_frames * HOP for samples in others)
        assert 0 < last <= chunk_frames * HOP


@pytest.mark.parametrize("config", [HiFiGANConfig.v2(), HiFiGANConfig.v3()])
def test_chunks_of_published_sizes_are_the_whole(config):
    model, mel = lively(config), noise(1, 80, 70)
    audio = torch.cat(list(model.stream(mel, 20)), dim=1)
    torch.testing.assert_close(audio, whole(model, mel), rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2])
def test_the_context_is_what_decides_and_no_more(config):
    model = lively(config).double()
    mel = noise(1, 6, 81).double().requires_grad_()
    model(mel)[0, 0, 40 * HOP : 41 * HOP].abs().sum().backward()
    heard = mel.grad[0].abs().sum(0).nonzero().flatten()
    reach = max(40 - int(heard[0]), int(heard[-1]) - 40)
    assert reach == model.context_frames


class Largest(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation returns."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.elements = max(self.elements, result.numel())
        return result


def largest(model, n_frames, chunk_frames):
    pieces = (noise(1, 6, 5) for _ in range(n_frames // 5))
    with Largest() as seen:
        samples = sum(chunk.size(1) for chunk in model.stream(pieces, chunk_frames))
    assert samples == n_frames * HOP
    return seen.elements


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2])
def test_memory_does_not_grow_with_the_length(config):
    model = MODELS[config]
    # from the same sizes of stretches on, ten times as long makes no difference
    assert largest(model, 2000, 10) == largest(model, 200, 10)
    assert largest(model, 200, 10) < largest(model, 200, 150) / 2


def test_infer_does_not_grow_either():
    model = MODELS[TYPE_2]
    sizes = []
    for n_frames in (600, 3000):
        with Largest() as seen:
            model.infer(noise(1, 6, n_frames))
        sizes.append(seen.elements)
    # Activations have 8 channels after the first stage; only mel and audio may be longer.
    assert sizes[1] <= max(sizes[0], 3000 * HOP)


def test_the_first_chunk_comes_as_soon_as_its_context_is_there():
    model, taken = MODELS[TYPE_1], 0

    def decoder():
        nonlocal taken
        for frame in noise(1, 6, 60).split(1, dim=2):
            taken += 1
            yield frame

    chunks = model.stream(decoder(), chunk_frames=4)
    next(chunks)
    assert taken == 4 + model.context_frames
    next(chunks)
    assert taken == 8 + model.context_frames


def test_no_gradient_is_kept_and_none_is_switched_off_outside():
    model = MODELS[TYPE_1]
    for chunk in model.stream(noise(1, 6, 40).requires_grad_(), 8):
        assert not chunk.requires_grad
        assert torch.is_grad_enabled()


def test_nothing_gives_nothing():
    assert list(MODELS[TYPE_1].stream(iter([]))) == []


def test_half_precision_weights_give_float32_audio():
    model = lively(TYPE_1).bfloat16()
    (chunk,) = model.stream(noise(1, 6, 5))
    assert chunk.dtype == torch.float32


@pytest.mark.parametrize("chunk_frames", [0, -1, 2.5, True, "8"])
def test_wrong_chunks_are_refused_at_once(chunk_frames):
    with pytest.raises(InputError, match="chunk_frames must be a positive whole number"):
        MODELS[TYPE_1].stream(noise(1, 6, 9), chunk_frames)


def test_a_wrong_mel_is_refused_at_once():
    with pytest.raises(InputError, match="mels of 6 bands"):
        MODELS[TYPE_1].stream(noise(1, 7, 9))


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (torch.zeros(1, 7, 5), "mels of 6 bands"),
        (torch.zeros(2, 6, 5), "holds 2 items, the first one held 1"),
        (torch.full((1, 6, 5), float("inf")), "is inf"),
        ([0.0], "floating point"),
    ],
)
def test_a_wrong_piece_is_refused_when_it_is_reached(piece, message):
    chunks = MODELS[TYPE_1].stream(iter([noise(1, 6, 40), piece]), 8)
    assert next(chunks).shape == (1, 8 * HOP)
    with pytest.raises(InputError, match=message):
        list(chunks)
