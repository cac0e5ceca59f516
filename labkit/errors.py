"""One family of exceptions: each message says what was wrong, where, and what to do."""

from __future__ import annotations


class LabkitError(Exception):
    """Base of every error that labkit raises on purpose; the CLI prints it as one line."""


class TextError(LabkitError, ValueError):
    """The text cannot be turned into symbols."""


class AudioError(LabkitError, ValueError):
    """The audio cannot be used: wrong rate, clipped, too short, not finite."""


class ConfigError(LabkitError, ValueError):
    """A model was configured with values that do not fit together."""


class InputError(LabkitError, ValueError):
    """A model was called with tensors of the wrong shape, type or content."""


class CheckpointError(LabkitError, ValueError):
    """A weights file is missing, unreadable, or holds something else."""


class DeviceError(LabkitError, ValueError):
    """A device was asked for that is not there."""


class SpeechError(LabkitError, ValueError):
    """Text could not be spoken: nothing speakable in it, or the models do not fit together."""


class OutputError(LabkitError, OSError):
    """A file cannot be written: no such folder, no permission, a full disk."""
