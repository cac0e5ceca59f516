"""Cells run as in a notebook's kernel, but for what would reach beyond their own names."""

from __future__ import annotations
import __future__ as futures

import ast
import asyncio
import inspect
import linecache
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from labkit.cells.python import split, to_python

_FUTURES = sum(getattr(futures, name).compiler_flag for name in futures.all_feature_names)


class Nothing:
    """Takes any call and any question, and comes to nothing; stands for what IPython returns."""

    def __call__(self, *_: Any, **__: Any) -> Nothing:
        """Return this again."""
        return self

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):  # such as those by which pickle and copy look for abilities
            raise AttributeError(name)
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def __repr__(self) -> str:
        return ""


class _Lines(list[str]):
    """The lines that a shell command prints: none; with the other forms that IPython has of it."""

    n = s = nlstr = spstr = property(lambda self: "")
    l = p = list = paths = property(lambda self: [])  # noqa: E741 - IPython's names

    def grep(self, *_: Any, **__: Any) -> _Lines:
        return self

    fields = grep


class _Shell(Nothing):
    """In place of IPython's shell: but for running a cell, nothing asked of it has an effect."""

    def __init__(self, run: Callable[[str, str], None]) -> None:
        self._run = run

    def run_cell(self, raw_cell: str = "", *_: Any, **__: Any) -> Nothing:
        self._run(str(raw_cell), "<cell that a cell runs>")
        return Nothing()

    def system(self, *_: Any, **__: Any) -> None:
        return None

    def getoutput(self, *_: Any, **__: Any) -> _Lines:
        return _Lines()


def _display(*_: Any, **options: Any) -> Nothing | None:
    return Nothing() if options.get("display_id") else None


class Kernel:
    """Runs cells one after the other in one namespace.

    Args:
        namespace: gets what the cells define, and stand-ins for ``display`` and ``get_ipython``.
        stopped_by: errors that end the run at once, such as a time limit's.
    """

    def __init__(
        self, namespace: dict[str, Any], stopped_by: tuple[type[BaseException], ...] = ()
    ) -> None:
        self.namespace = namespace
        self._stopped_by = stopped_by
        self._flags = 0  # of ``from __future__`` statements, which hold for later cells, too
        shell = _Shell(self.run)
        for name, stand_in in (("get_ipython", lambda: shell), ("display", _display)):
            namespace.setdefault(name, stand_in)

    def run(self, source: str, file: str) -> None:
        """Run a cell, or several that were joined; tracebacks show their lines under ``file``.

        A statement that fails is passed over, as a cell that fails does not keep a notebook from
        its next one; nor does a piece that is no Python.

        Raises:
            BaseException: what the first definition that failed has raised, or else the first
                statement; after all has been run.
        """
        failures: list[tuple[bool, BaseException]] = []
        for number, piece in enumerate(split(source)):
            text = to_python(piece)
            name = file if number == 0 else f"{file.removesuffix('>')}, part {number + 1}>"
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            try:
                statements = ast.parse(text, name).body
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                failures.append((True, error))
                continue
            for statement in statements:
                try:
                    self._run(statement, name)
                except self._stopped_by:
                    raise
                except BaseException as error:  # SystemExit and KeyboardInterrupt are no exception
                    defines = isinstance(statement, ast.ClassDef | ast.FunctionDef)
                    failures.append((defines, error))
        if failures:
            raise next((error for defines, error in failures if defines), failures[0][1])

    def _run(self, statement: ast.stmt, file: str) -> None:
        """Run one statement, with the futures of those before it and no others."""
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(ast.Module([statement], []), file, "exec", flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURES
        if code.co_flags & inspect.CO_COROUTINE:
            _finish(eval(code, self.namespace))
        else:
            exec(code, self.namespace)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that nothing wakes from outside: a sandbox may have no sockets for that."""

    def _make_self_pipe(self) -> None:
        return None

    def _close_self_pipe(self) -> None:
        return None


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Wait for what a cell awaits, in a loop of its own, even where a kernel's loop is running."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = _Loop(selectors.SelectSelector())  # of all, the one that asks least of the system
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()
        asyncio._set_running_loop(outer)
