"""A training step reaches every parameter, and both forms of the loss say what they claim."""

import pytest
import torch
from torch.nn import functional as F

from labkit.tacotron2 import (
    Tacotron2,
    Tacotron2Config,
    Tacotron2Loss,
    gate_targets,
)
from labkit.tacotron2.masking import padding_mask

CONFIG = {
    "n_symbols": 30,
    "symbols_embedding_dim": 32,
    "encoder_embedding_dim": 32,
    "attention_rnn_dim": 48,
    "attention_dim": 16,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 7,
    "decoder_rnn_dim": 48,
    "prenet_dim": 32,
    "postnet_embedding_dim": 32,
    "postnet_n_convolutions": 3,
}


def build(**changes):
    torch.manual_seed(0)
    return Tacotron2(Tacotron2Config(**CONFIG, **changes))


def batch(size=2):
    torch.manual_seed(1)
    lengths = torch.tensor([4, 6][:size])
    mel_lengths = torch.tensor([9, 7][:size])
    ids = torch.randint(1, 30, (size, int(lengths.max())))
    mels = torch.randn(size, 80, int(mel_lengths.max())) - 5
    mels = mels.masked_fill(padding_mask(mel_lengths, mels.size(2)).unsqueeze(1), 0.0)
    return ids, lengths, mels, mel_lengths


def published_loss(model, ids, lengths, mels, mel_lengths):
    outputs = model(ids, lengths, mels, mel_lengths)
    return Tacotron2Loss()(outputs, mels, gate_targets(mel_lengths, mels.size(2)))


@pytest.mark.parametrize("size", [2, 1])
@pytest.mark.parametrize("mask_embeddings", [False, True])
def test_gradients_reach_every_parameter(size, mask_embeddings):
    model = build(mask_embeddings=mask_embeddings).train()
    published_loss(model, *batch(size)).total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # Batch norm subtracts the mean, and with it any bias just before it.
        if not name.endswith("0.conv.bias"):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("size", [2, 1])
def test_loss_falls_when_overfitting_a_tiny_batch(size):
    model = build(p_attention_dropout=0.0, p_decoder_dropout=0.0, p_prenet_dropout=0.0).train()
    inputs = batch(size)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(200):
        optimiser.zero_grad()
        loss = published_loss(model, *inputs)
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append([part.item() for part in loss])
    # The gate comes last: one frame in nine is all that it has to learn from.
    for first, last, share in zip(losses[0], losses[-1], (0.1, 0.1, 0.1, 0.5), strict=True):
        assert last < share * first


def share_of_zeros(tensor):
    return (tensor == 0).float().mean().item()


@pytest.mark.parametrize("part", ["encoder", "postnet"])
def test_convolutions_drop_half_in_training_only(part):
    model = build()
    kept = []
    if part == "encoder":
        model.encoder.lstm.register_forward_hook(
            lambda module, inputs, _: kept.append(inputs[0].data)
        )
        # A positive bias brings every unit through the ReLU.
        torch.nn.init.constant_(model.encoder.convolutions[-1][1].bias, 10.0)
        run = lambda: model.encoder(torch.randn(4, 32, 50), torch.full((4,), 50))  # noqa: E731
    else:
        run = lambda: kept.append(model.postnet(torch.randn(4, 80, 50)))  # noqa: E731
    model.train()
    run()
    model.eval()
    run()
    assert share_of_zeros(kept[0]) == pytest.approx(0.5, abs=0.05)
    assert share_of_zeros(kept[1]) == 0


def test_lstm_dropout_falls_on_hidden_states_in_training_only():
    model = build(p_attention_dropout=0.2, p_decoder_dropout=0.6)
    decoder, memory = model.decoder, torch.randn(200, 5, 32)
    for training in (True, False):
        model.train(training)
        state = decoder.initialize_decoder_states(memory)
        _, _, state = decoder.decode(torch.randn(200, 32), state, memory, None)
        expected = (0.2, 0.6) if training else (0, 0)
        assert share_of_zeros(state.attention_hidden) == pytest.approx(expected[0], abs=0.03)
        assert share_of_zeros(state.decoder_hidden) == pytest.approx(expected[1], abs=0.03)
        assert share_of_zeros(state.attention_cell) == share_of_zeros(state.decoder_cell) == 0


def test_teacher_forcing_uses_prenet_dropout_even_in_evaluation():
    inputs = batch()
    quiet, loud = build(p_prenet_dropout=0.0).eval(), build().eval()
    assert torch.equal(quiet(*inputs)[0], quiet(*inputs)[0])
    assert not torch.equal(loud(*inputs)[0], loud(*inputs)[0])


def test_teacher_forcing_hears_only_earlier_frames():
    model = build(p_prenet_dropout=0.0).eval()
    ids, lengths, mels, mel_lengths = batch(1)
    changed = mels.clone()
    changed[:, :, 5] += 1
    before = model(ids, lengths, mels, mel_lengths)
    after = model(ids, lengths, changed, mel_lengths)
    assert torch.equal(before[0][:, :, :6], after[0][:, :, :6])
    assert torch.equal(before[3][:, :6], after[3][:, :6])
    assert not torch.equal(before[0][:, :, 6], after[0][:, :, 6])


