"""English read as a person reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import TextError
from labkit.text import clean_text


def read(text):
    return clean_text(text, normalise="modern")


CASES = {
    "money": [
        ("$1,234.5", "one thousand two hundred thirty-four dollars, fifty cents"),
        ("£20", "twenty pounds"),
        ("€5, 5 €", "five euros, five euros"),
        ("£1.01 and $1.00", "one pound, one penny and one dollar"),
        ("£0.50, $.05, $0", "fifty pence, five cents, zero dollars"),
        ("$5.5 million", "five point five million dollars"),
        ("$20k a year", "twenty thousand dollars a year"),
        ("It owes -$5.", "it owes minus five dollars."),
        ("US$3", "us three dollars"),
        ("¥500 or $1.999", "five hundred yen or one point nine nine nine dollars"),
        ("$20/month", "twenty dollars per month"),
        ("$5-$10", "five dollars to ten dollars"),
    ],
    "numbers": [
        ("3.14 and .5", "three point one four and point five"),
        ("10.50", "ten point five zero"),
        ("version 1.2.3", "version one point two point three"),
        ("007", "zero zero seven"),
        ("12,345", "twelve thousand three hundred forty-five"),
        ("-5, −7 and (-3.5)", "minus five, minus seven and (minus three point five)"),
        ("12345678901", "one two three four five six seven eight nine zero one"),
        ("Call 555-123-4567.", "call five five five, one two three, four five six seven."),
        ("mp3, H2O, B2B", "mp three, h two o, b two b"),
        ("COVID-19 and a 5-year-old", "covid-nineteen and a five-year-old"),
        ("٣٤ ５０", "thirty-four fifty"),
    ],
    "percent": [
        ("50%", "fifty percent"),
        ("3.5 %.", "three point five percent."),
        ("100%!", "one hundred percent!"),
    ],
    "times": [
        ("3:30pm", "three thirty p m"),
        ("at 3:05 a.m. sharp", "at three oh five a m sharp"),
        ("3:00", "three o'clock"),
        ("3pm", "three p m"),
        ("15:30 and 14:00", "fifteen thirty and fourteen hundred"),
        ("It is 3:30 p.m. He left at 5 p.m.", "it is three thirty p m. he left at five p m."),
        ("1:02:03", "one oh two and three seconds"),
    ],
    "dates": [
        (
            "1905, 1066, 2000, 2005, 2024",
            "nineteen oh five, one thousand sixty-six, "
            "two thousand, two thousand five, twenty twenty-four",
        ),
        ("The 1980s and the 90s", "the nineteen eighties and the nineties"),
        ("1900s, '60s, mid-80s", "nineteen hundreds, sixties, mid-eighties"),
        ("July 4, 1776", "july fourth, seventeen seventy-six"),
        ("Jan. 5", "january fifth"),
        ("2024-03-04", "march fourth, twenty twenty-four"),
        ("2024-13-04", "twenty twenty-four-thirteen-zero four"),
        ("1939–45", "nineteen thirty-nine to forty-five"),
    ],
    "ordinals": [
        ("1st, 2nd, 3rd, 21st", "first, second, third, twenty-first"),
        ("101st and 1,000th", "one hundred first and one thousandth"),
    ],
    "fractions": [
        ("1/2, 3/4, 5/8", "one half, three quarters, five eighths"),
        ("2½ and 2 1/2", "two and one half and two and one half"),
        ("24/7 and 9/11", "twenty-four slash seven and nine slash eleven"),
    ],
    "units": [
        ("5 km, 1 km, 1.5kg", "five kilometers, one kilometer, one point five kilograms"),
        ("a 5-km run", "a five kilometer run"),
        ("1500 m", "one thousand five hundred meters"),
        ("He is 6 ft. tall.", "he is six feet tall."),
        ("It weighs 5 lbs. He knew.", "it weighs five pounds. he knew."),
        ("20°C, 1 °F, 90°", "twenty degrees celsius, one degree fahrenheit, ninety degrees"),
        ("100 km/h, 5 m²", "one hundred kilometers per hour, five square meters"),
        ("wait 30s", "wait thirty seconds"),
        ("5–10 km", "five to ten kilometers"),
    ],
    "abbreviations": [
        ("Mr Smith, Mrs. Jones and Ms Lee", "mister smith, missus jones and miz lee"),
        ("St. Paul & Co. Ltd.", "saint paul and company limited."),
        ("Tom & Jerry", "tom and jerry"),
        ("On Main St. he met St. Nick.", "on main street he met saint nick."),
        ("In St. Louis, on 5th St.", "in saint louis, on fifth street."),
        ("I like Wall St. He does not.", "i like wall street. he does not."),
        ("She met Dr. Who on Rodeo Dr. today", "she met doctor who on rodeo drive today"),
        ("the gen. idea", "the gen. idea"),
        ("Gen. Lee and Col. Fox", "general lee and colonel fox"),
        ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
        ("the U.S. Army, J.R.R. Tolkien", "the u s army, j r r tolkien"),
        ("No. 5 and #1, #one", "number five and number one, hashtag one"),
        ("Acme Inc. is big, said J. Fox Jr.", "acme incorporated is big, said j. fox junior."),
        ("Lt.Col. X", "lieutenant col. x"),
        ("est. best. almost.", "est. best. almost."),
    ],
    "symbols": [
        ("5 + 3 = 8", "five plus three equals eight"),
        ("3 × 4, 3x4", "three times four, three by four"),
        ("a@b and/or c", "a at b and or c"),
        ("x² + y³", "x squared plus y cubed"),
        ("~5, ±2", "about five, plus or minus two"),
        ("Acme™ (the “best”) — 👍 …", "acme (the best) --..."),
    ],
    "blanks": [
        ("  one \n two  ", "one two"),
        ("a “ ” b", "a b"),
        (" {HH} 5 {AA} ", "{HH} five {AA}"),
    ],
}


@pytest.mark.parametrize(("text", "expected"), [case for cases in CASES.values() for case in cases])
def test_reads_properly(text, expected):
    assert read(text) == expected


def test_unknown_arpabet_is_refused_with_near_ones():
    with pytest.raises(TextError, match=r"'hh' in braces is no ARPAbet item; near it are HH"):
        read("say {hh AH0}")
    with pytest.raises(TextError, match="'12345' in braces"):
        read("say {12345}")


@settings(max_examples=200)
@given(text=st.text() | st.text(alphabet="0123456789 .,:-–/$£%ksth'°½²"))
def test_leaves_no_stray_blanks(text):
    spoken = read("a " + text.replace("{", "").replace("}", "") + " b")
    assert spoken == spoken.strip()
    assert "  " not in spoken


_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_UNDER_TWENTY.split())} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS.split())
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def value_of(words):
    """Work the number out again from its words."""
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "hundred":
            group *= 100
        elif word in _SCALES:
            total, group = total + group * _SCALES[word], 0
        else:
            group += _VALUES[word]
    return total + group


@settings(max_examples=200)
@given(number=st.integers(0, 10**12 - 1))
def test_number_words_mean_the_number(number):
    assert value_of(read(f"{number:,}")) == number


@settings(max_examples=100)
@given(dollars=st.integers(2, 10**6), cents=st.integers(2, 99))
def test_money_words_mean_the_amount(dollars, cents):
    spoken_dollars, spoken_cents = read(f"${dollars:,}.{cents:02d}").split(" dollars, ")
    assert value_of(spoken_dollars) == dollars
    assert value_of(spoken_cents.removesuffix(" cents")) == cents
