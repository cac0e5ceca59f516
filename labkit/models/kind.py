"""What the kit must know of a model beyond how to use it, and how it finds the kind of a file.

Each model has a :class:`Kind` in its ``kind.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from labkit.errors import CheckpointError, LabkitError
from labkit.files import write_tensors
from labkit.models import registry
from labkit.models.acoustic import AcousticModel
from labkit.models.fit import few, not_finite
from labkit.models.weights_file import WeightsFile, read_weights_file

Model = TypeVar("Model", bound=nn.Module)

_ADVICE = (
    "a voice of a newer kit needs that kit, and a model of your own its kind.py and a line in "
    "labkit/models/registry.py"
)


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[Model]):
    """A kind of model.

    Args:
        name: as people call it.
        stem: what its files are called in a voice folder, and the model itself in ``voice.json``.
        model: its class, an :class:`~labkit.models.AcousticModel` or a
            :class:`~labkit.vocoders.Vocoder`; has a ``config``, a dataclass that it is built from.
        tensors: pattern of the beginning of names that only the tensors of such a model have.
        read: makes a model of a file's tensors; the path is for messages. Reads the sizes off the
            tensors as far as it can, and converts every published layout. It is called for files
            of this kind only, and raises CheckpointError if they cannot be used.
        untrained: models of full size for benchmarks, by the name that asks for one.
        recipes: modules that train it, by the name of the recipe; each has
            ``build(config, data, progress=...)`` as :func:`labkit.training.build.build`.
    """

    name: str
    stem: str
    model: type[Model]
    tensors: str
    read: Callable[[str | Path, WeightsFile], Model]
    untrained: Mapping[str, Callable[[], Model]] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)

    def recognises(self, names: Iterable[str]) -> bool:
        """Tell whether tensors of these names are such a model's."""
        return any(re.match(self.tensors, name) for name in names)

    def load(self, path: str | Path) -> Model:
        """Load such a model from any published layout, or from :meth:`save`.

        Args:
            path: a PyTorch checkpoint or a safetensors file.

        Returns:
            The model on the CPU, in float32 and eval mode, ready to be used.

        Raises:
            CheckpointError: the file is missing, damaged, unsafe, of another model, its tensors do
                not fit, or its config is unusable or missing where it is needed; the message says
                which.
        """
        weights = read_weights_file(path)
        found = name_of(weights.state_dict)
        if found is None:
            raise CheckpointError(
                f"{path} does not hold the weights of {self.name}: its tensors are "
                f"{few(weights.state_dict)}"
            )
        if found != self.name:
            raise CheckpointError(f"{path} holds the weights of {found}, not of {self.name}")
        return self.read(path, weights)

    def save(self, model: Model, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Save weights and config as a safetensors file, whole or not at all.

        Args:
            model: the model, on any device.
            path: where to, by custom with the suffix ``.safetensors``; an older file is replaced.
            dtype: how to store the floating-point tensors; float16 halves the size.

        Raises:
            CheckpointError: the file cannot be written, or a weight is not finite in ``dtype``.
        """
        path = Path(path)
        tensors = {
            name: tensor.detach()
            .to(device="cpu", dtype=dtype if tensor.is_floating_point() else tensor.dtype)
            .contiguous()
            for name, tensor in model.state_dict().items()
        }
        if broken := not_finite(tensors):
            raise CheckpointError(f"{path} was not written: not finite as {dtype}: {few(broken)}")
        config = asdict(model.config)  # type: ignore[call-overload]
        metadata = {"format": "pt", "config": json.dumps(config)}
        write_tensors(path, tensors, metadata, CheckpointError)


def kinds() -> list[Kind[Any]]:
    """Return the kinds of model, in the order in which they are asked whether a file is theirs.

    Raises:
        LabkitError: a line of the registry names no module with a kind.
    """
    return [_kind(module) for module in registry.MODELS]


def _kind(module: str) -> Kind[Any]:
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # what is missing is something that the module needs
        raise LabkitError(
            f"labkit/models/registry.py names {module}, but there is no such module; write a "
            "kind.py into the folder of the model, as docs/adding_a_model.md says"
        ) from error
    if not isinstance(getattr(found, "KIND", None), Kind):
        raise LabkitError(
            f"{found.__file__} has no KIND; give it one, as docs/adding_a_model.md says"
        )
    kind: Kind[Any] = found.KIND
    return kind


def recipes() -> dict[str, str]:
    """Return the modules that train models, by the names of their recipes."""
    return {name: module for kind in kinds() for name, module in kind.recipes.items()}


def kind_of(model: nn.Module) -> Kind[Any]:
    """Return the kind of a model.

    Raises:
        LabkitError: it is of no kind that is known.
    """
    for kind in kinds():
        if isinstance(model, kind.model):
            return kind
    raise LabkitError(f"{type(model).__name__} is of no kind that is known here; {_ADVICE}")


def recognise(names: Iterable[str]) -> Kind[Any] | None:
    """Return the kind of model that tensors of these names belong to; None if no known one."""
    names = list(names)
    if _stranger(names) is not None:
        return None
    return next((kind for kind in kinds() if kind.recognises(names)), None)


def name_of(names: Iterable[str]) -> str | None:
    """Name the model that tensors of these names belong to, be it to be had here or not."""
    names = list(names)
    kind = recognise(names)
    return kind.name if kind is not None else _stranger(names)


def load_checkpoint(path: str | Path) -> nn.Module:
    """Load whatever model a weights file holds.

    Args:
        path: a PyTorch checkpoint or a safetensors file of any published layout.

    Returns:
        A Tacotron2, WaveGlow, HiFiGAN, Vocos, or another model of :mod:`labkit.models.registry`, on
        the CPU, in float32 and eval mode.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, of an unknown model, or its tensors
            do not fit; the message says which.
    """
    kind, weights = kind_of_file(path)
    model: nn.Module = kind.read(path, weights)
    return model


def kind_of_file(path: str | Path) -> tuple[Kind[Any], WeightsFile]:
    """Read a weights file and tell what it holds.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, or of an unknown model.
    """
    weights = read_weights_file(path)
    kind = recognise(weights.state_dict)
    if kind is not None:
        return kind, weights
    known = f"known here are {', '.join(kind.name for kind in kinds()[::-1])}; {_ADVICE}"
    stranger = _stranger(list(weights.state_dict))
    if stranger is not None:
        raise CheckpointError(f"{path} holds the weights of {stranger}; {known}")
    raise CheckpointError(
        f"{path} holds no model that is known here: its tensors are {few(weights.state_dict)}; "
        f"{known}"
    )


def load_acoustic(path: str | Path) -> AcousticModel:
    """Load whatever acoustic model a weights file holds.

    Args:
        path: a PyTorch checkpoint or a safetensors file of any published layout.

    Returns:
        The model on the CPU, in float32 and eval mode.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, no acoustic model, or its tensors do
            not fit; the message says which.
    """
    model = load_checkpoint(path)
    if not isinstance(model, AcousticModel):
        known = " or ".join(k.name for k in kinds() if issubclass(k.model, AcousticModel))
        raise CheckpointError(f"{path} holds the weights of {kind_of(model).name}, not of {known}")
    return model


def _stranger(names: list[str]) -> str | None:
    for name, pattern in registry.STRANGERS.items():
        if any(re.match(pattern, tensor) for tensor in names):
            return name
    return None
