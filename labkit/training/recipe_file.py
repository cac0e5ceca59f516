"""A recipe as a YAML file: what to train, with which data and losses, and how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from labkit.errors import ConfigError, refuse_unknown
from labkit.models.kind import recipes
from labkit.training.recipe import LoopSettings

_PARTS = ("recipe", "model", "learning", "loop")
_Settings = TypeVar("_Settings")


@dataclass(frozen=True)
class TrainingConfig:
    """What a recipe file says.

    Args:
        recipe: its name, as a kind of model offers it: "acoustic" trains a Tacotron 2,
            "vocoder" a Vocos.
        model: fields of the model's config.
        learning: fields of the recipe's settings.
        loop: how long, how fast and how exactly.
    """

    recipe: str
    model: dict[str, Any]
    learning: dict[str, Any]
    loop: LoopSettings


def read_config(
    path: Path, *, steps: int | None = None, minutes: float | None = None
) -> TrainingConfig:
    """Read a recipe file.

    Args:
        path: a YAML file.
        steps: replaces the length that the file gives.
        minutes: replaces the length that the file gives.

    Raises:
        ConfigError: it cannot be read, or says something that nobody understands.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold the parts {', '.join(_PARTS)}")
    refuse_unknown(content, _PARTS, str(path))
    known = sorted(recipes())
    if content.get("recipe") not in known:
        raise ConfigError(
            f"{path}: recipe must be {' or '.join(known)}, but is {content.get('recipe')!r}"
        )
    parts = {name: content.get(name) or {} for name in _PARTS[1:]}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ConfigError(f"{path}: {name} must hold names and values, but is {part!r}")
    loop = dict(parts["loop"])
    if steps is not None or minutes is not None:
        loop.update(steps=steps, minutes=minutes)
    return TrainingConfig(
        content["recipe"],
        parts["model"],
        parts["learning"],
        fill(f"{path}: loop", LoopSettings, loop),
    )


def fill(where: str, settings: Callable[..., _Settings], values: dict[str, Any]) -> _Settings:
    """Make settings from what a file says.

    Args:
        where: for messages.
        settings: a dataclass.
        values: by the names of its fields.

    Raises:
        ConfigError: a name is unknown, or a value is of the wrong type.
    """
    known = {field.name: field for field in fields(settings)}  # type: ignore[arg-type]
    refuse_unknown(values, known, where)
    checked = {}
    for name, value in values.items():
        default = known[name].default
        if isinstance(value, list):
            value = tuple(value)
        elif isinstance(default, float) and isinstance(value, (int, str)):
            # YAML takes 1e-3 for a string, because it has no point.
            try:
                value = float(value)
            except ValueError as error:
                raise ConfigError(f"{where}: {name} must be a number, but is {value!r}") from error
        if isinstance(default, (int, float, tuple)) and not isinstance(value, type(default)):
            kind = type(default).__name__
            raise ConfigError(f"{where}: {name} must be of the type {kind}, but is {value!r}")
        checked[name] = value
    return settings(**checked)
