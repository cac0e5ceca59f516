"""Table cells: what a spreadsheet could take for a formula is told that it is text."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import neutral

SIGNS = "=+-@"
# every character that is one of the signs in another form: full-width, small, raised, …
KIN = [
    chr(number)
    for number in range(0x11000)
    if unicodedata.normalize("NFKC", chr(number))[:1] in tuple(SIGNS)
]


def test_the_kin_of_the_signs_are_known() -> None:
    assert set("=+-@＝＋－＠﹦﹢﹣﹫⁺⁼₊₌") <= set(KIN)


@pytest.mark.parametrize("sign", [*KIN, "\u2212"])
def test_a_formula_is_text_whatever_form_its_sign_has(sign: str) -> None:
    assert neutral(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("space", [" ", "   ", "\n", "\u3000", "\xa0", " \n "])
@pytest.mark.parametrize("sign", ["=", "＝", "@"])
def test_white_space_in_front_hides_no_formula(space: str, sign: str) -> None:
    assert neutral(f"{space}{sign}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1", "\u200b=1+1", "\ufeff＝1+1", "\x00=1"])
def test_what_cannot_be_seen_is_written_out(text: str) -> None:
    assert neutral(text).startswith(("\\u", "'"))


@pytest.mark.parametrize("text", ["", "ada", "Žižka 小明", "a=b", "3 + 4", "'=1", "≠", "_x", "１"])
def test_names_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text


@given(st.text())
def test_no_cell_begins_with_a_sign(text: str) -> None:
    cell = unicodedata.normalize("NFKC", neutral(text)).strip()
    assert not cell.startswith(tuple(SIGNS))


@pytest.mark.parametrize("text", ["a;=1+1", 'a; "=1+1"', "x;＝1;@b", "one\n=1+1", "a|-1", ";=1+1;"])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_a_table_that_is_cut_elsewhere_holds_no_formula_either(text: str, delimiter: str) -> None:
    table = io.StringIO()
    csv.writer(table).writerow(["eve", neutral(text), neutral(text), 3])
    for row in csv.reader(io.StringIO(table.getvalue()), delimiter=delimiter):
        for cell in row:
            seen = unicodedata.normalize("NFKC", cell).strip().lstrip('"').strip()
            assert not seen.startswith(tuple(SIGNS)), row
