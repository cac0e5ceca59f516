"""``labkit voices``: what voices there are, and where they come from."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    voices = commands.add_parser(
        "voices",
        help="Show the voice that comes with the kit, or one of your own.",
        description="Show the voice that comes with the kit, or others: how they are used, under "
        "what licence, and their cards.",
    )
    voices.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help="voice folders (default: the voice that comes with the kit)",
    )
    voices.add_argument("--json", action="store_true", help="print JSON")
    voices.set_defaults(run=_voices)


def _voices(arguments: argparse.Namespace) -> int:
    from labkit.pipeline.voice_folder import SHIPPED_VOICE

    folders = arguments.folders or ([SHIPPED_VOICE] if SHIPPED_VOICE.is_dir() else [])
    voices = [_describe(folder) for folder in folders]
    if arguments.json:
        print(json.dumps(voices, indent=1))
    elif voices:
        print("\n\n".join(map(_text, voices)))
    else:
        print("No voice comes with this version; labkit voices FOLDER shows one of your own.")
    return 0


def _describe(folder: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from labkit.pipeline.voice_folder import read_voice

    acoustic, vocoder, settings = read_voice(folder)
    return {
        "folder": str(folder),
        **asdict(settings),
        "files": {file.name: file.stat().st_size for file in (acoustic, vocoder) if file},
    }


def _text(voice: dict[str, Any]) -> str:
    files = ", ".join(f"{name} ({size / 1e6:.1f} MB)" for name, size in voice["files"].items())
    lines = [
        f"{voice['name']}: {voice['folder']}",
        f"  reads {voice['input']}, speaks at {voice['mel']['sample_rate']} Hz",
        f"  weights: {files}",
        f"  licence: {voice['licence'] or 'not told'}",
    ]
    return "\n".join(lines) + (f"\n\n{voice['card']}" if voice["card"] else "\n  no card")
