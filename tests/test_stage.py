"""The line to a case's partner: what is answered, and that nothing else comes through."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from grader.judge import stage as stage_module
from grader.judge.golden import public_cases
from grader.judge.stage import Stage
from grader.labs.base import Case, call_document
from grader.labs.lab4_inference.tasks import BENCHMARK
from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from grader.sandbox.frame import LENGTH_BYTES, pack, unpack
from grader.sandbox.line import EVENT_LIMIT, REPLY_LIMIT, LineClosed, answered_by, ask
from grader.sandbox.session import Worker

pytestmark = pytest.mark.lab4

CASE = public_cases(INFERENCE)[BENCHMARK.id][0]


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage(BENCHMARK, [replace(CASE, partner={}), CASE])
    yield stage
    stage.close()


def event(number: int = 1, call: Any = 1, what: str = "clock", said: Any = None) -> dict[str, Any]:
    return {"number": number, "call": call, "what": what, "said": said or {}}


def say(stage: Stage, line: socket.socket, data: bytes) -> Any:
    """Send bytes and let the judge's side attend; return the reply, None if the line has ended."""
    line.sendall(data)
    stage.attend()
    if stage.fileno() < 0:
        return None
    reply = line.recv(REPLY_LIMIT)
    return unpack(reply[LENGTH_BYTES:])[0]


def test_events_are_answered_in_order_by_the_partner_of_their_call(stage: Stage) -> None:
    with stage.open() as line:
        first = say(stage, line, pack(event()))["seconds"]
        say(stage, line, pack(event(2, what="synchronise")))
        assert say(stage, line, pack(event(3)))["seconds"] == pytest.approx(first + 0.7)
    assert stage.partners[0] is None
    assert stage.partners[1].events == ["clock", "synchronise", "clock"]  # type: ignore


def test_a_question_that_is_asked_again_begins_anew(stage: Stage) -> None:
    with stage.open() as line:
        first = say(stage, line, pack(event()))
    with stage.open() as again:
        assert say(stage, again, pack(event())) == first
    with pytest.raises(OSError, match=r"Bad file|Broken pipe"):
        line.send(b"x")


@pytest.mark.parametrize(
    "data",
    [
        b"junk that is no frame",
        b"\xff" * LENGTH_BYTES,
        (EVENT_LIMIT + 1).to_bytes(LENGTH_BYTES, "little"),
        (30).to_bytes(LENGTH_BYTES, "little") + b"x" * 30,
        pack([1, 2]),
        pack({}),
        pack(event(2)),
        pack(event(0)),
        pack(event(call=0)),
        pack(event(call=2)),
        pack(event(call=-1)),
        pack(event(call="1")),
        pack(event(call=True)) + pack(event(2)),
        pack(event(what="vocode", said={"shape": "ab"})),
        pack(event(what="vocode", said={"shape": [[]] * 3})),
        pack(event(what="vocode")),
        pack(event(what=[])),  # type: ignore[arg-type]
        pack(event(), {"x": torch.zeros(EVENT_LIMIT)}),
    ],
)
def test_what_is_no_event_ends_the_line_and_raises_nothing(stage: Stage, data: bytes) -> None:
    with stage.open() as line:
        line.setblocking(False)
        with contextlib.suppress(OSError):
            line.sendall(data)
        for _ in range(9):
            if stage.fileno() >= 0:
                stage.attend()
        assert stage.fileno() < 0


def test_half_an_event_is_waited_for(stage: Stage) -> None:
    whole = pack(event())
    with stage.open() as line:
        for part in (whole[:3], whole[3:20]):
            line.sendall(part)
            stage.attend()
            assert stage.fileno() >= 0
        assert say(stage, line, whole[20:])["seconds"] > 0


def test_who_does_not_listen_is_not_waited_for(stage: Stage) -> None:
    with stage.open() as line:
        for number in range(1, 10**6):
            line.sendall(pack(event(number)))
            stage.attend()
            if stage.fileno() < 0:
                break
    assert stage.fileno() < 0


