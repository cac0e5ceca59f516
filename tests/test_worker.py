"""The worker and the judge's end of its pipe: what comes back, and what happens if nothing does."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from conftest import fill
from grader.errors import IsolationError
from grader.judge.golden import public_cases
from grader.judge.verdict import limit_finding
from grader.labs.base import Tensors, call_document
from grader.labs.lab1_attention.tasks import LAB as ATTENTION
from grader.sandbox import session, traces, worker
from grader.sandbox.frame import FRAME_LIMIT, LENGTH_BYTES, pack, unpack
from grader.sandbox.isolation import NONE
from grader.sandbox.perform import ELEMENT_LIMIT, TEXT_LIMIT, describe_error, perform, run_cell
from grader.sandbox.session import Worker
from grader.sandbox.worker import answer_in_child

pytestmark = pytest.mark.lab1
SETUP = ATTENTION.setup
TASKS = {task.id: task for task in ATTENTION.judged}


def question(
    *cells: str, kind: str = "calls", seconds: float = 20.0, **more: Any
) -> dict[str, Any]:
    named = [(f"cell-{number}", source) for number, source in enumerate(cells)]
    return {"kind": kind, "seconds": seconds, "setup": SETUP, "cells": named, "calls": []} | more


# --- one question, in a child of this process ----------------------------------------------------


def ask_child(tmp_path: Path, document: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Let a forked child of this process answer; return envelope and answer."""
    body = pack(document)[LENGTH_BYTES:]
    (tmp_path / "request").write_bytes(body + b"the next request")
    head = {"nonce": 7, "size": len(body)} | {k: document[k] for k in ("kind", "seconds")}
    requests = os.open(tmp_path / "request", os.O_RDONLY)
    answers = os.open(tmp_path / "answers", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        answer_in_child(head, requests, answers, confined=False)
        assert os.read(requests, 100) == b"the next request"  # the child took its own and no more
    finally:
        os.close(requests)
        os.close(answers)
    written = (tmp_path / "answers").read_bytes()
    length = int.from_bytes(written[:LENGTH_BYTES], "little")
    envelope, _ = unpack(written[LENGTH_BYTES : LENGTH_BYTES + length])
    answer = written[LENGTH_BYTES + length :]
    assert envelope["size"] == len(answer)
    assert envelope["nonce"] == 7 and envelope["clean"]
    return envelope, answer


def test_a_child_answers_and_its_size_is_measured(tmp_path: Path) -> None:
    envelope, answer = ask_child(tmp_path, question("raise ValueError('from the cell')"))
    assert (envelope["status"], envelope["code"]) == ("ok", 0)
    assert envelope["peak_bytes"] > 10_000_000 and envelope["seconds"] > 0
    report, tensors = unpack(answer)
    assert report["cell"]["message"] == "from the cell"
    assert tensors == {}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import os; os._exit(0)", "died"),
        ("import os; os._exit(3)", "died"),
        ("import os; os.kill(os.getpid(), 9)", "died"),
        ("import time; time.sleep(600)", "time"),
        ("import os; os.closerange(3, 256)", "died"),
        (
            "import os\nfor pipe in range(3, 256):\n"
            "    try:\n        while True: os.write(pipe, b'x' * 2**20)\n"
            "    except OSError: pass",
            "output",
        ),
        ("import os; os.write(1, b'x'); print('y'); input()", "ok"),  # EOFError in the report
    ],
)
def test_how_a_child_ended_is_told_and_nothing_of_a_broken_answer(
    tmp_path: Path, code: str, status: str
) -> None:
    envelope, answer = ask_child(tmp_path, question(code, seconds=1.0 if status == "time" else 20))
    assert envelope["status"] == status
    assert bool(answer) == (status == "ok")
    if "kill" in code:
        assert envelope["code"] == -signal.SIGKILL
    if "_exit(3)" in code:
        assert envelope["code"] == 3


@pytest.mark.parametrize(
    ("starved", "sleeps", "status"),
    [(0.0, 0.4, "time"), (100.0, 0.4, "ok"), (0.05, 0.6, "time"), (100.0, 60.0, "time")],
)
def test_time_in_which_others_had_the_processor_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starved: float, sleeps: float, status: str
) -> None:
    monkeypatch.setattr(worker, "LONGEST_WAIT", 100 if sleeps < 1 else 3)
    monkeypatch.setattr(worker, "_waited", lambda child: starved)
    envelope, _ = ask_child(tmp_path, question(f"import time; time.sleep({sleeps})", seconds=0.3))
    assert envelope["status"] == status


