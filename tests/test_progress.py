"""The progress board: what it counts, what it says, and that a check needs none of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

import grader
from grader import check, progress
from grader.labs import LABS
from grader.selfcheck.board import make_board
from grader.selfcheck.check import HISTORY, Checked, CheckFailed
from labkit.notebook.board import ProgressBoard, ProgressRow, say_duration
from labkit.notebook.picture import Notice
from labkit.tacotron2 import Attention, LocationLayer

LAB = LABS["lab1_attention"]


@pytest.fixture(autouse=True)
def _fresh_kernel() -> Iterator[None]:
    HISTORY.clear()
    yield
    HISTORY.clear()


def rows_of(board: ProgressBoard) -> dict[str, ProgressRow]:
    return {row.name: row for row in board.rows}


def test_what_was_checked_here_is_on_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    check("attention-1", LocationLayer)
    with pytest.raises(CheckFailed):
        check("attention-3", LocationLayer)
    capsys.readouterr()
    board = progress()
    assert isinstance(board, ProgressBoard)
    rows = rows_of(board)
    assert rows["attention-1"].done is True and rows["attention-1"].cases == (3, 3)
    assert rows["attention-2"].done is None and rows["attention-2"].cases is None
    assert rows["attention-3"].done is False
    assert board.points == (20, 60)
    text = repr(board)
    assert "1 of 3 tasks done, 20 of 60 points" in text
    assert "Next: attention-2, Attention.get_alignment_energies." in text
    assert LAB.title in text


def test_the_last_check_of_a_task_counts() -> None:
    history = [
        Checked("attention-1", True, (3, 3), 60.0),
        Checked("attention-1", False, (1, 3), 90.0),
    ]
    row = rows_of(make_board(LAB, history, 0.0, 100.0))["attention-1"]
    assert (row.done, row.cases, row.checks) == (False, (1, 3), 2)


def test_time_between_two_checks_is_the_second_ones() -> None:
    history = [
        Checked("attention-1", False, (0, 3), 600.0),
        Checked("attention-2", False, (0, 3), 660.0),
        Checked("attention-1", True, (3, 3), 1000.0),
        Checked("encoder-1", True, (3, 3), 1010.0),  # another lab in the same kernel
    ]
    board = make_board(LAB, history, opened=100.0, now=4710.0)
    rows = rows_of(board)
    assert rows["attention-1"].seconds == 500.0 + 340.0
    assert rows["attention-2"].seconds == 60.0
    assert rows["attention-3"].seconds == 0.0
    assert "Open for 1 h 16 min, last check 1 h 01 min ago." in repr(board)


def test_done_is_told_in_words_and_html_says_what_the_text_says() -> None:
    board = ProgressBoard(
        "Lab <1>",
        [
            ProgressRow("a-1", "first", 20, done=True, cases=(3, 3), checks=2, seconds=70.0),
            ProgressRow("a-2", "second", 20, done=False, cases=(1, 3), checks=1, seconds=5.0),
            ProgressRow("a-3", "third", 20),
            ProgressRow("a-4", "essay", 10, by_hand=True),
        ],
        seconds_open=80.0,
    )
    bundle = board._repr_mimebundle_()
    for word in ("✓ done", "✗ not yet", "· not checked yet", "✎ marked by hand", "1/3", "up to 10"):
        assert word in bundle["text/html"] and word in bundle["text/plain"]
    assert "1 of 3 tasks done, 20 of 60 points" in bundle["text/html"]
    assert "Lab &lt;1&gt;" in bundle["text/html"]
    assert "colo" not in bundle["text/html"]  # nothing is said by colour alone
    assert "█" * 10 + "░" * 20 in bundle["text/plain"]
    assert "last check" not in bundle["text/plain"]


def test_a_finished_board_names_no_next_task() -> None:
    board = ProgressBoard("Lab", [ProgressRow("a-1", "first", 20, done=True)], 10.0)
    assert not any(line.startswith("Next") for line in board.lines)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 05 min")],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert say_duration(seconds) == said


def test_without_a_check_it_says_what_to_do() -> None:
    assert isinstance(progress(), Notice)
    assert "Run a check first" in repr(progress())
    board = progress("lab1_attention")
    assert isinstance(board, ProgressBoard) and board.points == (0, 60)


def test_an_unknown_lab_is_a_notice_not_a_traceback() -> None:
    assert "lab1_attention" in repr(progress("lab99_nothing"))


def test_a_check_loads_neither_board_nor_pictures() -> None:
    program = (
        "import sys; from grader import check; from labkit.tacotron2 import Attention; "
        "check('attention-3', Attention); "
        "names = ('grader.selfcheck.board', 'labkit.notebook.board'); "
        "print([m for m in sys.modules if m in names])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_notebooks_import_are_functions_whatever_was_loaded_before() -> None:
    check("attention-3", Attention)
    assert {"check", "progress", "report_card"} <= set(grader.__all__)
    for name in grader.__all__:
        assert callable(getattr(grader, name)), name
