"""What a user notices of Tacotron2.infer: stopping, seeds, order, and sentences in a batch."""

import copy
import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from labkit.tacotron2 import Prenet, Tacotron2, Tacotron2Config
from labkit.tacotron2.masking import padding_mask

SMALL = Tacotron2Config(
    n_symbols=40,
    symbols_embedding_dim=16,
    encoder_embedding_dim=16,
    attention_rnn_dim=20,
    attention_dim=8,
    attention_location_n_filters=4,
    attention_location_kernel_size=7,
    decoder_rnn_dim=18,
    prenet_dim=12,
    postnet_embedding_dim=14,
    max_decoder_steps=12,
)


def build(seed=0, **changes):
    """A random model whose batch norms are not the identity, so that padding can leak."""
    torch.manual_seed(seed)
    model = Tacotron2(dataclasses.replace(SMALL, **changes)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.normal_(module.bias)
    return model


def batch(lengths=(9, 4, 7), seed=1, n_symbols=40):
    torch.manual_seed(seed)
    lengths = torch.tensor(lengths)
    ids = torch.randint(1, n_symbols, (len(lengths), int(lengths.max())))
    return ids.masked_fill(padding_mask(lengths, ids.size(1)), 0), lengths


def set_gate(model, logits):
    """Make the gate follow a script: ``logits[t]`` gives the logits of the batch at step t."""
    steps = iter(logits)
    model.decoder.gate_layer.register_forward_hook(
        lambda module, inputs, output: torch.tensor(next(steps)).unsqueeze(1)
    )
    return model


# Stopping


def test_firing_frame_is_not_counted_and_a_finished_sentence_stays_finished():
    model = set_gate(
        build(), [[-9.0, -9.0, 9.0], [-9.0, 9.0, -9.0], [-9.0, -9.0, -9.0], [9.0, -9.0, -9.0]]
    )
    mel, mel_lengths, alignments = model.infer(*batch())
    assert mel_lengths.tolist() == [3, 1, 0]
    assert mel.shape == (3, 80, 4)
    assert alignments.shape == (3, 4, 9)


def test_sentence_that_never_ends_gets_all_steps():
    model = set_gate(build(), [[-9.0, 9.0, -9.0]] + [[-9.0, -9.0, -9.0]] * 11)
    mel, mel_lengths, _ = model.infer(*batch())
    assert mel_lengths.tolist() == [12, 0, 12]
    assert mel.shape == (3, 80, 12)


def test_no_early_stopping_goes_on_but_lengths_do_not():
    logits = [[-9.0, 9.0, -9.0], [9.0, -9.0, 9.0]] + [[-9.0, -9.0, -9.0]] * 10
    model = set_gate(build(decoder_no_early_stopping=True), logits)
    mel, mel_lengths, _ = model.infer(*batch())
    assert mel_lengths.tolist() == [1, 0, 1]
    assert mel.shape == (3, 80, 12)


@pytest.mark.parametrize(("threshold", "length"), [(0.05, 0), (0.5, 1), (0.9, 2), (0.999, 5)])
def test_gate_threshold_and_steps_can_be_set_for_one_call(threshold, length):
    model = set_gate(build(), [[0.0], [1.0], [4.0], [4.0], [4.0]])
    _, mel_lengths, _ = model.infer(*batch((5,)), max_decoder_steps=5, gate_threshold=threshold)
    assert mel_lengths.tolist() == [length]


def test_gate_exactly_at_the_threshold_does_not_fire():
    model = set_gate(build(), [[0.0], [0.0], [1e-3]])
    _, mel_lengths, _ = model.infer(*batch((5,)), gate_threshold=0.5)
    assert mel_lengths.tolist() == [2]


# Attention


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(1, 11), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_alignments_are_distributions_over_the_symbols_of_each_sentence(lengths, seed):
    ids, lengths = batch(lengths, seed)
    _, _, alignments = build(seed).infer(ids, lengths, seed=seed)
    torch.testing.assert_close(alignments.sum(dim=2), torch.ones(alignments.shape[:2]))
    assert (alignments >= 0).all()
    padding = padding_mask(lengths, ids.size(1)).unsqueeze(1).expand_as(alignments)
    assert (alignments[padding] == 0).all()


def test_ids_may_be_padded_further_than_the_longest_sentence():
    ids, lengths = batch()
    wide = F.pad(ids, (0, 5))
    model = build(mask_embeddings=True)
    mel, mel_lengths, alignments = model.infer(ids, lengths, seed=3)
    wide_mel, wide_mel_lengths, wide_alignments = model.infer(wide, lengths, seed=3)
    assert wide_mel_lengths.tolist() == mel_lengths.tolist()
    torch.testing.assert_close(wide_mel, mel, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(wide_alignments[:, :, :9], alignments, atol=1e-5, rtol=1e-5)
    assert wide_alignments.size(2) == 14


def test_int32_ids_and_lengths_are_accepted():
    ids, lengths = batch()
    model = build()
    expected = model.infer(ids, lengths, seed=1)[0]
    assert torch.equal(model.infer(ids.int(), lengths.int(), seed=1)[0], expected)


# A sentence alone and in a batch


# The step at which each sentence's gate fires; the second one never ends.
ENDS = (7, 20, 3, 0, 19)


def fires_at(ends):
    return [[9.0 if step == end else -9.0 for end in ends] for step in range(20)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("decoder_no_early_stopping", [False, True])
def test_masked_batch_equals_singles(seed, decoder_no_early_stopping):
    options = {
        "mask_embeddings": True,
        "max_decoder_steps": 20,
        "decoder_no_early_stopping": decoder_no_early_stopping,
    }
    ids, lengths = batch((9, 2, 11, 5, 1), seed)
    mel, mel_lengths, alignments = set_gate(build(seed, **options), fires_at(ENDS)).infer(
        ids, lengths, prenet_dropout=False
    )
    assert mel_lengths.tolist() == list(ENDS)
    for item, (n_symbols, n_frames) in enumerate(zip(lengths.tolist(), ENDS, strict=True)):
        single_mel, single_lengths, single_alignments = set_gate(
            build(seed, **options), fires_at([n_frames])
        ).infer(ids[item : item + 1, :n_symbols], lengths[item : item + 1], prenet_dropout=False)
        assert single_lengths.tolist() == [n_frames]
        torch.testing.assert_close(
            mel[item, :, :n_frames], single_mel[0, :, :n_frames], atol=1e-5, rtol=1e-5
        )
        torch.testing.assert_close(
            alignments[item, :n_frames, :n_symbols],
            single_alignments[0, :n_frames],
            atol=1e-5,
            rtol=1e-5,
        )


def test_published_postnet_sees_the_frames_behind_the_end():
    """Which is why the test above needs masking in the postnet, too."""
    ids, lengths = batch((6, 6))
    ids[1] = ids[0]
    for mask_embeddings in (False, True):
        options = {"mask_embeddings": mask_embeddings, "max_decoder_steps": 20}
        together = set_gate(build(0, **options), fires_at([3, 20])).infer(
            ids, lengths, prenet_dropout=False
        )[0][0, :, :3]
        alone = set_gate(build(0, **options), fires_at([3])).infer(
            ids[:1], lengths[:1], prenet_dropout=False
        )[0][0, :, :3]
        assert ((together - alone).abs().max() < 1e-5) == mask_embeddings


@pytest.mark.parametrize("end", [0, 5, 20])
def test_masking_changes_nothing_for_a_sentence_alone(end):
    ids, lengths = batch((8,))
    plain, masked = (
        set_gate(build(mask_embeddings=mask_embeddings, max_decoder_steps=20), fires_at([end]))
        for mask_embeddings in (False, True)
    )
    expected = plain.infer(ids, lengths, seed=2)
    assert expected[0].size(2) == min(end + 1, 20)
    for value, expectation in zip(masked.infer(ids, lengths, seed=2), expected, strict=True):
        torch.testing.assert_close(value, expectation)


def test_published_behaviour_lets_the_encoder_see_the_padding():
    ids, lengths = batch((9, 4))
    for mask_embeddings in (False, True):
        model = build(mask_embeddings=mask_embeddings)
        x = model.embedding(ids).transpose(1, 2)
        difference = model.encoder(x, lengths)[1, :4] - model.encoder(x[1:, :, :4], lengths[1:])[0]
        assert (difference.abs().max() < 1e-5) == mask_embeddings


def test_masked_teacher_forced_batch_equals_singles():
    model = build(mask_embeddings=True, p_prenet_dropout=0.0)
    ids, lengths = batch()
    mel_lengths = torch.tensor([6, 10, 3])
    mels = torch.randn(3, 80, 10)
    outputs = model(ids, lengths, mels, mel_lengths)
    for item, (n_symbols, n_frames) in enumerate(
        zip(lengths.tolist(), mel_lengths.tolist(), strict=True)
    ):
        single = model(
            ids[item : item + 1, :n_symbols],
            lengths[item : item + 1],
            mels[item : item + 1, :, :n_frames],
            mel_lengths[item : item + 1],
        )
        for together, alone in zip(outputs[:2], single[:2], strict=True):
            torch.testing.assert_close(together[item, :, :n_frames], alone[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(outputs[2][item, :n_frames], single[2][0], atol=1e-5, rtol=1e-5)


# Randomness


def test_same_seed_same_speech_whatever_the_global_state():
    model, (ids, lengths) = build(), batch()
    torch.manual_seed(1)
    first = model.infer(ids, lengths, seed=7)[0]
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = model.infer(ids, lengths, seed=7)[0]
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(model.infer(ids, lengths, seed=8)[0], first)


def test_without_seed_the_global_state_decides():
    model, (ids, lengths) = build(), batch()
    torch.manual_seed(7)
    first, second = model.infer(ids, lengths)[0], model.infer(ids, lengths)[0]
    torch.manual_seed(7)
    assert torch.equal(model.infer(ids, lengths)[0], first)
    assert first.shape != second.shape or not torch.equal(first, second)
    # A seed means the same, whether it is given or set.
    assert torch.equal(model.infer(ids, lengths, seed=7)[0], first)


def test_prenet_dropout_can_be_switched_off():
    model, (ids, lengths) = build(), batch()
    state = torch.get_rng_state()
    quiet = model.infer(ids, lengths, prenet_dropout=False)[0]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(model.infer(ids, lengths, prenet_dropout=False, seed=3)[0], quiet)
    loud = model.infer(ids, lengths, seed=3)[0]
    assert loud.shape != quiet.shape or not torch.equal(loud, quiet)


@pytest.mark.parametrize("p", [0.5, 0.2])
def test_prenet_draws_like_torch_dropout(p):
    """Published models under torch.manual_seed drop the same units."""
    prenet = Prenet(80, [12, 12], p)
    x = torch.randn(5, 80)
    torch.manual_seed(3)
    expected = x
    for layer in prenet.layers:
        expected = F.dropout(F.relu(layer(expected)), p, training=True)
    torch.manual_seed(3)
    torch.testing.assert_close(prenet(x), expected)
    torch.manual_seed(3)
    torch.testing.assert_close(prenet.eval()(x), expected)


# Side effects


def test_infer_leaves_the_mode_of_every_module_alone():
    model, (ids, lengths) = build(), batch()
    expected = model.infer(ids, lengths, seed=1)[0]
    model.train()
    model.postnet.eval()
    modes = [module.training for module in model.modules()]
    statistics = model.encoder.convolutions[0][1].running_mean.clone()
    mel = model.infer(ids, lengths, seed=1)[0]
    assert torch.equal(mel, expected)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(model.encoder.convolutions[0][1].running_mean, statistics)
    assert not mel.requires_grad


def test_infer_restores_the_mode_after_an_error():
    model = build().train()
    model.decoder.gate_layer.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.infer(*batch())
    assert all(module.training for module in model.modules())


def test_copied_and_half_precision_models_speak():
    model, (ids, lengths) = build(), batch()
    expected = model.infer(ids, lengths, seed=1)[0]
    assert torch.equal(copy.deepcopy(model).infer(ids, lengths, seed=1)[0], expected)
    mel = copy.deepcopy(model).bfloat16().infer(ids, lengths, prenet_dropout=False)[0]
    assert mel.dtype == torch.bfloat16
    assert mel.isfinite().all()
