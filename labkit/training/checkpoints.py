"""Checkpoints of a training: all that it takes to go on, written whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from labkit.errors import CheckpointError
from labkit.files import whole_file

_NAME = re.compile(r"step_(\d{8})\.pt")
KEPT = 2


def save_training(state: dict[str, Any], folder: Path) -> Path:
    """Write a checkpoint, then delete all but the newest `KEPT`.

    Args:
        state: tensors, numbers, strings and containers of them, with the key ``"step"``.
        folder: where the checkpoints of this training lie.

    Returns:
        The path of the new checkpoint.

    Raises:
        CheckpointError: it cannot be written.
    """
    path = folder / f"step_{state['step']:08d}.pt"
    whole = whole_file(path, CheckpointError, lasting=True)
    with whole as unfinished, unfinished.open("wb") as file:
        torch.save(state, file)  # to a file of ours: torch would call a full disk a RuntimeError
    for old in list_checkpoints(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints in a folder, the newest last."""
    return sorted(path for path in folder.glob("step_*.pt") if _NAME.fullmatch(path.name))


def load_training(folder: Path, device: torch.device) -> dict[str, Any]:
    """Read the newest checkpoint.

    Args:
        folder: where the checkpoints of this training lie.
        device: where the tensors go.

    Returns:
        What :func:`save_training` was given.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    checkpoints = list_checkpoints(folder)
    if not checkpoints:
        raise CheckpointError(f"there is no training to resume in {folder}: no step_*.pt in it")
    try:
        return torch.load(checkpoints[-1], map_location=device, weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{checkpoints[-1]} is damaged ({type(error).__name__}); delete it to go on from "
            "the checkpoint before it"
        ) from error
