"""One family of exceptions: each message says what was wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral


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


def refuse_unknown(keys: Iterable[object], known: Iterable[str], where: str) -> None:
    """Refuse keys that are not known, and say which was meant.

    Args:
        keys: what was given.
        known: what may be given.
        where: it was given.

    Raises:
        ConfigError: naming each.
    """
    known = list(known)
    unknown = [str(key) for key in keys if key not in known]
    if not unknown:
        return
    import difflib

    near = {key: difflib.get_close_matches(key, known, n=1) for key in unknown}
    meant = {key: f" (did you mean {close[0]!r}?)" if close else "" for key, close in near.items()}
    named = [f"{key!r}{meant[key]}" for key in unknown]
    # a long list helps only who is not nearly right
    listed = "" if all(near.values()) and len(known) > 20 else f"; known: {', '.join(known)}"
    raise ConfigError(f"unknown key {', '.join(named)} in {where}{listed}")


def check_sizes(config: object, *names: str) -> None:
    """Refuse attributes that are no whole numbers from 1 on, and make the others plain ones.

    Raises:
        ConfigError: naming the first.
    """
    for name in names:
        value = getattr(config, name)
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise ConfigError(f"{name} must be a positive whole number, but is {value!r}")
        object.__setattr__(config, name, int(value))
