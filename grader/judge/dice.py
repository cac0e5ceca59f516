"""What answers for stand-ins, step by step and on the trusted side: see :mod:`grader.judge.stage`.

The numbers that an answer is made of come from a key, which stands in the case and never travels to
a worker. Students have these classes for their self-check, with the keys of the public cases.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import torch


def dice(key: str, *parts: Any) -> torch.Generator:
    """Return a generator whose numbers nobody knows who has not the key, other for other parts."""
    text = json.dumps(parts, sort_keys=True)
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def listed(words: list[str]) -> str:
    """Join words as in a sentence."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
