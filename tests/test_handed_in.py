"""What lies in submitted/: everything there is a student's, has a record, and says why."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import handed_in as handed_in_module
from grader.course.course import grade
from grader.course.handed_in import HandedIn, handed_in
from grader.errors import GraderError, SubmissionError
from grader.labs import LABS

LAB = LABS["lab1_attention"]
NOT_UTF8 = os.fsdecode(b"m\xfcller")


def a_file(path: Path) -> None:
    path.write_text("a zip, or a note")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def in_folder(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Make the same thing where the lab's folder should be."""

    def inside(path: Path) -> None:
        path.mkdir()
        make(path / LAB.name)

    return inside


THINGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "dangling": (link_to("nowhere"), "is a symbolic link that leads nowhere"),
    "itself": (link_to("itself"), "is a symbolic link that leads back to itself"),
    "one": (link_to("other"), "is a symbolic link that leads back to itself"),
    "other": (link_to("one"), "is a symbolic link that leads back to itself"),
    "outside": (link_to("/etc"), "the folder outside is a symbolic link"),
    "to a file": (link_to("/etc/passwd"), "is a symbolic link"),
    "below a file": (link_to("/etc/passwd/x"), "is a symbolic link that leads nowhere"),
    "ada.zip": (a_file, "ada.zip is a file where a folder is needed"),
    "README": (a_file, "README is a file"),
    "pipe": (a_pipe, "pipe is no folder where a folder is needed"),
    "socket": (a_socket, "socket is no folder"),
    NOT_UTF8: (a_file, "is a file"),
    "lab dangling": (in_folder(link_to("nowhere")), f"{LAB.name} is a symbolic link that leads"),
    "lab itself": (in_folder(link_to(LAB.name)), f"{LAB.name} is a symbolic link that leads back"),
    "lab a file": (in_folder(a_file), f"{LAB.name} is a file where a folder is needed"),
    "lab a pipe": (in_folder(a_pipe), f"{LAB.name} is no folder"),
    "lab a socket": (in_folder(a_socket), f"{LAB.name} is no folder"),
    "nothing": (Path.mkdir, "nothing was handed in"),
    "empty": (in_folder(Path.mkdir), "no notebook attention.ipynb was handed in"),
}
JUNK = ("__MACOSX", "._ada", ".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    submitted = root / "submitted"
    submitted.mkdir()
    for name, (make, _) in THINGS.items():
        make(submitted / name)
    for name in JUNK:
        a_file(submitted / name) if "." in name[1:] else (submitted / name).mkdir()
    return root


@pytest.mark.parametrize("name", THINGS)
def test_whatever_lies_there_has_a_plain_reason(course: Path, name: str) -> None:
    one = HandedIn(name, LAB, course / "submitted" / name / LAB.name)
    with pytest.raises(SubmissionError) as refusal:
        one.read()
    said = str(refusal.value)
    assert THINGS[name][1] in said
    assert said.isprintable()
    assert len(said) < 200
    assert one.digest()


def test_everything_has_a_record_and_junk_has_none(course: Path, tmp_path: Path) -> None:
    records = grade(course, [], isolation="none", jobs=1, output=tmp_path / "out")
    assert sorted(record["student"] for record in records) == sorted(THINGS)
    assert {record["points"] for record in records} == {0}
    assert all(record["final"] for record in records)
    assert all(THINGS[record["student"]][1] in record["reason"] for record in records)
    table = (tmp_path / "out" / "scores.csv").read_text("utf-8")
    assert len(table.splitlines()) == len(THINGS) + 1
    assert "m\\udcfcller" in table
    pages = list((tmp_path / "out" / "feedback").rglob("*.html"))
    assert len(pages) == len(THINGS)


def test_another_thing_in_the_same_place_is_judged_anew(tmp_path: Path) -> None:
    """Nothing remembers a file that has become a folder, or a link that leads elsewhere now."""
    path = tmp_path / "submitted" / "ada"
    path.parent.mkdir()
    one = HandedIn("ada", LAB, path / LAB.name)
    seen = []
    for name in ("ada.zip", "dangling", "itself", "pipe", "nothing", "lab a file", "empty"):
        target = "ada" if name == "itself" else "nowhere"
        link_to(target)(path) if name in ("dangling", "itself") else THINGS[name][0](path)
        seen.append(one.digest())
        path.unlink() if path.is_symlink() or not path.is_dir() else shutil.rmtree(path)
    assert len(set(seen)) == len(seen) - 1  # "nothing" and "empty" are the same: no notebook


def a_deep_folder(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(1_300):
            os.mkdir("a")  # noqa: PTH102 - the path is longer than the system lets one write
            os.chdir("a")
    finally:
        os.chdir(here)


def many_folders(folder: Path) -> None:
    for number in range(700):
        (folder / f"{number:03}" / "a").mkdir(parents=True)


def many_archives(folder: Path) -> None:
    for number in range(30):
        (folder / f"{number}.zip").write_bytes(b"PK\x05\x06" + bytes(17) + b"\xff")


@pytest.mark.parametrize("make", [a_deep_folder, many_folders, many_archives])
def test_no_folder_stops_the_batch(make: Callable[[Path], None], tmp_path: Path) -> None:
    for name in ("ada", "eve"):
        (tmp_path / "submitted" / name / LAB.name).mkdir(parents=True)
    make(tmp_path / "submitted" / "ada" / LAB.name)
    records = grade(tmp_path, [LAB.name], isolation="none", jobs=1)
    assert [record["reason"] for record in records] == [
        "no notebook attention.ipynb was handed in"
    ] * 2
    subprocess.run(["rm", "-rf", str(tmp_path / "submitted")], check=True)  # deeper than shutil


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_what_nobody_foresaw_costs_nobody_else(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "eve"):
        (tmp_path / "submitted" / name / LAB.name).mkdir(parents=True)
    honest = handed_in_module.elsewhere

    def stumbles(folder: Path, name: str) -> list[str]:
        if "ada" in folder.parts:
            raise error("unforeseen")
        return honest(folder, name)

    monkeypatch.setattr(handed_in_module, "elsewhere", stumbles)
    monkeypatch.setattr("grader.submissions.graft.elsewhere", stumbles)
    ada, eve = grade(tmp_path, [LAB.name], isolation="none", jobs=1)
    assert not ada["final"] and "the judge itself failed" in ada["reason"]
    assert eve["final"] and "no notebook" in eve["reason"]


def test_a_lab_is_found_though_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    a_file(tmp_path / "submitted" / "ada" / LAB.name)
    assert [one.lab for one in handed_in(tmp_path, [])] == [LAB]


@pytest.mark.parametrize("make", [a_file, link_to("nowhere"), link_to("submitted"), a_pipe])
def test_where_submitted_is_no_folder_one_line_says_so(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "submitted")
    with pytest.raises(GraderError, match="has no folder 'submitted'"):
        handed_in(tmp_path, [])


def test_junk_alone_is_nobody(tmp_path: Path) -> None:
    for name in JUNK:
        (tmp_path / "submitted" / name).mkdir(parents=True)
    with pytest.raises(GraderError, match="holds no student's folder"):
        handed_in(tmp_path, [])


def test_the_table_of_scores_is_never_believed(tmp_path: Path) -> None:
    (tmp_path / "submitted").mkdir()
    a_file(tmp_path / "submitted" / "eve")
    table = tmp_path / "scores.csv"
    grade(tmp_path, [LAB.name], isolation="none", jobs=1)
    honest = table.read_text("utf-8")
    for forged in (honest.replace(",0,60,", ",60,60,"), "", "student,points\neve,60\n"):
        assert forged != honest
        table.write_text(forged, "utf-8")
        (record,) = grade(tmp_path, [LAB.name], isolation="none", jobs=1)
        assert record["points"] == 0
        assert table.read_text("utf-8") == honest
