"""The course's secret: it draws each student's fresh cases and seals the ledger."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from grader.errors import GraderError

SECRET_FILE = ".grader_secret"
SECRET_VARIABLE = "GRADER_SECRET"
SHORTEST = 16  # characters; whoever can guess the secret knows all fresh cases
_LONGEST = 4096


def course_secret(course: Path, *, make: bool = True) -> bytes:
    """Return the course's secret.

    It comes from the variable GRADER_SECRET or from the file ``.grader_secret`` of the course.

    Args:
        course: the course's root folder.
        make: whether to make the file if there is none.

    Raises:
        GraderError: the secret is missing and cannot be made, too short to be one, unreadable, or
            anybody on the machine can change it.
    """
    if SECRET_VARIABLE in os.environ:
        source = f"the variable {SECRET_VARIABLE}"
        return _long_enough(os.environ[SECRET_VARIABLE].encode("utf-8", "surrogateescape"), source)
    path = course / SECRET_FILE
    try:
        if not os.path.lexists(path):
            if not make:
                raise GraderError(
                    f"{path} is missing: records can be read only with the secret under which they "
                    f"were written; name its course with --course, or set {SECRET_VARIABLE}"
                )
            _make(path)
        return _long_enough(_read(path), str(path))
    except OSError as error:
        raise GraderError(
            f"{path}: {error.strerror}: mend this, or set the variable {SECRET_VARIABLE}"
        ) from None


def _long_enough(secret: bytes, source: str) -> bytes:
    secret = secret.strip()
    if len(secret) < SHORTEST:
        raise GraderError(
            f"{source} has {len(secret)} characters, and a secret at least {SHORTEST}: bring back "
            f"the one that marks were given with, or remove it to have a new one made"
        )
    return secret


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise GraderError(f"{path} is not a file: move it away to have a secret made")
        if mode & stat.S_IWOTH:
            raise GraderError(
                f"{path} can be changed by everybody on this machine: if it is still yours, "
                f"chmod 600 {path}"
            )
        if mode & stat.S_IRWXO:
            _close_to_others(descriptor, mode)
        return file.read(_LONGEST)


def _close_to_others(descriptor: int, mode: int) -> None:
    """Take away other users' right to read; some file systems and owners do not allow it."""
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, stat.S_IMODE(mode) & ~stat.S_IRWXO)


def _make(path: Path) -> None:
    """Make the file at once whole, unless another run has just made it."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(temporary, path)
        except FileExistsError:  # the other run's is the course's
            pass
        except OSError:  # a file system without hard links
            if not os.path.lexists(path):
                temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
