"""Attacks: none earns a mark, costs its author other marks, or touches whoever comes next."""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import os
import socket
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from attacks import ATTACKS, WRONG, Attack
from attacks.reading import IMPORT_REFERENCE, SCAN_MEMORY, SCAVENGE
from attacks.resources import FORKS
from attacks.spoiling import WAITING
from conftest import ROOT, cell, fill
from grader.judge.golden import golden_file
from grader.judge.judge import Judge
from grader.judge.verdict import Verdict
from grader.labs import GRADED
from grader.labs.base import Lab
from grader.sandbox.isolation import BUBBLEWRAP
from grader.sandbox.landlock import landlock_version
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission

Run = Callable[[dict[str, str]], dict[str, Verdict]]
pytestmark = pytest.mark.lab1


@pytest.fixture(scope="module")
def impatient(lab: Lab) -> Lab:
    """The lab with a time limit for attacks that would use all of it, and for nothing else."""
    short = {"attention-2": 0.8}
    return replace(
        lab,
        tasks=tuple(replace(task, seconds=short.get(task.id, task.seconds)) for task in lab.tasks),
    )


def marks(lab: Lab, worker: Worker, cells: dict[str, str], student: str) -> list[Verdict]:
    return Judge(lab, worker, b"a course", "a suite").judge(Submission(cells), student)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing_and_harms_nobody(
    worker: Worker, lab: Lab, impatient: Lab, name: str
) -> None:
    attack = ATTACKS[name]
    cells = fill() | {"attention-2": attack.cell}
    verdicts = marks(impatient if attack.quick else lab, worker, cells, "eve")
    assert [v.points for v in verdicts] == [20, 0, 20], [v.message for v in verdicts]
    message = verdicts[1].message
    assert message.startswith("attention-2: ") and len(message) < 2000
    assert "worker was lost" not in message
    if list(ATTACKS).index(name) % 4:
        return  # the question after the attack was her own next task: it is answered as any other
    honest = marks(lab, worker, fill(), f"honest, after {name}")
    assert [v.points for v in honest] == [20, 20, 20], [v.message for v in honest]


def probe(worker: Worker, code: str, *, earlier: str = "") -> str:
    """Run code in the sandbox and return what it puts into OUT."""
    lines = textwrap.indent(textwrap.dedent(code).strip("\n"), "    ")
    text = f"def probe():\n{lines}\n    return OUT\nraise ValueError(probe())\n"
    document = {
        "kind": "calls",
        "seconds": 60.0,
        "setup": "import torch\nfrom torch import nn\n",
        "cells": [("earlier", earlier), ("probe", text)],
        "calls": [],
    }
    answer = worker.ask(document, {})
    assert answer.status == "ok", answer
    assert answer.document["cell"]["error"] == "ValueError", answer.document
    return str(answer.document["cell"]["message"])


# --- the attacks do work where there is something to find ----------------------------------------


def test_the_scavenger_finds_numbers_that_are_there(judge_cells: Run) -> None:
    planted = "PLANTED = [{'deep': torch.full((2, 8), 7.0)}]\n" + fill()["attention-1"]
    attack = Attack("call", SCAVENGE)
    message = judge_cells(fill() | {"attention-1": planted, "attention-2": attack.cell})[
        "attention-2"
    ].message
    assert "energies[0, 0] is 7, expected" in message


def test_the_import_attack_would_succeed_where_the_reference_can_be_read(
    confined: str, lab: Lab, tmp_path: Path
) -> None:
    for package in ("labkit", "grader"):
        (tmp_path / package).symlink_to(ROOT / package)
    cells = fill() | {"attention-2": Attack("call", IMPORT_REFERENCE).cell}
    with Worker(BUBBLEWRAP, tmp_path) as careless:
        assert [v.points for v in marks(lab, careless, cells, "eve")] == [20, 20, 20]


def test_the_memory_scan_finds_text_that_is_there(worker: Worker) -> None:
    found = probe(worker, SCAN_MEMORY + "OUT = len(scan(b'MARK', b'-OF-THIS-VERY-QUESTION'))",
                  earlier="# MARK-OF-THIS-VERY-QUESTION\n")  # fmt: skip
    assert int(found) >= 1


# --- what a question can see ---------------------------------------------------------------------


