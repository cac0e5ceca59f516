"""Files that a command writes: refused before the work."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import OutputError


def check_output(path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a path that could not be written later.

    Args:
        path: where to write.
        suffixes: what its name may end in; anything if empty.

    Raises:
        OutputError: the name ends in something else, it is a folder, its folder does not exist,
            or nothing can be written there.
    """
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
