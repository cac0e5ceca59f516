"""What ``nbgrader zip_collect`` reads the downloads of learning platforms with.

Moodle and Canvas put who handed in, and in part when, into the names of files and folders.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from grader.course.handed_in import is_student
from grader.labs import LABS
from grader.submissions.notebook_file import NOTEBOOK_LIMIT

_ARCHIVE_LIMIT = 100_000_000  # bytes that are taken out of a student's own archive
_ENTRY_LIMIT = 2_000  # files in a student's own archive
# what reading and writing an archive can stop at: broken, encrypted, of an unknown kind, no room
_BROKEN = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)

# "Ada Lovelace_1234567_assignsubmission_file_/attention.ipynb", or all in one file name; the
# number is of the participation: another one in each assignment
_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)"
)
# "lovelaceada_LATE_12345_678901_attention.ipynb": the user's number, and the file's
_CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<user>\d+|anon_[^\W_]+)_(?P<number>\d+)_(?P<file>.+)"
)
# "Lab 1_ada_attempt_2026-01-30-15-00-00_attention.ipynb"
_BLACKBOARD = re.compile(
    r"(?:.*_)?(?P<name>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.*))?"
)
_DASHED_TIME = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)")


@dataclass(frozen=True)
class Found:
    """What a path says about a file that was handed in.

    Attributes:
        student: the name under which the student's work is kept.
        file: name of the file.
        number: of the hand-in; the newer one has the higher. Of the participation in Moodle.
        late: whether the platform says so.
        time: when it was handed in, in UTC, if the name says so.
    """

    student: str
    file: str
    number: int = 0
    late: bool = False
    time: str = ""
    platform: str = ""


def read_path(path: Path) -> Found | None:
    """Read who handed in a file from its path below the folder of extracted files.

    Args:
        path: relative; a download that was unpacked is a folder at its beginning.

    Returns:
        None if no part of it is named as Moodle, Canvas or Blackboard name what they hand out.
    """
    parts = path.parts
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return None
    # the name of the download itself may look like a student's file, and so comes last
    order = [*parts[1:], parts[0]]
    for pattern, read in ((_MOODLE, _moodle), (_BLACKBOARD, _blackboard), (_CANVAS, _canvas)):
        for part in order:
            match = pattern.fullmatch(part)
            if match is not None:
                # what lies in a folder, or in a student's own archive, has its own name
                name = path.name if part != path.name else match["file"] or path.name
                found = read(match, name)
                return found if is_student(found.student) else None
    return None


def _moodle(match: re.Match[str], file: str) -> Found:
    return Found(match["name"].strip(), file, int(match["number"] or 0), platform="Moodle")


def _blackboard(match: re.Match[str], file: str) -> Found:
    return Found(match["name"], file, time=as_time(match["time"]), platform="Blackboard")


def _canvas(match: re.Match[str], file: str) -> Found:
    student = "_".join(part for part in (match["name"], match["user"]) if part)
    late = match["late"] is not None
    return Found(student, file, int(match["number"]), late, platform="Canvas")


def as_time(text: str) -> str:
    """Return a time with dashes throughout as nbgrader can read it; any other text as it is."""
    match = _DASHED_TIME.fullmatch(text)
    return f"{match[1]} {match[2]}:{match[3]}:{match[4]} UTC" if match else text


class PlatformCollector(FileNameCollectorPlugin):
    """Finds students in the names that Moodle, Canvas and Blackboard make.

    With a ``named_regexp`` of one's own, that one is used.
    """

    _chosen: dict[str, Found] | None = None

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """Return student, file and time of an extracted file; None for one that does not count."""
        if self.named_regexp:
            groups = super().collect(submitted_file)
            if groups and isinstance(groups.get("timestamp"), str):
                groups["timestamp"] = as_time(groups["timestamp"])
            return groups
        if self._chosen is None:
            self._chosen = self._choose(self._root(submitted_file))
        found = self._chosen.get(submitted_file)
        if found is None:
            return None
        if found.late:
            self.log.warning("%s: handed in late, says %s", found.student, found.platform)
        info = {"student_id": found.student, "file_id": found.file}
        return info | ({"timestamp": found.time} if found.time else {})

    def _root(self, submitted_file: str) -> Path:
        app = self.parent
        if hasattr(app, "_format_collect_path"):
            return Path(app._format_collect_path(app.extracted_directory))
        return Path(submitted_file).parent

    def _choose(self, root: Path) -> dict[str, Found]:
        """Read all paths; of several files in the same place, the newest counts."""
        found = {}
        for folder, _, files in os.walk(root):
            for name in files:
                path = Path(folder) / name
                one = read_path(path.relative_to(root))
                if one is not None:
                    found[str(path)] = replace(one, file=self._file_name(one))
        found = self._told_apart(found)
        newest: dict[tuple[str, str], str] = {}
        for place in sorted(found, key=lambda place: self._age(place, found[place])):
            one = found[place]
            other = newest.get((one.student, one.file))
            if other is not None:
                self.log.warning("%s: %s counts, and not %s", one.student, place, other)
            newest[one.student, one.file] = place
        return {place: found[place] for place in newest.values()}

    @staticmethod
    def _age(path: str, found: Found) -> tuple[Any, ...]:
        number = found.number if found.platform == "Canvas" else 0
        return found.time, number, -path.count(os.sep), path

    def _file_name(self, found: Found) -> str:
        """Return the file's name; Canvas numbers what is handed in again: ``attention-1.ipynb``."""
        coursedir = getattr(self.parent, "coursedir", None)
        lab = LABS.get(getattr(coursedir, "assignment_id", ""))
        again = re.fullmatch(r"(.+)-\d+(\.ipynb)", found.file)
        if found.platform == "Canvas" and lab and again and again[1] == lab.notebook:
            return f"{again[1]}{again[2]}"
        return found.file

    def _told_apart(self, found: dict[str, Found]) -> dict[str, Found]:
        """Give people of the same name in Moodle their numbers: nobody gets another's marks."""
        numbers: dict[str, set[int]] = {}
        for one in found.values():
            if one.platform == "Moodle":
                numbers.setdefault(one.student, set()).add(one.number)
        twice = {name for name, several in numbers.items() if len(several) > 1}
        for name in sorted(twice):
            self.log.warning("%s are several people: their folders end with Moodle's number", name)
        return {
            path: replace(one, student=f"{one.student} {one.number}")
            if one.platform == "Moodle" and one.student in twice
            else one
            for path, one in found.items()
        }


