"""Errors of the grader: one clear line each; the command prints the line and exits with 2."""

from __future__ import annotations


class GraderError(Exception):
    """Wrong use, or a machine that cannot do what was asked."""


class IsolationError(GraderError):
    """The confinement that was asked for is not to be had on this machine."""


class SubmissionError(GraderError):
    """A submission that cannot be read as a notebook; the message is written for the student."""
