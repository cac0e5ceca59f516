"""A cell's text as plain Python: IPython's own additions become calls that have no effect."""

from __future__ import annotations

import ast
import re
import textwrap
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

# Stands between cells that are handed on as one text; in the form that editors know as "percent".
MARK = "# %% from another cell of this notebook"
# Characters that IPython's transformer may look at for one cell; it looks at all of a cell again
# for each line that it changes. What it does look at is counted, for what it will cannot be told.
LOOKING_LIMIT = 200_000
TOTAL_LIMIT = 600_000  # the same for all cells of a notebook together

# Cell magics whose text is for another program, for a file, or for the eye.
_MAGICS_LIMIT = 20  # of them on each other
_CELL_MAGIC = re.compile(r"(?:[ \t]*\n)*%%(!|\w+)")
_NOT_CODE = re.compile(
    r"!|bash|sh|script|system|sx|cmd|perl|ruby|R|sql|cython|python[23]?|pypy|html|javascript|js|"
    r"latex|markdown|svg|(?:write)?file",
    re.IGNORECASE,
)
_TIMED = re.compile(r"^((?:[ \t]*|.*[^=!<>]=[ \t]*))%time[ \t]+(?=\S)", re.M)
_PROMPT = re.compile(r"\s*In \[\d+\]: ")  # is Python by chance: an annotation


def join(pieces: list[str]) -> str:
    """Write the sources of several cells as one text; a single one stays as it is."""
    if len(pieces) == 1:
        return pieces[0]
    return f"\n\n{MARK}\n".join(piece.strip("\n") for piece in pieces)


def split(source: str) -> list[str]:
    """Undo :func:`join`; any other text is one piece."""
    return [piece.removesuffix("\n\n") for piece in re.split(rf"(?:^|(?<=\n)){MARK}\n", source)]


def all_to_python(sources: Iterable[str]) -> list[str]:
    """Do :func:`to_python` to texts of one notebook, as thoroughly as is soon done."""
    texts, left = [], TOTAL_LIMIT
    for source in sources:
        text, looked_at = _looked_into(source, left > 0)
        left -= looked_at
        texts.append(text)
    return texts


def to_python(source: str, thorough: bool = True) -> str:
    """Return what Python a cell's text stands for, line by line where that is possible.

    What is Python already stays as it is: a ``%`` that begins a continued line is an operator. Of
    the rest, magics, shell lines and help become calls of ``get_ipython()``, which
    :mod:`labkit.cells.running` answers; prompts and a common indentation go; the body of a cell
    magic such as ``%%time`` is code. What even so is no Python comes back as it was.

    Args:
        source: of one cell.
        thorough: whether IPython's transformer may be asked; it takes long for long texts.
    """
    return _looked_into(source, thorough)[0]


@lru_cache(maxsize=256)
def _looked_into(source: str, thorough: bool) -> tuple[str, int]:
    """Return the Python of a text, and how many characters IPython has looked at for that."""
    if is_python(source) and not _PROMPT.match(source):
        return source, 0
    above = ""
    for _ in range(_MAGICS_LIMIT):
        magic = _CELL_MAGIC.match(source)
        if not magic:
            break
        first, _, rest = source[magic.start(1) - 2 :].partition("\n")
        above += "\n" * source.count("\n", 0, magic.start(1)) + f"# {first}\n"
        if _NOT_CODE.fullmatch(magic[1]):
            return above + "".join(f"# {line}" for line in rest.splitlines(keepends=True)), 0
        source = rest
    if above and is_python(source):
        return above + source, 0
    text, looked_at = _TIMED.sub(r"\1", source), 0
    if thorough:
        blank = len(text) - len(text.lstrip(" \t\n"))
        changed, looked_at = _with_ipython(text)
        changed = above + "\n" * text.count("\n", 0, blank) + changed
        if is_python(changed):
            return changed, looked_at
    changed = _without_ipython(text)
    return above + (changed if is_python(changed) else source), looked_at


def _with_ipython(text: str) -> tuple[str, int]:
    """Ask IPython's transformer; the text stays as it is where that is missing or gives up."""
    looked_at = 0
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        class Limited(TransformerManager):
            def do_one_token_transform(self, lines: list[str]) -> Any:
                nonlocal looked_at
                # how it finds a question grows with the square of the line
                asking = sum(len(line) ** 2 for line in lines if "?" in line)
                looked_at += sum(map(len, lines)) + asking // 100
                if looked_at > LOOKING_LIMIT:
                    raise TimeoutError
                return super().do_one_token_transform(lines)

        return Limited().transform_cell(text), looked_at
    except Exception:  # on a broken text it raises much
        return text, looked_at


# Before Python 3.12, two threads that parse at once can disturb each other: they share the counter
# with which the tree is built, and "AST constructor recursion depth mismatch" is raised.
_PARSING = threading.Lock()


def is_python(source: str) -> bool:
    """Whether a text is Python of this version."""
    return parse(source) is not None


def parse(source: str) -> ast.Module | None:
    """Parse a text; None if it is no Python of this version, however it fails."""
    try:
        with _PARSING:
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_ipython(source: str) -> str:
    """Do the plainest of what IPython's transformer does, where that is not to be had."""
    lines = []
    for line in textwrap.dedent(source).split("\n"):
        line = re.sub(r"^(?:>>>|\.\.\.) ?", "", line)
        body = line.lstrip()
        indent = line[: len(line) - len(body)]
        if body.startswith(("%", "!", "?")) or re.fullmatch(r"[\w.]+\?{1,2}\s*", body):
            line = f"{indent}pass"
        elif made := re.match(r"[\w\s,.]+=(?=\s*[%!])", body):
            line = f"{indent}{made[0]} get_ipython().getoutput('')"
        lines.append(line)
    return "\n".join(lines)
