"""Which cells of a notebook belong to a task, and what they need of the others.

A notebook that people work in has cells that were split, merged, copied, emptied and written anew.
What the kernel made of them counts: cells without code and stubs are left out, the others are run
in the notebook's order, and so the last definition holds.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from labkit.cells.files import put_in
from labkit.cells.following import Piece, follow, without_showing
from labkit.cells.names import bound, looked_up
from labkit.cells.python import all_to_python, is_python, join, parse, split, to_python
from labkit.cells.stubs import Wanted, defines_anew, in_classes, mentions, written

CELL_LIMIT = 50_000  # characters of a cell that is looked into
TEXT_LIMIT = 300_000  # the same for all cells together that are no code cells any more

_GIVEN = frozenset([*dir(builtins), "display", "get_ipython", "__name__"])
_ELSEWHERE = "its cell is missing; what other cells do to its class or function was judged"
_FUTURE = (
    "from __future__"  # stands for what such a statement binds: the reading of all that follow
)


@dataclass(frozen=True)
class Cell:
    """A cell as it was handed in.

    Args:
        names: its id and its nbgrader name.
        source: its text.
        is_code: whether it is a code cell.
    """

    names: frozenset[str]
    source: str
    is_code: bool = True


@dataclass(frozen=True)
class Found:
    """What is to be run for a task.

    Args:
        source: of all its cells, see :func:`labkit.cells.python.join`.
        otherwise: the same by other readings of the notebook, if they differ: ``source`` is what
            the task needs of what stood there at its last check; these are the notebook to its
            end, and everything that acts on what the task needs.
        remarks: what was not as released, in sentences without the task's id.
    """

    source: str
    otherwise: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Read:
    """A cell that has been looked into; without statements if it is no Python."""

    place: int
    cell: Cell
    text: str = ""
    statements: list[ast.stmt] | None = None
    offers: tuple[tuple[ast.stmt, set[str]], ...] = ()  # what others may need, with its names

    @property
    def is_void(self) -> bool:
        """Whether nothing in it does anything."""
        return self.statements is not None and all(
            isinstance(s, ast.Pass)
            or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            for s in self.statements
        )


@dataclass
class _Choice:
    """The cells chosen for a task, and what is to be told about it."""

    pieces: list[_Read]
    remarks: list[str] = field(default_factory=list)
    is_written: bool = False


def find(cells: Sequence[Cell], wanted: Sequence[Wanted], setup: str) -> dict[str, Found]:
    """Find the cells of each task, and what they need of other cells.

    Args:
        cells: all cells of a notebook, in order.
        wanted: all tasks of the notebook.
        setup: what is run before any cell.

    Returns:
        What to run by task; a task without any cell is absent.
    """
    code = [place for place, cell in enumerate(cells) if cell.is_code]
    sources, files = put_in([cells[place].source for place in code])
    cells = list(cells)
    for place, text in zip(code, sources, strict=True):
        cells[place] = replace(cells[place], source=text)
    read = _look_into(cells, {task.owner for task in wanted})
    found = {}
    for task in wanted:
        last = max((r.place for r in read if _checks(task, r)), default=len(cells))
        ways = [_way(read, task, wanted, setup)]
        if last < len(cells) - 1:
            at_check = _way([r for r in read if r.place <= last], task, wanted, setup)
            if at_check is not None and at_check[2]:
                ways.insert(0, at_check)
        sources = [way[0] for way in ways if way is not None]
        with contextlib.suppress(RecursionError):  # deeper than this language can say
            sources.append(_widest([r for r in read if r.place <= last], task, wanted, setup))
        first, *others = dict.fromkeys(filter(None, sources)) or [""]
        if first:
            remarks = ways[0][1] if ways[0] is not None else (_ELSEWHERE,)
            if files and (ways[0] is None or not ways[0][2]):
                names = ", ".join(file[:40] for file in files[:3])
                remarks = (
                    *remarks,
                    f"what the notebook writes to files ({names}) is not there "
                    "when it is judged; write the code in a cell",
                )
            found[task.task] = Found(first, tuple(others), remarks)
    return found


def _widest(read: list[_Read], task: Wanted, wanted: Sequence[Wanted], setup: str) -> str:
    """Return the task's cells with everything that acts on what they need."""
    choice = _choose(read, task, wanted)
    own = {piece.place: piece.cell.source for piece in choice.pieces} if choice else {}
    pieces = [
        Piece(own.get(r.place, ""), r.statements or (), r.place in own)
        for r in read
        if r.place in own or (r.cell.is_code and r.statements)
    ]
    tree = parse(setup)
    given = _GIVEN.union(*map(bound, tree.body)) if tree else _GIVEN
    return follow(pieces, task, {other.owner for other in wanted}, set(given))


