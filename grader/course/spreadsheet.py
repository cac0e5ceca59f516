"""Tables as CSV that no spreadsheet can misread."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from grader.errors import GraderError
from labkit.files import whole_file


def write_csv(path: Path, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a table; whole or not at all.

    Args:
        path: the file.
        head: names of the columns.
        rows: their cells; what a student has written went through :func:`grader.text.neutral`.

    Raises:
        GraderError: it cannot be written.
    """
    with (
        whole_file(path, GraderError) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file,
    ):
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)
