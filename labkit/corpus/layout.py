"""How a corpus lies in its folder: that of LJSpeech, and lists of files beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labkit.files import write_lines

METADATA = "metadata.csv"
"""``id|text|text with numbers and abbreviations written out``, a line for each recording."""

WAVS = "wavs"
"""Folder of the recordings, ``<id>.wav``."""

LABELS = "labels.jsonl"
"""Speaker, style and phonemes of each recording, a JSON object on each line."""

PARTS = ("train", "val", "test")
"""A corpus is split into these; ``<part>.txt`` lists ``path|text`` of each recording."""


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that appears whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    write_lines(path, [json.dumps(content, indent=1, ensure_ascii=False)])


def write_file_lists(folder: Path, split: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Write ``train.txt``, ``val.txt`` and ``test.txt``, or those of them that there are.

    Args:
        folder: where to.
        split: path and text of the recordings of each part.

    Raises:
        OutputError: one cannot be written.
    """
    for part, members in split.items():
        write_lines(folder / f"{part}.txt", (f"{path}|{text}" for path, text in members))
