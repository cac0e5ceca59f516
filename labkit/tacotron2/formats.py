"""The number formats in which a decoder's large matrices may be kept."""

from __future__ import annotations

from typing import Literal, get_args

from labkit.errors import ConfigError

Precision = Literal["float32", "bfloat16", "int8"]
PRECISIONS: tuple[str, ...] = get_args(Precision)


def check_precision(precision: str) -> None:
    """Refuse what is no precision.

    Raises:
        ConfigError: ``precision`` is none of :data:`PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"precision must be {', '.join(PRECISIONS)}, but is {precision!r}")
