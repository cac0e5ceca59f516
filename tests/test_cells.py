"""Cells as text: what Python they stand for, how they run, and what of them is a stub."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from labkit.cells import python
from labkit.cells.finding import Cell, find
from labkit.cells.names import bound, looked_up
from labkit.cells.python import is_python, join, split, to_python
from labkit.cells.running import Kernel
from labkit.cells.stubs import Wanted, is_stub

# What people have in their cells; each leaves 3 in x, in a notebook and here.
IPYTHONS = {
    "display": "display('a', display_id=True).update('b')\nx = 3",
    "display in a function": "def f():\n    display(1)\n    return 3\nx = f()",
    "get_ipython": "get_ipython().run_line_magic('precision', '3')\nx = 3",
    "get_ipython in a function": "def f():\n    get_ipython().user_ns\n    return 3\nx = f()",
    "help behind": "print?\nx = 3",
    "help before": "?print\nx = 3",
    "source behind": "print??\nx = 3",
    "help in a function": "def f():\n    print?\n    return 3\nx = f()",
    "help with a star": "pri*?\nx = 3",
    "lines of the shell": "lines = !ls -l\nx = 3 + len(lines)",
    "lines of the shell as text": "a = !ls\nx = 3 if a.n == '' else 4",
    "lines by grep": "a = !ls\nx = 3 + len(a.grep('py'))",
    "shell in a function": "def f():\n    a = !pwd\n    return 3 + len(a)\nx = f()",
    "timeit kept": "t = %timeit -o -n1 -r1 1 + 1\nx = 3",
    "time of a statement": "%time x = 3",
    "time of a value": "x = %time 1 + 2",
    "cell time": "%%time\nx = 3",
    "cell time with what is not Python": "%%time\na = !ls\nx = 3",
    "cell magics on each other": "%%capture out\n%%time\nx = 3",
    "below empty lines": "\n\n%%time\n\nx = 3",
    "an unknown cell magic": "%%memit -r 1\nx = 3",
    "await": "import asyncio\nawait asyncio.sleep(0)\nx = 3",
    "await what takes time": "import asyncio\nawait asyncio.sleep(0.01)\nx = 3",
    "await a value": "async def f():\n    return 3\nx = await f()",
    "await a task": "import asyncio\nasync def f():\n    return 3\n"
    "x = await asyncio.create_task(f())",
    "async for": "async def f():\n    yield 3\nasync for x in f():\n    pass",
    "async with": "import contextlib\nasync with contextlib.AsyncExitStack():\n    x = 3",
    "indented": "    y = 1\n    x = y + 2",
    "indented below a comment": "  # mine\n  x = 3",
    "prompts": ">>> x = 1\n>>> for _ in range(2):\n...     x += 1\n",
    "IPython's prompts": "In [1]: x = 1\n\nIn [2]: x = x + 2",
    "autocall": "/print 1\nx = 3",
    "autocall quoting": ",print a b\nx = 3",
    "pip with a continuation": "!pip install torch \\\n    numpy\nx = 3",
    "magic with a continuation": "%pip install torch \\\n  --quiet\nx = 3",
    "magic in a block": "if True:\n    %precision 3\n    x = 3",
    "two shells": "!!ls\n!cd ..\nx = 3",
    "a future behind others": "x = 3\nfrom __future__ import annotations\ndef f(a: NoName): ...",
    "an operator that begins a line": "x = (13\n     % 10)",
    "an operator behind a backslash": "x = 13 \\\n    % 10",
    "an operator beside a magic": "x = (13\n     % 10)\n!ls",
    "a formatted text beside a magic": "a = ('%d'\n     % 3)\n%time x = int(a)",
    "lines in a text": "a = '''\n%time\n!ls\n'''\nx = 3",
    "lines in a text beside a magic": "!ls\na = '''\n%x\n'''\nx = 3 if '%x' in a else 4",
    "what fails above": "1 / 0\nx = 3",
    "what fails below": "x = 3\nraise SystemExit",
    "a bare name": "x = 3\nls",
}  # fmt: skip


@pytest.mark.parametrize("name", IPYTHONS)
def test_what_a_notebook_accepts_runs(name: str) -> None:
    namespace: dict[str, Any] = {}
    try:
        Kernel(namespace).run(IPYTHONS[name], "<cell x>")
    except (ZeroDivisionError, SystemExit, NameError):
        assert "fails" in name or "bare" in name
    assert namespace["x"] == 3


@pytest.mark.parametrize("name", IPYTHONS)
def test_a_notebook_does_accept_it(name: str, shell: Any) -> None:
    """What the judge runs is what people have seen to work."""
    shell.reset(new_session=False)
    shell.run_cell(IPYTHONS[name].replace("%%memit -r 1", "%%time"), store_history=False)
    passed_over = name in ("what fails above", "await a task")
    assert passed_over or shell.user_ns["x"] == 3


@pytest.fixture(scope="module")
def shell() -> Any:
    """IPython's own shell, which runs no other program here."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.text import SList

    made = InteractiveShell.instance(colors="nocolor", history_load_length=0)
    if made.history_manager is not None:
        made.history_manager.enabled = False
    made.system = made.system_raw = lambda *_: None  # type: ignore[method-assign]
    made.getoutput = lambda *_, **__: SList()  # type: ignore[method-assign]
    yield made
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    "name",
    [
        *("help behind", "help before", "help in a function", "cell time", "two shells"),
        *("lines of the shell", "timeit kept", "time of a value", "indented", "prompts"),
        *("cell magics on each other", "magic in a block", "below empty lines"),
    ],
)
def test_the_plainest_of_it_runs_where_ipython_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    python._looked_into.cache_clear()
    namespace: dict[str, Any] = {}
    Kernel(namespace).run(IPYTHONS[name], "<cell x>")
    python._looked_into.cache_clear()
    assert namespace["x"] == 3