def test_who_waits_for_the_processor_is_measured() -> None:
    before = worker._waited(os.getpid())
    assert 0 <= before <= worker._waited(os.getpid())
    assert worker._waited(2**30) == 0


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, time\n"
        "pid = os.fork()\n"
        f"if pid == 0: time.sleep(600)\n"
        f"open({str(pid_file)!r}, 'w').write(str(pid))\n"
    )
    envelope, _ = ask_child(tmp_path, question(code))
    assert envelope["status"] == "ok"
    pid = int(pid_file.read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        except (ProcessLookupError, FileNotFoundError):
            return
        if state == "Z":  # dead; its new parent has not looked yet
            return
        time.sleep(0.05)
    raise AssertionError("the grandchild lives")


def test_a_child_has_limits(tmp_path: Path) -> None:
    code = (
        "import resource as r\n"
        "names = ('CORE', 'CPU', 'FSIZE', 'NOFILE')\n"
        "raise ValueError([r.getrlimit(getattr(r, 'RLIMIT_' + name))[0] for name in names])"
    )
    _, answer = ask_child(tmp_path, question(code, seconds=20))
    assert unpack(answer)[0]["cell"]["message"] == str(
        [0, 22, worker.FILE_LIMIT, worker.OPEN_FILE_LIMIT]
    )
    _, answer = ask_child(tmp_path, question("bytearray(3 * 2**30)"))
    assert unpack(answer)[0]["cell"]["error"] == "MemoryError"


def test_scratch_folders_are_emptied_whatever_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a" / "b").chmod(0)
    assert traces.wipe(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert Path("/usr").is_dir()


def deep(folder: Path) -> None:
    """Make folders in folders, deeper than a path can say."""
    here, name = Path.cwd(), "d" * 200
    try:
        os.chdir(folder)
        for _ in range(40):
            os.mkdir(name)  # noqa: PTH102 - the path would be too long
            os.chdir(name)
    finally:
        os.chdir(here)


def test_a_scratch_folder_is_emptied_however_deep_it_is(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        deep(tmp_path / str(number))
    (tmp_path / "1" / "locked").mkdir(mode=0)
    assert traces.wipe(tmp_path, seconds=60)
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_that_resists_or_takes_long_is_reported(tmp_path: Path) -> None:
    assert not traces.wipe(tmp_path / "absent")
    (tmp_path / "file").touch()
    assert not traces.wipe(tmp_path, seconds=-1)
    assert traces.wipe(tmp_path, seconds=60)


# --- the judge's end of the pipe -----------------------------------------------------------------


@pytest.fixture
def own(edition: Path) -> Iterator[Worker]:
    """An unconfined worker that a test may harm."""
    with Worker(NONE, edition) as worker:
        yield worker


def kill(worker: Worker) -> None:
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()


def test_cells_run_in_order_and_calls_come_back(bare_worker: Worker) -> None:
    task = TASKS["attention-1"]
    case = public_cases(ATTENTION)["attention-1"][0]
    tensors: Tensors = {f"0/state.{name}": value for name, value in case.state.items()}
    tensors |= {f"0/in.{name}": value for name, value in case.inputs.items()}
    document = question("WIDTH = 3", fill()["attention-1"], calls=[call_document(task, case)])
    answer = bare_worker.ask(document, tensors)
    assert (answer.status, answer.code) == ("ok", 0)
    assert answer.document["cell"] == {}
    torch.testing.assert_close(
        answer.tensors["0/processed_attention"], case.expected["processed_attention"]
    )
    assert torch.equal(
        answer.tensors["0/after.attention_weights_cat"], case.inputs["attention_weights_cat"]
    )


def test_a_worker_that_was_killed_is_started_again_for_the_same_question(own: Worker) -> None:
    assert own.ask(question("1"), {}).status == "ok"
    first = own._process
    kill(own)
    assert own.ask(question("1"), {}).status == "ok"
    assert own._process is not first


def test_a_worker_that_is_lost_twice_is_given_up(
    own: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start_and_kill() -> None:
        start()
        started.append(own._process)
        if len(started) < 3:
            kill(own)

    start = own.start
    monkeypatch.setattr(own, "start", start_and_kill)
    answer = own.ask(question("1"), {})
    assert answer.status == "lost"
    assert len(started) == 3  # the last one has shown that the machine runs workers
    finding = limit_finding(TASKS["attention-1"], answer)
    assert finding.stage == "limit" and "other questions are answered" in finding.message
    assert own.ask(question("1"), {}).status == "ok"
    assert len(set(started)) == 3


def test_a_machine_that_loses_every_worker_is_nobodys_fault(
    own: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start_and_kill() -> None:
        if len(started) == 2:
            own._command = ["/no/such/program"]
        start()
        started.append(own._process)
        kill(own)

    start = own.start
    monkeypatch.setattr(own, "start", start_and_kill)
    with pytest.raises(IsolationError, match="does not start"):
        own.ask(question("1"), {})


def test_a_worker_that_does_not_answer_is_not_waited_for(
    own: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own.ask(question("1"), {}).status == "ok"
    assert own._process is not None
    own._process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(session, "GRACE_SECONDS", 0.5)
    start = own.start

    def start_with_patience() -> None:
        if own._process is None:  # the stopped one was given up
            monkeypatch.setattr(session, "GRACE_SECONDS", 60)
        start()

    monkeypatch.setattr(own, "start", start_with_patience)
    answer = own.ask(question("raise ValueError('late')", seconds=1.0), {})
    assert answer.status == "ok"  # from a new worker
    assert answer.document["cell"]["message"] == "late"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff" * LENGTH_BYTES,  # a frame longer than any
        (100).to_bytes(LENGTH_BYTES, "little") + b"x" * 100,
        pack({"nonce": 10**6, "size": 0, "clean": True}),
    ],
)
def test_a_worker_that_talks_nonsense_is_replaced(own: Worker, nonsense: bytes) -> None:
    own._command = [
        *(sys.executable, "-c"),
        f"import os, sys, time; os.write(1, {nonsense!r}); time.sleep(600)",
    ]
    with pytest.raises(IsolationError, match="the worker does not start"):
        own.ask(question("1"), {})
    assert own._process is None


def test_a_worker_that_cannot_start_says_why(own: Worker) -> None:
    own._command = [*own._command[:-2], "import no_such_package"]
    with pytest.raises(IsolationError, match=r"not start: .*No module named 'no_such_package'"):
        own.ask(question("1"), {})


def test_a_machine_that_cannot_start_a_process_is_nobodys_fault(own: Worker) -> None:
    own._command = ["/no/such/program"]
    with pytest.raises(IsolationError, match=r"does not start: .*No such file"):
        own.ask(question("1"), {})


def test_a_worker_that_cannot_set_its_limits_is_refused(own: Worker) -> None:
    spoil = "import grader.sandbox.worker as w; w._limit = None; w.main()"
    own._command = [*own._command[:-2], spoil, own._command[-1]]
    with pytest.raises(IsolationError, match=r"cannot set its limits .* \(died\)"):
        own.ask(question("1"), {})


def test_confined_is_not_believed_outside_of_a_namespace(own: Worker) -> None:
    own._command[-1] = "confined"
    with pytest.raises(IsolationError, match="was said outside of a process namespace"):
        own.ask(question("1"), {})


def test_a_closed_worker_starts_anew(own: Worker) -> None:
    own.close()
    own.close()
    assert own.ask(question("1"), {}).status == "ok"
    first = own._process
    own.close()
    assert first is not None and first.poll() is not None
    assert own.ask(question("1"), {}).status == "ok"


PARENTS_THREADS = "import os; found = os.listdir(f'/proc/{os.getppid()}/task')"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
@pytest.mark.parametrize("kind", ["worker", "bare_worker"])
def test_a_worker_has_one_thread_when_it_forks(kind: str, request: pytest.FixtureRequest) -> None:
    """Native ones counted: a fork of a process with more may deadlock."""
    asked: Worker = request.getfixturevalue(kind)
    calls = question(PARENTS_THREADS + "; raise ValueError(len(found))")
    shows = question(PARENTS_THREADS + "\nprint(len(found))", kind="notebook")
    computes = question("x = torch.ones(300, 300, requires_grad=True); (x @ x).sum().backward()")
    for _ in range(2):
        assert asked.ask(calls, {}).document["cell"]["message"] == "1"
        (shown,) = asked.ask(shows, {}).document["cells"]["cell-0"]
        assert shown["text"] == "1\n"
        assert asked.ask(computes, {}).document["cell"] == {}


@pytest.mark.parametrize("kind", ["confined", "none"])
def test_a_worker_computes_as_the_judge_does(
    kind: str, edition: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Where a processor is held back, in both; nothing else of the judge's environment is told."""
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("ATEN_SOMETHING", "a secret")
    kind = request.getfixturevalue("confined") if kind == "confined" else NONE
    cell = "import os; raise ValueError([torch.backends.cpu.get_cpu_capability(), *os.environ])"
    with Worker(kind, edition) as held_back:
        said = held_back.ask(question(cell), {}).document["cell"]["message"]
    assert "'DEFAULT'" in said and "ATEN_SOMETHING" not in said


WRITE = """
import os
from grader.sandbox.frame import pack
for pipe in range(3, 256):
    try:
        os.write(pipe, {data})
    except OSError:
        pass
os._exit(0)
"""


@pytest.mark.parametrize(
    "data",
    [
        "b'junk'",
        "pack([1, 2])[8:]",
        "pack('passed')[8:]",
        "pack({'calls': []})",
        "pack({'calls': []})[8:] + b'more'",
        "pack({}, {'\\u00b2/x': __import__('torch').zeros(1)})[8:]",
        "pack({}, {'x': __import__('torch').zeros(1)})[8:]",
    ],
)
def test_an_answer_of_another_form_is_malformed(bare_worker: Worker, data: str) -> None:
    answer = bare_worker.ask(question(WRITE.format(data=data)), {})
    assert (answer.status, answer.document, answer.tensors) == ("malformed", {}, {})


def test_a_large_honest_answer_fits(bare_worker: Worker) -> None:
    cell = THING.format(body="return torch.ones(4_000_000)")
    tensors = {"0/in.x": torch.ones(1), "0/in.y": torch.ones(1)}
    answer = bare_worker.ask(question(cell, calls=[CALL]), tensors)
    assert answer.status == "ok"
    assert answer.tensors["0/z"].sum() == 4_000_000
    assert 4 * ELEMENT_LIMIT < FRAME_LIMIT


def test_a_request_larger_than_a_pipe_arrives(bare_worker: Worker) -> None:
    answer = bare_worker.ask(question("# " + "x" * 2_000_000 + "\nraise ValueError('here')"), {})
    assert answer.document["cell"]["message"] == "here"


def test_each_confined_worker_has_an_edition_of_its_own(confined: str, edition: Path) -> None:
    ask = "import os; raise ValueError(os.stat('/student/labkit/__init__.py').st_ino)"
    seen = {str((edition / "labkit" / "__init__.py").stat().st_ino)}
    folders = []
    for _ in range(2):
        with Worker(confined, edition) as own:
            seen.add(own.ask(question(ask), {}).document["cell"]["message"])
            folder = Path(own._command[own._command.index("/student") - 1])
            assert folder.name.startswith("labkit-") and folder.is_dir()
            folders.append((own, folder))
    assert len(seen) == 3
    kept = [folder for _, folder in folders]
    del own, folders
    gc.collect()
    assert not any(folder.exists() for folder in kept)


def test_an_unclean_sandbox_is_thrown_away(confined: str, edition: Path) -> None:
    with Worker(confined, edition) as own:
        own._command[own._command.index("-c") + 1] = (
            "import grader.sandbox.worker as w; wipe = w.wipe\n"
            "w.wipe = lambda folder: not any(folder.iterdir()) and wipe(folder)\n"
            "w.main()"
        )
        assert own.ask(question("1"), {}).status == "ok"
        first = own._process
        assert own.ask(question("open('/scratch/file', 'w')"), {}).status == "ok"
        answer = own.ask(question("import os; raise ValueError(os.listdir('/scratch'))"), {})
        assert answer.document["cell"]["message"] == "[]"
        assert own._process is not first


# --- what the worker does with cells -------------------------------------------------------------


def in_process(cell: str, calls: list[dict[str, Any]], tensors: Tensors) -> tuple[Any, Tensors]:
    return perform({"setup": SETUP, "cells": [("cell", cell)], "calls": calls}, tensors)


CALL = {
    "construct": "Thing",
    "adapter": "grader.sandbox.method:METHOD",
    "options": {},
    "init": {},
    "method": "run",
    "arguments": ["x", "y"],
    "state": [],
    "outputs": ["z"],
    "given": {},
    "gradients": [],
}
THING = "class Thing(nn.Module):\n    def run(self, x, y):\n        {body}\n"


def call(body: str, **changes: Any) -> tuple[dict[str, Any], Tensors]:
    tensors = {"0/in.x": torch.arange(4.0), "0/in.y": torch.ones(4)}
    report, answers = in_process(THING.format(body=body), [CALL | changes], tensors)
    assert torch.equal(tensors["0/in.x"], torch.arange(4.0))  # a student gets a copy
    return report["calls"][0], {name[2:]: tensor for name, tensor in answers.items()}


def test_a_call_returns_its_result_and_its_arguments_as_they_are_afterwards() -> None:
    report, answers = call("x += 1; return x * y")
    assert report == {
        "returned": "Tensor",
        "outputs": {"z": {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}},
    }
    assert answers["z"].tolist() == answers["after.x"].tolist() == [1, 2, 3, 4]
    assert answers["after.y"].tolist() == [1, 1, 1, 1]


def test_an_absent_argument_is_none() -> None:
    report, _ = call("raise ValueError(repr(y))", arguments=["x", None])
    assert report["message"] == "None"


def test_a_class_that_is_not_there_is_missing() -> None:
    assert call("pass", construct="Other")[0] == {"missing": "Other"}


def test_an_error_is_told_with_the_students_line() -> None:
    report, answers = call("return x @ torch.zeros(7)")
    assert report["error"] == "RuntimeError" and answers == {}
    assert report["where"] == "line 3: return x @ torch.zeros(7)"


def test_what_does_not_belong_to_a_notebook_is_not_quoted() -> None:
    report, _ = call("return torch.stack([])")
    assert report["where"] == "line 3: return torch.stack([])"


@pytest.mark.parametrize("name", ["<ipython-input-3-abc>", "/tmp/ipykernel_123/456.py"])
def test_lines_of_a_notebooks_own_cells_are_known(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(compile("def run():\n    raise ValueError('x')\n", name, "exec"), namespace)
    with pytest.raises(ValueError, match="x") as caught:
        namespace["run"]()
    assert describe_error(caught.value)["where"].startswith("line 2:")


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt()", "GeneratorExit()"])
def test_no_exception_passes_through(error: str) -> None:
    assert call(f"raise {error}")[0]["error"] == error.split("(")[0]


def test_an_exception_that_cannot_be_shown_is_named() -> None:
    body = "raise type('Shy', (Exception,), {'__str__': lambda self: 1 // 0})"
    report, answers = call(body)
    assert (report["error"], report["message"], answers) == ("Shy", "", {})


def test_words_are_cut() -> None:
    report, _ = call("raise ValueError('x' * 10_000)")
    assert len(report["message"]) == TEXT_LIMIT


def test_several_results_go_by_order() -> None:
    both = {"outputs": ["z", "w"]}
    report, answers = call("return [x, y]", **both)
    assert report["returned"] == "list of 2" and set(report["outputs"]) == {"z", "w"}
    assert torch.equal(answers["w"], torch.ones(4))
    report, answers = call("return x, y, x", **both)
    assert report == {"returned": "tuple of 3"} and "z" not in answers
    assert call("return x", **both)[0] == {"returned": "Tensor"}


ODD = "a tensor of the layout torch.sparse_coo and type torch.float64"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", {"type": "NoneType"}),
        ("return x.half()", {"dtype": "torch.float16"}),
        ("return x.to('meta')", {"device": "meta"}),
        ("return x[:1].expand(5_000_000)", {"too_large": "(5000000,)"}),
        ("return x.to_sparse().double()", {"type": ODD}),
    ],
)
def test_what_is_no_plain_tensor_is_described_and_not_sent(body: str, said: dict[str, str]) -> None:
    report, answers = call(body)
    assert said.items() <= report["outputs"]["z"].items()
    assert "z" not in answers


def test_a_view_is_sent_as_numbers_of_its_own() -> None:
    _, answers = call("return x[:1].expand(3)")
    assert answers["z"].tolist() == [0, 0, 0] and answers["z"].is_contiguous()


def test_gradients_come_back_by_parameter() -> None:
    source = """
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(4))
        self.unused = nn.Parameter(torch.zeros(1))

    def run(self, x, y):
        return x * self.w
"""
    names = ["grad.in.x", "grad.unused", "grad.w"]
    wanted = CALL | {"gradients": names, "state": ["unused", "w"], "arguments": ["x", "x"]}
    tensors = {
        "0/in.x": torch.arange(4.0),
        "0/state.w": torch.full((4,), 2.0),
        "0/state.unused": torch.zeros(1),
        "0/cotangent.z": torch.tensor([1.0, 10.0, 100.0, 1000.0]),
    }
    _, answers = in_process(source, [wanted], tensors)
    assert answers["0/z"].tolist() == [0, 2, 4, 6]
    assert answers["0/grad.w"].tolist() == [0, 10, 200, 3000]
    assert answers["0/grad.in.x"].tolist() == [2, 20, 200, 2000]
    assert "0/grad.unused" not in answers
    for cut, left in (
        ("x * self.w.detach()", {"0/grad.in.x"}),
        ("x.detach() * self.w", {"0/grad.w"}),
        ("(x * self.w).detach()", set()),
    ):
        _, answers = in_process(source.replace("x * self.w", cut), [wanted], tensors)
        assert {name for name in answers if "grad." in name} == left


def test_a_given_method_or_module_answers_with_a_given_tensor() -> None:
    source = """
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def helper(self, x):
        raise NotImplementedError

    def run(self, x, y):
        return self.inner(x) + self.helper(x)
"""
    state = ["inner.bias", "inner.weight"]
    tensors = {
        "0/in.x": torch.arange(4.0),
        "0/in.y": torch.ones(4),
        "0/in.g": torch.full((4,), 5.0),
        "0/state.inner.bias": torch.zeros(4),
        "0/state.inner.weight": torch.zeros(4, 4),
    }
    given = CALL | {"state": state, "asks": [], "given": {"inner": "g", "helper": "y"}}
    _, answers = in_process(source, [given], tensors)
    assert answers["0/z"].tolist() == [6, 6, 6, 6]


def test_a_class_without_its_parameters_is_an_error() -> None:
    report, _ = call("return x", state=["w"])
    assert report["error"] == "KeyError"
    tensors = {"0/in.x": torch.ones(1), "0/in.y": torch.ones(1), "0/state.w": torch.ones(1)}
    report, _ = in_process(THING.format(body="return x"), [CALL | {"state": ["w"]}], tensors)
    assert "Unexpected key" in report["calls"][0]["message"]


def test_only_the_last_cells_error_is_told() -> None:
    report, _ = perform({"setup": "", "cells": [("a", "1 // 0"), ("b", "x = 1")], "calls": []}, {})
    assert report["cell"] == {}
    report, _ = perform({"setup": "", "cells": [("a", "x = 1"), ("b", "x +")], "calls": []}, {})
    assert report["cell"]["error"] == "SyntaxError" and report["cell"]["where"] == "line 1: x +"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("%matplotlib inline\nx = 1", 1),
        ("%%time\nx = 2", 2),
        ("if True:\n    !ls -l\n    x = 3", 3),
        ("x = 9 \\\n  % 5", 4),  # a remainder, no magic
        ("text = '''\n%no magic\n'''\nx = len(text)", 11),
    ],
)
def test_magics_are_passed_over(source: str, value: int) -> None:
    namespace: dict[str, Any] = {}
    run_cell("cell", source, namespace)
    assert namespace["x"] == value


def test_the_self_checks_dice_are_left_alone() -> None:
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    source = """
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        torch.rand(9)

    def run(self, x, y):
        return x
"""
    in_process(source, [CALL], {"0/in.x": torch.ones(1), "0/in.y": torch.ones(1)})
    assert torch.equal(torch.rand(1), first)
