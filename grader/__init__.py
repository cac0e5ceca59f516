"""grader: judges the fills of the Tacotron 2 Lab Kit.

In a notebook, ``from grader import check`` gives the self-check of a task, ``progress`` the board
of what has been checked, ``report_card`` the card of all labs. Instructors use the ``grader``
command and, through ``nbgrader_config.py``, nbgrader's own commands.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {"check": "selfcheck.check", "progress": "selfcheck.board", "report_card": "report.own"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"grader.{_HOME[name]}"), name)
    raise AttributeError(f"module 'grader' has no attribute {name!r}")
