"""The only format that crosses the line between judge and worker.

A frame is eight bytes of length and then a safetensors file: tensors by name, and one JSON
document in the header's metadata. There is nothing in it that could be executed, and what it would
cost to read is counted before anything is built from it.
"""

from __future__ import annotations

import json
import math
import os
import struct
from typing import Any

import torch
from safetensors.torch import load, save

NOTEBOOK = "notebook"  # the kind of question whose answer is a frame for each cell
TURNS = "turns"  # the kind that is answered on the line, turn by turn, and timed there

FRAME_LIMIT = 64 * 1024 * 1024  # bytes; the largest honest answer of any lab is under 4 MiB
HEADER_LIMIT = 8 * 1024 * 1024  # bytes of JSON; most of it are the pictures of a notebook
ITEM_LIMIT = 50_000  # members of all lists and objects of a JSON text
TENSOR_LIMIT = 5_000
AXIS_LIMIT = 8

_LENGTH = struct.Struct("<Q")
LENGTH_BYTES = _LENGTH.size

# bytes of a number of each kind that torch can compare with any other
_SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8}
_SIZES |= {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}

_PUNCTUATION = bytes.maketrans(b"[]{}:", b",,,,,")
_TOKEN_LIMIT = 400  # characters of a number; Python takes minutes to read one of a million


class FrameError(ValueError):
    """The bytes are not a frame, or too many."""


def pack(document: Any, tensors: dict[str, torch.Tensor] | None = None) -> bytes:
    """Return a frame that holds a JSON document and tensors by name."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in (tensors or {}).items()}
    body = save(tensors, metadata={"json": json.dumps(document)})
    return _LENGTH.pack(len(body)) + body


def _read_json(text: bytes) -> Any:
    """Read a JSON text, if what would be built from it is small.

    A list of a million empty lists is three megabytes of text and a hundred of memory.
    """
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if len(text) > HEADER_LIMIT or plain.count(b'"') > 4 * ITEM_LIMIT:
        raise FrameError("too much JSON")
    # what stands outside of strings is every second part between quotes that are not escaped
    marks = b"".join(plain.split(b'"')[::2]).translate(_PUNCTUATION)
    if marks.count(b",") > 4 * ITEM_LIMIT or max(map(len, marks.split(b","))) > _TOKEN_LIMIT:
        raise FrameError("too much JSON")
    return json.loads(text)


def _check_tensors(entries: dict[str, Any], size: int) -> None:
    """Refuse what torch could not hold or compare; offsets are left to the reader itself."""
    if len(entries) > TENSOR_LIMIT:
        raise FrameError("too many tensors")
    total = 0
    for entry in entries.values():
        shape = entry["shape"]
        if len(shape) > AXIS_LIMIT or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
            raise FrameError("no shape of a tensor")
        total += math.prod(shape) * _SIZES[entry["dtype"]]
    if total != size:
        raise FrameError("tensors of another size")


def unpack(body: bytes) -> tuple[Any, dict[str, torch.Tensor]]:
    """Read a frame's body (without its length).

    Raises:
        FrameError: the bytes are not what :func:`pack` writes.
    """
    try:
        (header_size,) = _LENGTH.unpack_from(body)
        if header_size > HEADER_LIMIT:
            raise FrameError("too much JSON")
        header = _read_json(body[_LENGTH.size : _LENGTH.size + header_size])
        document = _read_json(header.pop("__metadata__")["json"].encode())
        _check_tensors(header, len(body) - _LENGTH.size - header_size)
        tensors = load(body)
        # two readers of one text may understand it in two ways
        shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
        if shapes != {name: entry["shape"] for name, entry in header.items()}:
            raise FrameError("tensors of another shape")
        return document, tensors
    except Exception as error:  # whatever the bytes do to the parsers, it is one finding
        raise FrameError(f"malformed frame: {type(error).__name__}") from None


def unpack_each(body: bytes, most: int) -> list[Any]:
    """Read the documents of frames that follow each other, up to the first that is not whole.

    Args:
        body: frames, each with its length.
        most: how many are read.
    """
    documents: list[Any] = []
    start = 0
    while len(documents) < most and start + LENGTH_BYTES <= len(body):
        (length,) = _LENGTH.unpack_from(body, start)
        start += LENGTH_BYTES
        if start + length > len(body):
            break
        try:
            documents.append(unpack(body[start : start + length])[0])
        except FrameError:
            break
        start += length
    return documents


def read_bytes(descriptor: int, size: int) -> bytes:
    """Read so many bytes, or fewer at the end of the stream; never one more."""
    chunks = []
    while size > 0 and (chunk := os.read(descriptor, min(size, 1 << 20))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def write_bytes(descriptor: int, data: memoryview | bytes) -> None:
    """Write all of it, however little is taken at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
