"""The ledger: one line per judged submission, appended, each line chained to the one before.

Scores and pages are views of it. A submission that was judged before under the same suite, the
same environment and the same isolation is not judged again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from grader.errors import GraderError

Record = dict[str, Any]
Key = tuple[str, ...]

KEY_FIELDS = ("student", "lab", "submission", "suite", "environment", "isolation")


def environment_version() -> str:
    """Name what, beside suite and submission, the numbers depend on."""
    return f"python {platform.python_version()}, torch {torch.__version__}, {platform.machine()}"


def _digest(record: Record) -> str:
    content = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def record_key(record: Record) -> Key:
    """Return what makes two judgements the same."""
    return tuple(record[name] for name in KEY_FIELDS)


class Ledger:
    """An append-only file of records.

    Args:
        path: of ``ledger.jsonl``; made when the first record is appended.

    Raises:
        GraderError: a complete line does not fit to the chain.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Record] = []
        self._known: dict[Key, Record] = {}
        self._last = ""
        self._size = 0
        self._unfinished = 0  # bytes of a last line that a killed run has left: it never counted
        if path.exists():
            self._read()

    def _read(self) -> None:
        content = self.path.read_bytes()
        lines = content.split(b"\n")
        self._size = len(content) - len(lines[-1])
        for number, line in enumerate(lines[:-1], start=1):
            try:
                record = json.loads(line)
                sound = record["previous"] == self._last and record["hash"] == _digest(record)
            except (ValueError, KeyError, TypeError):
                sound = False
            if not sound:
                raise GraderError(
                    f"{self.path}: line {number} was changed or lost; move the file away to grade "
                    "anew, or bring back an intact copy"
                )
            self._remember(record)
        self._unfinished = len(lines[-1])

    def _remember(self, record: Record) -> None:
        self.records.append(record)
        self._known[record_key(record)] = record
        self._last = record["hash"]

    def find(self, key: Key) -> Record | None:
        """Return the record of an earlier, identical judgement."""
        return self._known.get(key)

    def append(self, record: Record) -> Record:
        """Write a record, chained and dated, and return it as it will be read.

        Raises:
            GraderError: somebody else has written to the file meanwhile.
        """
        record = record | {
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "previous": self._last,
        }
        record["hash"] = _digest(record)
        line = json.dumps(record, sort_keys=True).encode() + b"\n"
        with self.path.open("ab") as file:
            if file.tell() != self._size + self._unfinished:
                raise GraderError(
                    f"{self.path}: another run writes to it; start again when that one is done"
                )
            file.truncate(self._size)
            self._unfinished = 0
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(line)
        record = json.loads(line)
        self._remember(record)
        return record