def _look_into(cells: Sequence[Cell], owners: set[str]) -> list[_Read]:
    """Parse all cells; of text only what could be a solution, and that without IPython."""
    read, left = [], TEXT_LIMIT
    short = [c.source if c.is_code and len(c.source) <= CELL_LIMIT else "" for c in cells]
    code = [split(source) if source else [] for source in short]
    changed = iter(all_to_python(piece for pieces in code for piece in pieces))
    for place, (cell, pieces) in enumerate(zip(cells, code, strict=True)):
        texts = [next(changed) for _ in pieces]
        if not cell.is_code and any(owner in cell.source for owner in owners):
            left -= len(cell.source)
            texts = [to_python(cell.source, False)] if left > 0 else []
        # a cell that was joined before is what its good pieces are
        good = [text for text in texts if len(texts) == 1 or is_python(text)]
        tree = parse("\n".join(good)) if good else None
        statements = None if tree is None else in_classes(tree.body, owners)
        offers: list[tuple[ast.stmt, set[str]]] = []
        if statements is not None and cell.is_code:
            with contextlib.suppress(RecursionError):  # deeper than this language can say
                apart = [(s, bound(s)) for whole in statements for s in without_showing(whole)]
                offers = [(s, names) for s, names in apart if names and not names & owners]
        read.append(_Read(place, cell, "\n".join(good), statements, tuple(offers)))
    return read


def _checks(task: Wanted, read: _Read) -> bool:
    """Whether a cell holds a check of the task."""
    call = rf"^[^#\n]*\bcheck\(\s*[\"']{re.escape(task.task)}[\"']"
    return read.cell.is_code and bool(re.search(call, read.cell.source[:CELL_LIMIT], re.M))


def _way(
    read: list[_Read], task: Wanted, wanted: Sequence[Wanted], setup: str
) -> tuple[str, tuple[str, ...], bool] | None:
    choice = _choose(read, task, wanted)
    if choice is None:
        return None
    sources = [piece.cell.source for piece in choice.pieces]
    sources = list(reversed(dict.fromkeys(reversed(sources))))  # of copies the last one counts
    needed: list[tuple[str, bool]] = []
    if choice.is_written:
        with contextlib.suppress(RecursionError):  # deeper than this language can say
            needed = _needed(read, choice.pieces, wanted, setup)
    if needed:
        sources.insert(0, "\n\n".join(text for text, _ in needed))
        told = [text.split("\n")[0].rstrip(":") for text, is_told in needed if is_told]
        if told:
            more = f" and {len(told) - 5} more" if len(told) > 5 else ""
            names = ", ".join(f"`{line[:60]}`" for line in told[:5])
            choice.remarks.append(
                f"it needs what other cells define, which was run first: {names}{more}"
            )
    return join(sources), tuple(choice.remarks), choice.is_written


def _choose(read: list[_Read], task: Wanted, wanted: Sequence[Wanted]) -> _Choice | None:
    """Choose a task's cells."""
    others = [other for other in wanted if other.task != task.task]
    claiming = [r for r in read if task.task in r.cell.names]
    code = [
        r
        for r in read
        if r.cell.is_code
        and (
            _belongs(task, r)
            or (_changes(task, r, wanted) and not any(_belongs(other, r) for other in others))
        )
    ]
    good = [r for r in code if r.statements is not None and not r.is_void]
    full = [r for r in good if _is_written(task, r)]
    if full:
        begun = any(defines_anew(task, r.statements or []) for r in full)
        kept = [r for r in good if r in full or not _is_needless_stub(task, r, begun)]
        choice = _Choice(kept, is_written=True)
        _tell(choice, task, claiming)
        return choice
    whole = parse(to_python("\n".join(r.cell.source for r in claiming if r.cell.is_code)))
    body = in_classes(whole.body, {task.owner}) if whole else []
    if len(claiming) > 1 and any(written(task, body).values()):
        halves = [r for r in claiming if r.cell.is_code]
        source = "\n".join(r.cell.source for r in halves)
        joined = _Read(halves[0].place, Cell(halves[0].cell.names, source), source, body)
        return _Choice([joined], [f"its cell was split in {len(halves)}; they were joined"], True)
    for r in reversed([r for r in read if not r.cell.is_code]):
        named = task.task in r.cell.names
        if (named or not r.cell.names) and _is_written(task, r):
            return _Choice([r], ["the cell was no code cell any more; its text was judged"], True)
    return _unwritten(read, code, claiming, task)


