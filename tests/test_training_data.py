"""From a corpus to batches: nothing is lost, nothing is read twice, and times fit sounds."""

import json
import math

import pytest
import torch

from labkit.audio import load_audio, log_mel
from labkit.errors import InputError
from labkit.text import sequence_to_text, symbols
from labkit.training.data import SILENCE, Batches, collate
from labkit.training.features import prepare, read_list
from labkit.training.transcripts import transcribe
from training_tools import TONE_SECONDS, make_tones

FRAME = 256 / 22050


def quiet(done):
    pass


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    return make_tones(tmp_path_factory.mktemp("tones") / "corpus")


@pytest.fixture
def features(tones):
    return prepare(read_list(tones / "train.txt"), tones / "train.safetensors", quiet)


# What is said


def test_without_labels_the_dictionary_is_asked():
    transcript = transcribe("The tea, please.")
    assert sequence_to_text(transcript.ids) == "{DH AH} {T IY}, {P L IY Z}."
    assert transcript.ends is None


def test_what_was_heard_goes_before_the_dictionary():
    phonemes = ["PAU", "DH", "IY", "AE", "N", "D", "PAU", "T", "IY", "PAU"]
    ends = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9, 1.0, 1.1]
    transcript = transcribe("The and, tea.", phonemes, ends)
    assert sequence_to_text(transcript.ids) == "{DH IY} {AE N D}, {T IY}."
    timed = dict(zip((symbols[i] for i in transcript.ids), transcript.ends, strict=True))
    assert timed["@DH"] == 0.1  # the silence before it is its own
    assert timed[","] == pytest.approx(0.65)  # comma and blank share the pause
    assert timed["."] == 1.1
    assert list(transcript.ends) == sorted(transcript.ends)


def test_what_was_heard_more_or_less_is_taken_over():
    more = transcribe("Tea.", ["T", "IY", "Z"], [0.1, 0.2, 0.3])
    assert sequence_to_text(more.ids) == "{T IY Z}."
    less = transcribe("And tea.", ["AE", "N", "T", "IY"], [0.1, 0.2, 0.3, 0.4])
    assert sequence_to_text(less.ids) == "{AE N} {T IY}."


def test_labels_of_another_sentence_are_not_believed():
    phonemes = ["B", "AA", "R", "G", "IH", "N", "IH", "NG", "M", "OW", "S", "T"]
    transcript = transcribe("See tea.", phonemes, [0.1 * at for at in range(1, 13)])
    assert sequence_to_text(transcript.ids) == "{S IY} {T IY}."
    assert transcript.ends is None


# Features


def test_features_are_the_mel_and_the_symbols(tones, features):
    recordings = read_list(tones / "train.txt")
    assert len(features) == len(recordings) == 20
    for index in (0, 7, 19):
        mel = log_mel(load_audio(recordings[index].path))
        torch.testing.assert_close(features.mel(index), mel, rtol=1e-3, atol=1e-3)
        spoken = sequence_to_text(features.ids(index).tolist())
        assert spoken == sequence_to_text(transcribe(recordings[index].text).ids)
        assert float(features.ends(index)[-1]) <= mel.size(1) * FRAME + 0.01
    every = torch.cat([features.mel(index) for index in range(20)], dim=1)
    torch.testing.assert_close(features.mean, every.mean(dim=1))
    assert features.deviation == pytest.approx(float(every.std()), rel=1e-3)


def test_features_are_computed_once_and_again_if_the_list_changes(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3)
    done = []
    for _ in range(2):
        prepare(read_list(corpus / "train.txt"), tmp_path / "f.safetensors", done.append)
    assert done == [1, 2]
    (corpus / "train.txt").write_text("wavs/t1.wav|knee.\n")
    again = prepare(read_list(corpus / "train.txt"), tmp_path / "f.safetensors", done.append)
    assert done == [1, 2, 1]
    assert len(again) == 1


