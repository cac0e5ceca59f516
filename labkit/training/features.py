"""A corpus as a model reads it: computed once, kept in one file, read from there in place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from labkit.audio import load_audio, log_mel
from labkit.audio.config import DEFAULT
from labkit.errors import InputError, LabkitError
from labkit.files import write_tensors
from labkit.training.transcripts import Transcript, transcribe

LABELS = "labels.jsonl"
_VERSION = 1  # of what is computed: another one makes old files obsolete
UNKNOWN = -1.0
"""End of a symbol whose time nobody knows."""


@dataclass(frozen=True)
class Recording:
    """A line of a file list.

    Args:
        path: of the audio file.
        text: what is said.
    """

    path: Path
    text: str


def read_list(path: Path) -> list[Recording]:
    """Read a list of ``path|text``; paths are relative to the folder of the list.

    Raises:
        InputError: there is no such list, it is empty, or a line is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; labkit corpus makes such lists"
        ) from error
    recordings = []
    for number, line in enumerate(lines, start=1):
        name, bar, text = line.partition("|")
        if not bar or not text.strip():
            raise InputError(f"{path}, line {number}: must be path|text, but is {line[:60]!r}")
        recordings.append(Recording(path.parent / name, text))
    if not recordings:
        raise InputError(f"{path} lists no recording")
    return recordings


class Features:
    """Mels and symbols of a list of recordings.

    The mels stay in the file, of which the system keeps in memory what is read often.

    Args:
        path: a file that :func:`prepare` wrote.
    """

    def __init__(self, path: Path) -> None:
        self._file = safe_open(path, framework="pt")
        self._mels = self._file.get_slice("mels")  # (frames, n_mels) float16
        self._ids = self._file.get_tensor("ids").long()  # (symbols,)
        self._ends = self._file.get_tensor("ends")  # (symbols,)
        self.mean: Tensor = self._file.get_tensor("mean")  # (n_mels,)
        self.deviation = float(self._file.get_tensor("deviation"))
        frames, symbols = self._file.get_tensor("frames"), self._file.get_tensor("symbols")
        self.frames: list[int] = frames.tolist()
        self._frame_ends: list[int] = frames.cumsum(0).tolist()
        self._symbol_ends: list[int] = symbols.cumsum(0).tolist()
        self.symbols: list[int] = symbols.tolist()

    def __len__(self) -> int:
        return len(self.frames)

    def mel(self, index: int) -> Tensor:
        """Read the log-mel of a recording, (n_mels, T) float32."""
        end = self._frame_ends[index]
        mel: Tensor = self._mels[end - self.frames[index] : end]  # (T, n_mels)
        return mel.t().float()

    def ids(self, index: int) -> Tensor:
        """Give the symbol ids of a recording, (N,)."""
        end = self._symbol_ends[index]
        return self._ids[end - self.symbols[index] : end]

    def ends(self, index: int) -> Tensor:
        """Give the ends of its symbols in seconds, (N,); `UNKNOWN` where nobody knows."""
        end = self._symbol_ends[index]
        return self._ends[end - self.symbols[index] : end]


def prepare(
    recordings: Sequence[Recording], path: Path, on_progress: Callable[[int], object]
) -> Features:
    """Compute the features of a list, or take them from the file if it holds them already.

    Args:
        recordings: what to read.
        path: the file; written if it is missing, or of other recordings.
        on_progress: is given the number of recordings done.

    Raises:
        LabkitError: the first few recordings that cannot be used, and why.
        OutputError: the file cannot be written.
    """
    folders = sorted({recording.path.parent.parent for recording in recordings})
    key = _key(recordings, folders)
    if path.exists():
        with safe_open(path, framework="pt") as file:
            if file.metadata().get("key") == key:
                return Features(path)
    labels = _read_labels(folders)
    mels, transcripts, wrong = [], [], []
    for number, recording in enumerate(recordings):
        try:
            mels.append(log_mel(load_audio(recording.path)).t().half())  # (T, n_mels)
            transcripts.append(
                transcribe(recording.text, *labels.get(recording.path.stem, (None, None)))
            )
        except LabkitError as error:
            wrong.append(f"{recording.path}: {error}")
        on_progress(number + 1)
    if wrong:
        raise InputError(
            f"{len(wrong)} of {len(recordings)} recordings cannot be used: "
            + "; ".join(wrong[:3])
            + ("; ..." if len(wrong) > 3 else "")
        )
    _write(path, key, mels, transcripts)
    return Features(path)


def _key(recordings: Sequence[Recording], folders: Sequence[Path]) -> str:
    """Tell whether a file is of these recordings and labels, and takes mels in this way."""
    digest = hashlib.sha256(json.dumps([_VERSION, asdict(DEFAULT)]).encode())
    for folder in folders:
        if (folder / LABELS).exists():
            digest.update((folder / LABELS).read_bytes())
    for recording in recordings:
        try:
            size = recording.path.stat().st_size
        except OSError:
            size = -1
        digest.update(f"{recording.path.name}|{recording.text}|{size}\n".encode())
    return digest.hexdigest()


def _read_labels(folders: Sequence[Path]) -> dict[str, tuple[list[str], list[float]]]:
    """Read what `labkit corpus make` knows of its recordings: phonemes and their ends."""
    labels = {}
    for folder in folders:
        if (folder / LABELS).exists():
            for line in (folder / LABELS).read_text(encoding="utf-8").splitlines():
                label = json.loads(line)
                labels[label["id"]] = (label["phonemes"].split(), label["ends"])
    return labels


def _write(path: Path, key: str, mels: Sequence[Tensor], transcripts: Sequence[Transcript]) -> None:
    every = torch.cat(list(mels))  # (frames, n_mels)
    ends = [
        torch.tensor(transcript.ends or [UNKNOWN] * len(transcript.ids))
        for transcript in transcripts
    ]
    mean = every.mean(dim=0, dtype=torch.float64)  # (n_mels,)
    variance = every.numpy().var(dtype=np.float64)
    tensors = {
        "mels": every,
        "frames": torch.tensor([len(mel) for mel in mels]),
        "ids": torch.tensor([i for transcript in transcripts for i in transcript.ids]).short(),
        "ends": torch.cat(ends),
        "symbols": torch.tensor([len(transcript.ids) for transcript in transcripts]),
        "mean": mean.float(),
        "deviation": torch.tensor(variance**0.5),
    }
    write_tensors(path, tensors, {"key": key})
