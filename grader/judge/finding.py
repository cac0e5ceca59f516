"""What a judge finds wrong with a fill."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Finding:
    """What is wrong with a fill.

    Attributes:
        stage: ``unfilled``, ``error``, ``limit``, ``type``, ``dtype``, ``rank``, ``axes``,
            ``size``, ``finite``, ``property``, ``value``, ``changed``, ``gradient``,
            ``manner`` (all numbers are right, and they should have been computed otherwise).
        message: one or two sentences for the student.
        hint: a question that leads on, or nothing.
        slip: id of the named slip, or nothing.
    """

    stage: str
    message: str
    hint: str = ""
    slip: str = ""


def with_reason(finding: Finding, why: str) -> Finding:
    """Add to a finding why it is so, if anything is known of that."""
    if not why:
        return finding
    return replace(finding, message=f"{finding.message.removesuffix('.')}; {why}.")


def in_words(message: str, hint: str) -> list[str]:
    """Say what was found line by line: the message, and the question that leads on."""
    return [message, f"Ask yourself: {hint}"] if hint else [message]
