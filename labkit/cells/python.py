"""A cell's text as plain Python: IPython's own additions become calls that have no effect."""

from __future__ import annotations

import ast
import re
import textwrap
import threading
from functools import lru_cache

# Stands between cells that are handed on as one text; in the form that editors know as "percent".
MARK = "# %% from another cell of this notebook"
# Lines beyond Python times characters of a cell: IPython looks at all of it again for each of them.
LOOKING_LIMIT = 200_000

# Cell magics whose text is for another program, for a file, or for the eye.
_CELL_MAGIC = re.compile(r"(?:[ \t]*\n)*%%(!|\w+)")
_NOT_CODE = re.compile(
    r"!|bash|sh|script|system|sx|cmd|perl|ruby|R|sql|cython|python[23]?|pypy|html|javascript|js|"
    r"latex|markdown|svg|(?:write)?file",
    re.IGNORECASE,
)
_TIMED = re.compile(r"^((?:[ \t]*|.*[^=!<>]=[ \t]*))%time[ \t]+(?=\S)", re.M)
_PROMPT = re.compile(r"\s*In \[\d+\]: ")  # is Python by chance: an annotation
_BEYOND = re.compile(r"^[ \t]*(?:[%!?/,;]|>>>)|\?[ \t]*$|=[ \t]*[%!]", re.M)


def join(pieces: list[str]) -> str:
    """Write the sources of several cells as one text; a single one stays as it is."""
    if len(pieces) == 1:
        return pieces[0]
    return f"\n\n{MARK}\n".join(piece.strip("\n") for piece in pieces)


def split(source: str) -> list[str]:
    """Undo :func:`join`; any other text is one piece."""
    return [piece.removesuffix("\n\n") for piece in re.split(rf"(?:^|(?<=\n)){MARK}\n", source)]


def effort(source: str) -> int:
    """Say how much IPython's transformer would have to look at; 0 for what is Python already."""
    return 0 if is_python(source) else len(_BEYOND.findall(source)) * len(source)


@lru_cache(maxsize=256)
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
    if is_python(source) and not _PROMPT.match(source):
        return source
    magic = _CELL_MAGIC.match(source)
    if magic:
        first, _, rest = source[magic.start(1) - 2 :].partition("\n")
        above = "\n" * source.count("\n", 0, magic.start(1))
        if _NOT_CODE.fullmatch(magic[1]):
            rest = "".join(f"# {line}" for line in rest.splitlines(keepends=True))
        return f"{above}# {first}\n{to_python(rest, thorough)}"
    text = _TIMED.sub(r"\1", source)
    if thorough and effort(text) <= LOOKING_LIMIT:
        blank = len(text) - len(text.lstrip(" \t\n"))
        above = "\n" * text.count("\n", 0, blank)
        try:
            from IPython.core.inputtransformer2 import TransformerManager

            changed = above + TransformerManager().transform_cell(text)
        except Exception:  # IPython is missing, or its transformer gives up on a broken text
            changed = ""
        if changed and is_python(changed):
            return changed
    changed = _without_ipython(text)
    return changed if is_python(changed) else source


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
