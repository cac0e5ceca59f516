"""From a corpus to batches: nothing is lost, nothing is read twice, and times fit sounds."""

import json
import math

import pytest
import torch

from labkit.audio import load_audio, log_mel
from labkit.corpus import features as features_module
from labkit.corpus.errors import CorpusError
from labkit.corpus.features import Features, prepare
from labkit.corpus.listing import read_listing
from labkit.corpus.transcripts import transcribe
from labkit.text import sequence_to_text, symbols
from labkit.training.data import SILENCE, Batches, collate
from training_tools import TONE_SECONDS, make_tones

FRAME = 256 / 22050


def train_clips(corpus):
    return read_listing(corpus).split["train"]


def features_of(corpus, folder):
    prepare(train_clips(corpus), folder)
    return Features(folder)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    return make_tones(tmp_path_factory.mktemp("tones") / "corpus")


@pytest.fixture
def features(tones):
    return features_of(tones, tones / "features")


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
    recordings = train_clips(tones)
    assert len(features) == len(recordings) == 20
    for index in (0, 7, 19):
        mel = log_mel(load_audio(recordings[index].audio))
        torch.testing.assert_close(features.mel(index), mel, rtol=1e-3, atol=1e-3)
        spoken = sequence_to_text(features.ids(index).tolist())
        assert spoken == sequence_to_text(transcribe(recordings[index].text).ids)
        assert float(features.ends(index)[-1]) <= mel.size(1) * FRAME + 0.01
    every = torch.cat([features.mel(index) for index in range(20)], dim=1)
    torch.testing.assert_close(features.mean, every.mean(dim=1))
    assert features.deviation == pytest.approx(float(every.std()), rel=1e-3)


def test_only_what_changed_is_computed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(features_module, "_CLIPS_PER_SHARD", 4)
    corpus, folder = make_tones(tmp_path / "corpus"), tmp_path / "features"
    clips, done = train_clips(corpus), []
    assert prepare(clips, folder, done.append) == sum(done) == 20
    assert prepare(clips, folder, done.append, jobs=2) == 0
    assert sum(done) == 40
    before = Features(folder)
    mels = [before.mel(index) for index in range(20)]
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) == 5
    shards[0].unlink()
    shards[1].write_bytes(shards[1].read_bytes()[:100])
    with pytest.raises(CorpusError, match=r"00001\.safetensors cannot be read"):
        Features(folder)
    assert prepare(clips, folder) == 8
    labels = [json.loads(line) for line in (corpus / "labels.jsonl").read_text().splitlines()]
    chosen = next(label for label in labels if label["id"] == clips[13].audio.stem)
    chosen["ends"] = [end / 2 for end in chosen["ends"]]
    (corpus / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    assert prepare(clips, folder) == 4
    after = Features(folder)
    torch.testing.assert_close(after.ends(13), before.ends(13) / 2, rtol=0, atol=1e-3)
    assert all(torch.equal(after.mel(index), mel) for index, mel in enumerate(mels))
    torch.testing.assert_close(after.mean, before.mean)
    assert prepare(clips[:6], folder) == 2
    assert len(Features(folder)) == 6


def test_features_that_were_interrupted_are_no_features(tmp_path, monkeypatch):
    monkeypatch.setattr(features_module, "_CLIPS_PER_SHARD", 4)
    corpus, folder = make_tones(tmp_path / "corpus"), tmp_path / "features"
    prepare(train_clips(corpus), folder)
    max(folder.glob("*.safetensors")).unlink()
    with pytest.raises(CorpusError, match="holds no features; labkit corpus prepare makes them"):
        Features(folder)


def test_without_labels_no_time_is_known(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3, labels=False)
    features = features_of(corpus, tmp_path / "features")
    batch = collate(features, [0, 1], 3, 2)
    assert not batch.path_known.any()
    length, frames = int(batch.lengths[0]), int(batch.spoken_lengths[0])
    middle = frames // 6
    assert float(batch.path[0, middle]) == pytest.approx(length / 2 - 0.5, abs=1)


def test_every_recording_that_is_missing_is_counted(tmp_path):
    corpus = make_tones(tmp_path / "corpus", sentences=3)
    (corpus / "wavs" / "t1.wav").unlink()
    with pytest.raises(CorpusError, match=r"1 of 2 recordings cannot be used: .*t1\.wav"):
        features_of(corpus, tmp_path / "features")


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