def _unwritten(
    read: list[_Read], code: list[_Read], claiming: list[_Read], task: Wanted
) -> _Choice | None:
    """Choose the cells that come nearest: written in a way of its own, broken, a stub, or empty."""
    full = [r for r in code if not r.is_void]
    if not full and not claiming:
        full = [r for r in read if r.cell.is_code and r.statements is None and _in_words(task, r)]
    if full and not all(_defines(task, r) for r in full):
        choice = _Choice(full, is_written=not any(_defines(task, r) for r in full))
    elif full or claiming:
        choice = _Choice([(full or claiming)[-1]])
    else:
        return None
    _tell(choice, task, claiming)
    if not choice.pieces[-1].cell.is_code:
        choice.remarks.append("the cell was no code cell any more; its text was judged")
    return choice


def _defines(task: Wanted, read: _Read) -> bool:
    return bool(read.statements) and bool(written(task, read.statements or []))


def _changes(task: Wanted, read: _Read, wanted: Sequence[Wanted]) -> bool:
    """Whether a cell continues the task's class, or begins it for the first task of that class."""
    statements = read.statements or []
    first = next(other for other in wanted if other.owner == task.owner)
    return mentions(task, statements) and (task == first or not defines_anew(task, statements))


def _belongs(task: Wanted, read: _Read) -> bool:
    return task.task in read.cell.names or _defines(task, read)


def _is_written(task: Wanted, read: _Read) -> bool:
    return any(written(task, read.statements or []).values())


def _is_needless_stub(task: Wanted, read: _Read, begun: bool) -> bool:
    """Whether a cell only holds the stub; one that begins the class is needed to continue it."""
    statements = read.statements or []
    return _defines(task, read) and (begun or not defines_anew(task, statements))


def _in_words(task: Wanted, read: _Read) -> bool:
    """Whether a cell looks like the task's, although it is no Python."""
    source = read.cell.source if len(read.cell.source) <= CELL_LIMIT else ""
    if not task.methods:
        return bool(re.search(rf"^def[ \t]+{task.owner}\b", source, re.M))
    begins = rf"^(?:class[ \t]+{task.owner}\b|@method_of\({task.owner}\))"
    return bool(re.search(begins, source, re.M)) and any(
        re.search(rf"^[ \t]*def[ \t]+{name}\b", source, re.M) for name in task.methods
    )


def _tell(choice: _Choice, task: Wanted, claiming: list[_Read]) -> None:
    """Remark on where the cells were found."""
    kind = ("function", "method", "methods")[min(len(task.methods), 2)]
    what = f"its {kind} {task.name}"
    if not claiming:
        choice.remarks.append(f"the cell had lost its name; it was found by {what}")
    elif not any(piece in claiming for piece in choice.pieces):
        choice.remarks.append(
            f"the cell of that name has no solution; {what} was found in another cell"
        )
    elif len(claiming) > 1:
        choice.remarks.append(
            f"{len(claiming)} cells claim to be this one; those that are empty, unfilled or broken "
            "were left out, and the others run in their order"
        )


def _needed(
    read: list[_Read], pieces: list[_Read], wanted: Sequence[Wanted], setup: str
) -> list[tuple[str, bool]]:
    """Collect the statements of other cells on which the pieces depend, in the notebook's order.

    Returns:
        Each statement's text, and whether the student is told of it.
    """
    own = [statement for piece in pieces for statement in piece.statements or []]
    given = parse(setup)
    have = {*_GIVEN, *(task.owner for task in wanted)}
    for statement in [*own, *(given.body if given else [])]:
        have |= bound(statement)
    used = looked_up(own)
    tasks = {task.task for task in wanted}
    places = {piece.place for piece in pieces}
    rest = [(*offer, r) for r in read if r.place not in places for offer in r.offers]
    binding: dict[str, list[int]] = {}
    for index, (statement, names, _) in enumerate(rest):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        for name in {_FUTURE} if future else names:
            binding.setdefault(name, []).append(index)
    chosen = set(binding.get(_FUTURE, ()))
    while used:
        more = {
            index
            for name in used
            for index in binding.get(name, ())
            if index not in chosen and (name not in have or _is_dotted(rest[index][0]))
        }
        more |= set(binding.get("*", ()) if used - have else ())
        have |= used
        used = looked_up([rest[index][0] for index in more - chosen])
        chosen |= more
    return [
        (_text_of(rest[i][0], rest[i][2].text), not rest[i][2].cell.names & tasks)
        for i in sorted(chosen)
    ]


def _is_dotted(statement: ast.stmt) -> bool:
    """Whether this is ``import a.b``, which adds to a name that is there."""
    return isinstance(statement, ast.Import) and "." in statement.names[0].name


def _text_of(statement: ast.stmt, text: str) -> str:
    """Return a statement's own lines, or what says the same where it shares them with others."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.end_lineno:
        return "\n".join(text.split("\n")[first - 1 : statement.end_lineno])
    return ast.unparse(statement)
