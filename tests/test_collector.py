"""Downloads from learning platforms: real names of files, and zips that are not what they seem."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT
from course_tools import LAB, run
from grader.course.course import grade
from grader.nbgrader.collector import PlatformCollector, as_time, read_path
from grader.submissions.notebook_file import NOTEBOOK_LIMIT

NOTEBOOK = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "raw", "source": ""}]}'
MOODLE_ZIP = "ML2026-Lab 1 Attention-482910"


@pytest.mark.parametrize(
    ("path", "student", "file"),
    [
        # Moodle, "Download submissions in folders"
        (
            f"{MOODLE_ZIP}/Chad Bhagwandeen_657831_assignsubmission_file_/attention.ipynb",
            "Chad Bhagwandeen",
            "attention.ipynb",
        ),
        (
            "x/Žofie Nováková-Malá_12_assignsubmission_file_/attention.ipynb",
            "Žofie Nováková-Malá",
            "",
        ),
        ("x/O'Brien, Seán_12_assignsubmission_file_/attention.ipynb", "O'Brien, Seán", ""),
        ("x/李 小龙_12_assignsubmission_file_/attention.ipynb", "李 小龙", ""),
        ("x/Participant 31_904_assignsubmission_file_/attention.ipynb", "Participant 31", ""),
        ("x/Group A-Ada L_7_assignsubmission_file_/attention.ipynb", "Group A-Ada L", ""),
        ("x/Ada L_7_assignsubmission_file/attention.ipynb", "Ada L", ""),
        ("x/Ada L_7_assignsubmission_onlinetext_/onlinetext.html", "Ada L", "onlinetext.html"),
        ("x/Ada L_7_assignsubmission_file_/my lab/attention.ipynb", "Ada L", ""),
        ("x/Ada L_7_assignsubmission_file_/bob_12_34_attention.ipynb", "Ada L", None),
        # Moodle, all in one folder
        ("x/ИВАНОВ ИВАН_12345_assignsubmission_file_attention.ipynb", "ИВАНОВ ИВАН", ""),
        ("x/Петров Пётр_assignsubmission_file_attention.ipynb", "Петров Пётр", ""),
        ("x/z1234567_Ada L_assignsubmission_file_attention.ipynb", "z1234567_Ada L", ""),
        # Canvas
        ("submissions/smithbob_340934_208490284_attention.ipynb", "smithbob_340934", ""),
        ("submissions/lovelaceada_LATE_12345_678901_attention.ipynb", "lovelaceada_12345", ""),
        ("smithbob_340934_208490284_attention.ipynb", "smithbob_340934", ""),
        ("submissions/von_der_leyen_12_34_attention.ipynb", "von_der_leyen_12", ""),
        ("submissions/müller小明_12_34_attention.ipynb", "müller小明_12", ""),
        ("submissions/anon_Gw8fQ_678901_attention.ipynb", "anon_Gw8fQ", ""),
        ("submissions/LATE_anon_Gw8fQ_678901_attention.ipynb", "anon_Gw8fQ", ""),
        ("submissions/a_12_34_my_lab_56_78.ipynb", "a_12", "my_lab_56_78.ipynb"),
        ("submissions/a_12_34_attention (1).ipynb", "a_12", "attention (1).ipynb"),
        ("submissions/a_12_34_lab1/attention.ipynb", "a_12", ""),  # from the student's own zip
        ("submissions/a_12_34_lab1/b_56_78_x.ipynb", "a_12", "b_56_78_x.ipynb"),
        ("CS_2026_101_lab/smithbob_340934_208490284_attention.ipynb", "smithbob_340934", ""),
        # Blackboard
        ("x/Lab 1_ada_attempt_2026-01-30-08-05-09_attention.ipynb", "ada", ""),
        ("ada_attempt_2026-01-30-15-00-00_attention.ipynb", "ada", ""),
    ],
)
def test_names_that_platforms_make_are_read(path: str, student: str, file: str | None) -> None:
    found = read_path(Path(path))
    assert found is not None
    assert found.student == student
    if file is not None:
        assert found.file == (file or "attention.ipynb")
    assert found.late == ("LATE" in path)


@pytest.mark.parametrize(
    "path",
    [
        "attention.ipynb",
        "x/attention.ipynb",
        "__MACOSX/x/._Ada L_7_assignsubmission_file_/._attention.ipynb",
        "x/__MACOSX/a_12_34_attention.ipynb",
        "x/._a_12_34_attention.ipynb",
        "x/Ada L_7_assignsubmission_file_/.ipynb_checkpoints/attention-checkpoint.ipynb",
        "x/Ada L_7_assignsubmission_file_/.DS_Store",
        "x/_assignsubmission_file_/attention.ipynb",
        "x/..hidden_7_assignsubmission_file_/attention.ipynb",
        "x/a_12_attention.ipynb",
        "x/12_attention.ipynb",
        "x/lab_1_ada.ipynb",
    ],
)
def test_what_no_platform_makes_is_nobodys(path: str) -> None:
    assert read_path(Path(path)) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-30-15-00-00", "2026-01-30 15:00:00 UTC"),
        ("2026-01-30-08-05-09", "2026-01-30 08:05:09 UTC"),
        ("2026-01-30 08:05:09 CET", "2026-01-30 08:05:09 CET"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_time_with_dashes_is_no_time_zone(text: str, time: str) -> None:
    assert as_time(text) == time


def collect(
    course: Path, *files: tuple[str, bytes], config: str = ""
) -> dict[str, dict[str, bytes]]:
    """Put files into the folder of downloads, run ``nbgrader zip_collect``, return what it made."""
    archive = course / "downloaded" / LAB.name / "archive"
    archive.mkdir(parents=True)
    for name, content in files:
        (archive / name).write_bytes(content)
    released = course / "release" / LAB.name
    released.mkdir(parents=True)
    (released / "attention.ipynb").write_bytes(NOTEBOOK)
    text = (ROOT / "nbgrader_config.py").read_text("utf-8")
    (course / "nbgrader_config.py").write_text(f"{text}\n{config}\n", "utf-8")
    ran = run(["nbgrader", "zip_collect", LAB.name], course)
    assert ran.code == 0, ran.text
    assert "Traceback" not in ran.text
    return {
        folder.parent.name: {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        for folder in sorted((course / "submitted").glob(f"*/{LAB.name}"))
    }


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.slow
def test_a_moodle_download_is_collected(tmp_path: Path) -> None:
    own = zipped(
        **{"lab/attention.ipynb": NOTEBOOK + b"zip", "__MACOSX/lab/._attention.ipynb": b"x"}
    )
    found = collect(
        tmp_path,
        (
            f"{MOODLE_ZIP}.zip",
            zipped(
                **{
                    "Ada Lovelace_101_assignsubmission_file_/attention.ipynb": NOTEBOOK + b"ada",
                    "Ben Žid_102_assignsubmission_file_/attention.ipynb": NOTEBOOK + b"ben",
                    "Ben Žid_102_assignsubmission_file_/notes/attention.ipynb": b"deeper",
                    "Cleo_103_assignsubmission_file_/work.zip": own,
                    "Dan_104_assignsubmission_file_/attention.pdf": b"%PDF",
                    "__MACOSX/Ada Lovelace_101_assignsubmission_file_/._attention.ipynb": b"x",
                    "Eve Twin_105_assignsubmission_file_/attention.ipynb": b"first",
                    "Eve Twin_106_assignsubmission_file_/attention.ipynb": b"second",
                }
            ),
        ),
    )
    assert found == {
        "Ada Lovelace": {"attention.ipynb": NOTEBOOK + b"ada"},
        "Ben Žid": {"attention.ipynb": NOTEBOOK + b"ben"},
        "Cleo": {"attention.ipynb": NOTEBOOK + b"zip"},
        "Dan": {"attention.pdf": b"%PDF"},
        "Eve Twin 105": {"attention.ipynb": b"first"},
        "Eve Twin 106": {"attention.ipynb": b"second"},
    }
    records = grade(tmp_path, [], isolation="none", jobs=1, output=tmp_path / "out")
    assert [record["student"] for record in records] == sorted(found)


@pytest.mark.slow
def test_a_canvas_download_is_collected(tmp_path: Path) -> None:
    found = collect(
        tmp_path,
        (
            "submissions.zip",
            zipped(
                **{
                    "lovelaceada_12345_678901_attention.ipynb": b"first",
                    "lovelaceada_12345_678955_attention-1.ipynb": b"again",
                    "zidben_LATE_12346_678902_attention-2.ipynb": b"late",
                    "twineve_1_5_attention.ipynb": b"one",
                    "twineve_2_6_attention.ipynb": b"two",
                    "cleo_77_88_attention (1).ipynb": b"renamed by a browser",
                    "dan_78_89_text.html": b"typed",
                    "__MACOSX/._dan_78_89_attention.ipynb": b"x",
                }
            ),
        ),
    )
    assert found == {
        "cleo_77": {"attention (1).ipynb": b"renamed by a browser"},
        "dan_78": {"text.html": b"typed"},
        "lovelaceada_12345": {"attention.ipynb": b"again"},
        "twineve_1": {"attention.ipynb": b"one"},
        "twineve_2": {"attention.ipynb": b"two"},
        "zidben_12346": {"attention.ipynb": b"late"},
    }


@pytest.mark.slow
def test_a_blackboard_download_has_its_times(tmp_path: Path) -> None:
    found = collect(
        tmp_path,
        (
            "gradebook.zip",
            zipped(
                **{
                    "Lab 1_ada_attempt_2026-01-30-08-05-09_attention.ipynb": b"early",
                    "Lab 1_ada_attempt_2026-01-31-17-00-00_attention.ipynb": b"newer",
                }
            ),
        ),
        ("Lab 1_ben_attempt_2026-01-30-15-00-00_attention.ipynb", b"ben"),
    )
    assert found["ada"]["attention.ipynb"] == b"newer"
    assert found["ada"]["timestamp.txt"] == b"2026-01-31 17:00:00"
    assert found["ben"]["timestamp.txt"] == b"2026-01-30 15:00:00"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("2026-01-30-08-05-09", "2026-01-30 08:05:09"),
        ("2026-01-30-15-00-00", "2026-01-30 15:00:00"),
    ],
)
def test_a_pattern_of_ones_own_is_used_and_its_times_are_read(
    tmp_path: Path, time: str, read: str
) -> None:
    found = collect(
        tmp_path,
        (f"hw_ada_at_{time}_attention.ipynb", b"ada"),
        config="c.FileNameCollectorPlugin.named_regexp = "
        r"r'.*/hw_(?P<student_id>\w+)_at_(?P<timestamp>[0-9-]+)_(?P<file_id>.*)'",
    )
    assert found == {"ada": {"attention.ipynb": b"ada", "timestamp.txt": read.encode()}}


@pytest.mark.slow
def test_zips_that_are_traps_cost_nobody_else(tmp_path: Path) -> None:
    place = "{}_assignsubmission_file_/{}"
    bomb = zipped(**{"attention.ipynb": bytes(3 * NOTEBOOK_LIMIT)})
    files = {
        place.format("Ada_1", "attention.ipynb"): NOTEBOOK,
        place.format("Bomb_2", "work.zip"): bomb,
        place.format("Broken_3", "work.zip"): b"PK\x03\x04 no more",
        place.format("Many_4", "work.zip"): zipped(**{f"{n}.txt": b"" for n in range(3000)}),
        place.format("Nested_5", "work.zip"): zipped(**{"in.zip": zipped(**{"in.zip": bomb})}),
        place.format("Outside_6", "work.zip"): zipped(**{"../../../../../pwned": b"x"}),
        place.format("Absolute_7", "work.zip"): zipped(**{str(tmp_path / "pwned"): b"x"}),
        place.format("Long_8", "work.zip"): zipped(**{"x" * 300 + ".ipynb": b"x"}),
        place.format("Both_9", "attention.ipynb/attention.ipynb"): b"x",
        "/../" + place.format("Up_10", "attention.ipynb"): b"x",
        place.format("Large_11", "attention.ipynb"): bytes(NOTEBOOK_LIMIT + 1),
        place.format("Zoe_99", "attention.ipynb"): NOTEBOOK,
    }
    found = collect(tmp_path, ("x.zip", zipped(**files)), ("y.zip", b"no zip"), ("z.zip", b""))
    assert found["Ada"] == found["Zoe"] == {"attention.ipynb": NOTEBOOK}
    assert "Bomb" not in found and "Up" not in found and "Large" not in found
    assert not (tmp_path / "pwned").exists()
    assert not list(tmp_path.parent.glob("pwned"))


def test_a_collector_outside_of_the_command_reads_one_file(tmp_path: Path) -> None:
    path = tmp_path / "smithbob_340934_208490284_attention.ipynb"
    path.write_bytes(b"")
    info = PlatformCollector().collect(str(path))
    assert info == {"student_id": "smithbob_340934", "file_id": "attention.ipynb"}
    assert PlatformCollector().collect(str(tmp_path / "other.ipynb")) is None
