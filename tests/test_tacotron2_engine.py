"""The fast decoder speaks exactly as the plain modules do, and knows when it must not."""

import copy
import dataclasses
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from labkit.errors import ConfigError
from labkit.fast import engine, matrices
from labkit.fast.engine import DecodingEngine, engine_for
from labkit.tacotron2 import (
    Attention,
    Decoder,
    Tacotron2,
    Tacotron2Config,
    compare_precision,
)
from labkit.tacotron2.formats import PRECISIONS
from test_tacotron2_infer import batch, build

NEVER = 0.999999  # a gate threshold that random weights do not reach


def encode(model, ids, lengths):
    with torch.no_grad():
        return model.encoder(model.embedding(ids).transpose(1, 2), lengths)


def both(model, ids, lengths, *, dropout=True, steps=30, threshold=NEVER, fast=None):
    """(mel, gate, alignments, lengths) by the plain modules and by the engine."""
    memory = encode(model, ids, lengths)
    with torch.no_grad():
        plain = model.decoder.infer(
            memory,
            lengths,
            prenet_dropout=dropout,
            generator=torch.Generator().manual_seed(3),
            max_decoder_steps=steps,
            gate_threshold=threshold,
        )
    fast = fast or DecodingEngine(model.decoder)
    return plain, fast.infer(
        memory,
        lengths,
        p_prenet_dropout=model.decoder.prenet.p_prenet_dropout if dropout else 0.0,
        generator=torch.Generator().manual_seed(3),
        max_decoder_steps=steps,
        gate_threshold=threshold,
        early_stopping=model.decoder.early_stopping,
    )


def same(plain, fast, tolerance=1e-5):
    assert [tuple(x.shape) for x in plain] == [tuple(x.shape) for x in fast]
    assert torch.equal(plain[3], fast[3]) and plain[3].dtype == fast[3].dtype
    for one, other in zip(plain[:3], fast[:3], strict=True):
        assert other.is_contiguous()
        torch.testing.assert_close(other, one, atol=tolerance, rtol=tolerance)


@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    steps=st.integers(1, 20),
    dropout=st.booleans(),
    threshold=st.sampled_from([0.3, 0.49, 0.5, 0.51, NEVER]),
    early=st.booleans(),
    frames_per_step=st.integers(1, 3),
    seed=st.integers(0, 5),
)
def test_equals_the_plain_modules(lengths, steps, dropout, threshold, early, frames_per_step, seed):
    model = build(seed, decoder_no_early_stopping=not early, n_frames_per_step=frames_per_step)
    same(*both(model, *batch(tuple(lengths)), steps=steps, dropout=dropout, threshold=threshold))


def test_equals_the_plain_modules_at_full_size():
    torch.manual_seed(0)
    model = Tacotron2(Tacotron2Config()).eval()
    same(*both(model, *batch((60, 33), n_symbols=148), steps=40))


def test_many_frames_are_kept_in_order():
    same(*both(build(), *batch((5,)), steps=2 * engine._FIRST_CAPACITY + 7))


@pytest.mark.parametrize("threshold", [0.45, 0.5, NEVER])
def test_asking_the_gate_rarely_changes_nothing(threshold):
    model = build(2)
    rarely = DecodingEngine(model.decoder)
    rarely.steps_between_questions = 7
    same(*both(model, *batch(), steps=40, threshold=threshold, fast=rarely))


def test_a_gate_that_is_not_a_number_ends_the_sentence_as_before():
    model = build()
    with torch.no_grad():
        model.decoder.gate_layer.linear_layer.bias.fill_(float("nan"))
    plain, fast = both(model, *batch())
    assert plain[0].shape == fast[0].shape and plain[3].tolist() == fast[3].tolist() == [0, 0, 0]


