"""A corpus made ready for training: lists of files, and mels that are computed once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from labkit.audio import MelConfig, load_audio, log_mel
from labkit.corpus.errors import CorpusError
from labkit.corpus.layout import PARTS, write_file_lists
from labkit.corpus.mel_cache import (
    DTYPES,
    FOLDER,
    INDEX,
    read_shard,
    write_index,
    write_shard,
)
from labkit.corpus.parallel import in_order
from labkit.corpus.progress import progress_bar
from labkit.corpus.reading import Clip, Listing, read_listing
from labkit.corpus.split import split_by_name
from labkit.errors import AudioError, OutputError

_CLIPS_PER_SHARD = 256


@dataclass(frozen=True)
class Prepared:
    """What was prepared.

    Args:
        folder: where the lists and mels lie.
        clips: number of recordings of each part.
        frames: of all mels together.
        new_clips: number of mels that were not there before.
    """

    folder: Path
    clips: dict[str, int]
    frames: int
    new_clips: int


def prepare_corpus(
    path: Path,
    folder: Path | None = None,
    *,
    lists: Path | None = None,
    dtype: str = "float16",
    allow_resampling: bool = False,
    jobs: int = 1,
    progress: bool = False,
) -> Prepared:
    """Write file lists and mels of a corpus, or go on where that was interrupted.

    Args:
        path: as `labkit.corpus.reading.read_listing`.
        folder: where to; ``prepared`` beside ``metadata.csv`` or beside the list by default.
        lists: as `labkit.corpus.reading.read_listing`. A corpus that comes without lists is split
            by `split_by_name`.
        dtype: "float16" halves the files and is off by 0.004 at most; "float32" is exact.
        allow_resampling: convert recordings of another rate instead of refusing them.
        jobs: how many recordings at a time.
        progress: show a bar.

    Raises:
        CorpusError: there is no corpus, or something is wrong with it.
        OutputError: the folder cannot be written.
    """
    parts = _split(path, read_listing(path, lists))
    folder = folder or (path if path.is_dir() else path.parent) / "prepared"
    mels = folder / FOLDER
    try:
        mels.mkdir(parents=True, exist_ok=True)
        (mels / INDEX).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error

    named = {
        part: {Path(os.path.relpath(clip.audio, folder)).as_posix(): clip for clip in clips}
        for part, clips in parts.items()
    }
    everything = [pair for part in PARTS for pair in named[part].items()]
    take = partial(_take_mel, dtype=DTYPES[dtype], allow_resampling=allow_resampling)
    index: dict[str, tuple[str, int]] = {}
    faults: list[str] = []
    new_clips = 0
    with progress_bar(progress, "taking mels", len(everything)) as advance:
        for begin in range(0, len(everything), _CLIPS_PER_SHARD):
            members = everything[begin : begin + _CLIPS_PER_SHARD]
            shard = mels / f"{begin // _CLIPS_PER_SHARD:05}.safetensors"
            made_from = _fingerprint(members, dtype)
            frames = read_shard(shard, made_from)
            if frames is None:
                taken: dict[str, torch.Tensor] = {}
                for name, mel in in_order(take, members, jobs):
                    if isinstance(mel, torch.Tensor):
                        taken[name] = mel
                    else:
                        faults.append(mel)
                    advance(1)
                if faults:  # the others are looked at all the same, to count what is wrong
                    continue
                frames = write_shard(shard, taken, made_from)
                new_clips += len(taken)
            else:
                advance(len(members))
            index |= {name: (shard.name, frames[name]) for name, _ in members}
    _refuse(path, faults)
    for file in mels.iterdir():  # shards of an earlier, larger corpus
        if file.name not in {shard for shard, _ in index.values()}:
            file.unlink()
    texts = {part: [(n, clip.text) for n, clip in named[part].items()] for part in PARTS}
    write_file_lists(folder, texts)
    write_index(mels, MelConfig(), index)
    counts = {part: len(named[part]) for part in PARTS}
    return Prepared(folder, counts, sum(frames for _, frames in index.values()), new_clips)


def _split(path: Path, listing: Listing) -> dict[str, list[Clip]]:
    _refuse(path, listing.faults)
    if listing.split:
        return listing.split
    if len(listing.clips) < len(PARTS):
        raise CorpusError(
            f"{path} holds {len(listing.clips)} recordings; {len(PARTS)} are needed to train, "
            "validate and test"
        )
    return split_by_name(listing.clips)


def _refuse(path: Path, faults: Sequence[object]) -> None:
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise CorpusError(f"{faults[0]}{more}; for everything: labkit corpus check {path}")


def _fingerprint(members: Sequence[tuple[str, Clip]], dtype: str) -> str:
    """Change whenever the mels have to be taken again."""
    digest = hashlib.sha256(f"{MelConfig()} {dtype}".encode())
    for name, clip in members:
        status = clip.audio.stat() if clip.audio.is_file() else None
        digest.update(f"\n{name} {status and (status.st_size, status.st_mtime_ns)}".encode())
    return digest.hexdigest()


def _take_mel(
    member: tuple[str, Clip], dtype: torch.dtype, allow_resampling: bool
) -> tuple[str, torch.Tensor | str]:
    """Return the name of a recording, and its (n_mels, T) mel or what is wrong with it."""
    name, clip = member
    try:
        audio = load_audio(clip.audio, allow_resampling=allow_resampling)
        return name, log_mel(audio).to(dtype)
    except AudioError as error:
        return name, f"{clip.line}: {error}"
