"""Wrong inputs are refused where they enter, with a message that names them."""

import pytest
import torch

from labkit.errors import InputError
from labkit.tacotron2 import Tacotron2, Tacotron2Config

MODEL = Tacotron2(
    Tacotron2Config(
        n_symbols=30,
        symbols_embedding_dim=8,
        encoder_embedding_dim=8,
        attention_rnn_dim=8,
        attention_dim=4,
        attention_location_n_filters=2,
        attention_location_kernel_size=3,
        decoder_rnn_dim=8,
        prenet_dim=4,
        postnet_embedding_dim=4,
        max_decoder_steps=3,
    )
).eval()
IDS, LENGTHS = torch.ones(2, 5, dtype=torch.long), torch.tensor([5, 3])
MELS, MEL_LENGTHS = torch.zeros(2, 80, 7), torch.tensor([4, 7])


def changed(tensor, index, value):
    tensor = tensor.clone()
    tensor[index] = value
    return tensor


def test_right_inputs_pass():
    assert MODEL.infer(IDS, LENGTHS)[0].shape[:2] == (2, 80)
    assert MODEL(IDS, LENGTHS, MELS, MEL_LENGTHS)[0].shape == (2, 80, 7)


@pytest.mark.parametrize(
    ("ids", "lengths", "words"),
    [
        (IDS.float(), LENGTHS, ["ids", "float32", "ids.long()"]),
        (IDS.bool(), LENGTHS, ["ids", "bool"]),
        (IDS[0], LENGTHS, ["(B, T_in)", "(5,)", "unsqueeze(0)"]),
        (IDS.unsqueeze(0), LENGTHS, ["(B, T_in)", "(1, 2, 5)"]),
        (IDS.tolist(), LENGTHS, ["ids", "list"]),
        (IDS[:0], LENGTHS[:0], ["ids are empty", "(0, 5)"]),
        (IDS[:, :0], LENGTHS, ["ids are empty", "(2, 0)"]),
        (changed(IDS, (1, 2), 30), LENGTHS, ["ids[1, 2] is 30", "30 symbols", "0 to 29"]),
        (changed(IDS, (0, 4), -1), LENGTHS, ["ids[0, 4] is -1"]),
        (IDS.to("meta"), LENGTHS, ["ids are on meta", "model is on cpu", "ids.to('cpu')"]),
        (IDS, [5, 3], ["lengths", "list"]),
        (IDS, LENGTHS.float(), ["lengths", "float32"]),
        (IDS, LENGTHS[:1], ["lengths", "(2,)", "(1,)"]),
        (IDS, LENGTHS.unsqueeze(1), ["lengths", "(2,)", "(2, 1)"]),
        (IDS, torch.tensor([5, 0]), ["lengths[1] is 0", "between 1 and 5"]),
        (IDS, torch.tensor([6, 5]), ["lengths[0] is 6", "5 long"]),
        (IDS, torch.tensor([5, -2]), ["lengths[1] is -2"]),
    ],
)
def test_wrong_text_is_refused_by_both_directions(ids, lengths, words):
    for call in (
        lambda: MODEL.infer(ids, lengths),
        lambda: MODEL(ids, lengths, MELS, MEL_LENGTHS),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert all(word in str(error.value) for word in words), str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("mels", "mel_lengths", "words"),
    [
        (MELS[:, :79], MEL_LENGTHS, ["mels", "(B, 80, T_out)", "(2, 79, 7)"]),
        (MELS.transpose(1, 2), MEL_LENGTHS, ["(2, 7, 80)", "mels.transpose(1, 2)"]),
        (MELS[0], MEL_LENGTHS, ["(80, 7)"]),
        (MELS[:1], MEL_LENGTHS, ["mels hold 1", "ids hold 2"]),
        (MELS[:, :, :0], MEL_LENGTHS, ["mels are empty"]),
        (MELS.double(), MEL_LENGTHS, ["float64", "float32"]),
        (MELS.long(), MEL_LENGTHS, ["int64", "float32"]),
        (MELS.to("meta"), MEL_LENGTHS, ["mels are on meta", "cpu"]),
        (MELS.numpy(), MEL_LENGTHS, ["mels", "ndarray"]),
        (MELS, MEL_LENGTHS[:1], ["mel_lengths", "(2,)"]),
        (MELS, torch.tensor([4, 8]), ["mel_lengths[1] is 8", "7 long"]),
        (MELS, torch.tensor([0, 7]), ["mel_lengths[0] is 0"]),
        (changed(MELS, (1, 3, 2), float("nan")), MEL_LENGTHS, ["mels[1, 3, 2] is nan"]),
        (changed(MELS, (0, 0, 6), -float("inf")), MEL_LENGTHS, ["mels[0, 0, 6] is -inf"]),
    ],
)
def test_wrong_spectrograms_are_refused(mels, mel_lengths, words):
    with pytest.raises(InputError) as error:
        MODEL(IDS, LENGTHS, mels, mel_lengths)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "option", [{"max_decoder_steps": 0}, {"gate_threshold": 0.0}, {"gate_threshold": 1.5}]
)
def test_wrong_decoding_options_are_refused(option):
    with pytest.raises(InputError, match=next(iter(option))):
        MODEL.infer(IDS, LENGTHS, **option)