def test_python_stays_as_it_is() -> None:
    for source in (
        "x = 1\n",
        "",
        "# nothing\n",
        "await x",
        "x = (1\n % 2)",
        "def f():\n\treturn 1",
    ):
        assert to_python(source) is source


@pytest.mark.parametrize("source", ["x = (", "%%time\nx = (", "def f(:\n!ls", "\0", "%time x = ("])
def test_what_is_no_python_is_named_as_that(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        Kernel({}).run(source, "<cell x>")


@pytest.mark.parametrize("magic", ["bash", "html", "writefile a.py", "script sh", "!", "python3"])
def test_a_cell_for_another_program_is_not_run(magic: str) -> None:
    namespace: dict[str, Any] = {}
    Kernel(namespace).run(f"%%{magic}\nx = 3", "<cell x>")
    assert "x" not in namespace


def test_lines_keep_their_numbers() -> None:
    """So that a message quotes the line that the student sees."""
    for above in ("", "%%time\n", "\n\n!ls\n", "x = !ls\n\n", "%matplotlib inline\n"):
        source = f"{above}def f():\n    a = 1\n    raise KeyError"
        line = to_python(source).split("\n").index("    raise KeyError")
        assert line == source.split("\n").index("    raise KeyError")


def test_an_error_quotes_the_piece_it_came_from() -> None:
    source = join(["a = 1\nb = 2", "def f():\n    return missing"])
    namespace: dict[str, Any] = {}
    Kernel(namespace).run(source, "<cell x>")
    with pytest.raises(NameError) as caught:
        namespace["f"]()
    last = caught.traceback[-1]
    assert (str(last.path).endswith("<cell x, part 2>"), last.lineno + 1) == (True, 2)


def test_a_cell_waits_although_a_loop_is_running() -> None:
    """As in a notebook's kernel, in which own_model runs cells."""

    async def kernel() -> Any:
        namespace: dict[str, Any] = {}
        Kernel(namespace).run("import asyncio\nawait asyncio.sleep(0.01)\nx = 3", "<cell x>")
        await asyncio.sleep(0)
        return namespace["x"]

    assert asyncio.run(kernel()) == 3


def test_a_future_holds_for_later_cells_and_not_for_others() -> None:
    annotated = "def f(x: NoSuchName):\n    return 1"
    kernel = Kernel({})
    kernel.run("from __future__ import annotations", "<cell x>")
    kernel.run(annotated, "<cell y>")
    assert "f" in kernel.namespace
    with pytest.raises(NameError):
        Kernel({}).run(annotated, "<cell z>")


def test_a_time_limit_ends_the_run() -> None:
    namespace: dict[str, Any] = {}
    with pytest.raises(TimeoutError):
        Kernel(namespace, stopped_by=(TimeoutError,)).run("raise TimeoutError\nx = 1", "<cell x>")
    assert "x" not in namespace


def test_what_joined_is_split_again() -> None:
    for pieces in (["a"], ["a", "b\nc"], ["", "a", ""], ["a\n\n\nb", "c"]):
        assert split(join(pieces)) == pieces


@pytest.mark.parametrize(
    "source",
    [
        "!ls\n" * 10_000,
        "x?\n" * 5_000 + "(",
        "%x\n" * 50 + "a;" * 20_000 + "(",
        "= %x\n" * 9_000,
        "x = = 1\n" + "x = \f%a\n" * 2_000,
        "x = = 1\n" + "x =\f!a\n" * 2_000,
        "x = = 1\n" + "\v%a\n" * 2_000,
        "x = = 1\n" + "\f\f?a\n" * 2_000,
        "x = = 1\r" + "x = \\\r %a\r" * 2_000,
        "x = = 1\n" + "a" * 40_000 + " ?",
    ],
)
def test_a_hostile_text_is_soon_done_with(source: str) -> None:
    limit = python.LOOKING_LIMIT + len(source) + len(source) ** 2 // 100
    assert python._looked_into(source, True)[1] <= limit


@pytest.mark.parametrize("text", ["x = = 1\n" + "x = \f%a\n" * 400, "x = = 1\n" + "\v!a\n" * 400])
def test_a_hostile_notebook_is_soon_done_with(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cells there are, IPython's transformer looks at so much and no more."""
    spent: list[int] = []
    honest = python._with_ipython
    monkeypatch.setattr(python, "LOOKING_LIMIT", 20_000)
    monkeypatch.setattr(python, "TOTAL_LIMIT", 60_000)

    def counted(text: str) -> tuple[str, int]:
        changed, looked_at = honest(text)
        spent.append(looked_at)
        return changed, looked_at

    monkeypatch.setattr(python, "_with_ipython", counted)
    cells = [Cell(frozenset(), f"{text}y{i}", is_code=i % 2 == 0) for i in range(60)]
    assert find(cells, [Wanted("a", "f")], "") == {}
    assert 0 < sum(spent) <= 60_000 + 20_000 + 2 * len(text)


@pytest.mark.parametrize(
    "deep",
    [
        "x = 1\nx" + ".a" * 3_000 + " = 1",
        "x = " + "-" * 3_000 + "1",
        "if 0: pass\n" + "".join(f"elif {i} < 0: pass\n" for i in range(3_000)),
        "x = 1" + " + 1" * 5_000,
        "%%time\n" * 1_200 + "x = 1",
        "x = lambda: " + "lambda: " * 1_200 + "x",
        "def f():\n    if 0: pass\n"
        + "".join(f"    elif {i} < 0: pass\n" for i in range(3_000))
        + "    raise NotImplementedError",
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_a_cell_that_is_too_deep_costs_its_own_task(deep: str, apart: bool) -> None:
    mine = "def g():\n    return h()"
    other = [Cell(frozenset(), deep)] if apart else [Cell(frozenset("a"), f"{deep}\n")]
    cells = [Cell(frozenset(), "def h():\n    return 3"), *other, Cell(frozenset("b"), mine)]
    found = find(cells, [Wanted("a", "f"), Wanted("b", "g")], "")
    namespace: dict[str, Any] = {}
    Kernel(namespace).run(found["b"].source, "<cell b>")
    assert namespace["g"]() == 3


# --- stubs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "stub"),
    [
        ("raise NotImplementedError()", True),
        ("'''What it does.'''\nraise NotImplementedError('attention-1')", True),
        ("x = 1\nfor y in x:\n    raise NotImplementedError()\nraise NotImplementedError()", True),
        ("if x:\n    x = 2\nraise NotImplementedError()", True),
        ("while True:\n    raise NotImplementedError()", True),
        ("with x:\n    raise NotImplementedError()", True),
        ("if x:\n    raise NotImplementedError()\nelse:\n    raise NotImplementedError()", True),
        ("with torch.no_grad():\n    return x\nraise NotImplementedError()", False),
        ("if x is None:\n    return 1\nelse:\n    return 2\nraise NotImplementedError()", False),
        ("try:\n    return x\nexcept E:\n    pass\nraise NotImplementedError()", False),
        ("try:\n    y = 1\nfinally:\n    return y\nraise NotImplementedError()", False),
        ("for y in x:\n    return y\nraise NotImplementedError()", False),
        ("while True:\n    if x:\n        return y\nraise NotImplementedError()", False),
        ("match x:\n    case 1:\n        return 2\nraise NotImplementedError()", False),
        ("try:\n    raise NotImplementedError()\nexcept NotImplementedError:\n    return 1", False),
        ("yield 1\nraise NotImplementedError()", False),
        ("for y in x:\n    yield y\nraise NotImplementedError()", False),
        ("if x:\n    raise NotImplementedError()", False),
        ("def g():\n    return 1\nraise NotImplementedError()", True),
        ("pass", False),
        ("...", False),
        ("raise ValueError", False),
    ],
)
def test_a_stub_raises_on_every_way(body: str, stub: bool) -> None:
    function = ast.parse(f"def f(x):\n{textwrap.indent(body, '    ')}").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert is_stub(function) is stub


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a, b=c, *d, e: g = 1, **h) -> i:\n    return a + j", {"c", "g", "i", "j"}),
        ("class A(B, c=C):\n    x = D\n    def f(self):\n        return x", {"B", "C", "D", "x"}),
        ("y = [a for a in b if c(a)]", {"b", "c"}),
        ("y = {k: v for k, v in z}", {"z"}),
        ("f = lambda a: a + b", {"b"}),
        ("def f():\n    x = 1\n    def g():\n        return x + y\n    return g", {"y"}),
        ("def f():\n    global n\n    n = n + 1", {"n"}),
        ("def f():\n    import math\n    return math.pi", set()),
        ("def f(x):\n    with x as y:\n        return y", set()),
        ("@dec\ndef f():\n    for i in a:\n        pass\n    return i", {"dec", "a"}),
        ("x.y[z] = w", {"x", "z", "w"}),
        ("match a:\n    case [b, *c]:\n        d = b", {"a", "b"}),
    ],
)  # fmt: skip
def test_names_that_are_looked_up(source: str, names: set[str]) -> None:
    assert looked_up(ast.parse(source).body) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c as d", {"a", "d"}),
        ("from a import b as c, e", {"c", "e"}),
        ("from a import *", {"*"}),
        ("a, (b, *c) = 1", {"a", "b", "c"}),
        ("a.b['c'].d = 1", {"a"}),
        ("for a in b:\n    c = 1", {"a", "c"}),
        ("try:\n    import a\nexcept E as e:\n    b = 1", {"a", "e", "b"}),
        ("with a as b, c as (d, e):\n    pass", {"b", "d", "e"}),
        ("if (a := 1):\n    def f():\n        g = 1", {"a", "f"}),
        ("print(a)", set()),
    ],
)
def test_names_that_are_bound(source: str, names: set[str]) -> None:
    assert bound(ast.parse(source).body[0]) == names


