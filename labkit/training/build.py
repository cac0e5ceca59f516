"""From a recipe file and a corpus to a recipe that the loop can run."""

from __future__ import annotations

from pathlib import Path

from labkit.corpus.errors import CorpusError
from labkit.corpus.features import FOLDER, Features, prepare
from labkit.corpus.reading import Clip, read_listing
from labkit.progress import progress_bar
from labkit.training.config import TrainingConfig, fill
from labkit.training.recipe import Recipe


def build(config: TrainingConfig, data: Path, *, progress: bool = False) -> Recipe:
    """Make a recipe.

    Args:
        config: what the recipe file says.
        data: folder of a corpus, with ``train.txt`` and ``val.txt``.
        progress: show a bar while features are computed that `labkit corpus prepare` has not.

    Raises:
        LabkitError: the corpus cannot be read, or the config asks for what cannot be.
    """
    parts = _parts(data)
    if config.recipe == "vocoder":
        from labkit.training.vocoder import VocoderRecipe, VocoderSettings
        from labkit.vocoders.vocos.config import VocosConfig

        return VocoderRecipe(
            fill("model", VocosConfig, config.model),
            fill("learning", VocoderSettings, config.learning),
            [clip.audio for clip in parts["train"]],
            [clip.audio for clip in parts["val"]],
        )
    from labkit.tacotron2 import Tacotron2Config
    from labkit.training.acoustic import AcousticRecipe, AcousticSettings, check_edition

    check_edition()

    return AcousticRecipe(
        Tacotron2Config(**config.model),
        fill("learning", AcousticSettings, config.learning),
        *(_features(parts[part], data / FOLDER / part, progress) for part in ("train", "val")),
    )


def _parts(data: Path) -> dict[str, list[Clip]]:
    listing = read_listing(data)
    if listing.faults:
        raise CorpusError(f"{listing.faults[0]}; for everything: labkit corpus check {data}")
    if not listing.split:
        raise CorpusError(
            f"{data} does not say what trains and what validates: labkit corpus prepare {data} "
            f"does, then --data {data / 'prepared'}"
        )
    for part in ("train", "val"):
        if not listing.split[part]:
            raise CorpusError(f"{data / part}.txt lists no recording")
    return listing.split


def _features(clips: list[Clip], folder: Path, progress: bool) -> Features:
    with progress_bar(progress, f"reading {folder.name}", len(clips)) as advance:
        prepare(clips, folder, advance)
    return Features(folder)
