"""``labkit text`` and ``labkit mel``: look at a text or a recording as the models see it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_commands(commands: Any) -> None:
    """Add both commands to the parser."""
    text = commands.add_parser("text", help="Show how a text is read and its symbol ids.")
    text.add_argument("text", help="the text, or - for standard input")
    text.add_argument("--normalise", default="published", help="published (default) or modern")
    text.add_argument(
        "--phonemes", action="store_true", help="as words in ARPAbet, as the kit's own voice reads"
    )
    text.set_defaults(run=_text)
    mel = commands.add_parser("mel", help="Check an audio file and measure its log-mel.")
    mel.add_argument("file", type=Path, help="a WAV or FLAC file at 22 050 Hz")
    mel.set_defaults(run=_mel)
    for command in (text, mel):
        command.add_argument("--json", action="store_true", help="print JSON")


def _text(arguments: argparse.Namespace) -> int:
    from labkit.text import sequence_to_text, text_to_sequence

    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    if arguments.phonemes:
        from labkit.text.pronunciation import read_aloud

        said = read_aloud(text)
        for note in said.notes:
            print(f"note: {note}", file=sys.stderr)
        text = said.symbols
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
