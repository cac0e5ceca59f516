"""Everything that is wrong with a corpus, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.audio import MelConfig, audio_report, load_audio
from labkit.corpus.listing import Clip, Fault, read_listing
from labkit.corpus.parallel import in_order
from labkit.errors import AudioError, TextError
from labkit.progress import progress_bar
from labkit.text import text_to_sequence


@dataclass(frozen=True)
class Limits:
    """What a recording must keep to.

    Args:
        sample_rate: samples per second.
        min_seconds: shortest.
        max_seconds: longest; a batch takes the memory of its longest member.
    """

    sample_rate: int = MelConfig().sample_rate
    min_seconds: float = 0.3
    max_seconds: float = 15.0


@dataclass(frozen=True)
class Checkup:
    """What was found.

    Args:
        clips: number of recordings.
        seconds: of speech in those that can be read.
        faults: everything that is wrong, in the order of the corpus.
    """

    clips: int
    seconds: float
    faults: tuple[Fault, ...]


def check_corpus(
    path: Path, limits: Limits | None = None, *, jobs: int = 1, progress: bool = False
) -> Checkup:
    """Look at every line and every recording of a corpus.

    Args:
        path: as `labkit.corpus.listing.read_listing`.
        limits: what recordings must keep to.
        jobs: how many recordings at a time.
        progress: show a bar.

    Raises:
        CorpusError: there is no corpus.
    """
    listing = read_listing(path)
    faults = list(listing.faults)
    seconds = 0.0
    look = partial(_look_at, limits=limits or Limits())
    with progress_bar(progress, "checking", len(listing.clips)) as advance:
        for length, found in in_order(look, listing.clips, jobs):
            seconds += length
            faults += found
            advance(1)
    faults.sort(key=_position)
    return Checkup(len(listing.clips), seconds, tuple(faults))


def _position(fault: Fault) -> tuple[str, int]:
    file, _, number = fault.line.rpartition(":")
    return file, int(number)


def _look_at(clip: Clip, limits: Limits) -> tuple[float, list[Fault]]:
    """Return the length in seconds and what is wrong with a recording and its text."""
    faults = [*_text_faults(clip)]
    if not clip.audio.is_file():
        return 0.0, [*faults, _fault(clip, "missing", f"there is no file {clip.audio}")]
    import soundfile

    try:
        sample_rate = soundfile.info(clip.audio).samplerate
        audio = load_audio(clip.audio, sample_rate)
    except (AudioError, soundfile.SoundFileError) as error:
        return 0.0, [*faults, _fault(clip, "unreadable", str(error))]
    report = audio_report(audio, sample_rate)
    seconds = report.duration
    if sample_rate != limits.sample_rate:
        message = f"it is at {sample_rate} Hz, not {limits.sample_rate}"
        faults.append(_fault(clip, "sample rate", message))
    if seconds < limits.min_seconds:
        message = f"it lasts {seconds:.2f} s, at least {limits.min_seconds:g} s are wanted"
        faults.append(_fault(clip, "too short", message))
    if seconds > limits.max_seconds:
        message = f"it lasts {seconds:.2f} s, at most {limits.max_seconds:g} s are wanted"
        faults.append(_fault(clip, "too long", message))
    if report.nan_count:
        faults.append(_fault(clip, "not finite", f"{report.nan_count} samples are not finite"))
    if "silent" in report.flags:
        faults.append(_fault(clip, "silent", f"its level is {report.rms_dbfs:.0f} dBFS"))
    if report.clipping_share:
        message = f"{100 * report.clipping_share:.2g} % of its samples are cut off at full scale"
        faults.append(_fault(clip, "clipped", message))
    return seconds, faults


def _text_faults(clip: Clip) -> Iterator[Fault]:
    try:
        text_to_sequence(clip.text, normalise="modern")
    except TextError as error:
        yield _fault(clip, "text", str(error))


def _fault(clip: Clip, kind: str, message: str) -> Fault:
    return Fault(clip.line, clip.name, kind, message)
