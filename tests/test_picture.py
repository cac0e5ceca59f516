"""The picture of a difference: right numbers, right places, readable without colour."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.selfcheck.picture import as_table, difference_svg

SVG = "{http://www.w3.org/2000/svg}"


def draw(got: torch.Tensor, want: torch.Tensor) -> ET.Element:
    return ET.fromstring(difference_svg(got, want, got != want))


def numbers(picture: ET.Element) -> list[float]:
    return [float(title.text or "") for title in picture.iter(SVG + "title")]


def crosses(picture: ET.Element) -> int:
    return len(list(picture.iter(SVG + "path")))


def test_three_panels_hold_the_numbers_of_both_and_their_difference() -> None:
    want = torch.arange(6.0).reshape(2, 3)
    got = want.clone()
    got[1, 2] = 9
    picture = draw(got, want)
    assert [text.text for text in picture.iter(SVG + "text")] == ["yours", "expected", "wrong: x"]
    assert numbers(picture) == [0, 1, 2, 3, 4, 9, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 1]
    assert crosses(picture) == 1
    assert picture.get("aria-label") == "1 of 6 numbers of this slice are wrong"
    assert picture.get("role") == "img"


def test_larger_numbers_are_lighter_on_one_scale_for_both() -> None:
    picture = draw(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 2.0]]))
    fills = [str(rect.get("fill")) for rect in picture.iter(SVG + "rect")]
    light = [sum(int(fill[at : at + 2], 16) for at in (1, 3, 5)) for fill in fills]
    assert light[0] == light[2] < light[1] < light[3]
    assert fills[0] == "#440154" and fills[3] == "#fde725"


def test_every_panel_stands_beside_the_last() -> None:
    picture = draw(torch.zeros(1, 30), torch.ones(1, 30))
    places = [int(text.get("x", "0")) for text in picture.iter(SVG + "text")]
    width = int(picture.get("width", "0"))
    assert places == sorted(set(places)) and places[-1] < width
    assert max(int(r.get("x", "0")) for r in picture.iter(SVG + "rect")) < width


def test_what_is_not_finite_is_white_and_crossed() -> None:
    picture = draw(torch.tensor([[float("nan"), float("inf"), 1.0]]), torch.ones(1, 3))
    fills = [rect.get("fill") for rect in picture.iter(SVG + "rect")]
    assert fills[:2] == ["#ffffff", "#ffffff"]
    assert crosses(picture) == 4  # two in the student's panel, two in the panel of differences


def test_a_cube_is_cut_where_the_first_difference_is() -> None:
    want = torch.zeros(3, 2, 2)
    got = want.clone()
    got[1, 0, 1] = 5
    assert numbers(draw(got, want)) == [0, 5, 0, 0] + [0] * 4 + [0, 1, 0, 0]


def test_a_large_tensor_is_drawn_in_part() -> None:
    picture = draw(torch.zeros(100, 100), torch.ones(100, 100))
    assert len(numbers(picture)) == 3 * 24 * 24
    assert picture.get("aria-label") == "576 of 576 numbers of this slice are wrong"


def test_tables_of_any_rank() -> None:
    assert as_table(torch.tensor(3.0), ()).shape == (1, 1)
    assert as_table(torch.arange(3.0), (1,)).shape == (1, 3)
    assert as_table(torch.zeros(2, 3), (1, 1)).shape == (2, 3)
    cube = torch.arange(24.0).reshape(2, 3, 4)
    assert torch.equal(as_table(cube, (1, 2, 3)), cube[1])


@settings(max_examples=50)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(0, 2**31),
    st.sampled_from([0.0, 1e30, -1e-30, float("nan"), float("inf"), -float("inf")]),
)
def test_any_difference_can_be_drawn(sizes: list[int], seed: int, odd: float) -> None:
    dice = torch.Generator().manual_seed(seed)
    want = torch.randn(sizes, generator=dice)
    got = want.clone()
    got.view(-1)[seed % got.numel()] = odd
    picture = draw(got, want)
    assert crosses(picture) >= 1
    assert len(numbers(picture)) % 3 == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_any_precision_can_be_drawn(dtype: torch.dtype) -> None:
    assert crosses(draw(torch.zeros(1, 2, dtype=dtype), torch.ones(1, 2, dtype=dtype))) == 2
