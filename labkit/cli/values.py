"""Argument types that several commands share, and what a console cannot show."""

from __future__ import annotations

import argparse
import sys
from typing import Any

PRECISIONS = ("float32", "bfloat16", "int8")


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def add_number(
    group: Any, *names: str, about: str, default: int | None = None, metavar: str = "N"
) -> None:
    """Add an option that takes a whole number from 1 on; its help names the default, if any."""
    told = about if default is None else f"{about} (default: {default})"
    group.add_argument(*names, type=positive, default=default, metavar=metavar, help=told)


def add_precision(group: Any) -> None:
    """Add the option that chooses the precision."""
    told = "of the decoder's weights (default: float32)"
    group.add_argument("--precision", choices=PRECISIONS, default="float32", help=told)


def not_negative(text: str) -> float:
    """Read a finite number from 0 on."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number from 0 on")
    return number


def escape_the_unshowable() -> None:
    """Let a console that cannot show a tick show its escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
