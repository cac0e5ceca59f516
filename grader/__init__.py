"""grader: judges the fills of the Tacotron 2 Lab Kit.

In a notebook, ``from grader import check`` gives the self-check of a task. Instructors use the
``grader`` command and, through ``nbgrader_config.py``, nbgrader's own commands.
"""

from __future__ import annotations

from typing import Any

__all__ = ["check"]


def __getattr__(name: str) -> Any:
    if name == "check":
        from grader.selfcheck import check

        return check
    raise AttributeError(f"module 'grader' has no attribute {name!r}")
