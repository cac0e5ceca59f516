"""``labkit corpus``: make, prepare and check a corpus of speech."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from labkit.cli.values import positive


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    corpus = commands.add_parser(
        "corpus",
        help="Make, prepare or check a corpus of speech.",
        description="Make, prepare or check a corpus of speech.",
    )
    actions = corpus.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_make(actions)


def _add_make(actions: Any) -> None:
    make = actions.add_parser(
        "make",
        help="Make a corpus from nothing: our own sentences, spoken by flite.",
        description="Make a corpus from nothing: our own sentences, spoken by flite. "
        "The same command goes on where it was interrupted, and gives the same bytes.",
    )
    add = make.add_argument
    add("folder", type=Path, metavar="OUT", help="a folder that is new, or begun so before")
    add(
        "--hours", type=float, required=True, metavar="H", help="how much speech; 0.05 is 3 minutes"
    )
    add("--seed", type=int, default=0, metavar="S", help="of the sentences (default: 0)")
    add("--voices", type=_names, default=("rms",), metavar="V,...", help="rms, slt, awb, kal16")
    add(
        "--styles",
        type=_names,
        default=("neutral",),
        metavar="S,...",
        help="neutral, sad, angry, happy (default: neutral)",
    )
    _add_common(make)
    make.set_defaults(run=_make)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=positive,
        default=_processors(),
        metavar="N",
        help="files at a time (default: one for each processor)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _make(arguments: argparse.Namespace) -> int:
    from labkit.corpus.make import Recipe, make_corpus

    recipe = Recipe(arguments.hours, arguments.seed, arguments.voices, arguments.styles)
    made = make_corpus(arguments.folder, recipe, jobs=arguments.jobs, progress=not arguments.json)
    if arguments.json:
        print(
            json.dumps(
                {
                    "folder": str(made.folder),
                    "clips": made.clips,
                    "new_clips": made.new_clips,
                    "seconds": round(made.seconds, 2),
                },
                indent=1,
            )
        )
    else:
        print(
            f"{made.folder}: {made.clips} recordings, {made.seconds / 3600:.2f} hours "
            f"({made.new_clips} of them new)"
        )
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
