"""What an interrupted run has recorded, so that the next one goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from labkit.corpus.clip import Order
from labkit.corpus.errors import CorpusError
from labkit.corpus.layout import WAVS
from labkit.errors import OutputError
from labkit.files import write_lines

_NAME = ".labels.part.jsonl"


class Journal:
    """A line for each recording that is done, after one that says what the corpus is made from.

    Args:
        folder: of the corpus; made ready, and cleared of recordings that are in no line.
        made_from: what the corpus is made from.
        orders: what is recorded, in order.

    Raises:
        CorpusError: the folder holds something else.
        OutputError: the folder cannot be written.
    """

    recorded: list[dict[str, Any]]
    """Labels of the recordings that are done."""

    def __init__(self, folder: Path, made_from: Mapping[str, Any], orders: Iterable[Order]) -> None:
        self._path = folder / _NAME
        self._wavs = wavs = folder / WAVS
        try:
            wavs.mkdir(parents=True, exist_ok=True)
            lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
            if not lines and (set(folder.iterdir()) - {wavs, self._path} or any(wavs.iterdir())):
                raise CorpusError(f"{folder} is not empty and holds no corpus; give another folder")
            if lines:
                _compare(folder, _object(lines[0]), made_from)
            # An interruption may leave a line without its file, a file without its line, or half
            # a line.
            pairs = zip(map(_object, lines[1:]), orders, strict=False)
            self.recorded = [
                labels for labels, _ in takewhile(lambda pair: _is_done(*pair, wavs), pairs)
            ]
            write_lines(self._path, map(json.dumps, [made_from, *self.recorded]))
            self.clear()
        except OSError as error:
            raise OutputError(f"{folder} cannot be written: {error.strerror}") from error

    @contextmanager
    def writing(self) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Give a function that notes the labels of a recording at once."""
        with self._path.open("a", encoding="utf-8", newline="\n", buffering=1) as file:
            yield lambda labels: print(json.dumps(labels), file=file)

    def clear(self) -> None:
        """Remove recordings that are in no line: unfinished ones, or made ahead in vain."""
        kept = {labels["id"] for labels in self.recorded}
        for file in self._wavs.iterdir():
            if file.stem not in kept:
                file.unlink()

    def remove(self) -> None:
        """The corpus is complete."""
        self._path.unlink()


def read_card(path: Path, made_from: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a complete corpus was made from.

    Raises:
        CorpusError: it cannot be read, or was made from something else.
    """
    try:
        card = _object(path.read_text("utf-8"))
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
    _compare(path.parent, card, made_from)
    return card


def _compare(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    wanted = json.loads(json.dumps(wanted))
    for name, value in wanted.items():
        if found.get(name) != value:
            raise CorpusError(
                f"{folder} holds a corpus with {name} {found.get(name)}, not {value}; give another "
                "folder"
            )


def _is_done(labels: Mapping[str, Any], order: Order, wavs: Path) -> bool:
    same = (labels.get("id"), labels.get("text")) == (order.name, order.text)
    return same and (wavs / order.file).is_file()


def _object(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