def test_nothing_of_an_earlier_student_is_left_in_memory(worker: Worker, lab: Lab) -> None:
    text = """
        # THE-OWN-WORDS-OF-ADA
        return torch.full(processed_memory.shape[:2], 1234.5677490234375)
    """
    marks(lab, worker, fill() | {"attention-2": cell("attention-2", text)}, "ada")
    found = probe(
        worker,
        SCAN_MEMORY
        + """
import struct
number = struct.pack("<f", 1234.5677490234375)
words = [text for text in scan(b"THE-OWN-", b"WORDS-OF-ADA") if b"return torch" in text[:80]]
numbers = [text for text in scan(number * 6) if text[:48] == number * 12]
OUT = len(words), len(numbers)
""",
    )
    assert found == "(0, 0)"


def telling_lines() -> list[str]:
    """Lines of the graded methods that stand in no other file by chance."""
    files = {path: path.read_text("utf-8") for path in (ROOT / "labkit").rglob("*.py")}
    lines = set()
    for _, graded in GRADED:
        source = files[ROOT / "labkit" / graded.path]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name == graded.method:
                body = [part for part in node.body if not isinstance(part, ast.Expr)]
                text = "\n".join(ast.get_source_segment(source, part) or "" for part in body)
                lines |= {line.split("  #")[0].strip() for line in text.split("\n")}
    telling = {line for line in lines if len(line) > 40}
    return sorted(x for x in telling if sum(x in text for text in files.values()) == 1)


def test_no_file_in_the_sandbox_holds_a_golden_the_reference_or_a_secret(
    worker: Worker, lab: Lab, edition: Path
) -> None:
    lines = telling_lines()
    assert "torch.tanh(processed_query + processed_location + processed_memory)" in lines
    golden = hashlib.sha256(golden_file(lab, "hidden").read_bytes()).hexdigest()
    found = probe(
        worker,
        f"""
        import hashlib, json, os, sys
        lines, golden = {lines!r}, {golden!r}
        hits, read = [], 0
        interpreter = ("/usr/", "/bin/", "/sbin/", "/lib", sys.base_prefix + "/", sys.prefix + "/")
        for folder, folders, files in os.walk("/"):
            if folder.startswith(("/proc", "/dev")):
                folders.clear()
                continue
            for name in files:
                path = os.path.join(folder, name)
                if name in (".grader_secret", "ledger.jsonl", "scores.csv", "attention.ipynb"):
                    hits.append(path)
                ours = any(part in path for part in ("labkit", "grader", "tacotron"))
                if os.path.islink(path) or (path.startswith(interpreter) and not ours):
                    continue
                with open(path, "rb") as file:
                    content = file.read()
                read += 1
                if hashlib.sha256(content).hexdigest() == golden or "/instructor/" in path:
                    hits.append(path)
                hits += [path for line in lines if line.encode() in content]
        OUT = json.dumps([read, hits])
        """,
    )
    read, hits = json.loads(found)
    assert read > 30  # the edition itself at least
    assert hits == []


def test_only_the_scratch_folders_can_be_written(worker: Worker) -> None:
    found = probe(
        worker,
        """
        import json, os
        writable = []
        for folder, folders, files in os.walk("/"):
            if folder.startswith("/proc/") and folder.count("/") > 2:
                folders.clear()
            try:
                os.close(os.open(folder + "/touched", os.O_CREAT | os.O_WRONLY))
                writable.append(folder)
            except OSError:
                pass
            if len(folder) > 60:
                folders.clear()
        OUT = json.dumps(writable)
        """,
    )
    assert sorted(json.loads(found)) == ["/dev/shm", "/scratch"]


def test_the_kernels_own_files_are_not_read(worker: Worker) -> None:
    if not landlock_version():
        pytest.skip("this kernel has no Landlock")
    found = probe(
        worker,
        """
        import glob, json, os
        read = []
        paths = glob.glob("/proc/*") + glob.glob("/proc/[1-9]*/*") + glob.glob("/proc/self/*")
        paths += glob.glob("/proc/[1-9]*/task/*/*") + glob.glob("/proc/sys/*/*")
        paths += glob.glob("/proc/thread-self/*") + ["/proc/self/root/proc/1/stat"]
        paths += [f"/proc/self/cwd/../proc/{name}" for name in ("stat", "uptime", "mounts")]
        for path in paths:
            try:
                with open(path, "rb", buffering=0) as file:
                    file.read(100)
                    read.append(path.replace(str(os.getpid()), "self"))
            except OSError:
                pass
        read = [path for path in read if not path.endswith("/exe")]  # a link to the interpreter
        OUT = json.dumps(sorted(set(read)))
        """,
    )
    own = ("cmdline", "maps", "statm", "status")
    assert json.loads(found) == ["/proc/cpuinfo", *(f"/proc/self/{name}" for name in own)]


