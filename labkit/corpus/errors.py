"""What can go wrong with a corpus."""

from __future__ import annotations

from labkit.errors import LabkitError


class CorpusError(LabkitError, ValueError):
    """A corpus cannot be made or read."""
