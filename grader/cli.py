"""The ``grader`` command. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from labkit.cli.values import escape_the_unshowable, positive

_ISOLATION_HELP = "bubblewrap (default), or none: runs every submission with your rights"


def _check(arguments: argparse.Namespace) -> int:
    from grader.judge.finding import in_words
    from grader.selfcheck.check_notebook import check_notebook
    from grader.text import visible

    lab, submission, verdicts = check_notebook(arguments.notebook)
    passed = all(verdict.passed for verdict in verdicts)
    if arguments.json:
        print(
            json.dumps(
                {
                    "lab": lab.name,
                    "passed": passed,
                    "self_check": True,
                    "repairs": submission.repairs,
                    "verdicts": [verdict.record() for verdict in verdicts],
                },
                indent=1,
            )
        )
        return 0 if passed else 1
    print(f"{lab.title}: self-check on the public cases; grading also uses hidden ones.")
    for verdict in verdicts:
        mark = "✓" if verdict.passed else "✗"
        count = f" ({verdict.public[0]}/{verdict.public[1]})" if verdict.public[1] else ""
        found, *question = in_words(verdict.message, verdict.hint)
        print(f"{mark} {visible(found)}{count}", *question, sep="\n  ")
    for repair in submission.repairs:
        print(f"! {visible(repair)}")
    return 0 if passed else 1


def _grade(arguments: argparse.Namespace) -> int:
    from grader.course.course import grade
    from grader.course.table import print_marks
    from grader.sandbox.isolation import NONE
    from labkit.progress import progress_bar

    if arguments.isolation == NONE:
        print(
            "warning: no isolation: submissions run with your rights; "
            "records will say 'unconfined'",
            file=sys.stderr,
        )
    with ExitStack() as shown:
        bars: list[Callable[[float], object]] = []

        def announce(total: int) -> None:
            bars.append(shown.enter_context(progress_bar(not arguments.json, "judging", total)))

        records = grade(
            arguments.course,
            arguments.lab,
            isolation=arguments.isolation,
            jobs=arguments.jobs,
            output=arguments.output,
            progress=lambda record, cached: bars[0](1),
            announce=announce,
        )
    if arguments.json:
        print(json.dumps(records, indent=1))
    else:
        print_marks(records)
        print(
            f"scores.csv, ledger.jsonl and feedback/ are in {arguments.output or arguments.course}"
        )
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from grader.report.own import check_folder

    instructor = hasattr(arguments, "student")
    course = any((arguments.folder / name).exists() for name in ("ledger.jsonl", "submitted"))
    if instructor and (course or arguments.student):
        from grader.course.report_cards import course_cards, print_class

        cards = course_cards(arguments.folder, arguments.student, secret_of=arguments.course)
        if not arguments.student:
            if arguments.json:
                print(json.dumps([card.record() for card in cards], indent=1))
            else:
                print_class(cards)
            return 0
        card = cards[0]
    else:
        if instructor:
            print(
                "warning: a self-check runs the notebooks with your rights; for students' work, "
                "run grader grade and give the course",
                file=sys.stderr,
            )
        with Console(stderr=True).status("looking for notebooks") as status:
            card = check_folder(arguments.folder, status.update)
    print(json.dumps(card.record(), indent=1) if arguments.json else card)
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from grader.bench.bench import Settings
    from grader.bench.lines import lines_of
    from grader.bench.own import SELF_CHECK, bench_own
    from grader.bench.row import MEASURED
    from grader.errors import GraderError
    from grader.sandbox.isolation import BUBBLEWRAP, NONE

    settings = Settings(arguments.model, arguments.vocoder, arguments.seconds)
    places = arguments.place
    if hasattr(arguments, "student") and (places[0] / "submitted").exists():
        return _bench_course(arguments, settings)
    isolation = NONE  # one's own
    if hasattr(arguments, "student"):
        isolation = arguments.isolation or BUBBLEWRAP
        if arguments.output or arguments.student or arguments.again or arguments.bonus:
            raise GraderError(
                "--output, --student, --again and --bonus belong to a course: give its folder"
            )
    with Console(stderr=True).status("looking for notebooks") as status:
        row = bench_own(places, settings, isolation=isolation, step=status.update)
    if arguments.json:
        print(json.dumps(row, indent=1))
    else:
        print(*lines_of(row), *([SELF_CHECK] if isolation == NONE else []), sep="\n")
    return 0 if row["status"] == MEASURED else 1


def _bench_course(arguments: argparse.Namespace, settings: Any) -> int:
    from grader.bench.lines import lines_of
    from grader.course.benchmark_rows import BENCHMARKS
    from grader.course.benchmarks import TABLE, bench_course
    from grader.course.table import print_benchmarks
    from grader.errors import GraderError
    from grader.sandbox.isolation import BUBBLEWRAP
    from labkit.progress import progress_bar

    if len(arguments.place) > 1:
        raise GraderError(f"{arguments.place[0]} is a course: give it alone")
    course = arguments.place[0]
    with ExitStack() as shown:
        bars: list[Callable[[float], object]] = []

        def announce(total: int) -> None:
            bars.append(shown.enter_context(progress_bar(not arguments.json, "measuring", total)))

        rows = bench_course(
            course,
            settings,
            isolation=arguments.isolation or BUBBLEWRAP,
            students=arguments.student,
            output=arguments.output,
            bonuses=arguments.bonus,
            again=arguments.again,
            announce=announce,
            progress=lambda row, known: bars[0](1),
        )
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    if arguments.student:
        for row in rows:
            print(f"Benchmark of {row['student']}", *lines_of(row), sep="\n")
    else:
        print_benchmarks(rows)
    print(f"{TABLE} and {BENCHMARKS} are in {arguments.output or course}")
    return 0


def _release(arguments: argparse.Namespace) -> int:
    from grader.release.release import release

    made = release(arguments.course, arguments.lab, output=arguments.output)
    if arguments.json:
        print(
            json.dumps(
                {
                    "notebook": str(made.notebook),
                    "folder": str(made.folder),
                    "wheels": [str(wheel) for wheel in made.wheels],
                },
                indent=1,
            )
        )
    else:
        print(f"release notebook: {made.notebook}")
        print(f"for students:     {made.folder}")
        for wheel in made.wheels:
            print(f"                  {wheel.name}")
    return 0


def _golden(arguments: argparse.Namespace) -> int:
    from grader.instructor.goldens import check_goldens, write_goldens
    from grader.labs import LABS

    if arguments.write:
        for lab in LABS.values():
            for path in write_goldens(lab):
                print(f"written: {path}")
    problems = check_goldens()
    if arguments.json:
        print(json.dumps({"problems": problems}))
    elif problems:
        print("\n".join(problems))
    else:
        print("the stored cases agree with the reference, and every slip is told from the others")
    return 1 if problems else 0


def _doctor(arguments: argparse.Namespace) -> int:
    from grader.sandbox.isolation import probe

    found = probe()
    if arguments.json:
        print(json.dumps({"bubblewrap": found.available, "detail": found.detail}))
    else:
        print(f"bubblewrap: {'works' if found.available else 'not available'}: {found.detail}")
        if not found.available:
            print("grader grade refuses on this machine unless you say --isolation none")
    return 0 if found.available else 1


def _demo(arguments: argparse.Namespace) -> int:
    from grader.demo import run_demo

    return run_demo(arguments.course, arguments.target, as_json=arguments.json)


def build_parser(instructor: bool) -> argparse.ArgumentParser:
    """Return the parser; a student edition has only what students use."""
    parser = argparse.ArgumentParser(
        prog="grader", description="Judges the fills of the Tacotron 2 Lab Kit."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[Any], int], summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print JSON")
        return command

    check = add("check", _check, "Check a notebook on the public cases (a self-check).")
    check.add_argument("notebook", type=Path, help="the notebook file")
    add("doctor", _doctor, "Say what isolation this machine offers.")
    report = add("report", _report, "Print the report card: the five tests, and every task.")
    report.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="with the notebooks (default: .)"
    )
    if (Path(__file__).parent / "bench").exists():  # it comes with lab 4
        bench = add("bench", _bench, "Time a pipeline beside the reference, and say what is slow.")
        bench.add_argument(
            "place", nargs="+", type=Path, metavar="NOTEBOOK",
            help="notebooks of the labs, or a folder with them; others are looked for beside it",
        )  # fmt: skip
        bench.add_argument(
            "--model", choices=("voice", "full"), default="voice",
            help="the kit's voice (default), or an untrained model of full size",
        )  # fmt: skip
        bench.add_argument(
            "--vocoder", default="", help="griffin-lim, or an untrained one, such as hifigan-v1"
        )
        bench.add_argument(
            "--seconds", type=_amount, default=6.0, help="for the rounds of a pipeline (default: 6)"
        )
    if not instructor:
        return parser

    bench.epilog = (
        "Given the folder of a course, it measures every student: benchmarks.csv and "
        "benchmarks.jsonl. No mark depends on it."
    )
    bench.add_argument("--isolation", choices=("bubblewrap", "none"), help=_ISOLATION_HELP)
    bench.add_argument(
        "--student", action="append", default=[], help="of a course: only this one (repeatable)"
    )
    bench.add_argument("--output", type=Path, help="folder for the results (default: the course)")
    bench.add_argument("--again", action="store_true", help="measure anew what has a row already")
    bench.add_argument(
        "--bonus", action="append", default=[], type=_bonus, metavar="RATIO:POINTS",
        help="points in benchmarks.csv for a ratio below this one (default: none)",
    )  # fmt: skip

    report.epilog = "In a graded course: one line for each student, from the ledger."
    report.add_argument("--student", default="", help="the card of this student of the course")
    report.add_argument(
        "--course", type=Path, help="whose .grader_secret has sealed the ledger (default: found)"
    )

    grade = add("grade", _grade, "Grade a course: scores.csv, ledger.jsonl, feedback pages.")
    grade.add_argument("course", type=Path, metavar="DIR", help="folder with submitted/")
    grade.add_argument("--lab", action="append", default=[], help="only this lab (repeatable)")
    grade.add_argument(
        "--isolation", choices=("bubblewrap", "none"), default="bubblewrap", help=_ISOLATION_HELP
    )
    grade.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, help="submissions at a time"
    )
    grade.add_argument("--output", type=Path, help="folder for the results (default: DIR)")

    release = add("release", _release, "Make the release notebook and the student wheels.")
    release.add_argument("lab", metavar="LAB", help="such as lab1_attention")
    release.add_argument("--course", type=Path, default=Path(), help="course folder (default: .)")
    release.add_argument("--output", type=Path, help="folder for students' files")

    golden = add("golden", _golden, "Check the stored cases against the reference.")
    golden.add_argument("--check", action="store_true", help="check only (the default)")
    golden.add_argument("--write", action="store_true", help="make the stored cases anew")

    demo = add("demo", _demo, "Release lab 1, hand in for a small class, autograde, report.")
    demo.add_argument("--course", type=Path, default=Path(), help="the kit (default: .)")
    demo.add_argument("--target", type=Path, default=Path("build/demo"), help="folder to work in")
    return parser


def _amount(text: str) -> float:
    number = float(text)
    if not 0 < number <= 3600:
        raise argparse.ArgumentTypeError("above 0 and at most 3600")
    return number


def _bonus(text: str) -> Any:
    from grader.course.benchmarks import Bonus

    try:
        return Bonus.read(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "such as 0.8:5, ratio (0 to 100) and points (0 to 1000)"
        ) from None


def _line(error: Exception) -> str:
    """Return what an error says in one line, with the file that an OSError is about."""
    from grader.text import visible

    text = str(error)
    if isinstance(error, OSError):
        places = [str(place) for place in (error.filename, error.filename2) if place is not None]
        text = ": ".join([*places, error.strerror or text])
    return visible(text).replace("\n", "\\n")


def main(arguments: list[str] | None = None) -> None:
    """Run a command; one line and exit status 2 for wrong use, 1 for a failed check."""
    instructor = (Path(__file__).parent / "course").exists()
    parsed = build_parser(instructor).parse_args(arguments)
    from grader.errors import GraderError

    escape_the_unshowable()
    try:
        status = parsed.run(parsed)
        sys.stdout.flush()  # here, where a closed pipe is caught
        sys.exit(status)
    except GraderError as error:
        print(f"grader: {_line(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("grader: stopped; what was judged or measured is kept", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:  # a path that is not what it should be, a full disk, …
        print(f"grader: {_line(error)}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