def test_a_chain_of_helpers_is_followed_and_no_more() -> None:
    task = Wanted("t", "f")
    cells = [
        Cell(frozenset(), "import math, json\nfrom typing import Optional as O, Any"),
        Cell(frozenset(), "size = 2\nunused = 3\nx = 'of a trial'"),
        Cell(frozenset(), "def area(r):\n    return size * math.pi * r\ndef other(): return json"),
        Cell(frozenset({"t"}), "def f(r: O[int]):\n    x = area(r)\n    return x"),
    ]
    (found,) = find(cells, [task], "").values()
    first, second = split(found.source)
    assert second == cells[3].source
    assert {*bound_in(first)} == {"math", "O", "size", "area"}
    assert "`import math`" in found.remarks[0] and "unused" not in found.remarks[0]


def bound_in(source: str) -> set[str]:
    return set().union(*(bound(statement) for statement in ast.parse(source).body))


def test_importing_this_costs_little() -> None:
    """The worker has it in view for every student; IPython is loaded for a cell that needs it."""
    for module in ("python", "running", "stubs", "names", "finding"):
        spec = importlib.util.find_spec(f"labkit.cells.{module}")
        assert spec is not None and spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))
        heavy = {"torch", "numpy", "IPython", "labkit.notebook"}
        for node in tree.body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & set(names)


def test_threads_parse_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, together = 0, []
    real = ast.parse

    def watched(source: str) -> ast.Module:
        nonlocal inside
        inside += 1
        together.append(inside)
        tree = real(source)
        time.sleep(0.002)  # others may run
        inside -= 1
        return tree

    monkeypatch.setattr("labkit.cells.python.ast.parse", watched)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(is_python, ["x = 1"] * 20))
    assert together == [1] * 20
