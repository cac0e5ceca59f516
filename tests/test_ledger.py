"""The ledger: appended, chained, cached, and refused if anybody changed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import GraderError
from grader.ledger import Ledger, environment_version, record_key


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


def test_a_changed_line_with_a_new_digest_breaks_the_chain_below_it(path: Path) -> None:
    from grader.ledger import _digest

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["points"] = 60
    lines[0]["hash"] = _digest(lines[0])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(GraderError, match="line 2 was changed or lost"):
        Ledger(path)


def test_a_lost_line_is_refused(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(GraderError, match="line 2 was changed or lost"):
        Ledger(path)


@pytest.mark.parametrize("line", ["not JSON", "[]", "null", '{"hash": 1}', "\x00", ""])
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
