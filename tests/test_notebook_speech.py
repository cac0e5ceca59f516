"""What a notebook shows of a speech: a player, a picture, and the same in words."""

from __future__ import annotations

import base64
import io
import re
import sys

import numpy as np
import pytest
import soundfile

from labkit.errors import SpeechError
from labkit.notebook import draw_speech
from labkit.pipeline import Synthesizer
from pipeline_tools import Buzzer, Scripted

TEXT = "The first of some sentences. And the second of <them> is here."


@pytest.fixture(scope="module")
def speech():
    return Synthesizer(Scripted(), Buzzer()).say(TEXT, seed=0)


@pytest.fixture(scope="module")
def failed():
    speaker = Synthesizer(Scripted(lambda ids, attempt: "skipped"), Buzzer())
    return speaker.say("This is a sentence of some length.", on_failure="ignore")


def test_player_plays_what_was_said(speech):
    page = speech._repr_html_()
    assert page.count("<audio controls") == 1
    wav = base64.b64decode(re.search(r'audio/flac;base64,([^"]+)"', page)[1])
    audio, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    assert rate == 22_050
    np.testing.assert_allclose(audio, speech.audio.numpy(), atol=1e-4)


def test_page_can_be_read_without_eyes_and_is_safe(speech):
    page = speech._repr_html_()
    assert 'aria-label="The first of some sentences. And the second of &lt;them&gt;' in page
    assert '<img alt="Speech: The first of some sentences.' in page
    assert "<them>" not in page
    assert "The same in numbers" in page


def test_picture_says_what_it_shows(speech):
    picture = draw_speech(speech)
    assert picture.text == (
        f"{speech.seconds:.2f} s at 22050 Hz, read in 2 pieces. On average the largest attention "
        "weight of a step is 1.00 (1.00 is perfectly sharp).\n"
        "The attention read every symbol, once and in order."
    )
    first, second = picture.table.rows
    assert first[:4] == ("0.00", "1.95", "the first of some sentences.", "by its gate")
    assert first[4:] == ("1.00", "1.05", "nothing")
    assert second[2] == "and the second of them is here."
    words = [label.get_text() for label in picture.figure.axes[2].get_yticklabels()]
    assert " ".join(words) == "the first of some sentences. and the second of them is here."


def test_picture_says_what_went_wrong(failed):
    picture = draw_speech(failed)
    assert "Skipped 'sentence of' (read 3 times)." in picture.text
    assert "once and in order" not in picture.text
    assert picture.table.rows[0][-1] == "skipped 'sentence of'"


def test_mel_and_alignment_lie_where_they_are_heard(speech):
    _, mels, alignments = (axes for axes in draw_speech(speech).figure.axes[:3])
    for axes in (mels, alignments):
        for image, piece in zip(axes.images, speech.pieces, strict=True):
            assert image.get_extent()[:2] == pytest.approx(
                [piece.start, piece.start + piece.seconds]
            )
    assert alignments.get_xlim() == pytest.approx((0, speech.seconds))


def test_long_speech_is_shown_in_part():
    speech = Synthesizer(Scripted(), Buzzer()).say(f"{TEXT} " * 60)
    assert speech.seconds > 200
    picture = draw_speech(speech)
    assert "The picture shows the first 30 s." in picture.text
    assert len(picture.figure.axes[1].images) < 20
    assert picture.table.rows[-1][2] == "and 70 more pieces"
    assert len(picture.table.rows) == 51
    page = Synthesizer(Scripted(), Buzzer()).say(f"{TEXT} " * 100)._repr_html_()
    assert "<audio" not in page
    assert "speech.save(path)" in page


def test_speech_without_sound_is_shown():
    speaker = Synthesizer(Scripted(lambda ids, attempt: "silent"), Buzzer())
    page = speaker.say("Hello, everybody.", on_failure="ignore")._repr_html_()
    assert "Nothing was said." in page
    assert "Said nothing: the gate fired at frame 0" in page


def test_arpabet_is_spelled_on_the_axis():
    speech = Synthesizer(Scripted(), Buzzer()).say("Turn on {HH AW1 S} street, please.")
    words = [label.get_text() for label in draw_speech(speech).figure.axes[2].get_yticklabels()]
    assert words == ["turn", "on", "HH AW1 S", "street,", "please."]


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")]
)
def test_picture_is_written(speech, tmp_path, name, start):
    assert speech.plot(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_picture_that_cannot_be_written(speech, tmp_path):
    with pytest.raises(SpeechError, match=r"the picture cannot be written.*wav"):
        speech.plot(tmp_path / "a.wav")
    with pytest.raises(SpeechError, match="cannot be written: there is no folder"):
        speech.plot(tmp_path / "no" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib(speech, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SpeechError, match=r"needs matplotlib.*pip install"):
        speech.plot(tmp_path / "a.png")
    page = speech._repr_html_()
    assert "<audio controls" in page
    assert "needs matplotlib" in page