def test_files_of_its_own_can_be_moved_as_anywhere(worker: Worker) -> None:
    found = probe(
        worker,
        """
        import os, shutil
        os.makedirs("/scratch/a/b")
        with open("/scratch/a/b/file", "w") as file:
            file.write("x")
        os.rename("/scratch/a/b/file", "/scratch/file")
        os.replace("/scratch/a/b", "/scratch/c")
        shutil.move("/scratch/file", "/dev/shm/file")
        OUT = sorted(os.listdir("/scratch")), open("/dev/shm/file").read()
        """,
    )
    assert found == "(['a', 'c'], 'x')"


def test_the_environment_and_the_process_list_say_nothing(
    confined: str, edition: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SECRET", "the course's own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the cloud's own")
    with Worker(confined, edition) as worker:
        found = probe(
            worker,
            """
            import json, os
            processes = [name for name in os.listdir("/proc") if name.isdigit()]
            OUT = json.dumps([dict(os.environ), processes, os.getcwd(), os.uname().nodename])
            """,
        )
    environment, processes, folder, host = json.loads(found)
    assert set(environment) == {
        *("PATH", "HOME", "TMPDIR", "IPYTHONDIR", "LANG", "PYTHONPATH", "PWD"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "MPLBACKEND"),
    }
    assert "own" not in found
    assert len(processes) == 2  # the worker and the question
    assert (folder, host) == ("/scratch", "sandbox")


def test_no_network_reaches_even_this_machine(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()  # it does listen
        listener.accept()[0].close()
        found = probe(
            worker,
            f"""
            import ctypes, platform, socket
            reached = []
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, 40):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                    try:
                        socket.socket(family, kind)
                        reached.append((int(family), int(kind)))
                    except OSError:
                        pass
            for address in (("127.0.0.1", {port}), ("1.1.1.1", 53), ("localhost", {port})):
                try:
                    socket.create_connection(address, timeout=0.3)
                    reached.append(address)
                except OSError:
                    pass
            OUT = reached
            """,
        )
        assert found == "[]"
        with pytest.raises(TimeoutError):
            listener.accept()


# --- what a question can leave behind ------------------------------------------------------------


def test_no_way_to_make_a_process_works(worker: Worker) -> None:
    found = probe(
        worker,
        FORKS
        + """
import json
made = []
for name, way in ways.items():
    try:
        if way() == 0:
            os._exit(0)
        made.append(name)
    except BaseException:
        pass
OUT = json.dumps([made, len([p for p in os.listdir("/proc") if p.isdigit()])])
""",
    )
    assert json.loads(found) == [[], 2]


def test_nothing_survives_a_question(worker: Worker, lab: Lab) -> None:
    for name in (
        *("a detached child", "full scratch folders", "folders that nobody may enter"),
        *("as many files as are let through", "folders deeper than a path can say"),
    ):
        marks(lab, worker, fill() | {"attention-2": ATTACKS[name].cell}, "eve")
        found = probe(
            worker,
            """
            import os
            processes = len([name for name in os.listdir("/proc") if name.isdigit()])
            OUT = processes, os.listdir("/scratch"), os.listdir("/dev/shm")
            """,
        )
        assert found == "(2, [], [])"


def test_limits_are_the_same_for_whoever_comes_next(worker: Worker, lab: Lab) -> None:
    ask = """
        import os, resource
        limits = [resource.getrlimit(what) for what in range(16) if what != resource.RLIMIT_AS]
        memory = resource.getrlimit(resource.RLIMIT_AS)[0] >> 28  # the interpreter's part wavers
        OUT = limits, memory, os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))
    """
    before = probe(worker, ask)
    marks(lab, worker, fill() | {"attention-2": ATTACKS["limits of the worker"].cell}, "eve")
    assert probe(worker, ask) == before


@pytest.mark.parametrize("name", WAITING)
def test_nothing_is_held_that_another_could_wait_for_or_read(worker: Worker, name: str) -> None:
    assert probe(worker, WAITING[name] + "OUT = sorted(set(done))\n") == "[]"


def test_the_machines_devices_keep_their_times(worker: Worker, lab: Lab) -> None:
    devices = [Path("/dev", name) for name in ("null", "zero", "urandom")]
    before = [(found.st_atime, found.st_mtime) for found in map(os.stat, devices)]
    cells = fill() | {"attention-2": ATTACKS["time stamps of the machine"].cell}
    assert marks(lab, worker, cells, "eve")[1].stage == "value"
    after = [(found.st_atime, found.st_mtime) for found in map(os.stat, devices)]
    for device, times, now in zip(devices, before, after, strict=True):
        if times != now:
            os.utime(device, times)
    assert after == before


def test_honest_work_beside_an_attacker_keeps_its_marks(
    confined: str, edition: Path, lab: Lab, impatient: Lab
) -> None:
    stop = threading.Event()

    def attack() -> list[str]:
        stages = []
        names = itertools.cycle(("leases that are held", "small files without end"))
        with Worker(confined, edition) as own:
            while not stop.is_set():
                cells = fill() | {"attention-2": ATTACKS[next(names)].cell}
                stages.append(marks(impatient, own, cells, "eve")[1].stage)
        return stages

    def work(student: str) -> list[int]:
        with Worker(confined, edition) as own:
            return [v.points for _ in range(2) for v in marks(lab, own, fill(), student)]

    with ThreadPoolExecutor(3) as pool:
        attacker = pool.submit(attack)
        try:
            honest = list(pool.map(work, ("ada", "bob")))
        finally:
            stop.set()
        assert set(attacker.result()) == {"limit"}
    assert honest == [[20] * 6] * 2


def test_the_machines_devices_keep_their_modes(worker: Worker) -> None:
    devices = [Path("/dev", name) for name in ("null", "zero", "urandom")]
    before = [device.stat().st_mode for device in devices]
    probe(
        worker,
        """
        import os
        for name in ("null", "zero", "urandom"):
            for change in (os.chmod, lambda path, mode: os.fchmod(os.open(path, 0), mode)):
                try:
                    change("/dev/" + name, 0o640)
                except OSError:
                    pass
        OUT = "done"
        """,
    )
    after = [device.stat().st_mode for device in devices]
    for device, mode in zip(devices, before, strict=True):
        if device.stat().st_mode != mode:
            device.chmod(mode & 0o777)
    assert after == before


@pytest.mark.parametrize(
    ("name", "stage", "words"),
    [
        ("an endless loop", "limit", "did not finish within"),
        ("an answer without end", "limit", "far too much data"),
        ("ending the process as if all were well", "limit", "ended the process it ran in"),
        ("a hundred gigabytes", "error", "memory"),
        ("addresses that grow", "error", "memory"),
        ("a hundred gigabytes of addresses", "error", "memory"),
        ("KeyboardInterrupt", "error", "KeyboardInterrupt"),
        ("a huge file", "error", "OSError"),
        ("junk for every descriptor", "limit", "could not be read"),
        ("small files without end", "limit", "far too many files, folders or links"),
        ("small folders without end", "limit", "far too many files, folders or links"),
        ("nine axes", "limit", "could not be read"),
        ("a million lists", "limit", "could not be read"),
        ("numbers of sixteen bits", "dtype", "torch.float16"),
        ("a fork bomb", "value", "expected"),  # nothing came of it: what counts is the answer
    ],
)
def test_the_message_says_which_limit_it_was(
    worker: Worker, lab: Lab, impatient: Lab, name: str, stage: str, words: str
) -> None:
    attack = ATTACKS[name]
    cells = fill() | {"attention-2": attack.cell}
    verdict = marks(impatient if attack.quick else lab, worker, cells, "eve")[1]
    assert verdict.stage == stage, verdict.message
    assert words in verdict.message


def test_the_wrong_answer_beside_each_attack_is_wrong_by_itself(judge_cells: Run) -> None:
    assert judge_cells(fill(attention_2=WRONG))["attention-2"].stage == "value"


def test_the_corpus_is_not_small() -> None:
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize(
    "spend",
    {
        "files in scratch": "for _ in range(3000): os.unlink(make('/scratch/x'))",
        "files in shared memory": "for _ in range(900): os.unlink(make('/dev/shm/x'))",
        "folders": "for _ in range(500): os.mkdir('/scratch/d') or os.rmdir('/scratch/d')",
        "threads": "for _ in range(200): t = threading.Thread(target=int); t.start(); t.join()",
    }.items(),
    ids=lambda spend: spend[0],
)
def test_numbers_that_count_on_and_on_carry_nothing_to_the_next_question(
    confined: str, edition: Path, spend: tuple[str, str]
) -> None:
    head = "import os, threading\ndef make(path):\n    open(path, 'w').close()\n    return path\n"
    look = """
        import os, threading
        open('/scratch/q', 'w').close()
        thread = threading.Thread(target=int)
        thread.start()
        OUT = (os.stat('/scratch/q').st_ino, thread.native_id)
    """
    with Worker(confined, edition) as worker:
        probe(worker, look, earlier=head + spend[1])
        first = worker._process
        probe(worker, look)
        assert worker._process is not first
        second = worker._process
        seen = {probe(worker, look) for _ in range(3)}  # an honest question costs no worker
        assert worker._process is second
        assert len(seen) == 3
