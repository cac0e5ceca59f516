"""A picture of a difference, as SVG: yours, expected, and where they differ."""

from __future__ import annotations

from html import escape

import torch

_CELL = 14  # pixels
_MOST = 24  # rows and columns that are drawn
# five stops of a perceptually even scale that survives colour blindness and grey printers
_STOPS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


def _colour(share: float) -> str:
    place = min(max(share, 0.0), 1.0) * (len(_STOPS) - 1)
    low = min(int(place), len(_STOPS) - 2)
    mixed = (
        round(a + (b - a) * (place - low))
        for a, b in zip(_STOPS[low], _STOPS[low + 1], strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def as_table(tensor: torch.Tensor, place: tuple[int, ...]) -> torch.Tensor:
    """Return the two-dimensional slice of a tensor that holds an index."""
    while tensor.dim() > 2:
        tensor, place = tensor[place[0]], place[1:]
    return tensor.reshape(-1, tensor.shape[-1]) if tensor.dim() else tensor.reshape(1, 1)


def _grid(table: torch.Tensor, low: float, high: float, left: int, title: str, marks: bool) -> str:
    parts = [f'<text x="{left}" y="12" font-size="12">{escape(title)}</text>']
    for row, line in enumerate(table.tolist()):
        for column, value in enumerate(line):
            finite = value == value and abs(value) != float("inf")
            share = (value - low) / (high - low) if finite and high > low else 0.0
            x, y = left + column * _CELL, 18 + row * _CELL
            fill = _colour(share) if finite else "#ffffff"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{fill}">'
                f"<title>{value:.4g}</title></rect>"
            )
            if (marks and value > 0) or not finite:  # a cross, so that colour is not needed
                parts.append(
                    f'<path d="M{x + 3} {y + 3}l8 8m0 -8l-8 8" stroke="#d00" stroke-width="2"/>'
                )
    return "".join(parts)


def difference_svg(got: torch.Tensor, want: torch.Tensor, wrong: torch.Tensor) -> str:
    """Draw two tensors of one shape and their difference around the first wrong number.

    Args:
        got: what came back.
        want: what was expected.
        wrong: bool, True where they disagree.
    """
    place = tuple(int(i) for i in wrong.nonzero()[0])
    got, want, wrong = (
        as_table(tensor.double(), place)[:_MOST, :_MOST] for tensor in (got, want, wrong)
    )
    both = torch.cat([got, want]).nan_to_num(0.0, 0.0, 0.0)
    low, high = float(both.min()), float(both.max())
    rows, columns = want.shape
    step = max(columns * _CELL, 70) + 20
    body = (
        _grid(got, low, high, 0, "yours", False)
        + _grid(want, low, high, step, "expected", False)
        + _grid(wrong, 0.0, 1.0, 2 * step, "wrong: x", True)
    )
    label = f"{int(wrong.sum())} of {wrong.numel()} numbers of this slice are wrong"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'width="{3 * step}" height="{24 + rows * _CELL}" font-family="sans-serif">{body}</svg>'
    )
