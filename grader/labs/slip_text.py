"""Named slips, written as text: a list of a hundred is read more easily than as code."""

from __future__ import annotations

from dataclasses import replace

from grader.labs.base import Slip


def read_slips(text: str) -> tuple[Slip, ...]:
    """Read slips from lines.

    Args:
        text: ``id: title`` at the margin, and below it the hint, indented, on as many lines as it
            needs. A star behind the id says that the mistake may concern some outputs only. Behind
            a ``~`` stands what every finding says where no numbers tell the mistake, a pattern,
            which goes on behind the next ``~``.

    Raises:
        ValueError: a line is neither, or a hint is missing.
    """
    slips: list[Slip] = []
    for line in filter(None, text.split("\n")):
        if line.startswith("    ~ ") and slips:
            slips[-1] = replace(slips[-1], tells=slips[-1].tells + line.removeprefix("    ~ "))
        elif line.startswith(" ") and slips:
            slips[-1] = replace(slips[-1], hint=f"{slips[-1].hint} {line.strip()}".strip())
        else:
            slip_id, colon, title = line.partition(": ")
            if not colon or (slips and not slips[-1].hint):
                raise ValueError(f"no slip can be read from {line!r}")
            slips.append(Slip(slip_id.rstrip("*"), title, "", in_part=slip_id.endswith("*")))
    return tuple(slips)
