"""A gallery of failures: readings that went wrong, to be diagnosed by eye and ear.

They are recordings (``tools/make_failure_gallery.py``): each was made by tampering with one thing
in the decoder of the shipped voice, or by a voice that has not learned to read.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from labkit.notebook.alignment import draw_alignment
from labkit.notebook.picture import SPACE, Picture, new_figure
from labkit.notebook.recordings import Hearing, Recording
from labkit.pipeline.attention_check import AttentionReport, check_attention

DATA = Path(__file__).parent / "data"  # recordings, and what was measured while they were made

SENTENCE = "The river runs down to the sea."
FRAMES_PER_STEP = 2


@dataclass(frozen=True)
class Case:
    """One failure.

    Args:
        kind: its file.
        name: what it is called.
        cause: what was done to bring it about.
        limited: whether it was given up: its gate never fired.
    """

    kind: str
    name: str
    cause: str
    limited: bool = False


# In the order of the gallery; the letters A, B, C, ... are what students see.
CASES = (
    Case(
        "repeat",
        "repeats",
        "After 45 steps the state's attention_weights and attention_weights_cum were set to zero, "
        "once. For the attention that means: nothing has been read yet. So it begins again.",
    ),
    Case(
        "stuck",
        "stuck",
        "attention_weights_cum was never added to: it stayed zero at every step. The attention "
        "never learns that the first sound has had its time.",
        limited=True,
    ),
    Case(
        "babble",
        "babbles",
        "Another model: the same sizes, five minutes of training. Its attention looks everywhere "
        "at once, so the context belongs to no sound. Its gate works: it ends after a plausible "
        "time.",
    ),
    Case(
        "skip",
        "skips",
        "After 30 steps attention_weights and attention_weights_cum were replaced, once, by those "
        "of the 62nd step of a good reading. For the attention that means: all this has been read. "
        "So it goes on from there.",
    ),
    Case(
        "endless",
        "never stops",
        "The gate threshold was 99.999 %, and the gate is never that sure. Everything was read "
        "well; then the decoder waits, and makes silence.",
        limited=True,
    ),
)


@cache
def load() -> tuple[dict[str, torch.Tensor], list[str], list[str]]:
    """Read the alignments (steps, T_in), the symbols and the words of the sentence."""
    from safetensors import safe_open

    with safe_open(DATA / "failures.safetensors", "pt") as file:
        alignments = {case.kind: file.get_tensor(case.kind).float() for case in CASES}
        notes = file.metadata()
    return alignments, notes["symbols"].split("|"), notes["words"].split("|")


def letter_of(case: Case) -> str:
    """Return the letter under which students see a case."""
    return "ABCDE"[CASES.index(case)]


def diagnose(case: Case) -> AttentionReport:
    """Ask the kit's own attention check."""
    alignments, names, words = load()
    return check_attention(
        alignments[case.kind], names, words=words, frames_per_step=FRAMES_PER_STEP
    )


def show_failures() -> Hearing:
    """Play five readings that went wrong, without saying how."""
    return Hearing(
        SENTENCE,
        [
            Recording(
                f"Reading {letter_of(case)}",
                Path(DATA, f"failure_{case.kind}.flac").read_bytes(),
                _draw(case),
            )
            for case in CASES
        ],
    )


def _draw(case: Case) -> Picture:
    alignments, names, _ = load()
    weights = alignments[case.kind]
    figure = new_figure(7, 3.6)
    axes = figure.add_subplot()
    image = draw_alignment(axes, weights, None)
    shown = [SPACE if name == " " else name.lstrip("@") for name in names]
    axes.set_yticks(range(len(shown)), shown, fontsize=6.5)
    figure.colorbar(image, ax=axes, label="attention weight", pad=0.01)
    title = f"Reading {letter_of(case)}"
    axes.set_title(title, loc="left")
    return Picture(figure, title, _course(weights, shown))


def _course(weights: torch.Tensor, names: list[str]) -> str:
    """Say where the attention is, six times on the way, without saying what is wrong with it."""
    steps = len(weights)
    stops = [round(share * (steps - 1)) for share in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    parts = []
    for at in stops:
        symbol = int(weights[at].argmax())
        parts.append(f"step {at + 1} {names[symbol]} ({symbol + 1}) {weights[at].max():.0%}")
    return (
        f"{steps} steps over {len(names)} symbols. The strongest symbol, its number, its weight: "
        f"{', '.join(parts)}."
    )


@dataclass(frozen=True)
class Answers:
    """What was the matter with each reading. As the last line of a cell it shows itself."""

    parts: tuple[tuple[str, str, str], ...]

    def __repr__(self) -> str:
        return "\n\n".join(
            f"{title}\n{cause}\nattention check: {check}" for title, cause, check in self.parts
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        rows = "".join(
            f"<details><summary><b>{html.escape(title.split(':')[0])}</b></summary>"
            f"<p><b>{html.escape(title.split(': ')[1])}</b>. {html.escape(cause)}</p>"
            f"<p>The kit's attention check says: {html.escape(check)}</p></details>"
            for title, cause, check in self.parts
        )
        return {"text/html": rows, "text/plain": repr(self)}


def name_failures() -> Answers:
    """Say what was the matter with each reading of the gallery, folded away until it is opened."""
    return Answers(
        tuple(
            (
                f"Reading {letter_of(case)}: {case.name}",
                case.cause,
                "; ".join(
                    [*map(str, diagnose(case).failures)]
                    + (["the gate never fired"] if case.limited else [])
                ),
            )
            for case in CASES
        )
    )
