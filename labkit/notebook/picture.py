"""Pictures that can also be read: a figure never comes without the same in words."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIXELS_PER_INCH = 144  # sharp on high-density screens; shown at two thirds of its size
SPACE = "␣"  # a blank would be invisible as a tick label

# Two hues that differ in lightness as well, so that they survive grey printing and any
# colour vision; a hatch or a marker always says the same a second time.
DARK = "#31446b"
LIGHT = "#e0b83c"
GREY = "#8a8a8a"


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of ``width`` x ``height`` inches that no global state knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=PIXELS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def visible(letters: str) -> list[str]:
    """Split ``letters`` into tick labels; a blank becomes an open box."""
    return [SPACE if letter == " " else letter for letter in letters]


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture.

    Args:
        head: one title for each column.
        rows: the cells, already as text.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    @classmethod
    def numbered(
        cls, head: Sequence[str], names: Sequence[str], *columns: Iterable[float], digits: int = 3
    ) -> Table:
        """Number the rows of some columns of numbers by name: "1 no", "2 never"."""
        rows = enumerate(zip(names, *columns, strict=True), start=1)
        return cls(
            head,
            [
                [f"{i} {name}", *(f"{n:.{digits}f}" for n in numbers)]
                for i, (name, *numbers) in rows
            ],
        )

    def as_text(self) -> str:
        """Lay the table out in columns for a terminal or a screen reader."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in lines
        )

    def as_html(self) -> str:
        """Write the table as an HTML table with column headers."""

        def row(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

        body = "".join(row(cells, "td") for cells in self.rows)
        return f"<table><thead>{row(self.head, 'th')}</thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class Picture:
    """A figure, what it shows in words, and the numbers it was drawn from.

    As the last line of a cell it displays itself. ``figure`` can be changed or saved like
    any matplotlib figure.

    Args:
        figure: the drawing.
        title: what is drawn; also the beginning of the alternative text.
        text: one or more sentences that say what can be seen.
        table: the numbers, folded away below the picture; None if there are none.
    """

    figure: Figure
    title: str
    text: str
    table: Table | None = None

    def save(self, path: str | Path) -> None:
        """Write the figure to ``path``; the suffix (.png, .svg, .pdf) picks the format."""
        self.figure.savefig(path)

    def png(self) -> bytes:
        """Render the figure with 256 colours, at about a third of the usual size."""
        from PIL import Image

        drawn, packed = io.BytesIO(), io.BytesIO()
        self.figure.savefig(drawn, format="png")
        Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            packed, format="png", optimize=True
        )
        return packed.getvalue()

    def __repr__(self) -> str:
        parts = [self.title, self.text]
        if self.table is not None:
            parts.append(self.table.as_text())
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Front ends show the HTML, because JupyterLab's own image output has no alternative
        # text; exports that know no HTML take the image.
        alternative = html.escape(f"{self.title}. {self.text}", quote=True)
        width = round(self.figure.get_figwidth() * PIXELS_PER_INCH * 2 / 3)
        source = base64.b64encode(self.png()).decode()
        parts = [
            f'<img alt="{alternative}" style="width:{width}px;max-width:100%" '
            f'src="data:image/png;base64,{source}"/>',
            *(f"<p>{html.escape(line)}</p>" for line in self.text.split("\n") if line),
        ]
        if self.table is not None:
            parts.append(
                f"<details><summary>The same in numbers</summary>{self.table.as_html()}</details>"
            )
        return {"text/html": "".join(parts), "image/png": source, "text/plain": repr(self)}


@dataclass(frozen=True)
class Notice:
    """A message in place of a picture that could not be drawn.

    Args:
        title: what is the matter, in one line.
        text: what to do about it.
    """

    title: str
    text: str

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.split("\n") if line)
        box = "border-left:4px solid #e0b83c;padding:0.2em 1em"
        return {
            "text/html": f'<div style="{box}"><p><b>{html.escape(self.title)}</b></p>{lines}</div>',
            "text/plain": repr(self),
        }


class NotReadyError(Exception):
    """The student's class cannot be drawn; carries the notice to show instead."""

    def __init__(self, notice: Notice, unfilled: str | None = None) -> None:
        super().__init__(str(notice))
        self.notice = notice
        self.unfilled = unfilled  # the task that is still empty, if that is the reason
