"""Named slips, written as text: a list of a hundred is read more easily than as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.labs.base import Slip


def read_slips(text: str, tells: Mapping[str, str] | None = None) -> tuple[Slip, ...]:
    """Read slips from lines.

    Args:
        text: ``id: title`` at the margin, and below it the hint, indented, on as many lines as it
            needs. A star behind the id says that the mistake may concern some outputs only.
        tells: by id, what every finding says where no numbers tell the mistake.

    Raises:
        ValueError: a line is neither, or a hint is missing.
    """
    slips: list[Slip] = []
    for line in filter(None, text.split("\n")):
        if line.startswith(" ") and slips:
            last = slips[-1]
            slips[-1] = replace(last, hint=f"{last.hint} {line.strip()}".strip())
            continue
        slip_id, colon, title = line.partition(": ")
        if not colon or (slips and not slips[-1].hint):
            raise ValueError(f"no slip can be read from {line!r}")
        slips.append(Slip(slip_id.rstrip("*"), title, "", in_part=slip_id.endswith("*")))
    tells = tells or {}
    return tuple(replace(slip, tells=tells.get(slip.id, "")) for slip in slips)
