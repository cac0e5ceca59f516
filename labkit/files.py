"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import OutputError

if TYPE_CHECKING:
    import torch


@contextlib.contextmanager
def whole_file(
    path: Path, error: type[Exception] = OutputError, *, lasting: bool = False
) -> Iterator[Path]:
    """Write a file whole or not at all; an older one is replaced when the new one is complete.

    Args:
        path: where to; its folder must exist.
        error: what is raised.
        lasting: wait until the disk has it, so that not even a power cut leaves half of it.

    Yields:
        The path to write to: in the same folder, because only within one file system is a
        replacement atomic, and with the same suffix.

    Raises:
        Exception: of the kind ``error``; the file cannot be written.
    """
    if not path.parent.is_dir():
        raise error(f"{path} cannot be written: there is no folder {path.parent}")
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield unfinished
        if lasting:
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as problem:
        raise error(f"{path} cannot be written: {problem.strerror or problem}") from problem
    finally:
        unfinished.unlink(missing_ok=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as f:
        f.writelines(f"{line}\n" for line in lines)


def write_tensors(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    metadata: Mapping[str, str],
    error: type[Exception] = OutputError,
) -> None:
    """Write a safetensors file, whole or not at all.

    Args:
        path: where to; its folder must exist.
        tensors: by name, on the CPU and contiguous.
        metadata: what else the file says.
        error: what is raised.

    Raises:
        Exception: of the kind ``error``; the file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with whole_file(path, error) as unfinished:
        unfinished.touch()
        mode = unfinished.stat().st_mode
        try:
            save_file(dict(tensors), unfinished, dict(metadata))
        except SafetensorError as problem:  # a full disk
            raise OSError(str(problem)) from problem
        unfinished.chmod(mode)  # safetensors lets nobody else read what it writes
