"""Log-mels that were computed once, kept in shards that are read by memory mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from labkit.audio import MelConfig
from labkit.corpus.errors import CorpusError
from labkit.corpus.layout import write_json
from labkit.files import write_tensors

FOLDER = "mels"
INDEX = "index.json"
DTYPES = {"float16": torch.float16, "float32": torch.float32}
_KEY = "made_from"


class MelCache:
    """The mels of a prepared corpus.

    Args:
        folder: what `labkit.corpus.prepare.prepare_corpus` wrote to.

    Raises:
        CorpusError: it holds no mels.
    """

    mel: MelConfig
    """How they were taken."""

    frames: dict[str, int]
    """Number of frames of each mel; its keys are the paths in the file lists."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        try:
            index = json.loads((self._folder / INDEX).read_text("utf-8"))
            self.mel = MelConfig(**index["mel"])
            self._shards = {path: shard for path, (shard, _) in index["clips"].items()}
            self.frames = {path: frames for path, (_, frames) in index["clips"].items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{folder} holds no mels ({error}); make them with: labkit corpus prepare"
            ) from error
        self._open: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}  # a data loader's workers open files of their own

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, path: str) -> torch.Tensor:
        """Return one mel.

        Args:
            path: as in the file lists.

        Returns:
            (n_mels, T) float32 natural-log mel.

        Raises:
            CorpusError: there is none of that name, or its shard is missing or damaged.
        """
        if path not in self._shards:
            raise CorpusError(f"{self._folder} holds no mel of {path}")
        shard = self._shards[path]
        try:
            if shard not in self._open:
                self._open[shard] = safe_open(self._folder / shard, framework="pt")
            return self._open[shard].get_tensor(path).float()  # (n_mels, T)
        except (OSError, SafetensorError) as error:
            raise CorpusError(f"{self._folder / shard} cannot be read ({error})") from error


def read_shard(path: Path, made_from: str) -> dict[str, int] | None:
    """Return the frames of each mel in a shard, or None if it is not there or is another's.

    Args:
        path: of the shard.
        made_from: what was given to `write_shard`.
    """
    try:
        with safe_open(path, framework="pt") as shard:
            if (shard.metadata() or {}).get(_KEY) != made_from:
                return None
            return {name: shard.get_slice(name).get_shape()[1] for name in shard.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):
        return None


def write_shard(path: Path, mels: Mapping[str, torch.Tensor], made_from: str) -> dict[str, int]:
    """Write a shard that appears whole or not at all.

    Args:
        path: of the shard.
        mels: (n_mels, T) of each recording.
        made_from: says whether it is up to date.

    Returns:
        Number of frames of each mel.

    Raises:
        OutputError: it cannot be written.
    """
    write_tensors(path, mels, {_KEY: made_from})
    return {name: mel.shape[1] for name, mel in mels.items()}


def write_index(folder: Path, mel: MelConfig, clips: Mapping[str, tuple[str, int]]) -> None:
    """Write what `MelCache` begins with; written last, so where it is, the mels are complete.

    Args:
        folder: of the mels.
        mel: how they were taken.
        clips: shard and number of frames of each recording.

    Raises:
        OutputError: it cannot be written.
    """
    write_json(folder / INDEX, {"mel": asdict(mel), "clips": clips})
