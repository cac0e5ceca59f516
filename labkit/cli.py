"""The ``labkit`` command. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def _text(arguments: argparse.Namespace) -> int:
    from labkit.text import sequence_to_text, text_to_sequence

    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    ids = text_to_sequence(text, normalise=arguments.normalise)
    spoken = sequence_to_text(ids)
    if arguments.json:
        print(json.dumps({"spoken": spoken, "ids": ids}))
    else:
        print(spoken)
        print(*ids)
    return 0


def _mel(arguments: argparse.Namespace) -> int:
    from labkit.audio import audio_report, load_audio, log_mel

    audio = load_audio(arguments.file)
    report = audio_report(audio)
    mel = log_mel(audio)
    if arguments.json:
        print(json.dumps({"report": str(report), "bands": mel.shape[-2], "frames": mel.shape[-1]}))
    else:
        print(report)
        print(f"log-mel: {mel.shape[-2]} bands, {mel.shape[-1]} frames")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="labkit", description="The reference package of the Tacotron 2 Lab Kit."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    text = commands.add_parser("text", help="Show how a text is read and its symbol ids.")
    text.add_argument("text", help="the text, or - for standard input")
    text.add_argument("--normalise", default="published", help="published (default) or modern")
    text.set_defaults(run=_text)
    mel = commands.add_parser("mel", help="Check an audio file and measure its log-mel.")
    mel.add_argument("file", type=Path, help="a WAV or FLAC file at 22 050 Hz")
    mel.set_defaults(run=_mel)
    for command in (text, mel):
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run a command; one line and exit status 2 for wrong use."""
    parsed = build_parser().parse_args(arguments)
    from labkit.errors import LabkitError

    try:
        sys.exit(parsed.run(parsed))
    except LabkitError as error:
        print(f"labkit: {error}", file=sys.stderr)
        sys.exit(2)
