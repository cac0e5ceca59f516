"""The only format that crosses the line between judge and worker.

A frame is eight bytes of length and then a safetensors file: tensors by name, and one JSON
document in the header's metadata. There is nothing in it that could be executed.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import torch
from safetensors.torch import load, save

FRAME_LIMIT = 64 * 1024 * 1024  # bytes; the largest honest answer of any lab is under 4 MiB

_LENGTH = struct.Struct("<Q")
LENGTH_BYTES = _LENGTH.size


class FrameError(ValueError):
    """The bytes are not a frame, or too many."""


def pack(document: Any, tensors: dict[str, torch.Tensor] | None = None) -> bytes:
    """Return a frame that holds a JSON document and tensors by name."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in (tensors or {}).items()}
    body = save(tensors, metadata={"json": json.dumps(document)})
    return _LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> tuple[Any, dict[str, torch.Tensor]]:
    """Read a frame's body (without its length).

    Raises:
        FrameError: the bytes are not what :func:`pack` writes.
    """
    try:
        tensors = load(body)
        (header_size,) = _LENGTH.unpack_from(body)
        header = json.loads(body[_LENGTH.size : _LENGTH.size + header_size])
        return json.loads(header["__metadata__"]["json"]), tensors
    except Exception as error:  # whatever the bytes do to the parsers, it is one finding
        raise FrameError(f"malformed frame: {type(error).__name__}") from None
