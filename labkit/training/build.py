"""From a recipe file and a corpus to a recipe that the loop can run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from labkit.corpus.errors import CorpusError
from labkit.corpus.listing import Clip, read_listing
from labkit.models.kind import recipes
from labkit.training.recipe import Recipe
from labkit.training.recipe_file import TrainingConfig


def build(config: TrainingConfig, data: Path, *, progress: bool = False) -> Recipe:
    """Make a recipe.

    Args:
        config: what the recipe file says.
        data: folder of a corpus, with ``train.txt`` and ``val.txt``.
        progress: show a bar while features are computed that `labkit corpus prepare` has not.

    Raises:
        LabkitError: the corpus cannot be read, or the config asks for what cannot be.
    """
    module = import_module(recipes()[config.recipe])
    recipe: Recipe = module.build(config, data, progress=progress)
    return recipe


def split_of(data: Path) -> dict[str, list[Clip]]:
    """Read which recordings of a corpus train, and which validate.

    Raises:
        CorpusError: it has faults, or one of the two is empty.
    """
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