def test_teacher_forcing_with_own_frames_is_free_running():
    model = build(p_prenet_dropout=0.0, max_decoder_steps=8, gate_threshold=0.999).eval()
    ids, lengths, _, _ = batch()
    with torch.no_grad():
        memory = model.encoder(model.embedding(ids).transpose(1, 2), lengths)
        mel, gate, alignments, mel_lengths = model.decoder.infer(memory, lengths)
        forced_mel, forced_gate, forced_alignments = model.decoder(memory, mel, lengths)
    assert mel_lengths.tolist() == [8, 8]
    torch.testing.assert_close(forced_mel, mel, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(forced_gate, gate, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(forced_alignments, alignments, atol=1e-5, rtol=1e-5)


def test_gate_targets_rise_at_the_last_frame_and_stay():
    assert gate_targets(torch.tensor([3, 1, 5]), 5).tolist() == [
        [0, 0, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [0, 0, 0, 0, 1],
    ]


def outputs_and_targets():
    torch.manual_seed(2)
    mel_lengths = torch.tensor([2, 5])
    outputs = (torch.randn(2, 80, 5), torch.randn(2, 80, 5), torch.randn(2, 5), torch.rand(2, 5, 3))
    return outputs, torch.randn(2, 80, 5), gate_targets(mel_lengths, 5), mel_lengths


def test_published_loss_is_the_sum_of_plain_means():
    outputs, mels, gate_target, _ = outputs_and_targets()
    loss = Tacotron2Loss()(outputs, mels, gate_target)
    p = torch.sigmoid(outputs[2])
    gate = -(gate_target * p.log() + (1 - gate_target) * (1 - p).log()).sum() / 10
    torch.testing.assert_close(loss.mel, ((outputs[0] - mels) ** 2).sum() / 800)
    torch.testing.assert_close(loss.mel_postnet, ((outputs[1] - mels) ** 2).sum() / 800)
    torch.testing.assert_close(loss.gate, gate)
    torch.testing.assert_close(loss.total, loss.mel + loss.mel_postnet + loss.gate)


def test_masked_loss_is_the_mean_over_valid_frames():
    outputs, mels, gate_target, mel_lengths = outputs_and_targets()
    loss = Tacotron2Loss()(outputs, mels, gate_target, mel_lengths)
    frames = [(0, 0), (0, 1), *((1, t) for t in range(5))]
    for part, output in ((loss.mel, outputs[0]), (loss.mel_postnet, outputs[1])):
        errors = [((output[b, :, t] - mels[b, :, t]) ** 2).mean() for b, t in frames]
        torch.testing.assert_close(part, torch.stack(errors).mean())
    gate = [F.binary_cross_entropy_with_logits(outputs[2][f], gate_target[f]) for f in frames]
    torch.testing.assert_close(loss.gate, torch.stack(gate).mean())
    torch.testing.assert_close(loss.total, loss.mel + loss.mel_postnet + loss.gate)


def test_only_the_masked_loss_is_blind_to_padding():
    outputs, mels, gate_target, mel_lengths = outputs_and_targets()
    masked = Tacotron2Loss()(outputs, mels, gate_target, mel_lengths)
    longer = tuple(F.pad(output, (0, 4), value=3.0) for output in outputs[:3])
    longer_inputs = (
        (*longer, outputs[3]),
        F.pad(mels, (0, 4)),
        F.pad(gate_target, (0, 4), value=1),
    )
    for before, after in zip(masked, Tacotron2Loss()(*longer_inputs, mel_lengths), strict=True):
        torch.testing.assert_close(after, before)
    published = Tacotron2Loss()(outputs, mels, gate_target)
    assert not torch.isclose(Tacotron2Loss()(*longer_inputs).total, published.total)


def test_without_padding_both_losses_agree():
    outputs, mels, gate_target, _ = outputs_and_targets()
    full = torch.tensor([5, 5])
    for masked, published in zip(
        Tacotron2Loss()(outputs, mels, gate_target, full),
        Tacotron2Loss()(outputs, mels, gate_target),
        strict=True,
    ):
        torch.testing.assert_close(masked, published)


def test_masked_outputs_cost_nothing_on_padding():
    model = build().train()
    ids, lengths, mels, mel_lengths = batch()
    outputs = model(ids, lengths, mels, mel_lengths)
    for output in outputs[:2]:
        output.retain_grad()
    loss = Tacotron2Loss()(outputs, mels, gate_targets(mel_lengths, mels.size(2)))
    loss.total.backward()
    padding = padding_mask(mel_lengths, mels.size(2))
    assert padding.any()
    for output in outputs[:2]:
        assert (output.grad.transpose(1, 2)[padding] == 0).all()
        assert (output.grad.transpose(1, 2)[~padding] != 0).any()
    costs = F.binary_cross_entropy_with_logits(
        outputs[2], gate_targets(mel_lengths, mels.size(2)), reduction="none"
    )
    assert (costs[padding] == 0).all()


def test_mixed_precision_step_is_finite():
    model = build().train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = published_loss(model, *batch())
    loss.total.backward()
    assert loss.total.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("part", ["encoder", "postnet"])
def test_the_dropout_of_the_convolutions_can_be_set(part):
    torch.manual_seed(0)
    none = {**CONFIG, "p_encoder_dropout": 0.0, "p_postnet_dropout": 0.0}
    x, lengths = torch.randn(2, 80 if part == "postnet" else 32, 9), torch.tensor([9, 5])

    def differs(config):
        module = getattr(Tacotron2(Tacotron2Config(**config)).train(), part)
        arguments = (x, lengths) if part == "encoder" else (x,)
        return not torch.equal(module(*arguments), module(*arguments))

    assert not differs(none)
    assert differs({**none, f"p_{part}_dropout": 0.1})
