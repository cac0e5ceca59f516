"""Finds what students have handed in, whatever lies where their folders should be."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError, SubmissionError
from grader.labs import LABS, find_lab
from grader.labs.base import Lab
from grader.submissions.graft import Submission, read_submission
from grader.submissions.notebook_file import NOTEBOOK_LIMIT, elsewhere
from grader.text import visible

# what machines leave beside students' folders; names with a dot in front are passed over anyway
_NO_STUDENTS = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "lost+found"}


def is_student(name: str) -> bool:
    """Whether an entry of ``submitted/`` can be a student's."""
    return not name.startswith(".") and name.lower() not in _NO_STUDENTS


def obstacle(path: Path) -> str:
    """Say why a folder cannot be looked into; nothing if it can, or if there is none.

    Args:
        path: of the folder; it is not followed if it is a link.
    """
    name = visible(path.name, limit=100)
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return f"the folder {name} is a symbolic link{_end_of_link(path)}"
        if not stat.S_ISDIR(mode):
            kind = "a file" if stat.S_ISREG(mode) else "no folder"
            return f"{name} is {kind} where a folder is needed: hand in the folder itself, unpacked"
        with os.scandir(path) as entries:
            next(entries, None)
        path.joinpath("x").exists()  # a folder that can be listed need not let anybody in
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"the folder {name} cannot be opened: {error.strerror}"
    return ""


def _end_of_link(path: Path) -> str:
    try:
        path.stat()
    except OSError as error:
        return " that leads back to itself" if error.errno == errno.ELOOP else " that leads nowhere"
    return ""


@dataclass(frozen=True)
class HandedIn:
    """A student's folder for one lab."""

    student: str
    lab: Lab
    folder: Path

    @property
    def notebook(self) -> Path:
        """Where the notebook should lie."""
        return self.folder / f"{self.lab.notebook}.ipynb"

    @property
    def obstacle(self) -> str:
        """Why the folder cannot be looked into; nothing if it can, or if there is none."""
        return obstacle(self.folder.parent) or obstacle(self.folder)

    def digest(self) -> str:
        """Return what tells this from another hand-in; what cannot be read has a word instead."""
        try:
            return self._digest()
        except Exception as error:  # whatever a folder holds, it costs nobody else his marks
            return f"unreadable: {type(error).__name__}"

    def _digest(self) -> str:
        if reason := self.obstacle:
            return f"no folder: {reason}"
        try:
            info = self.notebook.lstat()
            if stat.S_ISLNK(info.st_mode):
                return "symlink"
            if not stat.S_ISREG(info.st_mode):
                return "no file"
            if info.st_size > NOTEBOOK_LIMIT:
                return f"{info.st_size} bytes"
            return hashlib.sha256(self.notebook.read_bytes()).hexdigest() + self._company()
        except FileNotFoundError:
            return "absent" + self._company()
        except OSError as error:
            return f"unreadable: {error.strerror}"

    def _company(self) -> str:
        """Tell the names of other notebooks that were handed in with it, which the reason names."""
        names = elsewhere(self.folder, self.notebook.name)
        text = "\0".join(names).encode("utf-8", "surrogateescape")
        return f" beside {hashlib.sha256(text).hexdigest()[:16]}" if names else ""

    def read(self) -> Submission:
        """Read the notebook.

        Raises:
            SubmissionError: it, or a folder, is missing, a link, or cannot be read.
        """
        if reason := self.obstacle:
            raise SubmissionError(reason)
        return read_submission(self.folder, self.lab)


def students_of(course: Path) -> list[str]:
    """Return the names in ``submitted/``, sorted; whatever has a name there counts as a student.

    Raises:
        GraderError: the folder cannot be read.
    """
    submitted = course / "submitted"
    try:
        return sorted(name for name in os.listdir(submitted) if is_student(name))  # noqa: PTH208
    except OSError as error:
        raise GraderError(f"{submitted} cannot be read: {error.strerror}") from None


def handed_in(course: Path, lab_names: list[str]) -> list[HandedIn]:
    """Find the submissions of a course.

    Args:
        course: folder with ``submitted/STUDENT/LAB/``.
        lab_names: labs to grade; empty for every lab that somebody handed in.

    Raises:
        GraderError: there is nothing to grade.
    """
    submitted = course / "submitted"
    if not os.path.isdir(submitted):  # noqa: PTH112 - Path.is_dir stops at what it may not enter
        raise GraderError(
            f"{course} has no folder 'submitted': give the course's root folder "
            "(submitted/STUDENT/LAB/NOTEBOOK.ipynb)"
        )
    students = students_of(course)
    if not students:
        raise GraderError(f"{submitted} holds no student's folder")
    labs = [find_lab(name) for name in lab_names] or [
        lab
        for lab in LABS.values()
        if any(os.path.lexists(submitted / student / lab.name) for student in students)
    ]
    if not labs:
        raise GraderError(f"nobody in {submitted} handed in one of: {', '.join(sorted(LABS))}")
    return [HandedIn(name, lab, submitted / name / lab.name) for lab in labs for name in students]
