"""Frames: what one holds comes back; what would cost the judge its memory or time is no frame."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge.compare import close
from grader.sandbox.frame import AXIS_LIMIT, HEADER_LIMIT, LENGTH_BYTES, FrameError, pack, unpack

KINDS = (
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
)


def frame(header: str, data: bytes = b"") -> bytes:
    """Return a frame's body with this header, whatever it says."""
    text = header.encode()
    return struct.pack("<Q", len(text)) + text + data


def document(text: str) -> bytes:
    """Return a frame's body with this text as its document."""
    return frame(json.dumps({"__metadata__": {"json": text}}))


def entries(*entries: dict[str, Any], data: int = 0, **more: Any) -> bytes:
    """Return a frame's body that claims to hold these tensors."""
    named = {f"0/{index}": entry for index, entry in enumerate(entries)}
    return frame(json.dumps(named | {"__metadata__": {"json": "{}"}} | more), bytes(data))


def entry(dtype: str, shape: Any, begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_document_comes_back(document: Any) -> None:
    assert unpack(pack(document)[LENGTH_BYTES:]) == (document, {})


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,) * AXIS_LIMIT, (2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_comes_back_and_can_be_compared(kind: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = torch.ones(shape).to(kind)
    _, tensors = unpack(pack({}, {"0/x": tensor, "0/y": torch.zeros(2)})[LENGTH_BYTES:])
    assert tensors["0/x"].dtype == kind and torch.equal(tensors["0/x"], tensor)
    assert bool(close(tensors["0/x"], torch.ones(shape)).all())
    assert bool(torch.isfinite(tensors["0/x"]).all())


def test_a_long_text_with_quotes_and_commas_is_no_flood() -> None:
    said = {"text": '"\\", [{' * 500_000}
    assert unpack(pack(said)[LENGTH_BYTES:])[0] == said


FLOODS = {
    "lists": "[" + "[]," * 2_000_000 + "[]]",
    "objects": "[" + "{}," * 2_000_000 + "{}]",
    "numbers": "[" + "1," * 3_000_000 + "1]",
    "strings": "[" + '"",' * 1_000_000 + '""]',
    "keys": "{" + ",".join(f'"{n}":1' for n in range(300_000)) + "}",
    "depth": "[" * 3_000_000,
    "depth that ends": "[" * 40_000 + "]" * 40_000,
    "one number": "1" * 3_000_000,
    "one fraction": "0." + "1" * 3_000_000,
    "blanks": " " * 3_000_000 + "1",
    "a text": '"' + "x" * HEADER_LIMIT + '"',
    "half a text": '"' + '\\"' * 1_000_000,
    "nothing": "",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_json_is_refused_in_the_document_and_in_the_header(flood: str) -> None:
    for body in (document(FLOODS[flood]), frame(FLOODS[flood])):
        with pytest.raises(FrameError, match="malformed frame"):
            unpack(body)


@pytest.mark.parametrize(
    "body",
    [
        entries(entry("F32", [1] * 10_000_000, 0, 4), data=4),
        entries(entry("F32", [1] * (AXIS_LIMIT + 1), 0, 4), data=4),
        entries(*[entry("F32", [0], 0, 0)] * 6_000),
        entries(entry("F8_E4M3", [4], 0, 4), data=4),
        entries(entry("C64", [1], 0, 8), data=8),
        entries(entry("U64", [1], 0, 8), data=8),
        entries(entry("F4", [8], 0, 4), data=4),
        entries(entry("F99", [1], 0, 4), data=4),
        entries(entry("F32", [-1, -1], 0, 4), data=4),
        entries(entry("F32", [1.0], 0, 4), data=4),
        entries(entry("F32", [True], 0, 4), data=4),
        entries(entry("F32", "1", 0, 4), data=4),
        entries(entry("F32", [2**62, 4], 0, 0)),
        entries(entry("F32", [0, 2**62, 2**62], 0, 0)),
        entries(entry("F32", [2**20], 0, 4 * 2**20), data=4),  # more than there is
        entries(entry("F32", [1], 0, 4), data=8),  # a hole at the end
        entries(entry("F32", [1], 4, 8), data=8),  # a hole at the beginning
        entries(entry("F32", [2], 0, 8), entry("F32", [2], 4, 12), data=16),  # overlapping
        entries(entry("F32", [1], 0, 4), entry("F32", [1], 0, 4), data=8),  # one twice
        entries(entry("F32", [1], 4, 0), data=4),
        entries(entry("F32", [1], -4, 0), data=4),
        entries({"dtype": "F32"}),
        entries(__metadata__=None),
        entries(__metadata__={"json": 5}),
        frame('{"0/a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
              '"0/a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},'
              '"__metadata__":{"json":"{}"}}', bytes(8)),
        frame("[]"),
        b"",
        b"1234567",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 100) + b"{}",
    ],
)  # fmt: skip
def test_what_is_no_plain_tensor_is_no_frame(body: bytes) -> None:
    with pytest.raises(FrameError, match="malformed frame"):
        unpack(body)


def test_of_an_entry_that_is_there_twice_both_readers_see_the_same() -> None:
    text = '{{"0/a":{0},"0/a":{1},"__metadata__":{{"json":"{{}}"}}}}'
    plain, odd = (json.dumps(entry("F32", shape, 0, 4)) for shape in ([1], [1] * 50))
    for both in ((plain, odd), (odd, plain)):
        try:
            _, tensors = unpack(frame(text.format(*both), bytes(4)))
        except FrameError:
            continue
        assert [tensor.dim() for tensor in tensors.values()] == [1]