def test_without_prepared_kernels_the_numbers_are_the_same(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    same(*both(build(), *batch()))
    model, (ids, lengths) = build(), batch()
    report = compare_precision(model, ids, lengths, "bfloat16", gate_threshold=NEVER)
    assert 0 < report.mel_error < 0.02


def test_infer_uses_the_engine(monkeypatch):
    model, (ids, lengths) = build(), batch()
    expected = model.infer(ids, lengths, seed=1)
    monkeypatch.setattr(Decoder, "decode", lambda *_: pytest.fail("a plain step"), raising=True)
    monkeypatch.setattr(engine, "_is_as_written", lambda decoder: True)
    for one, other in zip(model.infer(ids, lengths, seed=1), expected, strict=True):
        assert torch.equal(one, other)


def test_the_gate_can_be_had():
    model, (ids, lengths) = build(), batch()
    assert model.speak(ids, lengths, seed=1, gate_threshold=NEVER).gate.shape == (3, 12)
    _, mel_lengths, _, gate, _ = model.speak(ids, lengths, seed=1, gate_threshold=0.5)
    for item, frames in enumerate(mel_lengths.tolist()):
        fired = (torch.sigmoid(gate[item]) > 0.5).nonzero().flatten().tolist()
        assert frames == (fired[0] if fired else 12)


# Weights and parts that change


CHANGES = {
    "an optimiser's step": lambda m: [
        m.decoder.decoder_rnn.weight_hh.grad,
        torch.optim.SGD(m.parameters(), lr=0.5).step(),
    ],
    "in place": lambda m: m.decoder.attention_rnn.weight_ih.detach().mul_(2),
    "behind PyTorch's back": lambda m: m.decoder.attention_rnn.weight_ih.data.mul_(2),
    "a new parameter": lambda m: setattr(
        m.decoder.linear_projection.linear_layer,
        "weight",
        torch.nn.Parameter(torch.ones_like(m.decoder.linear_projection.linear_layer.weight)),
    ),
    "another checkpoint": lambda m: m.load_state_dict(build(9).state_dict()),
    "the threshold": lambda m: setattr(m.decoder, "gate_threshold", 0.01),
    "the limit": lambda m: setattr(m.decoder, "max_decoder_steps", 5),
    "the dropout": lambda m: setattr(m.decoder.prenet, "p_prenet_dropout", 0.1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_change_is_heard_at_once(change, precision):
    model, (ids, lengths) = build(), batch()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = model.infer(ids, lengths, seed=1, gate_threshold=None, precision=precision)
    CHANGES[change](model)
    after = model.infer(ids, lengths, seed=1, precision=precision)
    changed = copy.deepcopy(model)
    assert changed.decoder not in engine._ENGINES
    afresh = changed.infer(ids, lengths, seed=1, precision=precision)
    assert before[0].shape != after[0].shape or not torch.allclose(before[0], after[0])
    for one, other in zip(after, afresh, strict=True):
        assert torch.equal(one, other)


def test_an_engine_is_kept_while_nothing_changes():
    model = build()
    assert engine_for(model.decoder) is engine_for(model.decoder)
    assert engine_for(model.decoder, "int8") is not engine_for(model.decoder)


class LooksAtTheFirstSymbol(Attention):
    def forward(self, query, memory, processed_memory, attention_weights_cat, mask):
        weights = F.one_hot(torch.zeros(len(memory), dtype=torch.long), memory.size(1)).float()
        return memory[:, 0], weights


def replace_class(model, monkeypatch):
    model.decoder.attention_layer.__class__ = LooksAtTheFirstSymbol


def replace_module(model, monkeypatch):
    old = model.decoder.attention_layer
    new = LooksAtTheFirstSymbol(20, 16, 8, 4, 7)
    new.load_state_dict(old.state_dict())
    model.decoder.attention_layer = new


def patch_method(model, monkeypatch):
    monkeypatch.setattr(Attention, "forward", LooksAtTheFirstSymbol.forward)


def patch_instance(model, monkeypatch):
    layer = model.decoder.attention_layer
    layer.forward = LooksAtTheFirstSymbol.forward.__get__(layer)


def hook(model, monkeypatch):
    first = LooksAtTheFirstSymbol.forward
    model.decoder.attention_layer.register_forward_hook(
        lambda module, inputs, output: first(module, *inputs)
    )


@pytest.mark.parametrize("way", [replace_class, replace_module, patch_method, patch_instance, hook])
def test_a_students_part_is_what_speaks(way, monkeypatch):
    model, (ids, lengths) = build(), batch()
    model.infer(ids, lengths)  # an engine of the old part is there
    way(model, monkeypatch)
    _, _, alignments = model.infer(ids, lengths)
    assert torch.equal(alignments[:, :, 0], torch.ones_like(alignments[:, :, 0]))
    with pytest.raises(ConfigError, match="own decoder, unchanged and in float32"):
        model.infer(ids, lengths, precision="int8")


def test_other_types_run_as_written():
    model, (ids, lengths) = build().double(), batch()
    mel, _, _ = model.infer(ids, lengths)
    assert mel.dtype == torch.float64


# Precisions


@pytest.mark.parametrize(("precision", "limit"), [("bfloat16", 0.02), ("int8", 0.03)])
def test_a_smaller_format_stays_close(precision, limit):
    model, (ids, lengths) = build(), batch()
    report = compare_precision(model, ids, lengths, precision, gate_threshold=NEVER)
    assert 0 < report.mel_error < limit
    assert report.mel_error < report.largest_mel_error
    assert 0 < report.alignment_change < limit
    assert report.frames == report.frames_float32 == [12, 12, 12]
    assert precision in str(report) and "36 frames" in str(report)


@pytest.mark.parametrize("frames_per_step", [2, 3])
def test_formats_are_compared_where_a_step_makes_several_frames(frames_per_step):
    model, (ids, lengths) = build(n_frames_per_step=frames_per_step), batch()
    report = compare_precision(model, ids, lengths, "int8", gate_threshold=NEVER)
    assert 0 < report.mel_error < 0.05
    assert 0 <= report.alignment_change < 0.05
    assert report.frames == [12 * frames_per_step] * 3


def test_float32_does_not_differ_from_itself():
    report = compare_precision(build(), *batch(), "float32", gate_threshold=0.5)
    assert (report.mel_error, report.alignment_change, report.moved_frames) == (0, 0, 0)


def test_int8_rounds_each_output_with_its_own_scale():
    torch.manual_seed(0)
    weight = torch.randn(30, 50) * torch.logspace(-3, 3, 30)[:, None]
    x = torch.randn(2, 50)
    exact = x @ weight.T
    error = (matrices.prepare(weight, None, "int8")(x) - exact).abs() / exact.abs().mean(dim=0)
    assert error.max() < 0.2


def test_a_matrix_of_zeros_gives_the_bias():
    bias = torch.arange(6.0)
    for precision in PRECISIONS:
        product = matrices.prepare(torch.zeros(6, 5), bias, precision)
        torch.testing.assert_close(product(torch.randn(3, 5)), bias.expand(3, 6))


def test_unknown_precision_is_told():
    with pytest.raises(ConfigError, match="float32, bfloat16, int8, but is 'fp8'"):
        build().infer(*batch(), precision="fp8")


# The postnet, a stretch at a time


@pytest.mark.parametrize("masked", [False, True])
def test_long_spectrograms_come_out_of_the_postnet_the_same(masked):
    model = build()
    mel = torch.randn(2, 80, 1300)
    padding = (torch.arange(1300) >= torch.tensor([[1300], [600]]))[:, None] if masked else None
    with torch.enable_grad():
        whole = model.postnet(mel, padding).detach()
    with torch.no_grad():
        stretches = model.postnet(mel, padding)
    for item, length in enumerate([1300, 600 if masked else 1300]):
        torch.testing.assert_close(
            stretches[item, :, :length], whole[item, :, :length], atol=1e-5, rtol=1e-5
        )


def test_sizes_in_any_relation():
    """No two sizes are equal, so that no axis can be mistaken for another."""
    sizes = itertools.product([6, 26], [5, 31])
    for (rnn, prenet), kernel in zip(sizes, [3, 5, 9, 1], strict=True):
        model = build(
            attention_rnn_dim=rnn,
            decoder_rnn_dim=rnn + 3,
            prenet_dim=prenet,
            attention_location_kernel_size=kernel,
        )
        assert dataclasses.replace(model.config).attention_rnn_dim == rnn
        same(*both(model, *batch()))
