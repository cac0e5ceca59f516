"""The log of the original report: ``DLL`` lines to read, ``DLLL`` lines of JSON in a file.

Both are as DLLogger writes them (NVIDIA/dllogger, README), one key to a line; a blank that it
leaves at the end of its lines is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from labkit.errors import OutputError


class Log:
    """Writes each figure to a file, and shows it.

    Args:
        path: the file of JSON lines; replaced if there is one.
        show: is given each line to read.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: str | Path, show: Callable[[str], object] = print) -> None:
        self._path = path
        self._show = show
        self._start = datetime.now()
        try:
            self._file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # each line was flushed, so nothing is left that could be lost
            self._file.close()

    def log(self, step: str | int, data: Mapping[str, Any]) -> None:
        """Log figures.

        Args:
            step: the number of the iteration, or "PARAMETER".
            data: figures by name.

        Raises:
            OutputError: the file cannot be written, as on a full disk.
        """
        for key, value in data.items():
            now = datetime.now()
            self._show(f"DLL {now} - {step} {key} : {value}")
            record = {
                "timestamp": str(now.timestamp()),
                "datetime": str(now),
                "elapsedtime": str((now - self._start).total_seconds()),
                "type": "LOG",
                "step": step,
                "data": {key: value},
            }
            try:
                self._file.write(f"DLLL {json.dumps(record)}\n")
                self._file.flush()
            except OSError as error:
                raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error
