"""Judges numbers of which chance sets some to zero, as dropout in training does."""

from __future__ import annotations

from collections.abc import Sequence

import torch

_NO_NUMBER = 2e-5  # what is expected to be smaller may be zero without being dropped


def dropped(got: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
    """Return where a number is zero that would not be."""
    return (got == 0) & (want.abs() > _NO_NUMBER)


def dropout_fault(
    name: str, axes: Sequence[str], got: torch.Tensor, want: torch.Tensor, share: float
) -> tuple[str, str] | None:
    """Say what is wrong with how numbers are dropped, and what to ask oneself.

    Args:
        name: of the output.
        axes: of the output, by name.
        got: what came back.
        want: what was expected if everything were kept.
        share: of the numbers that are to be dropped.

    Returns:
        the end of a sentence and a question; None if as many are dropped as should be, each by
        itself, and what is kept is multiplied so that the mean stays.
    """
    alive, gone = want.abs() > _NO_NUMBER, dropped(got, want)
    found = float(gone.sum() / alive.sum())
    # five standard deviations: an honest fill fails once in two million cases
    margin = 5 * (share * (1 - share) / int(alive.sum())) ** 0.5
    if abs(found - share) > margin:
        return (
            f"{found:.0%} of {name} is dropped; expected about {share:.0%}.",
            "Which modes does a module have, and what does `self.training` say?",
        )
    factors = (got / want)[alive & ~gone].double()
    factor = float(factors.mean())
    if abs(factor - 1) > 0.01 and bool(((factors - factor).abs() < 0.01 * abs(factor)).all()):
        kept = 1 / (1 - share)
        return (
            f"what is kept is multiplied by {factor * kept:.3g}; expected {kept:.3g}, for the "
            f"{share:.0%} that are dropped.",
            "How large is the mean of many numbers, before and after dropout?",
        )
    for axis, axis_name in enumerate(axes):
        if _together(gone, alive, share, axis):
            return (
                f"numbers of {name} are dropped together along {axis_name}; each should be dropped "
                "or kept by itself.",
                "How many dice are thrown?",
            )
    return None


def _together(gone: torch.Tensor, alive: torch.Tensor, share: float, axis: int) -> bool:
    """Whether neighbours along an axis share their fate more often than by chance."""
    gone, alive = gone.transpose(0, axis), alive.transpose(0, axis)
    pairs = alive[:-1] & alive[1:]
    count = int(pairs.sum())
    if not count:
        return False
    found = float(((gone[:-1] == gone[1:]) & pairs).sum()) / count
    agree = share**2 + (1 - share) ** 2
    # six standard deviations, since pairs that overlap vary a little more than others
    return found - agree > 6 * (agree * (1 - agree) / count) ** 0.5
