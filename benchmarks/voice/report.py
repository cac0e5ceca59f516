"""What all sentences together say about a voice, and the tables that show it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from voice.listening import SYSTEMS, TEACHER, VOICE
from voice.recognition import Rate, error_rate
from voice.sentences import GROUPS

ALL = "all"

# What a voice must keep to, to be shipped.
MOST_MORE_ERRORS = 0.03  # word error rate above the teacher's
WIDEST_LEVELS = 3.0  # dB from the quietest sentence to the loudest
SLOWEST = 0.05  # real-time factor on one thread
LATEST_AUDIO = 0.3  # seconds to the first audio of ten words
LONGEST_LOADING = 2.0  # seconds

Records = list[dict[str, Any]]
Runs = dict[int, list[dict[str, float]]]  # by the number of threads


class Check(NamedTuple):
    what: str
    limit: str
    found: str
    holds: bool


def rates(records: Records) -> dict[str, dict[str, Rate]]:
    """Word error rate for each group, and for all, of each system."""
    return _in_groups(
        records,
        lambda system, some: error_rate([_errors(r, system) for r in some], _words(some)),
    )


def differences(records: Records) -> dict[str, dict[str, Rate]]:
    """How much higher the word error rate is than the teacher's."""
    return _in_groups(
        records,
        lambda system, some: error_rate(
            [_errors(r, system) - _errors(r, TEACHER) for r in some], _words(some)
        ),
    )


def _in_groups(
    records: Records, figure: Callable[[str, Records], Rate]
) -> dict[str, dict[str, Rate]]:
    groups = {g: [r for r in records if r["sentence"]["group"] == g] for g in GROUPS}
    groups = {name: some for name, some in {**groups, ALL: records}.items() if some}
    return {
        name: {system: figure(system, some) for system in systems_of(records)}
        for name, some in groups.items()
    }


def systems_of(records: Records) -> list[str]:
    return [system for system in SYSTEMS if system in records[0]["systems"]]


def _errors(record: dict[str, Any], system: str) -> int:
    return record["systems"][system]["errors"]


def _words(records: Records) -> list[int]:
    return [record["words"] for record in records]


def sound_figures(records: Records, system: str) -> dict[str, float | None]:
    """Figures of one system over all sentences; None where nothing could be measured."""
    heard = [record["systems"][system] for record in records]
    levels = [one["level"] for one in heard]
    taught = [record["systems"][TEACHER]["level"] for record in records]
    pitches = [one["pitch"] for one in heard if "pitch" in one]
    both = sum(one["voiced_in_both"] for one in pitches)
    lone = sum(one["voiced_in_one"] for one in pitches)
    lengths = [
        one["seconds"] / record["systems"][TEACHER]["seconds"]
        for one, record in zip(heard, records, strict=True)
    ]
    return {
        "level": statistics.fmean(levels),
        "levels apart": max(levels) - min(levels),
        "level off": max(abs(one - other) for one, other in zip(levels, taught, strict=True)),
        "clipped": sum(one["clipped"] > 0 for one in heard),
        "length": statistics.median(lengths),
        "pesq": _mean(one["pesq"] for one in heard if "pesq" in one),
        "stoi": _mean(one["stoi"] for one in heard if "stoi" in one),
        "pitch error": _median(one["median"] for one in pitches),
        "within a semitone": sum(one["within_semitone"] for one in pitches) / both
        if both
        else None,
        "voicing differs": lone / (both + lone) if both else None,
        "pitch spread": _median(one["spread"] for one in pitches),
    }


def _mean(values: Iterable[float]) -> float | None:
    values = list(values)
    return statistics.fmean(values) if values else None


def _median(values: Iterable[float]) -> float | None:
    values = list(values)
    return statistics.median(values) if values else None


def checks(records: Records, runs: Runs) -> list[Check]:
    """Say whether the voice may be shipped, as far as it was measured."""
    found = []
    if records and VOICE in systems_of(records):
        for group, systems in differences(records).items():
            if group != ALL:
                more = systems[VOICE]
                found.append(
                    Check(
                        f"word error above the teacher's, {group}",
                        f"at most {100 * MOST_MORE_ERRORS:g} points",
                        f"{more.points} points",
                        more.value <= MOST_MORE_ERRORS,
                    )
                )
        said = [record["systems"][VOICE] for record in records]
        wrong = sum(bool(one["failures"]) for one in said)
        given_up = sum(one["stop_reason"] != "gate" for one in said)
        figures = sound_figures(records, VOICE)
        apart, clipped = figures["levels apart"] or 0.0, figures["clipped"]
        taught = sound_figures(records, TEACHER)["levels apart"]
        found += [
            Check("sentences with an attention failure", "0", str(wrong), not wrong),
            Check("sentences not ended by the gate", "0", str(given_up), not given_up),
            Check("clipped sentences", "0", str(clipped), not clipped),
            Check(
                "quietest to loudest sentence",
                f"at most {WIDEST_LEVELS:g} dB",
                f"{apart:.1f} dB; the teacher's {taught:.1f} dB",
                apart <= WIDEST_LEVELS,
            ),
        ]
    if 1 in runs:
        for what, limit, unit in (
            ("real-time factor", SLOWEST, ""),
            ("first audio", LATEST_AUDIO, " s"),
            ("loading", LONGEST_LOADING, " s"),
        ):
            value = statistics.median(run[what] for run in runs[1])
            found.append(
                Check(
                    f"{what}, one thread",
                    f"at most {limit:g}{unit}",
                    f"{value:.3f}{unit}",
                    value <= limit,
                )
            )
    return found


