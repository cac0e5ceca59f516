"""A corpus as a model reads it: computed once, kept in a few files, read from there in place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from labkit.audio import load_audio, log_mel
from labkit.audio.config import DEFAULT
from labkit.corpus.errors import CorpusError
from labkit.corpus.layout import LABELS, WAVS
from labkit.corpus.listing import Clip
from labkit.corpus.parallel import in_order
from labkit.corpus.transcripts import Transcript, transcribe
from labkit.errors import LabkitError, OutputError
from labkit.files import write_tensors

FOLDER = "features"
UNKNOWN = -1.0
"""End of a symbol whose time nobody knows."""

_VERSION = 2  # of what is computed: another one makes old files obsolete
_CLIPS_PER_SHARD = 256


class _Place(NamedTuple):
    """Where in its file a recording ends, and how much of it is its own."""

    shard: int
    frame: int
    frames: int
    symbol: int
    symbols: int


class Features:
    """Mels and symbols of the recordings of one part of a corpus.

    The mels stay in the files, of which the system keeps in memory what is read often.

    Args:
        folder: what :func:`prepare` wrote.

    Raises:
        CorpusError: it holds no features, or not all of them.
    """

    mean: Tensor
    """(n_mels,) mean of every band over all frames."""

    deviation: float
    """Standard deviation of all numbers of all mels."""

    def __init__(self, folder: Path) -> None:
        shards = sorted(folder.glob("*.safetensors"))
        self._places: list[_Place] = []
        self._mels, self._ids, self._ends = [], [], []
        total, squares, frames = torch.zeros(DEFAULT.n_mels, dtype=torch.float64), 0.0, 0
        try:
            for number, path in enumerate(shards):
                file: Any = safe_open(path, framework="pt")
                self._mels.append(file.get_slice("mels"))  # (frames, n_mels) float16
                self._ids.append(file.get_tensor("ids").long())  # (symbols,)
                self._ends.append(file.get_tensor("ends"))  # (symbols,)
                lengths = [file.get_tensor(name) for name in ("frames", "symbols")]
                columns = [x for length in lengths for x in (length.cumsum(0), length)]
                places = zip(*(column.tolist() for column in columns), strict=True)
                self._places += [_Place(number, *place) for place in places]
                total += file.get_tensor("sum")
                squares += float(file.get_tensor("squares"))
                frames += int(lengths[0].sum())
                last = file.metadata().get("last")
        except (OSError, SafetensorError) as error:
            raise CorpusError(f"{path} cannot be read ({error}); delete it") from error
        if not shards or last is None:
            raise CorpusError(f"{folder} holds no features; labkit corpus prepare makes them")
        self.mean = (total / frames).float()
        mean = float(total.mean()) / frames
        self.deviation = (squares / (frames * len(total)) - mean**2) ** 0.5
        self.frames = [place.frames for place in self._places]
        self.symbols = [place.symbols for place in self._places]

    def __len__(self) -> int:
        return len(self._places)

    def mel(self, index: int) -> Tensor:
        """Read the log-mel of a recording, (n_mels, T) float32."""
        at = self._places[index]
        mel: Tensor = self._mels[at.shard][at.frame - at.frames : at.frame]  # (T, n_mels)
        return mel.t().float()

    def ids(self, index: int) -> Tensor:
        """Give the symbol ids of a recording, (N,)."""
        at = self._places[index]
        return self._ids[at.shard][at.symbol - at.symbols : at.symbol]

    def ends(self, index: int) -> Tensor:
        """Give the ends of its symbols in seconds, (N,); `UNKNOWN` where nobody knows."""
        at = self._places[index]
        return self._ends[at.shard][at.symbol - at.symbols : at.symbol]


def prepare(
    clips: Sequence[Clip],
    folder: Path,
    advance: Callable[[int], object] = lambda done: None,
    *,
    jobs: int = 1,
) -> int:
    """Compute the features of recordings, or go on where that was interrupted.

    Args:
        clips: the recordings.
        folder: where to; a file of it is written if it is missing, or of other recordings.
        advance: is given the number of recordings that were just done.
        jobs: how many recordings at a time.

    Returns:
        How many of them were computed; the others were there already.

    Raises:
        CorpusError: how many recordings cannot be used, and what is wrong with the first.
        OutputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error
    labels: dict[Path, dict[str, Any]] = {}
    for place in {clip.audio.parent.parent for clip in clips}:
        labels |= _read_labels(place)
    take = partial(_take, labels=labels)
    new, faults, kept = 0, [], set()
    for begin in range(0, len(clips), _CLIPS_PER_SHARD):
        members = clips[begin : begin + _CLIPS_PER_SHARD]
        path = folder / f"{begin // _CLIPS_PER_SHARD:05}.safetensors"
        kept.add(path)
        made_from = {"key": _key(members, labels)}
        if begin + len(members) == len(clips):
            made_from["last"] = "yes"
        if _metadata(path) == made_from:
            advance(len(members))
            continue
        taken: list[tuple[Tensor, Transcript]] = []
        for found in in_order(take, members, jobs):
            if isinstance(found, str):
                faults.append(found)
            else:
                taken.append(found)
            advance(1)
        if not faults:  # else the others are looked at all the same, to count what is wrong
            write_tensors(path, _packed(taken), made_from)
            new += len(taken)
    if faults:
        raise CorpusError(f"{len(faults)} of {len(clips)} recordings cannot be used: {faults[0]}")
    for path in set(folder.glob("*.safetensors")) - kept:  # of an earlier, larger corpus
        path.unlink()
    return new


