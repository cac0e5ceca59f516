"""Reads notebook files as plain data, whatever they hold, and names those that lie elsewhere."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError

NOTEBOOK_LIMIT = 20 * 1024 * 1024  # bytes of a notebook
CODE_LIMIT = 300_000  # characters of all code cells
CELL_LIMIT = 5_000
_ENTRIES = 500  # files and folders of a hand-in that are looked at
_DEPTH = 20  # of folders in folders
_ARCHIVES = 10  # of its zip files that are looked into
_NAME_LIMIT = 60  # characters of a file name in a message


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook file as plain data.

    Raises:
        SubmissionError: it is missing, a link, too large, not JSON, or not a notebook of format 4;
            the message says which.
    """
    try:
        info = path.lstat()
    except OSError:
        raise SubmissionError(f"no notebook {path.name} was handed in") from None
    if stat.S_ISLNK(info.st_mode):
        raise SubmissionError(f"{path.name} is a symbolic link; hand in the notebook itself")
    if not stat.S_ISREG(info.st_mode):
        raise SubmissionError(f"{path.name} is not a file")
    if info.st_size == 0:
        raise SubmissionError(f"{path.name} is empty (0 bytes)")
    if info.st_size > NOTEBOOK_LIMIT:
        raise SubmissionError(
            f"{path.name} has {info.st_size / 1e6:.0f} MB; clear its outputs "
            f"(at most {NOTEBOOK_LIMIT / 1e6:.0f} MB)"
        )
    return parse_notebook(path.read_bytes(), path.name)


def parse_notebook(content: bytes, name: str) -> dict[str, Any]:
    """Parse and check a notebook's content; errors as :func:`read_notebook`."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SubmissionError(f"{name} is not text in UTF-8") from None
    except (ValueError, RecursionError) as error:  # too long a number is a plain ValueError
        detail = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nesting"
        if type(error) is ValueError:
            detail = "a number without end"
        conflict = " (unsolved merge conflict?)" if b"<<<<<<<" in content else ""
        raise SubmissionError(
            f"{name} is not a notebook: broken JSON, {detail}{conflict}"
        ) from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise SubmissionError(f"{name} is JSON, but not a notebook")
    if notebook["nbformat"] != 4:
        found = str(notebook["nbformat"])[:20]
        raise SubmissionError(
            f"{name} has the notebook format {found}; open it in JupyterLab and save it once "
            "(format 4)"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise SubmissionError(f"{name} has no list of cells")
    if not cells:
        raise SubmissionError(f"{name} is an empty notebook: it has no cells")
    code = sum(len(source_of(cell)) for cell in cells if cell.get("cell_type") == "code")
    if len(cells) > CELL_LIMIT or code > CODE_LIMIT:
        raise SubmissionError(
            f"{name} has {len(cells)} cells with {code} characters of code; "
            f"at most {CELL_LIMIT} and {CODE_LIMIT} are read"
        )
    return notebook


def language_of(notebook: dict[str, Any]) -> str | None:
    """Return the language that a notebook names; None if it names none."""
    metadata = notebook.get("metadata")
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        value = part.get(name) if isinstance(part, dict) else None
        if isinstance(value, str) and value:
            return value.lower()[:40]
    return None


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's source, however it is stored; nonsense counts as empty."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def identity_of(cell: dict[str, Any]) -> set[str]:
    """Return the names that a cell goes by: its id and its nbgrader grade_id."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    names = [cell.get("id"), nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None]
    return {name for name in names if isinstance(name, str)}


def elsewhere(folder: Path, name: str) -> list[str]:
    """Return the notebooks of a hand-in that are not where ``name`` should be.

    Args:
        folder: of the lab, in the student's folder.
        name: the notebook's file name.

    Returns:
        Paths within the folder; what lies in a zip file as ``archive.zip/path``. What systems and
        editors leave behind (``__MACOSX``, ``._name``, checkpoints) is not among them.
    """
    found: list[str] = []
    waiting, left, archives = [(folder, 0)], _ENTRIES, _ARCHIVES
    while waiting and left > 0:
        here, depth = waiting.pop(0)
        try:
            with os.scandir(here) as entries:
                inside = sorted(islice(entries, left), key=lambda entry: entry.name)
            left -= len(inside)
            for entry in inside:
                path = here / entry.name
                place = str(path.relative_to(folder))
                if entry.is_dir(follow_symlinks=False):
                    if depth < _DEPTH and not _is_left_behind(entry.name):
                        waiting.append((path, depth + 1))
                elif not entry.is_file(follow_symlinks=False):
                    continue
                elif _is_notebook(entry.name) and place != name:
                    found.append(place)
                elif entry.name.lower().endswith(".zip") and archives > 0:
                    archives -= 1
                    found += [f"{place}/{member}" for member in _in_zip(path)]
        except OSError:  # what lies where nobody can look is not found
            continue
    return found


def where_else(places: list[str], name: str) -> str:
    """Say in a sentence where the notebook may be instead, and how to take it; empty if nowhere."""
    if not places:
        return ""
    shown = ", ".join(map(_quoted, places[:3])) + (" and others" if len(places) > 3 else "")
    first = places[0]
    if ".zip/" in first.lower():
        advice = f"unpack it so that {name} lies in the folder itself"
    elif "/" in first:
        advice = f"move it to {name} in the folder itself"
    else:
        advice = f"rename it to {name}"
    which = "there is" if len(places) == 1 else "there are"
    return f"{which} {shown}: if that is the hand-in, {advice} and grade again"


def _quoted(place: str) -> str:
    text = place.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{text if len(text) <= _NAME_LIMIT else '…' + text[-_NAME_LIMIT:]}'"


def _is_left_behind(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_notebook(name: str) -> bool:
    return ".ipynb" in name.lower() and not _is_left_behind(name)


def _in_zip(path: Path) -> list[str]:
    """List the notebooks of an archive; nothing is unpacked."""
    try:
        if path.stat().st_size > NOTEBOOK_LIMIT:
            return []
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()[:_ENTRIES]
    except Exception:  # what a broken archive raises has no end
        return []
    parts = [(member, member.split("/")) for member in members]
    return [
        member
        for member, names in parts
        if _is_notebook(names[-1]) and not any(map(_is_left_behind, names[:-1]))
    ]
