"""The ledger: one line per judged submission, appended, each sealed and chained to the one before.

Scores and pages are views of it. A submission that was judged before under the same suite, the
same environment and the same isolation is not judged again. The seal is keyed with the course's
secret: whoever does not have it can neither write a record nor change one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import stat
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


def _content(record: Record) -> bytes:
    content = {name: value for name, value in record.items() if name != "hash"}
    return json.dumps(content, sort_keys=True).encode()


def _is_unsealed(record: Record) -> bool:
    """Whether a record carries the plain digest that the kit's first versions wrote."""
    return bool(record["hash"] == hashlib.sha256(_content(record)).hexdigest())


def record_key(record: Record) -> Key:
    """Return what makes two judgements the same."""
    return tuple(record[name] for name in KEY_FIELDS)


class Ledger:
    """An append-only file of records.

    Args:
        path: of ``ledger.jsonl``; made when the first record is appended.
        secret: of the course; the same one must have sealed what is there.

    Raises:
        GraderError: the file cannot be read, or a complete line does not fit to the chain.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self.path = path
        self.records: list[Record] = []
        self._key = hmac.digest(secret, b"seal of the ledger", "sha256")
        self._known: dict[Key, Record] = {}
        self._last = ""
        self._size = 0
        self._unfinished = 0  # bytes of a last line that a killed run has left: it never counted
        if os.path.lexists(path):
            self._read()

    def _read(self) -> None:
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise GraderError(f"{self.path} is not a file: move it away to grade anew")
            content = self.path.read_bytes()
        except OSError as error:
            raise GraderError(f"{self.path} cannot be read: {error.strerror}") from None
        lines = content.split(b"\n")
        self._size = len(content) - len(lines[-1])
        for number, line in enumerate(lines[:-1], start=1):
            try:
                record = json.loads(line)
                sealed = hmac.compare_digest(record["hash"], self._seal(record))
                if not sealed or record["previous"] != self._last:
                    raise GraderError(self._refusal(number, _is_unsealed(record)))
                self._remember(record)
            except (ValueError, KeyError, TypeError, RecursionError):
                raise GraderError(self._refusal(number)) from None
        self._unfinished = len(lines[-1])

    def _refusal(self, number: int, unsealed: bool = False) -> str:
        if number == 1 and unsealed:
            return (
                f"{self.path} has no seals: it is from an earlier version of the kit or from "
                "elsewhere; move the file away to grade anew"
            )
        other = " (or the ledger is another course's, or the secret another)" * (number == 1)
        return (
            f"{self.path}: line {number} was changed or lost{other}; move the file away to grade "
            "anew, or bring back an intact copy"
        )

    def _seal(self, record: Record) -> str:
        return hmac.new(self._key, _content(record), hashlib.sha256).hexdigest()

    def _remember(self, record: Record) -> None:
        self._known[record_key(record)] = record
        self.records.append(record)
        self._last = record["hash"]

    def find(self, key: Key) -> Record | None:
        """Return the record of an earlier, identical judgement."""
        return self._known.get(key)

    def append(self, record: Record) -> Record:
        """Write a record, sealed, chained and dated, and return it as it will be read.

        Raises:
            GraderError: it cannot be written, or somebody else has written to the file meanwhile.
        """
        record = record | {
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "previous": self._last,
        }
        record = json.loads(json.dumps(record, sort_keys=True))  # the seal is on what will be read
        record["hash"] = self._seal(record)
        line = json.dumps(record, sort_keys=True).encode() + b"\n"
        try:
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
        except OSError as error:  # half a line at most, and that never counts
            raise GraderError(
                f"{self.path} cannot be written: {error.strerror}; what was judged before is kept, "
                "so mend this and run again"
            ) from None
        self._size += len(line)
        self._remember(record)
        return record