def _metadata(path: Path) -> dict[str, str] | None:
    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, str] = file.metadata()
            return found
    except (OSError, SafetensorError):
        return None


def _key(clips: Sequence[Clip], labels: dict[Path, dict[str, Any]]) -> str:
    """Tell whether a file is of these recordings and labels, and takes mels in this way."""
    digest = hashlib.sha256(json.dumps([_VERSION, asdict(DEFAULT)]).encode())
    for clip in clips:
        status = clip.audio.stat() if clip.audio.is_file() else None
        size = status and (status.st_size, status.st_mtime_ns)
        label = labels.get(clip.audio.with_suffix(""))
        digest.update(f"{clip.audio.name}|{clip.text}|{size}|{label}\n".encode())
    return digest.hexdigest()


def _read_labels(folder: Path) -> dict[Path, dict[str, Any]]:
    """Read what `labkit corpus make` knows of its recordings: phonemes and their ends."""
    file = folder / LABELS
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {folder / WAVS / label["id"]: label for label in map(json.loads, lines)}


def _take(clip: Clip, labels: dict[Path, dict[str, Any]]) -> tuple[Tensor, Transcript] | str:
    """Return the (T, n_mels) mel of a recording and its symbols, or what is wrong with it."""
    try:
        mel = log_mel(load_audio(clip.audio)).t().half()  # (T, n_mels)
        label = labels.get(clip.audio.with_suffix(""))
        heard = (label["phonemes"].split(), label["ends"]) if label else (None, None)
        return mel, transcribe(clip.text, *heard)
    except LabkitError as error:
        return f"{clip.line}: {clip.name}: {error}"


def _packed(taken: Sequence[tuple[Tensor, Transcript]]) -> dict[str, Tensor]:
    mels = torch.cat([mel for mel, _ in taken])  # (frames, n_mels)
    exact = mels.double()
    said = [transcript for _, transcript in taken]
    return {
        "mels": mels,
        "frames": torch.tensor([len(mel) for mel, _ in taken]),
        "ids": torch.tensor([id_ for one in said for id_ in one.ids]).short(),
        "ends": torch.cat([torch.tensor(one.ends or [UNKNOWN] * len(one.ids)) for one in said]),
        "symbols": torch.tensor([len(one.ids) for one in said]),
        "sum": exact.sum(dim=0),
        "squares": exact.square().sum(),
    }
