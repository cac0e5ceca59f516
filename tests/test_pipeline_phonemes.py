"""Voices that read phonemes: what they are given of a text, and what a newcomer may type."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit.corpus.transcripts import transcribe
from labkit.errors import TextError
from labkit.pipeline import Phonemes, Synthesizer, VoiceSettings, save_voice, split_text
from labkit.text import sequence_to_text, text_to_sequence
from labkit.text.symbol_table import blank_id, first_letter_id
from pipeline_tools import Buzzer, Scripted, tiny_tacotron2

PHONEMES = VoiceSettings(input="phonemes", prenet_dropout=False)


def split(text: str, *arguments: int):
    return split_text(text, *arguments, front_end=Phonemes())


def read(text: str) -> str:
    (piece,) = split(text)[0]
    return sequence_to_text(piece.ids)


# What is read


@pytest.mark.parametrize("text", ["Three dogs, and a cat.", "Is it so?", 'He said, "Now; go!"'])
def test_voice_reads_what_it_was_trained_on(text):
    (piece,) = split(text)[0]
    assert piece.ids == list(transcribe(text).ids)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Hi", "{HH AY}."),
        ("Hi,", "{HH AY}."),
        ("Hi...", "{HH AY}."),
        ("Hi?!", "{HH AY}?"),
        ("(Hi)", "{HH AY}."),
        ("Go to {HH AW1 S T AH0 N}", "{G OW} {T AH} {HH AW S T AH N}."),
        ("the { } end {}", "{DH IY} {EH N D}."),
    ],
)
def test_every_piece_ends_like_a_sentence(text, ids):
    assert read(text) == ids


def test_parts_of_a_long_sentence_end_so_too():
    pieces, notes = split("One two three four, five six seven eight, nine ten eleven twelve", 30)
    assert len(pieces) > 2
    assert all(sequence_to_text(piece.ids)[-1] == "." for piece in pieces)
    assert all(len(piece.ids) <= 30 for piece in pieces)
    assert " ".join(piece.text for piece in pieces).startswith("One two three four, five")
    assert notes[0].startswith("the long sentence")


def test_what_was_written_and_what_is_said_are_both_kept():
    (piece,) = split("Dr. O'Neill ran 3½ km to {HH AW1 S}, alone")[0]
    assert piece.text == "Dr. O'Neill ran 3½ km to {HH AW1 S}, alone"
    assert piece.spoken == "doctor O'Neill ran three and one half kilometers to {HH AW1 S}, alone."
    assert len(piece.words) == piece.ids.count(blank_id) + 1


def test_endless_number_is_cut_between_its_words():
    pieces, notes = split("9" * 80, 60)
    assert notes[0] == f"cut the endless word {'9' * 37 + '...'!r}"
    assert all(set(piece.text.strip(".").split()) == {"nine"} for piece in pieces)
    assert sum(piece.text.count("nine") for piece in pieces) == 80
    assert all(len(piece.ids) <= 60 for piece in pieces)
    assert all(sequence_to_text(piece.ids).endswith("{N AY N}.") for piece in pieces)


def test_notes_come_once():
    text = "Hello 🙂 Zorblattix.\n\nHello 🙂 Zorblattix again."
    _, notes = split(text)
    assert notes == [
        "skipped, because it has no reading: 🙂",
        "guessed from the letters: Zorblattix",
    ]


@settings(max_examples=200)
@given(text=st.text(max_size=80), max_symbols=st.integers(2, 40))
@example("the { } end {", 5)
@example("3。5。 x。² ''", 3)
@example("{HH AH0 L OW1}{S}", 4)
def test_any_text_is_read_or_refused(text, max_symbols):
    try:
        pieces, _ = split(text, max_symbols)
    except TextError:
        return
    for piece in pieces:
        assert len(piece.ids) <= max_symbols
        assert sequence_to_text(piece.ids)[-1] in ".?!"
        assert any(index >= first_letter_id for index in piece.ids)
        assert len(piece.words) == piece.ids.count(blank_id) + 1


@pytest.mark.parametrize("unit", ["A sentence like any other. ", "a ", "a", "{HH} ", "9", "🙂"])
def test_ten_thousand_characters(unit):
    pieces, _ = split("Go " + unit * (10_000 // len(unit)))
    assert max(len(piece.ids) for piece in pieces) <= 160


# What is told of it


def test_words_are_named_as_they_are_written():
    speaker = Synthesizer(
        Scripted(lambda ids, attempt: "skipped"), Buzzer(), settings=PHONEMES, name="Ada"
    )
    speech = speaker.say("The 3 quiet dogs sleep under a table.", on_failure="ignore")
    assert speech.notes == ("skipped 'dogs sleep under' (read 3 times)",)
    assert speech.pieces[0].spoken == "The three quiet dogs sleep under a table."
    assert speech.pieces[0].symbols[:4] == ["@DH", "@AH", " ", "@TH"]


def test_picture_names_the_words():
    pytest.importorskip("matplotlib")
    from labkit.notebook.speech_picture import draw_speech

    speech = Synthesizer(Scripted(), Buzzer(), settings=PHONEMES).say("Say 3 words {HH AW1 S}")
    axes = draw_speech(speech).figure.axes
    labels = [[tick.get_text() for tick in one.get_yticklabels()] for one in axes]
    assert ["Say", "three", "words", "HH AW1 S."] in labels


def test_what_went_wrong_without_dropout_is_tried_with_it():
    speaker = Synthesizer(
        Scripted(lambda ids, attempt: "stuck" if attempt == 1 else "well"),
        Buzzer(),
        settings=PHONEMES,
    )
    speech = speaker.say("This goes wrong at first.", seed=3)
    assert [call["prenet_dropout"] for call in speaker.tacotron2.calls] == [False, True]
    assert speech.notes == ("is well read now (read 2 times)",)


# What a newcomer may type


@pytest.fixture(scope="module")
def speaker(tmp_path_factory):
    """A random voice of two frames for a step, as it is loaded from its folder."""
    folder = tmp_path_factory.mktemp("voices") / "tiny"
    settings = VoiceSettings(input="phonemes", prenet_dropout=False, frames_per_symbol=0.1)
    model = tiny_tacotron2(n_frames_per_step=2, gate_threshold=0.999)
    save_voice(folder, model, settings=settings)
    return Synthesizer.from_pretrained(folder, device="cpu")


HUNDREDS = " ".join(
    f"In chapter {n} the old captain counts {n * 7} ships on his way." for n in range(55)
)


@pytest.mark.parametrize(
    ("text", "spoken", "notes"),
    [
        ("Hello 🙂 there", "Hello there.", ["skipped, because it has no reading: 🙂"]),
        (
            "Dr. O'Neill-Smith's 3½ km @ 7:05 a.m.",
            "doctor O'Neill Smith's three and one half kilometers at seven oh five a m.",
            [],
        ),
        ("THIS IS ALL CAPS!", "THIS IS ALL CAPS!", []),
        ("你好 means hello", "means hello.", ["skipped, because it has no reading: 你, 好"]),
        ("www.example.com/a", "w w w dot example dot com slash a.", []),
        ("jane.doe@example.org", "jane dot doe at example dot org.", []),
        ("1234567", "one million two hundred thirty four thousand five hundred sixty seven.", []),
        ("$5.50", "five dollars, fifty cents.", []),
        ("a", "a.", []),
        ("X", "X.", []),
        ("on 2024-05-17", "on May seventeenth, twenty twenty four.", []),
        ("{HH AH0 L OW1}", "{HH AH0 L OW1}.", []),
        ("tabs\tand\nline breaks", "tabs and line breaks.", []),
        ("café naïve", "cafe naive.", []),
        ("blorptastic", "blorptastic.", ["guessed from the letters: blorptastic"]),
        (
            "Москва!",
            "Moskva!",
            [
                "read by its Latin spelling: Москва as Moskva",
                "guessed from the letters: Moskva",
            ],
        ),
    ],
)
def test_odd_texts_are_spoken(speaker, text, spoken, notes):
    speech = speaker.say(text, seed=1, on_failure="ignore")
    (piece,) = speech.pieces
    assert piece.spoken == spoken
    *of_the_text, of_the_reading = speech.notes
    assert of_the_text == notes
    assert "did not stop by itself" in of_the_reading  # a random model never does
    assert speech.seconds > 0.5
    assert piece.alignment.shape == (-(-piece.mel.shape[1] // 2), len(piece.ids))
    assert piece.gate.shape == piece.alignment.shape[:1]
    assert torch.equal(speaker.say(text, seed=1, on_failure="ignore").mel, speech.mel)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "^the text is empty; give it a word"),
        (" \n\t", "^the text is empty"),
        ("?!... --", r"is only punctuation; give it a word"),
        ("你好", "^nothing in the text can be spoken .你, 好 cannot be read."),
        ("🙂🎉", "cannot be read"),
        ("{QQ}", "'QQ' in braces is no ARPAbet item; items look like"),
        (["Hello.", "🙂"], "^text 1: nothing in the text can be spoken"),
        (5, "a text or a list of texts, got int"),
    ],
)
def test_what_cannot_be_spoken_is_refused(speaker, text, message):
    with pytest.raises(TextError, match=message):
        speaker.say(text)


def test_hundreds_of_words(speaker):
    speech = speaker.say(HUNDREDS, on_failure="ignore")
    assert len(HUNDREDS.split()) > 600
    assert len(speech.pieces) == 55
    assert speech.pieces[1].words[2] == "one"
    assert speech.seconds > 30


def test_characters_are_still_read_as_characters():
    speech = Synthesizer(Scripted(), Buzzer()).say("Hi there")
    assert list(speech.pieces[0].ids) == text_to_sequence("Hi there")
    assert speech.pieces[0].words == ("hi", "there")
