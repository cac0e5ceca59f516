"""Is a voice understood, does it sound like its teacher, and how fast is it?

    python benchmarks/voice_quality.py [--voice FOLDER] [--sentences N] [--jobs 2] [--json [FILE]]

100 sentences that no training text contains (benchmarks/voice/sentences.txt) are said by the
teacher, which is the program flite; copied from the teacher's mel by the voice's vocoder and by 60
rounds of Griffin-Lim; and read by the voice. A speech recogniser writes down what it understands
of each. Speed is measured afterwards, alone, in fresh processes.

Needs flite (``apt-get install flite``) and ``pip install pocketsphinx``; for two figures of
copy-synthesis also ``pip install pesq pystoi``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from common import machine
from voice.listening import COPY, GRIFFIN_LIM, SYSTEMS, TEACHER, VOICE, Plan, listen_to_all
from voice.report import Records, as_json, checks, tables
from voice.sentences import Sentence, a_few, read_sentences
from voice.sound import missing_measures
from voice.speed import measure_speed

from labkit import Synthesizer
from labkit.cli.values import positive
from labkit.corpus.flite import VOICES, flite_version
from labkit.errors import LabkitError, SpeechError
from labkit.progress import progress_bar

SPEED = "speed"
PARTS = {
    "teacher": TEACHER,
    "copy": COPY,
    "griffin-lim": GRIFFIN_LIM,
    "end-to-end": VOICE,
    "speed": SPEED,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--voice", type=Path, metavar="FOLDER", help="default: the voice that is shipped")
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="default: all of them")
    add("--sentences", type=positive, default=100, metavar="N", help="fewer, for a quick look")
    add("--teacher", choices=VOICES, default="rms", help="voice of flite (default: rms)")
    add("--jobs", type=positive, default=1, metavar="N", help="processes of one thread each")
    add("--threads", type=positive, nargs="+", default=[1, 2], help="for speed (default: 1 2)")
    add("--processes", type=positive, default=5, metavar="N", help="for speed (default: 5)")
    add("--pictures", type=Path, metavar="FOLDER", help="draw one sentence of each kind there")
    add(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print JSON, each sentence too; or write it to FILE and print the tables",
    )
    add("--check", action="store_true", help="exit with 1 if a limit is not kept")
    options = parser.parse_args()
    try:
        sys.exit(run(options))
    except LabkitError as error:
        sys.exit(f"voice_quality: {error}")


def run(options: argparse.Namespace) -> int:
    parts = {PARTS[part] for part in options.parts}
    if parts & {COPY, VOICE, SPEED}:
        Synthesizer.from_pretrained(options.voice)  # complains here, not in another process
    records = listen(options, parts) if parts - {SPEED} else []
    threads = options.threads if SPEED in parts else []
    runs = {count: measure_speed(options.voice, count, options.processes) for count in threads}

    about = list(conditions(options, records))
    if options.json:
        content = json.dumps(as_json(about, records, runs), indent=1)
        if options.json == "-":
            print(content)
        else:
            Path(options.json).write_text(content + "\n", "utf-8")
    if options.json != "-":
        print("; ".join(about), tables(records, runs), sep="\n\n")
    return int(options.check and not all(check.holds for check in checks(records, runs)))


def listen(options: argparse.Namespace, parts: set[str]) -> Records:
    flite_version()  # or an error that says how to get it
    if importlib.util.find_spec("pocketsphinx") is None:
        raise SpeechError("what is said is recognised by pocketsphinx: pip install pocketsphinx")
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    everything = read_sentences()
    sentences = a_few(everything, options.sentences)
    plan = Plan(
        systems=tuple(system for system in SYSTEMS if system in {TEACHER, *parts}),
        voice=options.voice,
        teacher=options.teacher,
        # That of all sentences, so that a few are not easier to understand than all.
        vocabulary=frozenset(word for sentence in everything for word in sentence.words),
        pictures=options.pictures,
        pictured=first_of_each_kind(sentences),
    )
    records = []
    with progress_bar(sys.stderr.isatty(), "listening", len(sentences)) as advance:
        for record in listen_to_all(sentences, plan, options.jobs):
            records.append(record)
            advance(1)
    return records


def first_of_each_kind(sentences: list[Sentence]) -> frozenset[int]:
    first: dict[tuple[str, str], int] = {}
    for sentence in sentences:
        first.setdefault((sentence.group, sentence.kind), sentence.number)
    return frozenset(first.values())


def conditions(options: argparse.Namespace, records: Records) -> Iterator[str]:
    """Say under which conditions the figures hold."""
    yield f"{machine()}, float32"
    if not records:
        return
    yield f"teacher: {flite_version()}, voice {options.teacher}"
    copied = {COPY, GRIFFIN_LIM} & set(records[0]["systems"])
    if copied and (missing := missing_measures()):
        yield f"not installed, so their figures are left out: {', '.join(missing)}"


if __name__ == "__main__":
    main()
