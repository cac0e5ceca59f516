"""``labkit corpus``: make, prepare and check a corpus of speech."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labkit.cli.values import add_number, not_negative, positive

_PATH = (
    "a folder in the layout of LJSpeech, or with train.txt, val.txt and test.txt, or a list of "
    "path|text"
)


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    corpus = commands.add_parser(
        "corpus",
        help="Make, prepare or check a corpus of speech.",
        description="Make, prepare or check a corpus of speech.",
    )
    actions = corpus.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_make(actions)
    _add_prepare(actions)
    _add_check(actions)


def _add_make(actions: Any) -> None:
    make = actions.add_parser(
        "make",
        help="Make a corpus from nothing: our own sentences, spoken by flite.",
        description="Make a corpus from nothing: our own sentences, spoken by flite. "
        "The same command goes on where it was interrupted, and gives the same "
        "recordings.",
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
    told = "leave out longer sentences (default: 200, which is none)"
    add("--max-characters", type=positive, default=200, metavar="N", help=told)
    add("--flac", action="store_true", help="write .flac, which takes half the space of .wav")
    _add_common(make)
    make.set_defaults(run=_make)


def _add_prepare(actions: Any) -> None:
    prepare = actions.add_parser(
        "prepare",
        help="Write the file lists and features that training reads.",
        description="Write the file lists and features that labkit train --data reads. "
        "The same command goes on where it was interrupted.",
    )
    add = prepare.add_argument
    add("path", type=Path, metavar="PATH", help=_PATH)
    add("--out", type=Path, metavar="FOLDER", help="where to (default: prepared, in the corpus)")
    add(
        "--lists",
        type=Path,
        metavar="FOLDER",
        help="with train.txt, val.txt and test.txt, or the "
        "published lists for LJSpeech (default: the corpus's own, else a split by name)",
    )
    add("--resample", action="store_true", help="convert recordings of another rate, in --out")
    _add_common(prepare)
    prepare.set_defaults(run=_prepare)


def _add_check(actions: Any) -> None:
    check = actions.add_parser(
        "check",
        help="Report everything that is wrong with a corpus.",
        description="Report everything that is wrong with a corpus; exit status 1 if anything is.",
    )
    add = check.add_argument
    add("path", type=Path, metavar="PATH", help=_PATH)
    add_number(check, "--rate", default=22_050, metavar="HZ", about="wanted")
    add("--min-seconds", type=not_negative, default=0.3, metavar="S", help="default: 0.3")
    add("--max-seconds", type=not_negative, default=15.0, metavar="S", help="default: 15")
    _add_common(check)
    check.set_defaults(run=_check)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_number(parser, "--jobs", about="files at a time (default: one for each processor)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _make(arguments: argparse.Namespace) -> int:
    from labkit.corpus.make import Recipe, make_corpus

    recipe = Recipe(
        arguments.hours,
        arguments.seed,
        arguments.voices,
        arguments.styles,
        arguments.max_characters,
        ".flac" if arguments.flac else ".wav",
    )
    made = make_corpus(arguments.folder, recipe, jobs=_jobs(arguments), progress=not arguments.json)
    if arguments.json:
        _print_json(
            folder=str(made.folder),
            recordings=made.clips,
            new=made.new_clips,
            seconds=round(made.seconds, 2),
        )
    else:
        print(
            f"{made.folder}: {made.clips} recordings, {_duration(made.seconds)}; "
            f"{made.new_clips} of them new"
        )
    return 0


def _prepare(arguments: argparse.Namespace) -> int:
    from labkit.audio import MelConfig
    from labkit.corpus.prepare import prepare_corpus

    prepared = prepare_corpus(
        arguments.path,
        arguments.out,
        lists=arguments.lists,
        allow_resampling=arguments.resample,
        jobs=_jobs(arguments),
        progress=not arguments.json,
    )
    mel = MelConfig()
    seconds = prepared.frames * mel.hop_length / mel.sample_rate
    if arguments.json:
        _print_json(
            folder=str(prepared.folder),
            **prepared.clips,
            new=prepared.new_clips,
            frames=prepared.frames,
            seconds=round(seconds, 2),
        )
    else:
        counts = ", ".join(f"{part} {clips}" for part, clips in prepared.clips.items())
        print(
            f"{prepared.folder}: {counts}; {_duration(seconds)}; {prepared.new_clips} of them new"
        )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from labkit.corpus.check import Limits, check_corpus

    limits = Limits(arguments.rate, arguments.min_seconds, arguments.max_seconds)
    found = check_corpus(arguments.path, limits, jobs=_jobs(arguments), progress=not arguments.json)
    if arguments.json:
        _print_json(
            path=str(arguments.path),
            recordings=found.clips,
            seconds=round(found.seconds, 2),
            faults=[asdict(fault) for fault in found.faults],
        )
    else:
        for fault in found.faults:
            print(fault)
        result = f"{len(found.faults)} faults" if found.faults else "no faults"
        print(f"{arguments.path}: {found.clips} recordings, {_duration(found.seconds)}, {result}")
    return 1 if found.faults else 0


def _jobs(arguments: argparse.Namespace) -> int:
    from labkit.corpus.parallel import processors

    return arguments.jobs or processors()


def _print_json(**result: Any) -> None:
    print(json.dumps(result, indent=1, ensure_ascii=False))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 3600 else f"{seconds / 3600:.2f} hours"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
