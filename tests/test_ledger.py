"""The ledger: appended, chained, cached, and refused if anybody changed it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course.ledger import Ledger as Sealed
from grader.course.ledger import environment_version, record_key
from grader.errors import GraderError

SECRET = b"the secret of this course"


def Ledger(path: Path, secret: bytes = SECRET) -> Sealed:
    return Sealed(path, secret)


def record(student: str = "ada", points: int = 60, **more: Any) -> dict[str, Any]:
    base = {"student": student, "lab": "lab1", "submission": "a digest", "suite": "1"}
    return base | {"environment": "here", "isolation": "bubblewrap", "points": points} | more


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number, student in enumerate(("ada", "bob", "eve")):
        ledger.append(record(student, points=number))
    return tmp_path / "ledger.jsonl"


def test_a_new_ledger_makes_no_file_until_something_is_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.records == []
    assert not ledger.path.exists()


def test_what_was_appended_is_found_again(path: Path) -> None:
    ledger = Ledger(path)
    assert [r["points"] for r in ledger.records] == [0, 1, 2]
    found = ledger.find(record_key(record("bob")))
    assert found is not None and found["points"] == 1 and found["time"].endswith("+00:00")
    assert ledger.find(record_key(record("bob", submission="another"))) is None
    assert ledger.find(record_key(record("bob", suite="2"))) is None
    assert ledger.find(record_key(record("bob", environment="there"))) is None
    assert ledger.find(record_key(record("bob", isolation="unconfined"))) is None


def test_append_returns_what_will_be_read(path: Path) -> None:
    written = Ledger(path).append(record("late", public=(3, 3)))
    assert written == Ledger(path).records[-1]
    assert written["public"] == [3, 3]


def test_the_last_judgement_of_the_same_thing_counts(path: Path) -> None:
    Ledger(path).append(record("bob", points=20))
    found = Ledger(path).find(record_key(record("bob")))
    assert found is not None and found["points"] == 20


def test_earlier_lines_are_never_rewritten(path: Path) -> None:
    before = path.read_bytes()
    Ledger(path).append(record("late"))
    assert path.read_bytes().startswith(before)


def tamper(path: Path, number: int, **changes: Any) -> None:
    lines = path.read_text().splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | changes, sort_keys=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_changed_line_is_refused_by_its_number(path: Path, number: int) -> None:
    tamper(path, number, points=60)
    with pytest.raises(GraderError, match=f"line {number + 1} was changed or lost"):
        Ledger(path)


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in records))


def plain_chain(records: list[dict[str, Any]], last: str = "") -> list[dict[str, Any]]:
    """Chain records as anybody can: without a secret, as the kit's first versions did."""
    chained = []
    for line in records:
        line = {name: value for name, value in line.items() if name != "hash"} | {"previous": last}
        last = hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()
        chained.append(line | {"hash": last})
    return chained


def test_a_ledger_without_seals_is_told_from_a_changed_one(path: Path) -> None:
    write_lines(path, plain_chain(read_lines(path)))
    with pytest.raises(GraderError, match=r"from an earlier version .* move the file away to grad"):
        Ledger(path)


def test_a_record_that_is_chained_without_the_secret_is_refused(path: Path) -> None:
    lines = read_lines(path)
    write_lines(path, lines + plain_chain([record("mallory")], lines[-1]["hash"]))
    with pytest.raises(GraderError, match="line 4 was changed or lost"):
        Ledger(path)


