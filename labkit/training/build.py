"""From a recipe file and a corpus to a recipe that the loop can run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from labkit.training.config import TrainingConfig, fill
from labkit.training.features import Features, prepare, read_list
from labkit.training.recipe import Recipe

Progress = Callable[[str, int, int], object]
"""Is given what is being done, how much of it is done, and how much there is in all."""


def build(config: TrainingConfig, data: Path, on_progress: Progress) -> Recipe:
    """Make a recipe.

    Args:
        config: what the recipe file says.
        data: folder of a corpus, with ``train.txt`` and ``val.txt``.
        on_progress: told how far the preparation is.

    Raises:
        LabkitError: the corpus cannot be read, or the config asks for what cannot be.
    """
    if config.recipe == "vocoder":
        from labkit.training.vocoder import VocoderRecipe, VocoderSettings
        from labkit.vocoders.vocos.config import VocosConfig

        return VocoderRecipe(
            fill("model", VocosConfig, config.model),
            fill("learning", VocoderSettings, config.learning),
            [recording.path for recording in read_list(data / "train.txt")],
            [recording.path for recording in read_list(data / "val.txt")],
        )
    from labkit.tacotron2 import Tacotron2Config
    from labkit.training.acoustic import AcousticRecipe, AcousticSettings, check_edition

    check_edition()

    return AcousticRecipe(
        Tacotron2Config(**config.model),
        fill("learning", AcousticSettings, config.learning),
        _features(data, "train", on_progress),
        _features(data, "val", on_progress),
    )


def _features(data: Path, part: str, on_progress: Progress) -> Features:
    recordings = read_list(data / f"{part}.txt")
    return prepare(
        recordings,
        data / f"{part}.features.safetensors",
        lambda done: on_progress(f"reading {part}.txt", done, len(recordings)),
    )
