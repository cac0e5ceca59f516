"""Pictures in written answers: PNG and JPEG come through, however they are named."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.nbgrader.pages import markdown_to_html
from grader.nbgrader.pictures import PICTURE_LIMIT, has_picture, pictures_of


def png(width: int = 4, height: int = 3, more: bytes = b"") -> str:
    """Return a PNG picture whose header names this size, in base64."""
    header = b"IHDR" + struct.pack(">II5B", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk + more).decode()


def jpeg(width: int = 4, height: int = 3) -> str:
    """Return the beginning of a JPEG picture, with a segment before the one that has the size."""
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 5) + b"hello"
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 8 + 3, 8, height, width, 1) + b"\x01\x11\x00"
    return base64.b64encode(b"\xff\xd8" + comment + frame + b"\xff\xd9").decode()


def notebook(*cells: tuple[str, Any]) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "markdown", "source": source, "attachments": attachments}
            for source, attachments in cells
        ]
    }


def page(source: str, attachments: Any) -> str:
    class Context(dict):
        pass

    return markdown_to_html(Context(cell={"attachments": attachments}), source)


def through(source: str, attachments: Any) -> str:
    """Return the page of an answer in the cell in which it was pasted."""
    assert has_picture(source)
    chosen, _ = pictures_of(notebook((source, attachments)), source)
    return page(source, chosen)


PNG, JPEG = png(), jpeg()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("![plot](attachment:image.png)", "image.png"),
        ('![plot](attachment:image.png "a title")', "image.png"),
        ("![my plot](attachment:my%20plot.png)", "my plot.png"),
        ("![my plot](attachment:my%20plot.png)", "my%20plot.png"),
        ("![plot](<attachment:my plot.png>)", "my plot.png"),
        ("![plot][p]\n\n[p]: attachment:image.png", "image.png"),
        ('![plot][p]\n\n[p]: attachment:image.png "title"', "image.png"),
        ("![plot]\n\n[plot]: attachment:image.png", "image.png"),
        ("![x](attachment:gr%C3%B6%C3%9Fe.png)", "größe.png"),
        ("![x](attachment:größe.png)", "größe.png"),
        ("![x](attachment:gro\u0308ße.png)", "größe.png"),
        ("![x](attachment:图片.png)", "图片.png"),
        ("![x](attachment:IMAGE.PNG)", "image.png"),
        ("![x](attachment:a&amp;b.png)", "a&b.png"),
        ('<img src="attachment:image.png" width="300" alt="plot">', "image.png"),
        ("<img alt='plot' src='attachment:image.png'/>", "image.png"),
        ("text <img src=attachment:image.png> text", "image.png"),
        ("| a |\n|---|\n| ![x](attachment:image.png) |", "image.png"),
        ("- ![x](attachment:image.png)\n- ![y](attachment:image.png)", "image.png"),
        ("[![x](attachment:image.png)](https://example.org)", "image.png"),
    ],
)
@pytest.mark.parametrize(("kind", "content"), [("png", PNG), ("jpeg", JPEG)])
def test_a_picture_is_shown_however_it_is_named(
    source: str, name: str, kind: str, content: str
) -> None:
    html = through(source, {name: {f"image/{kind}": content}})
    assert f'src="data:image/{kind};base64,{content}"' in html
    assert "attachment:" not in html


@pytest.mark.parametrize(
    "bundle",
    [
        {"image/png": JPEG},
        {"image/jpg": JPEG},
        {"image/svg+xml": "PHN2Zz4=", "image/png": PNG},
        {"image/png": [PNG[:20], PNG[20:]]},
        {"image/png": PNG[:20] + "\n" + PNG[20:] + "\n"},
    ],
)
def test_what_counts_is_the_picture_and_not_its_label(bundle: Any) -> None:
    html = through("![x](attachment:a.png)", {"a.png": bundle})
    assert "data:image/jpeg;" in html if JPEG in str(bundle) else "data:image/png;" in html


BROKEN: dict[str, Any] = {
    "none at all": {},
    "another one": {"other.png": {"image/png": PNG}},
    "no base64": {"a.png": {"image/png": "x' onerror='alert(1)"}},
    "an SVG": {"a.png": {"image/svg+xml": base64.b64encode(b"<svg onload=alert(1)>").decode()}},
    "a GIF": {"a.png": {"image/gif": base64.b64encode(b"GIF89a" + bytes(20)).decode()}},
    "HTML as a PNG": {"a.png": {"image/png": base64.b64encode(b"<script>").decode()}},
    "half a PNG": {"a.png": {"image/png": PNG[:16]}},
    "half a JPEG": {"a.png": {"image/jpeg": JPEG[:8]}},
    "a JPEG without a size": {
        "a.png": {"image/jpeg": base64.b64encode(b"\xff\xd8\xff\xd9").decode()}
    },
    "pixels without end": {"a.png": {"image/png": png(19_000, 19_000)}},
    "a side without end": {"a.png": {"image/jpeg": jpeg(60_000, 1)}},
    "bytes without end": {"a.png": {"image/png": png(more=bytes(PICTURE_LIMIT))}},
    "no bundle": {"a.png": "text"},
    "a bundle of nonsense": {"a.png": {"image/png": 3, "image/jpeg": None}},
    "two that differ in case": {"A.png": {"image/png": PNG}, "a.PNG": {"image/png": PNG}},
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_one_is_text(case: str) -> None:
    html = through("before ![my <b>plot](attachment:a.png) after", BROKEN[case])
    assert "[a picture that is not there: a.png]" in html
    assert "<img" not in html
    assert "before" in html and "after" in html


def test_what_is_left_out_is_told() -> None:
    bundle = {"big.png": {"image/png": png(more=bytes(PICTURE_LIMIT))}, "a.png": {"image/png": PNG}}
    chosen, said = pictures_of(notebook(("see", bundle)), "see")
    assert list(chosen) == ["a.png"]
    assert said == [
        "the picture big.png is not shown: it is no PNG or JPEG, or larger than 6 MB "
        "(all together 12 MB)"
    ]
    many = {f"{n}.png": {"image/png": png(more=bytes(5_000_000))} for n in range(4)}
    chosen, said = pictures_of(notebook(("see", many)), "see")
    assert (len(chosen), len(said)) == (2, 2)


def test_an_answer_of_several_cells_has_the_pictures_of_each() -> None:
    first, second = "one ![](attachment:a.png)", "two ![](attachment:b.png)"
    handed = notebook(
        ("elsewhere", {"a.png": {"image/png": JPEG}, "c.png": {"image/png": JPEG}}),
        (first, {"a.png": {"image/png": PNG}}),
        (second, {"b.png": {"image/png": PNG}}),
        ("a code cell's", "nonsense"),
    )
    chosen, _ = pictures_of(handed, f"{first}\n\n{second}")
    assert chosen == {"a.png": {"image/png": PNG}, "b.png": {"image/png": PNG}}
    # text that was moved away from the cell in which its picture was pasted
    chosen, _ = pictures_of(handed, "moved ![](attachment:c.png)")
    assert chosen == {"c.png": {"image/jpeg": JPEG}}


def test_names_are_not_taken_for_markup() -> None:
    name = quote('"><script>alert(1)</script>.png')
    html = through(f"![x](attachment:{name})", {})
    assert "<script" not in html
    assert "alert%281%29" in html


@pytest.mark.parametrize(
    "source",
    ["[" * 5000, ">" * 5000, "*" * 9999, "![" * 3000 + "](attachment:x)", "- " * 3000],
)
def test_markdown_that_cannot_be_rendered_is_shown_as_it_was_typed(source: str) -> None:
    assert isinstance(page(source, {}), str)


@given(st.text(alphabet='![]()<>"attchmen:p.ng \n&;=/x', max_size=80))
def test_whatever_is_typed_gives_a_page(text: str) -> None:
    html = page(f"attachment:{text}![a](attachment:{text})<img src=attachment:{text}>", {})
    assert "<img src" not in html.replace(" ", "") or "data:image" not in html
