"""Files that a command writes: refused before the work, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path


def check_output(path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a path that could not be written later.

    Args:
        path: where to write.
        suffixes: what its name may end in; anything if empty.

    Raises:
        OutputError: the name ends in something else, it is a folder, its folder does not exist,
            or nothing can be written there.
    """
    from labkit.errors import OutputError

    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file in it")
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: the name must end in {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that appears under its name only when it is complete.

    Args:
        path: where to; an older file is replaced.
        write: is given the path to write to, beside it and with the same suffix.

    Raises:
        OutputError: it cannot be written.
    """
    from labkit.errors import OutputError

    # In the same folder, because only within one file system is a replacement atomic.
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
