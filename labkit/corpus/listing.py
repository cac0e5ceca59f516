"""What a corpus says of itself, line by line; a bad line is a fault, not the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labkit.corpus.errors import CorpusError
from labkit.corpus.layout import METADATA, PARTS, WAVS

_SUFFIXES = (".wav", ".flac")
_PUBLISHED_NAME = "ljs_audio_text_{}_filelist.txt"


@dataclass(frozen=True)
class Clip:
    """A recording and what is said in it.

    Args:
        name: what the corpus calls it: its id, or its path in a list.
        audio: its file.
        text: what is said, numbers written out if the corpus has that.
        line: where the corpus says so, ``file:number``.
    """

    name: str
    audio: Path
    text: str
    line: str


@dataclass(frozen=True)
class Fault:
    """Something wrong with a corpus.

    Args:
        line: where, ``file:number``.
        name: of the recording, or what stands in its place.
        kind: what sort of fault, in a word or two.
        message: what is wrong, in a sentence.
    """

    line: str
    name: str
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.name}: {self.message}"


@dataclass
class Listing:
    """All that a corpus says of itself.

    Args:
        clips: its recordings, in order.
        split: which of them train, validate and test, if the corpus says so.
        faults: lines that cannot be used.
    """

    clips: list[Clip] = field(default_factory=list)
    split: dict[str, list[Clip]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_listing(path: Path, lists: Path | None = None) -> Listing:
    """Read what is in a corpus; no recording is opened.

    Args:
        path: a folder with ``metadata.csv`` and ``wavs`` (the layout of LJSpeech), a folder with
            ``train.txt``, ``val.txt`` and ``test.txt``, or such a list of ``path|text`` itself.
        lists: a folder with lists of the parts, by these names or those of the published ones for
            LJSpeech; by default the corpus itself or its folder ``filelists``.

    Raises:
        CorpusError: none of these is there, or it cannot be read.
    """
    listing = Listing()
    if path.is_file():
        listing.clips = list(_read_list(path, path.parent, listing))
        return listing
    if not path.is_dir():
        raise CorpusError(f"{path}: no such folder or list")
    if (path / METADATA).is_file():
        listing.clips = list(_read_metadata(path, listing))
    files = _find_lists(lists) if lists else _find_lists(path) or _find_lists(path / "filelists")
    if lists and not files:
        raise CorpusError(f"{lists} holds no train.txt, val.txt and test.txt")
    if not files and not (path / METADATA).is_file():
        raise CorpusError(
            f"{path} is no corpus: it holds neither {METADATA} nor train.txt, val.txt and test.txt"
        )
    known = {clip.audio for clip in listing.clips}
    listed: dict[Path, str] = {}
    for part, file in files.items():
        listing.split[part] = []
        for clip in _read_list(file, path, listing):
            if clip.audio in listed:
                message = f"it is in {listed[clip.audio]} already"
                listing.faults.append(Fault(clip.line, clip.name, "duplicate", message))
                continue
            listed[clip.audio] = clip.line
            listing.split[part].append(clip)
            if clip.audio not in known:
                listing.clips.append(clip)
    return listing


def _find_lists(folder: Path) -> dict[str, Path]:
    for name in ("{}.txt", _PUBLISHED_NAME):
        files = {part: folder / name.format(part) for part in PARTS}
        found = {part: file for part, file in files.items() if file.is_file()}
        if {"train", "val"} <= found.keys():  # training asks for no more
            return found
    return {}


def _read_metadata(folder: Path, listing: Listing) -> Iterator[Clip]:
    """Read ``id|text`` or ``id|text|text with numbers written out``."""
    for line, fields in _read_fields(folder / METADATA, (2, 3), listing):
        places = [folder / WAVS / (fields[0] + suffix) for suffix in _SUFFIXES]
        audio = next(filter(Path.is_file, places), places[0])
        yield Clip(fields[0], audio, fields[-1] or fields[1], line)


def _read_list(file: Path, corpus: Path, listing: Listing) -> Iterator[Clip]:
    """Read ``path|text``; the path begins at the list, at the corpus, or is only a name.

    Published lists give a folder that nobody has (``DUMMY/LJ001-0001.wav``).
    """
    for line, fields in _read_fields(file, (2,), listing):
        path = Path(fields[0])
        places = (file.parent / path, corpus / path, corpus / WAVS / path.name)
        audio = next(filter(Path.is_file, places), places[0])
        yield Clip(fields[0], audio, fields[1], line)


def _read_fields(
    file: Path, wanted: tuple[int, ...], listing: Listing
) -> Iterator[tuple[str, list[str]]]:
    seen: dict[str, str] = {}
    for number, raw in enumerate(file.read_bytes().splitlines(), start=1):
        line = f"{file.name}:{number}"
        try:
            fields = [part.strip() for part in raw.decode("utf-8-sig").split("|")]
        except UnicodeDecodeError:
            listing.faults.append(Fault(line, "?", "encoding", "the line is not UTF-8"))
            continue
        if fields == [""]:
            continue
        name = fields[0]
        counts = " or ".join(map(str, wanted))
        if len(fields) not in wanted:
            message = f"the line has {len(fields)} fields between bars, not {counts}"
            listing.faults.append(Fault(line, name[:40], "fields", message))
        elif not name:
            listing.faults.append(Fault(line, "?", "fields", "the line names no recording"))
        elif name in seen:
            message = f"it is in {seen[name]} already"
            listing.faults.append(Fault(line, name, "duplicate", message))
        else:
            seen[name] = line
            yield line, fields
