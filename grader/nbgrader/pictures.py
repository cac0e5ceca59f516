"""Pictures in written answers: which of a notebook's attachments go on to graders and pages."""

from __future__ import annotations

import base64
import re
import struct
import unicodedata
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import unquote

PICTURE_LIMIT = 6_000_000  # bytes; a photograph of a page of handwriting has about four million
ANSWER_LIMIT = 12_000_000  # bytes of all pictures of an answer
_LONGEST_SIDE = 20_000  # pixels
_MOST_PIXELS = 100_000_000

Bundle = dict[str, str]
Attachments = dict[str, Bundle]

_REFERENCE = re.compile(r"attachment:\s*([^\s\"')>]+)", re.I)


def has_picture(text: str) -> bool:
    """Whether an answer refers to an attachment."""
    return _REFERENCE.search(text) is not None


def pictures_of(notebook: dict[str, Any], text: str) -> tuple[Attachments, list[str]]:
    """Return the attachments that an answer may show.

    Args:
        notebook: as it was handed in.
        text: of the answer, which may have been put together from several cells.

    Returns:
        PNG and JPEG pictures by name, and a sentence on each one that was left out.
    """
    found: dict[str, Any] = {}
    cells = [cell for cell in notebook["cells"] if isinstance(cell.get("attachments"), dict)]
    # what hangs on a part of the answer goes before what hangs elsewhere
    for cell in sorted(cells, key=lambda cell: not _is_part(cell, text)):
        for name, bundle in cell["attachments"].items():
            if _is_part(cell, text) or _named(name, text):
                found.setdefault(name, bundle)
    chosen: Attachments = {}
    left_out: list[str] = []
    total = 0
    for name, bundle in found.items():
        picture = _picture(bundle)
        total += len(picture[1]) * 3 // 4 if picture else 0
        if picture is None or total > ANSWER_LIMIT:
            left_out.append(
                f"the picture {name[:60]} is not shown: it is no PNG or JPEG, or larger than "
                f"{PICTURE_LIMIT // 10**6} MB (all together {ANSWER_LIMIT // 10**6} MB)"
            )
        else:
            chosen[name] = dict([picture])
    return chosen, left_out


def _is_part(cell: dict[str, Any], text: str) -> bool:
    source = cell.get("source", "")
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return bool(source.strip()) and source.strip() in text


def _named(name: str, text: str) -> bool:
    return any(_plain(name) == _plain(found) for found in _REFERENCE.findall(text))


def find_picture(attachments: Attachments, reference: str) -> tuple[str, str] | None:
    """Return MIME type and base64 content of the attachment that a link names; None if none fits.

    Names are written in several ways: percent-encoded, with entities, composed or decomposed, in
    other letters' case.
    """
    bundle = attachments.get(reference)
    if bundle is None:
        fits = [name for name in attachments if _plain(name) == _plain(reference)]
        bundle = attachments[fits[0]] if len(fits) == 1 else None
    return _picture(bundle)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(unescape(name))).strip().casefold()


def _picture(bundle: Any) -> tuple[str, str] | None:
    """Return the PNG or JPEG picture of a bundle, whatever its label says."""
    for content in _contents(bundle):
        kind, width, height = look_at(content)
        if kind and max(width, height) <= _LONGEST_SIDE and width * height <= _MOST_PIXELS:
            return kind, content
    return None


def _contents(bundle: Any) -> Iterable[str]:
    for content in bundle.values() if isinstance(bundle, dict) else ():
        if isinstance(content, list):
            content = "".join(part for part in content if isinstance(part, str))
        if isinstance(content, str) and len(content) <= PICTURE_LIMIT * 4 // 3 + 4:
            yield "".join(content.split())


def look_at(content: str) -> tuple[str, int, int]:
    """Return MIME type, width and height of a picture in base64; "", 0, 0 if it is none of ours."""
    try:
        data = base64.b64decode(content, validate=True)
        is_png = data.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack_from(">II", data, 16) if is_png else _size_of_jpeg(data)
    except (ValueError, struct.error):
        return "", 0, 0
    kind = "image/png" if is_png else "image/jpeg"
    return (kind, width, height) if width and height else ("", 0, 0)


def _size_of_jpeg(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels; 0, 0 if it is no JPEG picture."""
    if not data.startswith(b"\xff\xd8\xff"):
        return 0, 0
    place = 2
    while True:  # each segment of a JPEG file names its length; one of them has the size
        mark, kind, length = struct.unpack_from(">BBH", data, place)
        if mark != 0xFF or length < 2:
            return 0, 0
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + length
