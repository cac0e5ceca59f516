"""The rooms of both packages are as docs/architecture.md draws them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT
from grader.release.edition import STUDENT_ROOMS

DRAWN = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TABLE = DRAWN.partition("## Rooms of labkit")[2].partition("\n## ")[0]
FLOORS = {
    room.rstrip("/"): floor
    for floor, row in enumerate(re.findall(r"^\| (`labkit/.*?) \|", TABLE, re.M))
    for room in re.findall(r"`(.*?)`", row)
}


def room_of(path: str) -> str | None:
    """Return the room of the table in which a file or a package lies; the narrowest one."""
    rooms = [room for room in FLOORS if path == room or path.startswith(f"{room}/")]
    return max(rooms, key=len, default=None)


def imports(module: Path) -> Iterator[str]:
    """Yield the files and packages of labkit that are imported as soon as a module is."""
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            while parts and parts[0] == "labkit":
                place = "/".join(parts)
                if (ROOT / f"{place}.py").exists():
                    yield f"{place}.py"
                    break
                if (ROOT / place).is_dir():
                    yield place
                    break
                parts.pop()


def test_every_room_is_drawn() -> None:
    listed = {
        path.name
        for path in (ROOT / "labkit").iterdir()
        if path.name not in ("__init__.py", "data", "__pycache__")
    }
    drawn = {room.split("/")[1] for room in FLOORS}
    assert listed == drawn, "labkit's rooms (left) and docs/architecture.md (right) differ"


def test_a_room_imports_what_is_drawn_above_it_only() -> None:
    wrong = []
    for module in sorted((ROOT / "labkit").rglob("*.py")):
        path = module.relative_to(ROOT).as_posix()
        for imported in imports(module):
            here, there = room_of(path), room_of(imported)
            if here and there and FLOORS[there] > FLOORS[here]:
                wrong.append(f"{path} imports {imported}")
    assert wrong == []


def test_what_is_said_to_travel_travels() -> None:
    table = DRAWN.partition("## Rooms of grader")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `grader/(\w+)/` \|.*\| (yes|no)[^|]*\|$", table, re.M)
    packages = {path.parent.name for path in (ROOT / "grader").glob("*/__init__.py")}
    assert {room for room, _ in rows} == packages
    assert {room for room, travels in rows if travels == "yes"} == packages & set(
        STUDENT_ROOMS["grader"]
    )