def test_events_are_counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "EVENTS", 3)
    with stage.open() as line:
        answers = [say(stage, line, pack(event(number))) for number in (1, 2, 3)]
        assert None not in answers
        assert say(stage, line, pack(event(4))) is None


def test_without_a_partner_nobody_answers() -> None:
    with pytest.raises(LineClosed, match="nobody"):
        ask("clock")


def test_in_a_notebook_the_partner_answers_in_the_same_process(stage: Stage) -> None:
    stage.open().close()
    partner = stage.partners[1]
    assert partner is not None
    with answered_by(partner.answer):
        assert ask("clock")[0]["seconds"] > 100
    with pytest.raises(LineClosed):
        ask("clock")


# --- through a worker ----------------------------------------------------------------------------

SEEN = """
def benchmark(read, vocode, synchronise, clock, n_iterations, n_warm_ups=3):
    {body}
"""


def asked(worker: Worker, body: str, *, seconds: float = 20.0) -> tuple[Any, Stage]:
    """Let a worker run a function on the case; return its answer and what was played."""
    stage = Stage(BENCHMARK, [CASE])
    document = {
        "kind": "calls",
        "seconds": seconds,
        "setup": INFERENCE.setup,
        "cells": [("inference-3", SEEN.format(body=body))],
        "calls": [call_document(BENCHMARK, CASE)],
    }
    return worker.ask(document, {}, stage), stage


def message(worker: Worker, body: str) -> str:
    return str(asked(worker, body)[0].document["calls"][0]["message"])


def test_a_child_asks_over_its_own_line(bare_worker: Worker) -> None:
    answer, stage = asked(
        bare_worker, "synchronise(); raise ValueError(read().shape, clock() > 100)"
    )
    assert "torch.Size([1, 7, " in answer.document["calls"][0]["message"]
    assert stage.partners[0].events == ["synchronise", "read", "clock"]  # type: ignore
    assert stage.fileno() < 0


def test_a_question_without_a_stage_has_no_line(bare_worker: Worker) -> None:
    document = {"kind": "calls", "seconds": 20.0, "setup": "", "calls": []}
    body = "from grader.sandbox.line import ask\nask('clock')"
    answer = bare_worker.ask(document | {"cells": [("cell", body)]}, {})
    assert answer.document["cell"]["error"] == "LineClosed"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("import os; clock(); os._exit(0)", "died"),
        ("while True: clock()", "ok"),  # too many: the line ends, and with it the loop
        ("import os\n    clock()\n    while True: pass", "time"),
        ("import os\n    for n in range(3, 256):\n        try: os.write(n, b'x' * 99)\n"
         "        except OSError: pass\n    clock()", "malformed"),
    ],
)  # fmt: skip
def test_whatever_a_child_does_the_next_question_has_a_line_of_its_own(
    bare_worker: Worker, body: str, status: str
) -> None:
    limit = 1.0 if status == "time" else 20.0
    assert asked(bare_worker, body, seconds=limit)[0].status == status
    assert message(bare_worker, "raise ValueError(round(clock()))") == "100"


def test_a_worker_that_is_lost_asks_new_partners(
    bare_worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bare_worker.ask({"kind": "calls", "seconds": 9.0, "setup": "", "cells": [], "calls": []},
                           {}).status == "ok"  # fmt: skip
    assert bare_worker._process is not None
    bare_worker._process.kill()
    bare_worker._process.wait()
    answer, stage = asked(bare_worker, "raise ValueError(clock())")
    assert answer.status == "ok"
    assert stage.partners[0].events == ["clock"]  # type: ignore


def test_no_key_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    case: Case
    for task in INFERENCE.judged:
        for case in public_cases(INFERENCE)[task.id]:
            assert case.partner["key"] not in repr(call_document(task, case))
