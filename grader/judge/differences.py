"""Says in a student's terms how numbers differ: by what, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

Agree = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_PLACES = {"B": "sentence", "T_in": "symbol", "T": "frame", "T / r": "step", "step": "step"}


def relation(got: torch.Tensor, want: torch.Tensor, axes: Sequence[str], agree: Agree) -> str:
    """Say what has been done to all of the numbers, if it is one simple thing.

    Args:
        got: what came back.
        want: what was expected, of the same shape.
        axes: names of the axes.
        agree: elementwise, whether two tensors are the same number.

    Returns:
        a part of a sentence, or nothing.
    """
    if want.numel() < 3 or not bool(torch.isfinite(got).all()):
        return ""

    def same(other: torch.Tensor) -> bool:
        return bool(agree(got, other).all())

    square = float((want.double() ** 2).sum())
    factor = float((got.double() * want.double()).sum()) / square if square else 1.0
    if same(-want):
        return "every number has the other sign"
    if abs(factor) > 1e-3 and same(want * factor):
        return f"every number is {factor:.3g} times what is expected"
    offset = float((got.double() - want.double()).mean())
    if same(want + offset):
        return f"every number is {abs(offset):.3g} too {'large' if offset > 0 else 'small'}"
    for axis, name in enumerate(axes):
        if want.size(axis) < 2:
            continue
        if name == "B" and (order := _rows(got, want, agree)):
            return "the sentences are in another order: " + order
        if same(want.flip(axis)):
            return f"everything is reversed along {name}"
        for shift, way in ((1, "further"), (-1, "back")):
            if want.size(axis) > 2 and same(want.roll(shift, axis)):
                return f"everything stands one place {way} along {name}"
    return ""


def _rows(got: torch.Tensor, want: torch.Tensor, agree: Agree) -> str:
    """Say which sentence stands in the first wrong row, if all are there in another order."""
    places = []
    for row in got:
        fits = [number for number, other in enumerate(want) if bool(agree(row, other).all())]
        if len(fits) != 1:
            return ""
        places.append(fits[0])
    if sorted(places) != list(range(len(places))):
        return ""
    moved = next((row for row, place in enumerate(places) if row != place), None)
    return "" if moved is None else f"row {moved} holds what belongs into row {places[moved]}"


def place(wrong: torch.Tensor, axes: Sequence[str]) -> str:
    """Say in which sentences, symbols and so on numbers are wrong, unless it is in all of them.

    Args:
        wrong: bool, True where a number is wrong.
        axes: names of its axes.
    """
    parts = []
    for axis, name in enumerate(axes):
        others = [other for other in range(wrong.dim()) if other != axis]
        hit = (wrong.any(dim=others) if others else wrong).nonzero().flatten().tolist()
        if 0 < len(hit) < wrong.size(axis) and (len(hit) < 4 or hit[-1] - hit[0] < len(hit)):
            what = _PLACES.get(name, f"{name} index")
            parts.append(f"{what} {_listed(hit)}")
    return "only in " + ", ".join(parts) + " (counted from 0)" if parts else ""


def _listed(numbers: list[int]) -> str:
    """Write few numbers, or numbers in a row; counted from zero, as indices are."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] < len(numbers):
        return f"{numbers[0]} to {numbers[-1]}"
    return " and ".join(map(str, numbers))