def test_labels_that_change_are_read_again(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3)
    recordings = read_list(corpus / "train.txt")
    before = prepare(recordings, tmp_path / "f.safetensors", quiet)
    labels = [json.loads(line) for line in (corpus / "labels.jsonl").read_text().splitlines()]
    for label in labels:
        label["ends"] = [end / 2 for end in label["ends"]]
    (corpus / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    after = prepare(recordings, tmp_path / "f.safetensors", quiet)
    torch.testing.assert_close(after.ends(0), before.ends(0) / 2, rtol=0, atol=1e-3)


def test_without_labels_no_time_is_known(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3, labels=False)
    features = prepare(read_list(corpus / "train.txt"), tmp_path / "f.safetensors", quiet)
    batch = collate(features, [0, 1], 3, 2)
    assert not batch.path_known.any()
    length, frames = int(batch.lengths[0]), int(batch.spoken_lengths[0])
    middle = frames // 6
    assert float(batch.path[0, middle]) == pytest.approx(length / 2 - 0.5, abs=1)


def test_every_recording_that_is_missing_is_counted(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3)
    (corpus / "wavs" / "t1.wav").unlink()
    with pytest.raises(InputError, match=r"1 of 2 recordings cannot be used: .*t1\.wav"):
        prepare(read_list(corpus / "train.txt"), tmp_path / "f.safetensors", quiet)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("", "lists no recording"),
        ("wavs/a.wav|see\nwavs/b.wav\n", r"line 2: must be path\|text"),
        ("wavs/a.wav| \n", "line 1"),
    ],
)
def test_bad_lists_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "train.txt").write_text(content)
    with pytest.raises(InputError, match=message):
        read_list(tmp_path / "train.txt")


# Batches


def test_a_round_has_every_recording_once_in_a_new_order():
    lengths = [40 + 7 * index % 31 for index in range(64)]
    batches = Batches(lengths, 8, longest=1000, seed=0)
    rounds = [[batches.indices(8 * epoch + step) for step in range(8)] for epoch in range(2)]
    for one in rounds:
        assert sorted(index for batch in one for index in batch) == list(range(64))
    assert rounds[0] != rounds[1]
    assert rounds[0] == [Batches(lengths, 8, 1000, 0).indices(step) for step in range(8)]
    assert rounds[0] != [Batches(lengths, 8, 1000, 1).indices(step) for step in range(8)]


def test_batches_hold_similar_lengths_and_nothing_too_long():
    lengths = [10 * (index % 40 + 1) for index in range(400)]
    batches = Batches(lengths, 10, longest=300, seed=0)
    assert len(batches) == 30
    for step in range(30):
        chosen = [lengths[index] for index in batches.indices(step)]
        assert max(chosen) <= 300
        assert max(chosen) - min(chosen) <= 60


def test_a_batch_is_padded_and_ends_in_silence(features):
    batch = collate(features, [0, 1, 2], 3, 2)
    assert batch.ids.size(1) % 8 == 0 and batch.mels.size(2) % 24 == 0
    for row in range(3):
        spoken, total = int(batch.spoken_lengths[row]), int(batch.mel_lengths[row])
        assert spoken == features.frames[row]
        assert total == (math.ceil(spoken / 3) + 2) * 3
        torch.testing.assert_close(batch.mels[row, :, :spoken], features.mel(row))
        assert (batch.mels[row, :, spoken:total] == SILENCE).all()
        assert (batch.mels[row, :, total:] == 0).all()
        assert (batch.ids[row, batch.lengths[row] :] == 0).all()


def test_the_path_says_which_symbol_sounds(features):
    batch = collate(features, [0], 2, 2)
    sounding = [at for at, i in enumerate(batch.ids[0].tolist()) if symbols[i][0] == "@"]
    for order, at in enumerate(sounding):
        middle = (order + 0.5) * TONE_SECONDS / FRAME  # in frames
        assert float(batch.path[0, round(middle / 2 - 0.5)]) == pytest.approx(at, abs=0.25)
