"""The text front end as the published voices know it."""

import json
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import TextError
from labkit.text import (
    arpabet,
    clean_text,
    pad_id,
    sequence_to_text,
    symbol_to_id,
    symbols,
    text_to_sequence,
)

ORACLE = json.loads((Path(__file__).parent / "data" / "text.json").read_text())


@pytest.mark.parametrize("case", ORACLE, ids=[case["text"][:30] for case in ORACLE])
def test_agrees_with_the_published_front_end(case):
    assert text_to_sequence(case["text"], tuple(case["cleaners"])) == case["ids"]


def test_table_has_the_published_layout():
    assert len(symbols) == len(set(symbols)) == 148
    assert len(arpabet) == 84
    places = {"_": 0, "-": 1, "!": 2, "'": 3, "?": 10, " ": 11, "A": 12, "Z": 37, "a": 38, "z": 63}
    places |= {"@AA": 64, "@AA2": 67, "@B": 88, "@HH": 106, "@NG": 120, "@UW2": 142, "@ZH": 147}
    assert {symbol: symbol_to_id[symbol] for symbol in places} == places


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("St. Paul & Co. Ltd.", "saint paul  company limited"),
        ("3:30pm", "three:thirtypm"),
        ("50%", "fifty"),
        ("The 1980s", "the nineteen eightys"),
        ("007", "seven"),
        ("Mr Smith", "mr smith"),
        ("naïve “x” — y", "naive x -- y"),
        ("£20", "pstwenty"),
        ("$1,234.5", "twelve thirty-four dollars, five cents"),
        ("$1", "one dollar"),
        ("$0.01", "one cent"),
        ("$0", "zero dollars"),
        ("$1.2.3", "one point two.three dollars"),
        ("3.14", "three point fourteen"),
        ("12,345", "twelve thousand, three hundred forty-five"),
        ("2000 2009 2010 2100", "two thousand two thousand nine twenty ten twenty-one hundred"),
        ("1001 1905 3000", "ten oh one nineteen oh five three thousand"),
        ("1980th", "one thousand, nine hundred and eightieth"),
        (
            "1,023,005 and 3001st",
            "one million, twenty-three thousand five and three thousand and first",
        ),
        ("5th 8th 9th 12th 20th", "fifth eighth ninth twelfth twentieth"),
        ("snake_case ~ a/b", "snakecase  ab"),
        ("Lt.Col. Fox", "lieutenantcol. fox"),
        ("est. fest. vast.", "est. fest. vast."),
        ("½ cup", " onetwo cup"),
        ("wait… “what” ‘now’", "wait... what 'now'"),
        ("Ärger, café, Straße, Øre", "arger, cafe, strasse, ore"),
        ("5 × 4", "five x four"),
        ("Acme™ ©", "acme(tm) (c)"),
        ("thumbs 👍 up ★ ↔", "thumbs up -"),
        ("٣٤ ５０", "thirty-four fifty"),
        (" line\n", " line "),
    ],
)
def test_reads_as_published(text, read):
    assert clean_text(text) == read


def test_other_cleaners_leave_numbers_alone():
    assert clean_text("Dr. Ärger  No. 5", "transliteration_cleaners") == "dr. arger no. "
    assert clean_text("Dr. Ärger  No. 5", ["basic_cleaners"]) == "dr. rger no. "
    assert clean_text("Dr. Fox", ()) == "Dr. Fox"


def test_braces_are_arpabet_and_everything_else_is_not():
    ids = text_to_sequence("B{B}b{HH AH0  L OW1} 5{AA}")
    assert sequence_to_text(ids) == "b{B}b{HH AH0 L OW1} five{AA}"
    # no braces around the letters: a group must close on its line and hold something
    assert clean_text("a {HH\nAH0} b {B}") == "a hh ahzero b {B}"
    assert clean_text("a {HH") == "a hh"
    assert clean_text("a {} b") == "a  b"


def test_text_after_a_line_break_is_read_too():
    assert clean_text("one {B} two\nthree {D}\nfour") == "one {B} two three {D} four"


def test_unknown_arpabet_is_dropped_with_a_warning():
    with pytest.warns(UserWarning, match=r"'AWW1' in braces is no ARPAbet item; near it are AW1"):
        assert clean_text("{HH AWW1 S}") == "{HH S}"
    with pytest.warns(UserWarning, match="nor are 2 more"), pytest.raises(TextError):
        text_to_sequence("{hh ah0 b}")


