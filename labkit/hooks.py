"""The one hook by which a room joins that not every edition of the kit has."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_ROOM = "labkit.fast"


def faster(name: str) -> Any:
    """Return what does the same as a plain module, sooner.

    Args:
        name: of ``labkit.fast.OFFERS``.

    Returns:
        The function; None where this edition comes without it.
    """
    if find_spec(_ROOM) is None:
        return None
    module: str = import_module(_ROOM).OFFERS[name]
    return getattr(import_module(f"{_ROOM}.{module}"), name)
