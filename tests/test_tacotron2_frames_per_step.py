"""A decoder that predicts several frames in one step."""

import pytest
import torch

from labkit.errors import InputError
from labkit.tacotron2 import Tacotron2Loss, gate_targets
from test_tacotron2_infer import batch, build

R = 3


def test_teacher_forcing_hears_the_frames_of_the_step_before():
    model, (ids, lengths) = build(n_frames_per_step=R, mask_padding=False), batch()
    model.decoder.prenet.p_prenet_dropout = 0.0
    mels = torch.randn(3, 80, 4 * R)
    with torch.no_grad():
        mel, _, gate, alignments = model(ids, lengths, mels, torch.full((3,), 4 * R))
        memory = model.encoder(model.embedding(ids).transpose(1, 2), lengths)
        state = model.decoder.initialize_decoder_states(memory)
        mask = torch.arange(9) >= lengths[:, None]
        heard = torch.zeros(3, R * 80)
        for step in range(4):
            frames, logit, state = model.decoder.decode(
                model.decoder.prenet(heard), state, memory, mask
            )
            for offset in range(R):
                expected = frames[:, 80 * offset : 80 * (offset + 1)]
                torch.testing.assert_close(mel[:, :, R * step + offset], expected)
            torch.testing.assert_close(gate[:, step], logit[:, 0])
            torch.testing.assert_close(alignments[:, step], state.attention_weights)
            heard = torch.cat([mels[:, :, R * step + offset] for offset in range(R)], dim=1)
    assert gate.shape == (3, 4) and alignments.shape == (3, 4, 9)


def test_free_running_counts_frames():
    model, (ids, lengths) = build(n_frames_per_step=R), batch()
    mel, mel_lengths, alignments, gate, _ = model.speak(
        ids, lengths, seed=0, gate_threshold=0.999, max_frames=5 * R - 1
    )
    assert mel.shape == (3, 80, 5 * R)
    assert alignments.shape == (3, 5, 9) and gate.shape == (3, 5)
    assert mel_lengths.tolist() == [5 * R] * 3
    threshold = torch.sigmoid(gate).flatten().sort().values[7].item()
    _, mel_lengths, _ = model.infer(
        ids, lengths, seed=0, gate_threshold=threshold, max_decoder_steps=5
    )
    for item, frames in enumerate(mel_lengths.tolist()):
        fired = (torch.sigmoid(gate[item]) > threshold).nonzero().flatten().tolist()
        assert frames == R * (fired[0] if fired else 5)


def test_a_sentence_sounds_the_same_alone_and_in_a_batch():
    model, (ids, lengths) = build(n_frames_per_step=R, mask_embeddings=True), batch()
    options = {"prenet_dropout": False, "gate_threshold": 0.5, "max_decoder_steps": 9}
    mel, mel_lengths, _ = model.infer(ids, lengths, **options)
    for item, (length, frames) in enumerate(zip(lengths, mel_lengths.tolist(), strict=True)):
        alone, alone_lengths, _ = model.infer(
            ids[item : item + 1, :length], lengths[item : item + 1], **options
        )
        assert alone_lengths.tolist() == [frames]
        torch.testing.assert_close(mel[item, :, :frames], alone[0, :, :frames])


def test_the_gate_is_wanted_at_the_step_of_the_last_frame():
    targets = gate_targets(torch.tensor([1, 3, 4, 9]), 9, R)
    assert targets.tolist() == [[1, 1, 1], [1, 1, 1], [0, 1, 1], [0, 0, 1]]


@pytest.mark.parametrize("mask_padding", [False, True])
def test_padding_costs_nothing(mask_padding):
    model, (ids, lengths) = build(n_frames_per_step=R, mask_padding=mask_padding), batch()
    mel_lengths = torch.tensor([12, 4, 9])
    mels = torch.randn(3, 80, 12).masked_fill(torch.arange(12) >= mel_lengths[:, None, None], 0.0)
    outputs = model(ids, lengths, mels, mel_lengths)
    target = gate_targets(mel_lengths, 12, R)
    parts = Tacotron2Loss()(outputs, mels, target, mel_lengths)
    wild = [output.clone() for output in outputs]
    wild[0][1, :, 4:], wild[1][1, :, 4:], wild[2][1, 2:] = 50.0, -50.0, 9.0
    again = Tacotron2Loss()(tuple(wild), mels, target, mel_lengths)
    assert torch.equal(parts.total, again.total)
    assert outputs[2].shape == target.shape == (3, 4)
    assert Tacotron2Loss()(outputs, mels, target).total.isfinite()
    parts.total.backward()


def test_a_length_that_is_no_multiple_is_told():
    model, (ids, lengths) = build(n_frames_per_step=R), batch()
    with pytest.raises(InputError, match=r"mels are 10 frames long.* 3 frames in one step"):
        model(ids, lengths, torch.randn(3, 80, 10), torch.tensor([10, 9, 8]))