class PlatformExtractor(ExtractorPlugin):
    """Unpacks downloads, and students' own zip files in them, within limits.

    Whatever is too large, encrypted, broken or named to land elsewhere is passed over with a line.
    """

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack or copy all files of a folder.

        Args:
            archive_path: folder of the downloads.
            extracted_path: folder to unpack into.
        """
        for folder, _, files in os.walk(archive_path):
            target = Path(extracted_path) / Path(folder).relative_to(archive_path)
            for name in sorted(files):
                path = Path(folder) / name
                try:
                    if path.suffix.lower() == ".zip":
                        with zipfile.ZipFile(path) as archive:
                            self._unpack(archive, target / path.stem, str(path), outer=True)
                    else:
                        target.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(path, target / name)
                except _BROKEN as error:
                    self.log.error("%s was not unpacked: %s", path, error)

    def _unpack(self, archive: zipfile.ZipFile, target: Path, name: str, outer: bool) -> None:
        left = float("inf") if outer else _ARCHIVE_LIMIT
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not outer and len(entries) > _ENTRY_LIMIT:
            self.log.error("%s: only the first %d files are unpacked", name, _ENTRY_LIMIT)
            entries = entries[:_ENTRY_LIMIT]
        for entry in entries:
            parts = [part for part in re.split(r"[\\/]", entry.filename) if part not in ("", ".")]
            if any(part.startswith("__MACOSX") or part.startswith(".") for part in parts):
                continue
            path = target.joinpath(*parts)
            try:
                content = self._read(archive, entry, min(left, NOTEBOOK_LIMIT))
                left -= len(content)
                if path.suffix.lower() == ".zip" and outer:
                    with zipfile.ZipFile(io.BytesIO(content)) as inner:
                        self._unpack(inner, path.with_suffix(""), f"{name}:{entry.filename}", False)
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
            except (
                OSError,
                zipfile.BadZipFile,
                ValueError,
                RuntimeError,
                NotImplementedError,
            ) as e:
                self.log.error("%s:%s was not unpacked: %s", name, entry.filename, e)

    @staticmethod
    def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: float) -> bytes:
        with archive.open(entry) as file:  # what an entry says about its size may be wrong
            content = file.read(int(limit) + 1)
        if len(content) > limit:
            raise ValueError(f"it has more than {int(limit) / 1e6:.0f} MB")
        return content
