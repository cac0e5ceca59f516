"""The fast way through Tacotron 2 gives the numbers and the gradients of the plain one."""

import pytest
import torch

from labkit.fast.attention_loop import AttentionLoop
from labkit.fast.teacher_forcing import teacher_forced
from labkit.tacotron2 import Tacotron2, Tacotron2Config
from labkit.training.dropout import dropout, keep_factors
from training_tools import mixed_precision

CONFIG = {
    "n_symbols": 30,
    "symbols_embedding_dim": 32,
    "encoder_embedding_dim": 32,
    "attention_rnn_dim": 48,
    "attention_dim": 16,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 7,
    "decoder_rnn_dim": 40,
    "prenet_dim": 24,
    "postnet_embedding_dim": 32,
    "postnet_n_convolutions": 3,
}
NO_DROPOUT = {
    f"p_{part}_dropout": 0.0 for part in ("encoder", "prenet", "attention", "decoder", "postnet")
}


def build(**changes):
    torch.manual_seed(0)
    return Tacotron2(Tacotron2Config(**{**CONFIG, **NO_DROPOUT, **changes})).train()


def batch(seed=1):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 30, (3, 9), generator=generator)
    mels = torch.randn(3, 80, 12, generator=generator) - 5
    return ids, torch.tensor([9, 4, 7]), mels, torch.tensor([12, 5, 10])


def run(model, forward):
    """Outputs and gradients of a loss in which every output takes part."""
    model.zero_grad()
    outputs = [output.float() for output in forward(*batch())]
    generator = torch.Generator().manual_seed(2)
    total = sum(
        (output.clamp(-50, 50) * torch.randn(output.shape, generator=generator)).sum()
        for output in outputs
    )
    total.backward()
    return outputs, {name: weight.grad.clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize("r", [1, 2, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_outputs_and_gradients_are_those_of_the_model(r, masked):
    model = build(n_frames_per_step=r, mask_embeddings=masked, mask_padding=masked)
    expected, expected_gradients = run(model, model)
    actual, gradients = run(model, lambda *inputs: teacher_forced(model, *inputs))
    for one, other in zip(actual, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    for name, gradient in expected_gradients.items():
        largest = float(gradient.abs().max())
        # A bias before batch norm has no gradient but rounding.
        torch.testing.assert_close(
            gradients[name], gradient, rtol=1e-5, atol=max(1e-5 * largest, 2e-4), msg=name
        )


def test_in_eval_mode_too():
    model = build(p_encoder_dropout=0.5, p_postnet_dropout=0.5, p_decoder_dropout=0.3).eval()
    for one, other in zip(teacher_forced(model, *batch()), model(*batch()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(mixed_precision() != "bfloat16", reason="oneDNN was held back")
def test_bfloat16_is_nearly_the_same():
    model = build(n_frames_per_step=2)
    expected, expected_gradients = run(model, lambda *inputs: teacher_forced(model, *inputs))

    def in_bfloat16(*inputs):
        with torch.autocast("cpu", torch.bfloat16):
            return teacher_forced(model, *inputs)

    actual, gradients = run(model, in_bfloat16)
    for one, other in zip(actual, expected, strict=True):
        torch.testing.assert_close(one.float(), other, rtol=0.05, atol=0.1)
    for name, gradient in expected_gradients.items():
        assert gradients[name].dtype == torch.float32
        if not name.endswith("0.conv.bias"):
            likeness = torch.cosine_similarity(gradients[name].flatten(), gradient.flatten(), dim=0)
            assert float(likeness) > 0.9, name


@pytest.mark.parametrize("part", ["encoder", "prenet", "attention", "decoder", "postnet"])
def test_every_dropout_acts_in_training_and_is_seeded(part):
    model = build(**{f"p_{part}_dropout": 0.4})
    mels = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        mels.append(teacher_forced(model, *batch())[1])
    assert torch.equal(mels[0], mels[1])
    assert not torch.equal(mels[0], mels[2])


def test_prenet_dropout_can_be_left_out():
    model, exact = build(p_prenet_dropout=0.4), build()
    actual = teacher_forced(model, *batch(), prenet_dropout=False)
    assert torch.equal(actual[1], teacher_forced(exact, *batch())[1])


def test_the_decoder_hears_what_it_is_given():
    model = build()
    mels = batch()[2]
    mels[:, :, 5:] = 0.0
    expected = teacher_forced(model, *batch())[0]
    actual = teacher_forced(model, *batch(), heard=mels)[0]
    assert torch.equal(actual[:, :, :6], expected[:, :, :6])  # frame 5 is heard in step 6
    assert not torch.allclose(actual[0, :, 6:], expected[0, :, 6:])


@pytest.mark.parametrize("with_dropout", [False, True])
def test_the_attention_goes_back_as_numbers_say(with_dropout):
    torch.manual_seed(0)
    steps, size, symbols, units, memory_dim, attention_dim, filters, width = 4, 2, 5, 3, 4, 3, 2, 3
    shapes = [
        (steps, size, 4 * units),
        (4 * units, memory_dim + units),
        (attention_dim, units),
        (filters, 2, width),
        (attention_dim, filters),
        (attention_dim,),
        (size, symbols, memory_dim),
        (size, symbols, attention_dim),
    ]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    mask = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    keep = None
    if with_dropout:
        keep = keep_factors(torch.Size((steps, size, units)), 0.3, torch.float64)

    def loop(*given):
        return AttentionLoop.apply(*given, mask, keep, torch.float64)

    assert torch.autograd.gradcheck(loop, inputs)


@pytest.mark.parametrize("p", [0.05, 0.4, 0.5, 0.9])
def test_dropout_drops_the_share_it_should_and_keeps_the_mean(p):
    torch.manual_seed(0)
    dropped = dropout(torch.ones(1000, 1001), p)
    assert float((dropped == 0).float().mean()) == pytest.approx(p, abs=0.005)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)


def test_no_dropout_is_no_work():
    x = torch.randn(3)
    assert dropout(x, 0.0) is x
