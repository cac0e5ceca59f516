"""Puts finished folders in their places: all of them or none, and never over foreign things."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import GraderError
from grader.labs.base import Lab

# What tools leave in any folder that is looked at.
_LEFT_BY_TOOLS = {".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini"}


def check_target(folder: Path, lab: Lab, *, apart_from: tuple[Path, ...]) -> None:
    """See that a release may take the place of what a folder holds.

    Args:
        folder: where the release is to be.
        lab: of the release.
        apart_from: folders that it must not touch.

    Raises:
        GraderError: it is no folder, is one of those, or holds what no release of the lab made.
    """
    real = folder.resolve()
    for other in (path.resolve() for path in apart_from):
        if real == other or real in other.parents or other in real.parents:
            raise GraderError(
                f"students' files cannot go to {folder}: nbgrader keeps {other} there; "
                "give another folder"
            )
    if folder.is_symlink() and not folder.exists():
        raise GraderError(f"{folder} is a link to nowhere; give a folder")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise GraderError(f"{folder} is a file; give a folder")
    foreign = _foreign(folder, lab)
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise GraderError(
            f"{folder} holds what no release of {lab.name} made ({', '.join(foreign[:3])}{more}); "
            "give a new folder, or move those things away"
        )


def _foreign(folder: Path, lab: Lab) -> list[str]:
    """Return the names in a folder that a release of a lab did not make."""
    wheel = re.compile(
        rf"tacotron2_(labkit|grader)-.*\+{re.escape(lab.name.replace('_', '.'))}-.*\.whl"
    )
    present = sorted(p for p in folder.iterdir() if p.name not in _LEFT_BY_TOOLS)
    wheels = [path.name for path in present if path.is_file() and wheel.fullmatch(path.name)]
    own = {*wheels, "README.txt", f"{lab.notebook}.ipynb"} if wheels else set()
    return [path.name for path in present if path.name not in own or path.is_dir()]


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """Make a scratch folder in a folder; what had to be made for it goes with it if it is empty.

    Raises:
        GraderError: it cannot be made.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".release-", dir=folder))
    except OSError as error:
        _remove_empty(made)
        raise GraderError(
            f"nothing was released, nothing can be written in {folder}: {error.strerror}"
        ) from None
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def placed(pairs: list[tuple[Path, Path]]) -> Iterator[None]:
    """Move folders to their places; if anything fails, here or in the block, move all back.

    Args:
        pairs: new folders, each in a scratch folder on the file system of its place, and places.
            What a place holds is moved beside the new folder's former place.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for new, place in pairs:
            place = place.resolve()  # a link to a folder stays one
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                _move(place, new.parent / "before", moved)
            _move(new, place, moved)
        yield
    except BaseException:
        for start, end in reversed(moved):
            end.rename(start)
        raise


def _move(start: Path, end: Path, moved: list[tuple[Path, Path]]) -> None:
    """Rename a folder, and note that."""
    start.rename(end)
    moved.append((start, end))