@pytest.mark.parametrize("normalise", ["published", "modern"])
@pytest.mark.parametrize("text", ["", "   \n", "👍👍", "“”", '"', "...", "?!", "_ ~ / |"])
def test_nothing_to_speak_is_an_error(text, normalise):
    with pytest.raises(TextError, match="can be spoken"):
        text_to_sequence(text, normalise=normalise)


@pytest.mark.parametrize("text", [None, 5, b"hello", ["hello"]])
def test_text_must_be_a_string(text):
    with pytest.raises(TextError, match=f"must be a str, got {type(text).__name__}"):
        text_to_sequence(text)


def test_unknown_options_name_the_known_ones():
    with pytest.raises(TextError, match=r"'french_cleaners'.*english_cleaners, translit.*basic"):
        text_to_sequence("a", ("french_cleaners",))
    with pytest.raises(TextError, match=r"'fancy' does not exist.*published, modern"):
        text_to_sequence("a", normalise="fancy")
    with pytest.raises(TextError, match="'english_cleaners' among the cleaners"):
        text_to_sequence("a", ("basic_cleaners",), normalise="modern")


def test_ids_outside_the_table_are_an_error():
    assert sequence_to_text([45, 46, pad_id]) == "hi_"
    with pytest.raises(TextError, match="id 148 at position 1"):
        sequence_to_text([45, 148])
    with pytest.raises(TextError, match="id -1 at position 0"):
        sequence_to_text([-1])


@pytest.mark.parametrize("digits", [36, 37, 5000])
def test_numbers_of_any_length_are_read(digits):
    words = clean_text("1" * digits)
    if digits == 36:
        assert words.startswith("one hundred eleven decillion")
    else:
        assert words == " ".join(["one"] * digits)
    assert clean_text("$" + "1" * digits).endswith(" dollars")
    assert clean_text("0" * 5000 + "1905") == "nineteen oh five"


# Each of these takes minutes with the obvious regular expressions.
@pytest.mark.parametrize(
    "unit", ["1", "{", "{\n", "1,", "1.", "$", "{x}", "st. ", "1-", " ", "1 1/"]
)
@pytest.mark.parametrize("normalise", ["published", "modern"])
@pytest.mark.timeout(20)
def test_long_texts_take_no_quadratic_time(unit, normalise):
    length = 500_000 if unit == "1" else 100_000
    text = unit * (length // len(unit)) + " end"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "x" in unit and normalise == "modern":
            with pytest.raises(TextError):
                text_to_sequence(text, normalise=normalise)
        else:
            assert sequence_to_text(text_to_sequence(text, normalise=normalise)).endswith("end")


# Text as people write it, with the marks that have rules more often than chance would bring them.
_TEXTS = (
    st.text()
    | st.text(alphabet="019 ,.$£%:/-{}AHst'\n½&")
    | st.lists(
        st.sampled_from(
            ["St. ", "$1.5", "1st", "{HH AA1}", "Mr", "3:30pm", " ", "1,000", "5 km", "é"]
        )
    ).map("".join)
)


@settings(max_examples=200)
@given(text=_TEXTS, normalise=st.sampled_from(["published", "modern"]))
def test_ids_are_symbols_and_spell_themselves(text, normalise):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ids = text_to_sequence(text, normalise=normalise)
        except TextError:
            return
    assert all(1 <= index <= 147 for index in ids)
    assert not any(symbol_to_id["A"] <= index <= symbol_to_id["Z"] for index in ids)
    assert text_to_sequence(sequence_to_text(ids), ()) == ids


@settings(max_examples=100)
@given(ids=st.lists(st.integers(1, 147), min_size=1))
def test_any_ids_survive_the_round_trip(ids):
    assert text_to_sequence(sequence_to_text([38, *ids]), ()) == [38, *ids]


@settings(max_examples=100)
@given(
    text=st.text(alphabet="abcdefghijklmnop 0123456789,", min_size=1),
    normalise=st.sampled_from(["published", "modern"]),
)
def test_clean_text_stays_as_it_is(text, normalise):
    once = clean_text("a " + text, normalise=normalise)
    assert clean_text(once, normalise=normalise) == once


@settings(max_examples=100)
@given(text=st.text())
def test_text_without_digits_or_periods_needs_no_english(text):
    text = "a" + "".join(mark for mark in text if mark.isalpha())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert text_to_sequence(text, "transliteration_cleaners") == text_to_sequence(
            clean_text(text, "transliteration_cleaners"), "basic_cleaners"
        )
