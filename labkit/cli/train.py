"""``labkit train``: run a recipe file on a corpus."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from labkit.cli.values import positive


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    train = commands.add_parser(
        "train",
        help="Train a voice or a vocoder by a recipe file.",
        description="Train by a recipe file, such as configs/voice_small.yaml. Ctrl-C finishes "
        "the step at hand and saves; --resume goes on from there, exactly as if nothing had been.",
    )
    train.add_argument("config", type=Path, help="a recipe: a YAML file")
    train.add_argument("--data", type=Path, required=True, help="folder of a corpus")
    train.add_argument("--out", type=Path, required=True, help="folder for all that comes of it")
    train.add_argument("--minutes", type=float, help="how long; instead of what the recipe says")
    train.add_argument("--steps", type=positive, help="how long; instead of what the recipe says")
    train.add_argument("--resume", action="store_true", help="go on with the training in --out")
    train.add_argument(
        "--device",
        choices=("auto", "cpu"),
        default="auto",
        help="auto (default) takes an accelerator if there is one",
    )
    train.add_argument(
        "--threads",
        type=positive,
        default=1,
        help="processor cores to use (default 1: a second one gains little where it is idle, and "
        "where it is not, each waits for the other)",
    )
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    from labkit.errors import ConfigError
    from labkit.training.recipe_file import read_config

    config = read_config(arguments.config, steps=arguments.steps, minutes=arguments.minutes)

    import torch

    torch.set_num_threads(arguments.threads)
    try:
        from labkit.training.loop import run
    except ImportError as error:
        raise ConfigError(
            f"training needs the package {error.name}: pip install {error.name}"
        ) from error
    from labkit.training.build import build

    recipe = build(config, arguments.data, progress=sys.stderr.isatty())
    outcome = run(
        recipe,
        config.loop,
        arguments.out,
        resume=arguments.resume,
        device=arguments.device,
    )
    if outcome.interrupted:
        print(
            f"labkit: stopped at step {outcome.step}; the same command with --resume goes on",
            file=sys.stderr,
        )
        return 130
    print(f"{arguments.out / 'model.safetensors'} is ready after {outcome.seconds / 60:.1f} min")
    return 0
