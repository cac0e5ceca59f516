"""The bench and real workers: what is right has a time, what cheats has none, what breaks a row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from bench_tools import CHEATS, HONEST, RIGHT, Small, Variant, changed, solved, ticking, unhurried
from grader.bench import contest as contest_room
from grader.bench.bench import Bench
from grader.bench.processes import Held, children_of, idlest_core
from grader.bench.row import LAST, Row
from grader.bench.side import Side
from grader.release.edition import build_edition
from grader.sandbox.isolation import BUBBLEWRAP, Isolation

SEED = "0123456789abcdef"
BY_NAME = {variant.name: variant for variant in CHEATS}


@pytest.fixture(scope="module")
def bench(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    edition = build_edition(LAST, tmp_path_factory.mktemp("edition"))
    with Bench(Isolation(BUBBLEWRAP, "", True), edition, Small(), ticking()) as bench:
        yield bench


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    unhurried(monkeypatch)


def row_of(bench: Bench, variant: Variant) -> Row:
    return bench.measure(solved(variant), SEED)


class TestRight:
    def test_the_solutions_are_measured_and_all_of_them_are_the_students(
        self, bench: Bench
    ) -> None:
        row = row_of(bench, RIGHT)
        assert (row["status"], row["reason"], row["findings"]) == ("measured", "", [])
        assert (len(row["own"]), row["lent"]) == (11, {})
        assert row["ratio"]["median"] == pytest.approx(1.0)
        assert [(size["symbols"], size["batch"]) for size in row["sizes"]] == [(8, 2), (12, 1)]
        assert list(row["parts"]) == ["encoder", "decoder", "postnet", "vocoder"]

    def test_another_style_is_measured(self, bench: Bench) -> None:
        assert row_of(bench, HONEST[-1])["status"] == "measured"

    def test_what_is_missing_is_lent_and_named(self, bench: Bench) -> None:
        found = solved(RIGHT)
        row = bench.measure({"lab1_attention": found["lab1_attention"]}, SEED)
        assert row["status"] == "measured"
        assert row["own"] == ["attention-1", "attention-2", "attention-3"]

    def test_what_is_not_filled_in_is_lent_and_named(self, bench: Bench) -> None:
        stub = (
            "@method_of(Encoder)\ndef convolve(self, x, padding):\n    raise NotImplementedError()"
        )
        row = bench.measure(changed("encoder-1", stub), SEED)
        assert row["status"] == "measured"
        assert row["lent"] == {"encoder-1": "not filled in yet"}

    def test_nothing_at_all_is_said_to_be_nothing(self, bench: Bench) -> None:
        assert bench.measure({}, SEED)["reason"] == "nothing was handed in of any lab"


class TestCheats:
    def test_an_answer_from_before_has_no_time(self, bench: Bench) -> None:
        row = row_of(bench, BY_NAME["answers with what it said before"])
        assert (row["status"], row["ratio"], row["guilty"]) == ("wrong", None, ["decoder-3"])

    def test_fewer_steps_have_no_time(self, bench: Bench) -> None:
        row = row_of(bench, BY_NAME["takes half of the steps and repeats them"])
        assert (row["status"], row["guilty"]) == ("wrong", ["decoder-3"])
        assert "the mel is not that of the reference" in row["reason"]

    def test_work_that_is_left_to_a_thread_has_no_time(self, bench: Bench) -> None:
        row = row_of(bench, BY_NAME["leaves the work to a thread"])
        assert (row["status"], row["guilty"]) == ("wrong", ["tacotron2-1"])

    def test_a_promise_is_no_result(self, bench: Bench) -> None:
        row = row_of(bench, BY_NAME["returns a promise"])
        assert row["status"] == "failed"
        assert "the mel is a Later, not a plain tensor" in row["reason"]

    def test_a_model_of_half_the_precision_has_no_time(self, bench: Bench) -> None:
        rounded = (
            "        frame, gate_output, state = self.decode(",
            "        self.decoder_rnn.weight_hh.data = "
            "self.decoder_rnn.weight_hh.data.bfloat16().float()\n"
            "        frame, gate_output, state = self.decode(",
        )
        row = row_of(bench, Variant("rounds", "wrong", {"decoder-2": (rounded,)}))
        assert row["status"] == "wrong"

    @pytest.mark.parametrize(
        "before",
        [
            "import grader.bench.beside as beside\n"
            "beside.Pipelines.do = lambda self, said, given: "
            "{'mel': torch.zeros(1, 80, 2 * said['steps']), "
            "'mel_lengths': torch.tensor([2 * said['steps']])}",
            "import grader.bench.beside as beside, torch\n"
            "def fewer(model, steps, decoding=beside._decoding):\n"
            "    return decoding(model, max(steps // 2, 1))\n"
            "beside._decoding = fewer",
            "import labkit.tacotron2.postnet as kit, torch\n"
            "kit.Postnet.forward = lambda self, x, padding=None: torch.zeros_like(x)",
            "import torch\ntorch.nn.LSTMCell.forward = lambda self, x, state: state",
        ],
        ids=["the adapter", "its number of steps", "the kit's postnet", "torch's cells"],
    )
    def test_whoever_changes_what_stands_beside_it_has_no_time(
        self, bench: Bench, before: str
    ) -> None:
        row = bench.measure(changed("inference-1", before=before), SEED)
        assert row["status"] in ("wrong", "failed")
        assert row["ratio"] is None

    @pytest.mark.parametrize(
        "before",
        [
            "from grader.sandbox import line\nline._asked[0](0, 'ready', {'origins': []}, {})",
            "from grader.sandbox import line\nline._asked[0](0, 'done', {}, {})",
            "import os\nfor n in range(3, 30):\n"
            "    try:\n        os.write(n, b'x' * 100)\n    except OSError:\n        pass",
            "import os\nfor n in range(3, 30):\n"
            "    try:\n        os.write(n, b'\\xff' * 8)\n    except OSError:\n        pass",
        ],
        ids=["ready too soon", "done before it was asked", "noise", "an endless event"],
    )
    def test_forged_events_have_no_time(self, bench: Bench, before: str) -> None:
        row = bench.measure(changed("inference-1", before=before), SEED)
        assert row["status"] == "failed"
        assert row["ratio"] is None
        assert row_of(bench, RIGHT)["status"] == "measured"


CORE = max(os.sched_getaffinity(0))
BURNING = BY_NAME["burns the machine in threads"]


class TestClock:
    """The judge's clock, and what a student's process can do about it: nothing."""

    @pytest.fixture
    def side(self, bench: Bench) -> Iterator[Side]:
        side = Side(bench._workers[0])
        yield side
        side.end()

    def started(self, bench: Bench, side: Side, variant: Variant) -> list[str]:
        said = side.start(bench._document(solved(variant)), CORE)
        return [task for task, is_own, _ in said["origins"] if is_own]

    def decode(self, side: Side, own: list[str], steps: int) -> float:
        given = {"memory": torch.zeros(1, 8, 192), "lengths": torch.tensor([8])}
        return side.turn("decode", given, limit=120, own=own, steps=steps).seconds

    def test_patched_clocks_do_not_shorten_a_turn(self, bench: Bench, side: Side) -> None:
        own = self.started(bench, side, BY_NAME["patches the clocks of its process"])
        assert self.decode(side, own, 20) >= 20 * 0.002  # what it really slept

    def test_between_turns_every_thread_is_stopped(self, bench: Bench, side: Side) -> None:
        own = self.started(bench, side, BURNING)
        ids = {"ids": torch.full((1, 8), 20), "lengths": torch.tensor([8])}
        side.turn("encode", ids, limit=120, own=own, steps=1)
        assert side.held is not None
        tasks = list(Path(f"/proc/{side.held.pid}/task").iterdir())
        assert len(tasks) > 3
        stats = [(task / "stat").read_text().rpartition(")")[2].split() for task in tasks]
        assert {stat[0] for stat in stats} == {"T"}

    def test_all_threads_are_kept_on_one_core_whatever_the_child_wants(
        self, bench: Bench, side: Side
    ) -> None:
        wanted = "import os, contextlib\nwith contextlib.suppress(OSError):\n"
        wanted += "    os.sched_setaffinity(0, set(range(64)))"
        added = (
            *BURNING.changes["encoder-1"],
            ("    for convolution", f"    exec({wanted!r})\n    for convolution"),
        )
        own = self.started(bench, side, Variant("moves", "", {"encoder-1": added}))
        ids = {"ids": torch.full((1, 8), 20), "lengths": torch.tensor([8])}
        side.turn("encode", ids, limit=120, own=own, steps=1)
        assert side.held is not None
        tasks = Path(f"/proc/{side.held.pid}/task").iterdir()
        cores = {frozenset(os.sched_getaffinity(int(task.name))) for task in tasks}
        assert cores == {frozenset({CORE})}


class TestBroken:
    """One bad pipeline costs its own row, and the next one is measured."""

    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch, _unhurried: None) -> None:
        monkeypatch.setattr(contest_room, "_SPARE", 1.0)

    @pytest.mark.parametrize(
        ("before", "said"),
        [
            ("        import os; os._exit(3)", "it ended the process it ran in (exit status 3)"),
            ("        while True: pass", "it ran for "),
            ("        torch.empty(25_000_000_000)", "it stopped with RuntimeError"),
            ("        raise SystemExit('enough')", "it stopped with SystemExit: enough"),
            (
                "        return torch.zeros(4000, 4000), lengths, 2, 3",
                "the mel has the shape (4000, 4000)",
            ),
        ],
        ids=["crash", "endless", "100 GB", "exit", "another shape"],
    )
    def test_it_costs_its_own_row_only(self, bench: Bench, before: str, said: str) -> None:
        only_there = f"    if ids.size(1) == 12:\n{before}\n    embedded ="
        variant = Variant("broken", "failed", {"tacotron2-1": (("    embedded =", only_there),)})
        row = row_of(bench, variant)
        assert row["status"] in ("failed", "wrong")
        assert row["ratio"] is None
        assert said in row["reason"]

    def test_what_ends_while_it_is_built_costs_its_own_row_only(self, bench: Bench) -> None:
        row = bench.measure(changed("attention-1", before="import os\nos._exit(4)"), SEED)
        assert row["status"] == "failed"
        assert "nothing could be built: it ended the process it ran in" in row["reason"]

    def test_the_next_one_is_measured(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(contest_room, "_SPARE", 120.0)
        assert row_of(bench, RIGHT)["status"] == "measured"

    def test_a_reference_that_was_lost_is_started_again(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(contest_room, "_SPARE", 120.0)
        row_of(bench, RIGHT)
        assert bench._reference.held is not None
        bench._reference.held.kill()
        assert row_of(bench, RIGHT)["status"] == "measured"


def test_a_core_is_chosen_among_those_that_may_be_used() -> None:
    assert idlest_core(0.0) in os.sched_getaffinity(0)


def test_nobody_knows_the_children_of_nobody() -> None:
    assert children_of(2**22 + 5) == []
    nobody: Any = Held(2**22 + 5, confined=False)
    assert (nobody.all(), nobody.kill(), nobody.peak_bytes()) == ([], False, 0)
