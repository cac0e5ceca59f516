"""Cutting a text: where, how long the pieces are, and that nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit.errors import InputError, TextError
from labkit.pipeline import Characters, split_text
from labkit.pipeline.boundaries import Boundary
from labkit.pipeline.front_end import SymbolText
from labkit.text import clean_text, text_to_sequence
from labkit.text.symbol_table import blank_id, first_letter_id


def texts(text: str, *arguments: int) -> list[str]:
    return [piece.text for piece in split_text(text, *arguments)[0]]


def spoken(text: str) -> list[int]:
    """What the whole text sounds like, whatever its blanks."""
    return [index for index in text_to_sequence(text) if index != blank_id]


def sounding(ids: list[int]) -> list[int]:
    return [index for index in ids if index >= first_letter_id]


pytestmark = pytest.mark.filterwarnings("ignore:.*is no ARPAbet item")


# Where


def test_sentences_and_paragraphs_are_pieces():
    pieces, notes = split_text(
        "The first sentence goes on\nafter a line break. The second one asks: why not?\n \n"
        "A new paragraph begins with this!"
    )
    assert [(piece.text, piece.boundary) for piece in pieces] == [
        ("The first sentence goes on\nafter a line break.", Boundary.SENTENCE),
        ("The second one asks: why not?", Boundary.PARAGRAPH),
        ("A new paragraph begins with this!", Boundary.PARAGRAPH),
    ]
    assert pieces[0].spoken == "the first sentence goes on after a line break."
    assert notes == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith met Mrs. Jones and Prof. Brown on St. James Street.",
        "Fruit, e.g. apples, i.e. Golden Delicious, vs. Pears in the U.S. Army.",
        "It costs 1,234.5 or 3.14 or .5 or $2.50 in all.",
        "See No. 5 and Fig. 3 of Vol. 2 from Jan. 5 on.",
        "J. R. R. Tolkien wrote it at 5 p.m. on a Monday.",
        "Acme Inc. was sold, together with Smith, Jones et al. for nothing.",
        "Turn on {HH AW1 S. T AH0 N} street, please. and go on.",
        '"Stop!" he said, and she asked "Why?" again and again.',
        "Well... nobody knows what that is good for.",
    ],
)
def test_not_every_mark_ends_a_sentence(sentence):
    assert texts(f"{sentence} The next one is another sentence.")[0] == sentence


@pytest.mark.parametrize(
    "first",
    [
        "He lived at number 5 Main St. near Washington D.C. and Acme Inc.",
        'And then she said: "I am done with all of this."',
        "They came, they saw (so they said), they won.)",
        "It was 3.14, no more and no less than 42.",
        "I told all of you more than once: no.",
        "What on earth is this good for?!",
    ],
)
def test_the_next_sentence_begins_after(first):
    assert texts(f"{first} The next one is another sentence.")[0] == first


def test_short_sentences_are_read_together():
    assert texts("No. Yes. Really? Nobody knows what is going on here. It is so. Oh.") == [
        "No. Yes. Really? Nobody knows what is going on here.",
        "It is so. Oh.",
    ]


def test_sentence_that_is_too_long_is_cut_at_its_best_place():
    clause = "one two three four five six seven; eight nine, ten eleven twelve thirteen."
    assert texts(clause, 60) == [
        "one two three four five six seven;",
        "eight nine, ten eleven twelve thirteen.",
    ]
    comma = "one two three four five six seven, eight nine ten eleven twelve thirteen."
    assert texts(comma, 60)[0].endswith("seven,")
    plain = "one two three four five six seven eight nine ten eleven twelve thirteen."
    pieces, notes = split_text(plain, 60)
    assert [piece.boundary for piece in pieces] == [Boundary.WORD, Boundary.PARAGRAPH]
    assert notes == [
        "the long sentence 'one two three four five six seven eig...' is read in 2 pieces"
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("we went to see old Dr. Strangelove there", "Dr. Strangelove"),
        ("all of us walked 5 km to the other end", "5 km"),
        ("all of it is about {HH AW1 S T AH0 N} and nothing else", "{HH AW1 S T AH0 N}"),
        ("nobody was born on July 4 in that village", "July 4"),
        ("a thing of only $2 million is not so much", "$2 million"),
    ],
)
@pytest.mark.parametrize("max_symbols", [26, 30, 34])
def test_what_belongs_together_stays_together(text, kept, max_symbols):
    pieces = texts(text, max_symbols)
    assert len(pieces) > 1
    assert any(kept in piece for piece in pieces)


def test_endless_word_is_cut_with_a_note():
    text = "Say " + "a" * 500 + " to all of them."
    pieces, notes = split_text(text, 100)
    assert max(len(piece.ids) for piece in pieces) == 100
    assert notes[0] == "cut the endless word 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"
    assert [index for piece in pieces for index in piece.ids if index != blank_id] == spoken(text)


def test_endless_number_is_cut_between_words():
    pieces, _ = split_text("9" * 40, 60)
    assert all(len(piece.ids) <= 60 for piece in pieces)
    words = clean_text("9" * 40).split()
    assert all(word in words for piece in pieces for word in piece.spoken.split())


def test_chinese_is_cut_at_its_own_marks():
    assert texts("你好世界你好世界你好世界你好世界。我们很好我们很好我们很好我们很好") == [
        "你好世界你好世界你好世界你好世界。",
        "我们很好我们很好我们很好我们很好",
    ]


# What cannot be spoken


@pytest.mark.parametrize("text", ["", "  ", "\n\n\t"])
def test_empty_text(text):
    with pytest.raises(TextError, match="the text is empty; give it a word"):
        split_text(text)


@pytest.mark.parametrize("text", ["...", "?! -- (,)", "。。。"])
def test_only_punctuation(text):
    with pytest.raises(TextError, match="is only punctuation; give it a word"):
        split_text(text)


@pytest.mark.parametrize("text", ["🙂", "🙂 🎉!", "{}"])
def test_nothing_that_can_be_spoken(text):
    with pytest.raises(TextError, match="give it a word"):
        split_text(text)


def test_what_is_left_out_is_noted():
    pieces, notes = split_text("First part. 🙂\n\n* * *\n\n\u2014 \n\nThe {QQ AH0} second.")
    assert [piece.spoken for piece in pieces] == ["first part.", "the {AH0} second."]
    assert notes[0].startswith("'QQ' in braces is no ARPAbet item")
    assert notes[1:] == [
        "left out what has no reading: 🙂",
        "left out '* * *': nothing in it can be spoken",
        "left out '\u2014': nothing in it can be spoken",
    ]


def test_silent_sentences_are_no_pieces():
    assert texts("🙂. ... Here we go again, all of us. !!! 🎉.") == [
        "🙂. ... Here we go again, all of us. !!! 🎉."
    ]


def test_unknown_arpabet_is_refused_where_it_should_be():
    with pytest.raises(TextError, match="'QQ' in braces is no ARPAbet item"):
        split_text("The {QQ AH0} second.", front_end=Characters(normalise="modern"))


def test_sizes_below_one_are_refused():
    with pytest.raises(InputError, match="max_symbols must be at least 1, but is 0"):
        split_text("one", 0)


def test_text_must_be_a_string():
    with pytest.raises(TextError, match="the text must be a str, got int"):
        split_text(5)


# Nothing is lost

ODD_WORDS = (
    "the|Dr.|e.g.|U.S.|3.14|1,234.5|$5.50|(and|so on)|{HH AW1 S}|wait...|no?|yes!|it's;|5|km|"
    "St. James,|--|1999|:|naïve|“quoted”|你好。世界|🙂|2nd|it.|{|}"
)
WORDS = st.sampled_from(ODD_WORDS.split("|"))
PROSE = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", "  ", "\n", "\n\n"])), min_size=1)


@settings(max_examples=150)
@given(words=PROSE, max_symbols=st.integers(1, 80))
def test_prose_keeps_every_symbol_in_order(words, max_symbols):
    text = "word " + "".join(word + blank for word, blank in words)
    pieces, notes = split_text(text, max_symbols)
    assert all(1 <= len(piece.ids) <= max_symbols for piece in pieces)
    assert all(sounding(piece.ids) for piece in pieces)
    ids = [index for piece in pieces for index in piece.ids]
    assert sounding(ids) == sounding(spoken(text))
    # Marks are lost with a paragraph that has nothing else, and around a word that is cut.
    if max_symbols >= 30 and not any(note.startswith("left out '") for note in notes):
        assert [index for index in ids if index != blank_id] == spoken(text)


@settings(max_examples=300)
@given(text=st.text(max_size=80), max_symbols=st.integers(1, 40))
@example("{a\n{b}} {} {{HH}", 3)
@example("3。5。 x。²", 2)
def test_any_text_keeps_every_sound_in_order(text, max_symbols):
    try:
        expected = sounding(spoken(text))
    except TextError:
        with pytest.raises(TextError):
            split_text(text, max_symbols)
        return
    pieces, _ = split_text(text, max_symbols)
    assert all(len(piece.ids) <= max_symbols for piece in pieces)
    assert sounding([index for piece in pieces for index in piece.ids]) == expected


@pytest.mark.parametrize(
    "unit",
    [
        "A sentence like any other. ",
        "no end in sight, ",
        "a ",
        "a",
        "{",
        "{HH} ",
        "! ",
        "9",
        "“",
        "\n\n.",
        "。",
    ],
)
def test_a_hundred_thousand_characters(unit):
    text = "Go " + unit * (100_000 // len(unit))
    pieces, _ = split_text(text)
    assert max(len(piece.ids) for piece in pieces) <= 160
    assert sounding([i for p in pieces for i in p.ids]) == sounding(spoken(text))


def test_a_sentence_is_read_once_on_its_way_to_speech() -> None:
    read = []

    class Counting(Characters):
        def read(self, text: str) -> SymbolText:
            read.append(text)
            return super().read(text)

    split_text("This sentence stands alone.", front_end=Counting())
    assert read == ["This sentence stands alone."]
    read.clear()
    split_text("Long enough to be a piece. So is the second one.", front_end=Counting())
    assert len(read) == len(set(read)) == 3  # the whole, for its notes, and each sentence