def test_a_record_sealed_under_another_secret_is_refused(path: Path, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other.jsonl", b"the secret of another course")
    for student in ("ada", "bob", "mallory"):
        other.append(record(student))
    with pytest.raises(GraderError, match=r"line 1 was changed or lost .*or the secret another"):
        Ledger(other.path)
    write_lines(path, [*read_lines(path)[:2], read_lines(other.path)[2]])
    with pytest.raises(GraderError, match="line 3 was changed or lost"):
        Ledger(path)


@pytest.mark.parametrize("order", [[0, 1, 2, 2], [0, 1, 2, 0], [0, 2, 1], [1, 2], [0, 0, 1, 2]])
def test_lines_that_are_repeated_moved_or_dropped_are_refused(path: Path, order: list[int]) -> None:
    lines = read_lines(path)
    write_lines(path, [lines[number] for number in order])
    with pytest.raises(GraderError, match="was changed or lost"):
        Ledger(path)


@pytest.mark.parametrize(
    "change",
    [
        {"points": 60},
        {"time": "2020-01-01T00:00:00+00:00"},
        {"student": "mallory"},
        {"points": 1.0},
        {"more": None},
        {"hash": "\u00e9"},
        {"hash": None},
    ],
)
def test_no_field_can_be_forged(path: Path, change: dict[str, Any]) -> None:
    tamper(path, 1, **change)
    with pytest.raises(GraderError, match="line 2 was changed or lost"):
        Ledger(path)


def test_what_is_cut_off_at_the_end_is_judged_again_and_nothing_else(path: Path) -> None:
    """A ledger that ends earlier is one as it was: what it lacks is not known, and so not given."""
    write_lines(path, read_lines(path)[:2])
    ledger = Ledger(path)
    assert [r["student"] for r in ledger.records] == ["ada", "bob"]
    assert ledger.find(record_key(record("eve"))) is None


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "dangling", "loop"])
def test_what_is_no_file_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ledger.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"device": "/dev/zero", "dangling": "nowhere", "loop": path.name}[kind])
    with pytest.raises(GraderError, match=r"ledger\.jsonl (is not a file|cannot be read)"):
        Ledger(path)


def test_a_full_disk_loses_nothing_that_was_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(GraderError, match="No space left on device; what was judged before is"):
            ledger.append(record("late"))
    with path.open("r+b") as file:  # the disk took half of the line
        file.truncate(path.stat().st_size - 20)
    again = Ledger(path)
    assert [r["student"] for r in again.records] == ["ada", "bob", "eve"]
    again.append(record("late"))
    assert [r["student"] for r in Ledger(path).records] == ["ada", "bob", "eve", "late"]


def test_a_lost_line_is_refused(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(GraderError, match="line 2 was changed or lost"):
        Ledger(path)


@pytest.mark.parametrize(
    "line", ["not JSON", "[]", "null", '{"hash": 1}', "\x00", "", "[" * 99_999]
)
def test_a_line_that_is_no_record_is_refused(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(GraderError, match="line 4 was changed or lost; move the file away"):
        Ledger(path)


def test_half_a_line_never_counted_and_is_taken_away_by_the_next(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"student": "cut of')
    ledger = Ledger(path)
    assert len(ledger.records) == 3
    ledger.append(record("late"))
    ledger.append(record("later"))
    assert path.read_bytes().startswith(whole + b"{")
    assert len(Ledger(path).records) == 5


def test_who_only_reads_changes_nothing(path: Path) -> None:
    """A report may be printed while another process is in the middle of a line."""
    half = path.read_bytes() + b'{"student": "still being writ'
    path.write_bytes(half)
    assert len(Ledger(path).records) == 3
    assert path.read_bytes() == half


def test_two_runs_at_once_do_not_break_the_chain(path: Path) -> None:
    first, second = Ledger(path), Ledger(path)
    first.append(record("late"))
    with pytest.raises(GraderError, match="another run writes to it"):
        second.append(record("later"))
    assert [r["student"] for r in Ledger(path).records] == ["ada", "bob", "eve", "late"]


@settings(max_examples=30)
@given(st.lists(st.text(), max_size=4))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    ledger = Ledger(path)
    for text in [*texts, "\udcff\u2028\n\x00"]:
        ledger.append(record(text, reason=text))
    assert [r["reason"] for r in Ledger(path).records] == [*texts, "\udcff\u2028\n\x00"]


def test_the_environment_names_python_and_torch() -> None:
    assert environment_version().startswith("python 3.")
    assert ", torch " in environment_version()
