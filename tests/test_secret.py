"""The course's secret: made once and whole, and refused if it is none."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from grader.course.secret import SECRET_FILE, course_secret
from grader.errors import GraderError


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADER_SECRET", raising=False)


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = course_secret(tmp_path)
    assert len(made) == 64
    assert course_secret(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600


def test_two_courses_have_two(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert course_secret(tmp_path) != course_secret(tmp_path / "other")


def test_runs_that_begin_together_share_one(tmp_path: Path) -> None:
    found: list[bytes] = []
    barrier = threading.Barrier(8)

    def begin() -> None:
        barrier.wait()
        found.append(course_secret(tmp_path))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_a_file_system_without_hard_links_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert course_secret(tmp_path) == course_secret(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_a_line_break_that_an_editor_has_added_changes_nothing(tmp_path: Path) -> None:
    made = course_secret(tmp_path)
    (tmp_path / SECRET_FILE).write_bytes(made + b"\r\n")
    assert course_secret(tmp_path) == made


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"   \n  ", b"secret", b"x" * 15, b"x" * 15 + b"\n"]
)
def test_what_is_too_short_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SECRET_FILE).write_bytes(content)
    with pytest.raises(GraderError, match=r"\.grader_secret has \d+ characters, .* at least 16"):
        course_secret(tmp_path)
    assert (tmp_path / SECRET_FILE).read_bytes() == content


@pytest.mark.parametrize("value", ["", " ", "short", "x" * 15])
def test_a_variable_that_is_too_short_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("GRADER_SECRET", value)
    with pytest.raises(GraderError, match="the variable GRADER_SECRET has"):
        course_secret(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling", "loop"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / SECRET_FILE
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere" if kind == "dangling" else SECRET_FILE)
    with pytest.raises(GraderError, match=r"\.grader_secret"):
        course_secret(tmp_path)


def test_what_everybody_could_have_changed_is_refused(tmp_path: Path) -> None:
    course_secret(tmp_path)
    (tmp_path / SECRET_FILE).chmod(0o666)
    with pytest.raises(GraderError, match=r"can be changed by everybody .* chmod 600"):
        course_secret(tmp_path)


def test_what_everybody_could_read_is_closed(tmp_path: Path) -> None:
    made = course_secret(tmp_path)
    (tmp_path / SECRET_FILE).chmod(0o644)
    assert course_secret(tmp_path) == made
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o640


def test_a_course_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "nowhere", Path("/proc")):
        with pytest.raises(GraderError, match="or set the variable GRADER_SECRET"):
            course_secret(place)


def test_who_only_reads_makes_none(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"is missing: .* --course"):
        course_secret(tmp_path, make=False)
    assert list(tmp_path.iterdir()) == []