def as_json(about: list[str], records: Records, runs: Runs) -> dict[str, Any]:
    """Everything, each sentence too."""
    found: dict[str, Any] = {"about": about}
    if records:
        systems = systems_of(records)
        found |= {
            "word error rate": _plain(rates(records)),
            "word error rate above the teacher's": _plain(differences(records)),
            "sound": {system: sound_figures(records, system) for system in systems},
        }
    found["speed by threads"] = runs
    found["must hold"] = [check._asdict() for check in checks(records, runs)]
    return found | {"sentences": records}


def _plain(groups: dict[str, dict[str, Rate]]) -> dict[str, Any]:
    return {
        group: {system: {**rate._asdict(), "rate": rate.value} for system, rate in systems.items()}
        for group, systems in groups.items()
    }


def tables(records: Records, runs: Runs) -> str:
    """Everything as Markdown."""
    parts = []
    if records:
        parts.append(_rate_table(records))
        if len(systems_of(records)) > 1:
            parts.append(_difference_table(records))
        parts.append(_sound_table(records))
        if VOICE in systems_of(records):
            parts.append(_trouble(records))
    if runs:
        parts.append(_speed_table(runs))
    if kept := checks(records, runs):
        parts.append(_check_table(kept))
    return "\n\n".join(parts)


def _rate_table(records: Records) -> str:
    systems = systems_of(records)
    rows = []
    for group, found in rates(records).items():
        count = sum(group in (ALL, record["sentence"]["group"]) for record in records)
        rows.append([group, str(count), *(str(found[system]) for system in systems)])
    title = "Word error rate (95 % interval), errors / words"
    return f"{title}\n\n{_table(['group', 'sentences', *systems], rows)}"


def _difference_table(records: Records) -> str:
    systems = systems_of(records)[1:]
    rows = [
        [group, *(found[system].points for system in systems)]
        for group, found in differences(records).items()
    ]
    title = "Points above the teacher's word error rate, same sentences (95 % interval)"
    return f"{title}\n\n{_table(['group', *systems], rows)}"


def _sound_table(records: Records) -> str:
    shown = {
        "level": ("level, dBFS", ".1f"),
        "levels apart": ("quietest to loudest, dB", ".1f"),
        "level off": ("most off the teacher's level, dB", ".1f"),
        "clipped": ("clipped", "d"),
        "length": ("length / teacher's", ".3f"),
        "pesq": ("PESQ", ".2f"),
        "stoi": ("STOI", ".3f"),
        "pitch error": ("pitch error, semitones", ".2f"),
        "within a semitone": ("frames within a semitone", ".0%"),
        "voicing differs": ("frames voiced in one alone", ".0%"),
        "pitch spread": ("pitch spread / teacher's", ".2f"),
    }
    rows = []
    for system in systems_of(records):
        figures = sound_figures(records, system)
        cells = [(figures[key], form) for key, (_, form) in shown.items()]
        rows.append([system, *("" if v is None else format(v, form) for v, form in cells)])
    return _table(["", *(title for title, _ in shown.values())], rows)


def _trouble(records: Records) -> str:
    """Name the sentences that were not well read."""
    lines = []
    for record in records:
        said = record["systems"][VOICE]
        wrong = list(said["failures"])
        if said["stop_reason"] != "gate":
            wrong.append("not ended by the gate")
        if wrong:
            sentence = record["sentence"]
            lines.append(f"- {sentence['number']}: {sentence['text']!r}: {'; '.join(wrong)}")
    again = sum(r["systems"][VOICE]["attempts"] - r["systems"][VOICE]["pieces"] for r in records)
    head = f"Attention failures or no end in {len(lines)} of {len(records)} sentences"
    return "\n".join([f"{head}; {again} pieces were read again.", *lines])


def _speed_table(runs: Runs) -> str:
    names = list(next(iter(runs.values()))[0])
    rows = []
    for threads, some in runs.items():
        cells = []
        for name in names:
            values = [run[name] for run in some]
            middle = statistics.median(values)
            cells.append(f"{middle:.3f} ({min(values):.3f}–{max(values):.3f})")
        rows.append([str(threads), *cells])
    title = (
        f"Speed in fresh processes, median of {len(next(iter(runs.values())))} (least–most); "
        "loading and first audio in seconds, torch imported before"
    )
    return f"{title}\n\n{_table(['threads', *names], rows)}"


def _check_table(kept: list[Check]) -> str:
    rows = [[one.what, one.limit, one.found, "yes" if one.holds else "NO"] for one in kept]
    return _table(["must hold", "limit", "found", "holds"], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
