"""The ``labkit`` command. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import os
import re
import sys

from labkit.cli import bench, corpus, look, say, train, voices
from labkit.cli.values import escape_the_unshowable


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="labkit", description="The reference package of the Tacotron 2 Lab Kit."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (say, voices, bench, look, corpus, train):
        module.add_commands(commands)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run a command; one line and exit status 2 for wrong use, 130 if it was interrupted."""
    parsed = build_parser().parse_args(arguments)
    try:
        # Within the try, because an impatient user may interrupt the imports, too.
        from labkit.errors import LabkitError

        escape_the_unshowable()
        try:
            status = parsed.run(parsed)
            sys.stdout.flush()  # here, where a closed pipe is caught
            sys.exit(status)
        except LabkitError as error:
            print(f"labkit: {error}", file=sys.stderr)
            sys.exit(2)
        except NotImplementedError as error:  # in a student edition
            if not re.match(r"\w+-\d: ", str(error)):
                raise
            print(
                f"labkit: this edition of the kit lacks what a lab still asks for: {error}",
                file=sys.stderr,
            )
            sys.exit(2)
    except KeyboardInterrupt:
        print("labkit: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # as of `labkit ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(2)
