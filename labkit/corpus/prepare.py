"""A corpus made ready for training: lists of files, and features that are computed once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from labkit.audio import MelConfig, load_audio, save_audio
from labkit.corpus.errors import CorpusError
from labkit.corpus.features import FOLDER, Features, prepare
from labkit.corpus.layout import LABELS, PARTS, WAVS, write_file_lists
from labkit.corpus.listing import Clip, Listing, read_listing
from labkit.corpus.parallel import in_order
from labkit.corpus.split import split_by_name
from labkit.errors import LabkitError, OutputError
from labkit.progress import progress_bar

SAMPLE_RATE = MelConfig().sample_rate


@dataclass(frozen=True)
class Prepared:
    """What was prepared.

    Args:
        folder: what training takes as its data: the lists, and beside them the features.
        clips: number of recordings of each part.
        frames: of all mels together.
        new_clips: number of recordings whose features were not there before.
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
    allow_resampling: bool = False,
    jobs: int = 1,
    progress: bool = False,
) -> Prepared:
    """Write file lists and features of a corpus, or go on where that was interrupted.

    Args:
        path: as `labkit.corpus.listing.read_listing`.
        folder: where to; ``prepared`` beside ``metadata.csv`` or beside the list by default.
        lists: as `labkit.corpus.listing.read_listing`. A corpus that comes without lists is split
            by `split_by_name`.
        allow_resampling: convert recordings of another rate into ``wavs`` beside the lists, instead
            of refusing them.
        jobs: how many recordings at a time.
        progress: show a bar.

    Raises:
        CorpusError: there is no corpus, or something is wrong with it.
        OutputError: the folder cannot be written.
    """
    parts = _split(path, read_listing(path, lists))
    folder = folder or (path if path.is_dir() else path.parent) / "prepared"
    everything = [clip for clips in parts.values() for clip in clips]
    work = (1 + allow_resampling) * len(everything)
    new_clips = 0
    with progress_bar(progress, "preparing", work) as advance:
        if allow_resampling:
            convert = partial(_at_rate, folder=folder / WAVS)
            _make_room(everything, folder)
            converted: dict[Path, Clip] = {}
            for clip, found in zip(everything, in_order(convert, everything, jobs), strict=True):
                if isinstance(found, str):
                    raise _refusal(path, [found])
                converted[clip.audio] = found
                advance(1)
            parts = {part: [converted[c.audio] for c in clips] for part, clips in parts.items()}
        try:
            for part, clips in parts.items():
                new_clips += prepare(clips, folder / FOLDER / part, advance, jobs=jobs)
        except CorpusError as error:
            raise _refusal(path, [error]) from error
    write_file_lists(
        folder,
        {
            part: [(Path(os.path.relpath(c.audio, folder)).as_posix(), c.text) for c in clips]
            for part, clips in parts.items()
        },
    )
    counts = {part: len(clips) for part, clips in parts.items()}
    frames = sum(sum(Features(folder / FOLDER / part).frames) for part in parts)
    return Prepared(folder, counts, frames, new_clips)


def _split(path: Path, listing: Listing) -> dict[str, list[Clip]]:
    if listing.faults:
        raise _refusal(path, listing.faults)
    if listing.split:
        return listing.split
    if len(listing.clips) < len(PARTS):
        raise CorpusError(
            f"{path} holds {len(listing.clips)} recordings; {len(PARTS)} are needed to train, "
            "validate and test"
        )
    return split_by_name(listing.clips)


def _refusal(path: Path, faults: Sequence[object]) -> CorpusError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return CorpusError(f"{faults[0]}{more}; for everything: labkit corpus check {path}")


def _make_room(clips: Sequence[Clip], folder: Path) -> None:
    """Ready a folder for recordings that are converted, and for what was heard in them."""
    stems: set[str] = set()
    for stem in (clip.audio.stem for clip in clips):
        if stem in stems:
            raise CorpusError(f"two recordings are called {stem}; rename one of them")
        stems.add(stem)
    try:
        (folder / WAVS).mkdir(parents=True, exist_ok=True)
        for labels in {clip.audio.parent.parent / LABELS for clip in clips}:
            if labels.is_file():
                shutil.copyfile(labels, folder / LABELS)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error


def _at_rate(clip: Clip, folder: Path) -> Clip | str:
    """Return a recording at the rate of the mels, or what is wrong with it.

    One of another rate is converted into the folder, if that has not been done before.
    """
    import soundfile

    try:
        if soundfile.info(clip.audio).samplerate == SAMPLE_RATE:
            return clip
        audio = folder / f"{clip.audio.stem}.wav"
        if not audio.is_file() or audio.stat().st_mtime_ns <= clip.audio.stat().st_mtime_ns:
            samples = load_audio(clip.audio, allow_resampling=True)
            save_audio(audio, samples / max(1.0, float(samples.abs().max())))
        return replace(clip, audio=audio)
    except (LabkitError, OSError, soundfile.SoundFileError) as error:
        return f"{clip.line}: {clip.name}: {error}"
