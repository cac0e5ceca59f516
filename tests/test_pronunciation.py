"""Text as phonemes: what the lexicon knows, and which reading fits the place."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import TextError
from labkit.text import arpabet, sequence_to_text, text_to_sequence
from labkit.text.pronunciation import pronounce, read_aloud
from labkit.text.pronunciation.lexicon import entries, look_up


def phones(text):
    """Return the phones of each word, without braces and marks."""
    return [" ".join(p.rstrip("012") for p in word.phones) for word in read_aloud(text).words]


def test_words_are_braced_and_marks_kept():
    assert pronounce("The cat, 3 dogs.") == "{DH AH} {K AE T}, {TH R IY} {D AA G Z}."
    assert pronounce("Hello!", stress=True) == "{HH AH0 L OW1}!"


def test_the_symbol_table_reads_every_phoneme():
    written = pronounce("The cat sat; who knew?")
    ids = text_to_sequence(written)
    assert sequence_to_text(ids) == written
    assert ids[0] == 91  # DH, without a letter in front
    assert ids.count(11) == 4  # a blank between words


def test_the_lexicon_is_whole_and_sorted():
    words = [word for word, _ in entries()]
    assert len(words) > 118_000
    assert words == sorted(words)
    assert {phone for _, said in entries() for phone in said} <= set(arpabet)
    for word in (*words[:2], words[60_000], words[-1]):
        assert look_up(word) is not None
    for word in ("", "a ", "zzzzzz", "\x00", "!", "é", "aaaaaaaa", "cat\t"):
        assert look_up(word) is None


def test_the_front_end_needs_no_torch():
    code = (
        "import sys, labkit.text.pronunciation as p; p.pronounce('zorblax');"
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


HETERONYMS = [
    ("I will read it. I have read it.", "read", ["R IY D", "R EH D"]),
    ("Read the text. She read it. I read it yesterday.", "read", ["R IY D", "R EH D", "R EH D"]),
    ("They lead. It is made of lead. A lead pipe.", "lead", ["L IY D", "L EH D", "L EH D"]),
    ("I live here. Live music!", "live", ["L IH V", "L AY V"]),
    ("She lives. They saved nine lives.", "lives", ["L IH V Z", "L AY V Z"]),
    ("Use it. What is the use of it?", "use", ["Y UW Z", "Y UW S"]),
    ("I used it. I used to.", "used", ["Y UW Z D", "Y UW S T"]),
    ("Close the door. Come close. Close to me.", "close", ["K L OW Z", "K L OW S", "K L OW S"]),
    ("The new record. Don't record it.", "record", ["R EH K ER D", "R IH K AO R D"]),
    ("He records the old records.", "records", ["R IH K AO R D Z", "R EH K ER D Z"]),
    ("The present. We present it.", "present", ["P R EH Z AH N T", "P R IY Z EH N T"]),
    ("I quickly object. An object.", "object", ["AH B JH EH K T", "AA B JH EH K T"]),
    ("A tear fell. Do not tear it.", "tear", ["T IH R", "T EH R"]),
    ("The wind. Wind it up.", "wind", ["W IH N D", "W AY N D"]),
    ("Polish it, the Polish way.", "polish", ["P AA L IH SH", "P OW L IH SH"]),
    ("A minute. A minute detail.", "minute", ["M IH N AH T", "M AY N UW T"]),
    ("They separate. A separate room.", "separate", ["S EH P ER EY T", "S EH P ER IH T"]),
]


@pytest.mark.parametrize(("text", "word", "expected"), HETERONYMS)
def test_heteronyms_follow_their_neighbours(text, word, expected):
    said = [
        " ".join(phone.rstrip("012") for phone in token.phones)
        for token in read_aloud(text).words
        if token.written.lower() == word
    ]
    assert said == expected


WORDS = [
    ("the apple, the cat", "DH IY|AE P AH L|DH AH|K AE T"),
    ("to eat, to go", "T UW|IY T|T AH|G OW"),
    ("plan A is a plan", "P L AE N|EY|IH Z|AH|P L AE N"),
    ("A Tale of a Dog", "AH|T EY L|AH V|AH|D AO G"),
    ("10 a.m.", "T EH N|EY|EH M"),
    ("NASA, FBI", "N AE S AH|EH F B IY AY"),
    ("a GPU or an XYZ", "AH|JH IY P IY Y UW|AO R|AE N|EH K S W AY Z IY"),
    ("CDs and URLs", "S IY D IY Z|AH N D|Y UW AA R EH L Z"),
    ("it is in the US", "IH T|IH Z|IH N|DH AH|Y UW EH S"),
    ("LET US DO IT NOW", "L EH T|AH S|D UW|IH T|N AW"),
    ("Please STOP IT NOW!", "P L IY Z|S T AA P|IH T|N AW"),
    ("the dogs' and James's", "DH AH|D AO G Z|AH N D|JH EY M Z IH Z"),
    ("'tis 'hello'", "T IH Z|HH AH L OW"),
    ("the zorps' wug's wugs", "DH AH|Z AO R P S|W AH G Z|W AH G Z"),
    ("O'Neill-Smith", "OW N IY L|S M IH TH"),
    ("re-elect the x-ray", "R IY|IH L EH K T|DH IY|EH K S|R EY"),
    ("OpenAI and MakeItSo", "OW P AH N EY AY|AH N D|M EY K IH T S OW"),
    ("hmm, html", "HH M|EY CH T IY EH M EH L"),
    ("café naïve", "K AH F EY|N AY IY V"),
    ("don't, we've, ma'am", "D OW N T|W IY V|M AE M"),
    ("podcasting laptopless", "P AO D K AE S T IH NG|L AE P T AA P L AH S"),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_words_are_said_as_people_say_them(text, expected):
    assert phones(text) == expected.split("|")


WRITTEN = [
    ("3½ km @ 7:05 a.m.", "three and one half kilometers at seven oh five a m."),
    ("On 3/4/2024 or 4 July.", "On March fourth, twenty twenty four or the fourth of July."),
    ("It won 3:1 at 5'10\".", "It won three to one at five foot ten."),
    ("10⁶ and 10⁻³", "ten to the power of six and ten to the power of minus three"),
    ("v2.0 at 3:00 PM", "version two point zero at three p m"),
    ("Mail jane.doe@example.com.", "Mail jane dot doe at example dot com."),
    ("See https://www.example.org/a_b/.", "See w w w dot example dot org slash a underscore b."),
    ("open report.pdf now", "open report dot pdf now"),
    ("Henry VIII, World War II", "Henry the eighth, World War two"),
    (
        "Elizabeth I. Chapter IV. Henry, I think",
        "Elizabeth the first. Chapter four. Henry, I think",
    ),
    ("J. R. R. Tolkien, John F. Kennedy", "J R R Tolkien, John F Kennedy"),
    ("plan B. He left", "plan B. He left"),
    ("wait... what?! Yes!!!", "wait, what? Yes!"),
    ("(so) — or [not]", "so, or, not"),
    ("One.\n\nTwo\n\nThree", "One. Two. Three"),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_notations_are_written_out(text, expected):
    assert read_aloud(text).written == expected


def test_braces_are_taken_as_they_are():
    assert phones("Turn on {HH AW1 S T AH0 N} Street")[2] == "HH AW S T AH N"
    assert pronounce("{HH AW1}", stress=True) == "{HH AW1}"
    with pytest.raises(TextError, match="'AW9' in braces is no ARPAbet item"):
        pronounce("say {HH AW9}")


def test_notes_say_what_was_skipped_and_guessed():
    spoken = read_aloud("Hello 😀👍🏽 你好, Zorblax! Привет.")
    assert spoken.skipped == ("😀", "👍", "你", "好")
    assert spoken.guessed == ("Zorblax", "Privet")
    assert spoken.notes == (
        "skipped, because it has no reading: 😀, 👍, 你, 好",
        "read by its Latin spelling: Привет as Privet",
        "guessed from the letters: Zorblax, Privet",
    )
    assert read_aloud("Plain words.").notes == ()


NEWCOMERS = [
    "😀 hi 😀",
    "Dr. O'Neill-Smith's 3½ km @ 7:05 a.m.",
    "THIS IS ALL CAPS, OK?",
    "A sentence of ten plain words is said sixty times. " * 60,
    "你好 and hello",
    "x",
    "I",
    "?!... well",
    "asdfghjkl qwrtpsdf",
    "$5.50, 50%, #1 & more + 2 = 4",
    "http://a.b/c?d=e#f me@here.org",
    "tab\tnew\nline\r\nnull\x00",
    "ﬁne ｆｕｌｌ ½",
    "don’t “quote” ‘me’",
    "a" * 90 + " " + "b" * 5000,
    "l'été où Ærøskøbing, Łódź",
    "{not closed, and closed} later",
    "100000000000000000000000",
    "<b>bold</b> **md** `code` ~x~",
    "Привет мир, γειά σου, こんにちは, 안녕",
    "COVID-19's R₀ is ≈ 3–5",
]


@pytest.mark.parametrize("text", NEWCOMERS)
def test_newcomers_texts_are_spoken(text):
    if "{" in text:
        with pytest.raises(TextError, match="no ARPAbet item"):
            pronounce(text)
        return
    assert text_to_sequence(pronounce(text))


@pytest.mark.parametrize("text", ["", " ", "...", "!?", "你好", "😀", "{", "{}", "\x00", "سلام"])
def test_what_cannot_be_spoken_is_refused(text):
    with pytest.raises(TextError, match=r"nothing in the text can be spoken.*give it a word"):
        pronounce(text)


def test_only_text_is_read():
    with pytest.raises(TextError, match="must be a str, got int"):
        pronounce(5)


def test_junk_is_skipped_and_named():
    spoken = read_aloud("see " + "x" * 1000)
    assert len(spoken.words) == 1
    assert spoken.notes == (f"skipped, because it has no reading: {'x' * 20}…",)


@settings(max_examples=150)
@given(text=st.text() | st.text(alphabet="aA b'-.,1:/@😀(){IXV"))
def test_any_text_gives_known_symbols_or_a_clear_error(text):
    try:
        symbols = pronounce("well " + text.replace("{", "").replace("}", ""), stress=True)
    except TextError as error:
        pytest.fail(f"a word was there: {error}")
    assert sequence_to_text(text_to_sequence(symbols)) == symbols
    assert "  " not in symbols


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["a ", "A. ", "a.", "a-", "a@", "'", "{", "1/", "the ", "XI ", "\n"]
)
def test_long_texts_take_no_quadratic_time(unit):
    text = unit * (20_000 // len(unit)) + " end"
    assert json.dumps(read_aloud(text).written)


def test_braces_around_nothing_are_no_word() -> None:
    assert pronounce("the { } cat") == pronounce("the cat")
