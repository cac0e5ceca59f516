"""A voice that runs on the student's own code: shipped weights in the classes of labs 1 to 3."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from labkit.labs.lab4_inference.fills import FILLS, Found, find_fills, in_one_line, quietly
from labkit.labs.lab4_inference.time_limit import time_limit
from labkit.notebook.picture import Table
from labkit.pipeline import Synthesizer
from labkit.tacotron2 import Tacotron2, Tacotron2Config, transplant
from labkit.tacotron2.masking import pad_symbols

SECONDS = 20.0  # for one reading; the whole takes well below one
_TOLERANCE = 1e-4
_TEXT = "Hello."
_SAME = "its numbers are those of the reference"
_OTHER = "it runs, but its numbers are not those of the reference: see its check"


@dataclass(frozen=True)
class Origin:
    """Where the code of a task comes from.

    Args:
        task: its id.
        is_own: whether it is the student's.
        why: in words.
    """

    task: str
    is_own: bool
    why: str


@dataclass(frozen=True, repr=False)
class OwnModel:
    """The shipped voice, run by the student's code. As the last line of a cell it says whose.

    Args:
        tacotron2: the acoustic model.
        synthesizer: the whole voice, with that acoustic model.
        origins: whose code each task is.
    """

    tacotron2: Tacotron2
    synthesizer: Synthesizer
    origins: tuple[Origin, ...]

    @property
    def own(self) -> list[str]:
        """The tasks whose code is the student's."""
        return [origin.task for origin in self.origins if origin.is_own]

    @property
    def table(self) -> Table:
        """Whose code each task is, and why."""
        return Table(
            ("task", "runs", "why"),
            [(o.task, "yours" if o.is_own else "the reference", o.why) for o in self.origins],
        )

    @property
    def text(self) -> str:
        """The same in a sentence."""
        count = len(self.own)
        if count == len(self.origins):
            return f"All {count} tasks of labs 1 to 3 run your code."
        if not count:
            return f"All {len(self.origins)} tasks of labs 1 to 3 run the reference."
        return f"{count} of the {len(self.origins)} tasks of labs 1 to 3 run your code."

    def __repr__(self) -> str:
        width = max(len(origin.task) for origin in self.origins)
        lines = [f"{task:{width}}  {runs:13}  {why}" for task, runs, why in self.table.rows]
        return "\n".join([self.text, *lines])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/html": f"<p>{html.escape(self.text)}</p>{self.table.as_html()}",
            "text/plain": repr(self),
        }


def own_model(folder: str | Path = ".") -> OwnModel:
    """Put the student's classes of labs 1 to 3 into the shipped voice.

    They are taken from ``attention.ipynb``, ``encoder.ipynb`` and ``decoder.ipynb``, as they were
    last saved, in this notebook's folder or in ``../lab1_attention`` and so on. Each task is tried
    by itself first. The reference takes the place of what is missing, unfilled or fails, and of
    whatever keeps the voice from speaking; what runs and is wrong is kept, so that it is heard.

    Args:
        folder: of the notebook of lab 4.

    Returns:
        The voice on the CPU, and whose code it runs.

    Raises:
        SpeechError: the shipped voice cannot be loaded.
    """
    voice = Synthesizer.from_pretrained(device="cpu")
    found = find_fills(Path(folder).resolve())
    origins = try_fills(voice, found)
    own = {origin.task for origin in origins if origin.is_own}
    model = transplant(voice.tacotron2, found.mixed(own))
    return OwnModel(model, Synthesizer(model, voice.vocoder, settings=voice.settings), origins)


def try_fills(voice: Synthesizer, found: Found) -> tuple[Origin, ...]:
    """Try each task by itself, and all together in a voice.

    Args:
        voice: in whose model the classes are to stand.
        found: what the student's notebooks hold.

    Returns:
        Whose code each task is to be, and why.
    """
    problems, remarks = dict(found.problems), {}
    for fill in FILLS:
        if fill.task not in problems:
            problem, is_same = _try_alone(found, fill.task)
            if problem:
                problems[fill.task] = problem
            remarks[fill.task] = _SAME if is_same else _OTHER
    own = [fill.task for fill in FILLS if fill.task not in problems]
    for task, problem in _guilty(voice, found, own).items():
        problems[task] = f"the voice did not speak with it: {problem}"
        own.remove(task)
    return tuple(
        Origin(fill.task, fill.task in own, problems.get(fill.task) or remarks[fill.task])
        for fill in FILLS
    )


def _try_alone(found: Found, task: str) -> tuple[str | None, bool]:
    """Run a task in a small model that is labkit's otherwise.

    Returns:
        What is wrong, None if it runs; and whether its outputs are those of the reference.
    """
    small, ids, lengths, expected = _small_model()
    try:
        with quietly(), time_limit(SECONDS):
            model = transplant(small, found.mixed({task}))
            outputs = model.infer(ids, lengths, seed=0)
        problem = _wrong_shape(outputs, ids)
    except (Exception, SystemExit) as error:
        return in_one_line(error), False
    if problem:
        return problem, False
    is_same = all(
        result.shape == wanted.shape
        and torch.allclose(result.to(wanted.dtype), wanted, atol=_TOLERANCE)
        for result, wanted in zip(outputs, expected, strict=True)
    )
    return None, is_same


@cache
def _small_model() -> tuple[Tacotron2, torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
    """Make a random model, two sentences, and what it reads of them."""
    sizes = Tacotron2Config(
        symbols_embedding_dim=16, encoder_embedding_dim=16, attention_rnn_dim=20, attention_dim=8,
        attention_location_n_filters=4, attention_location_kernel_size=7, decoder_rnn_dim=18,
        prenet_dim=12, postnet_embedding_dim=14, n_frames_per_step=2, mask_embeddings=True,
        max_decoder_steps=12,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(386)  # both gates fire before the limit, one before the other
        model = Tacotron2(sizes).eval()
        ids = torch.randint(1, sizes.n_symbols, (2, 9))  # (B, T_in)
    ids[1, 5:] = 0
    lengths = torch.tensor([9, 5])
    return model, ids, lengths, model.infer(ids, lengths, seed=0)


def _wrong_shape(outputs: Any, ids: torch.Tensor) -> str | None:
    """Say what keeps the outputs of a reading from being made audible; None if nothing does."""
    if not isinstance(outputs, tuple) or not all(isinstance(x, torch.Tensor) for x in outputs):
        return "it returns something else than tensors"
    mel, lengths, alignments = outputs
    B, T_in = ids.shape
    if mel.dim() != 3 or mel.shape[:2] != (B, 80) or not mel.size(2):
        return f"the mel has the shape {tuple(mel.shape)} instead of ({B}, 80, T)"
    if lengths.shape != (B,):
        return f"the lengths have the shape {tuple(lengths.shape)} instead of ({B},)"
    if alignments.dim() != 3 or (alignments.size(0), alignments.size(2)) != (B, T_in):
        return f"the alignments have the shape {tuple(alignments.shape)}, not ({B}, T, {T_in})"
    if not mel.isfinite().all():
        return "the mel holds numbers that are not finite"
    if int(lengths.max()) > mel.size(2):
        return f"a sentence of {int(lengths.max())} frames in a mel of {mel.size(2)}"
    return None


def _guilty(voice: Synthesizer, found: Found, own: list[str]) -> dict[str, str]:
    """Find the tasks without which the voice speaks: one if one will do, else as few as needed."""
    problem = _why_silent(voice, found, set(own))
    if problem is None:
        return {}
    for task in own:
        if _why_silent(voice, found, set(own) - {task}) is None:
            return {task: problem}
    guilty: dict[str, str] = {}
    while problem is not None and len(guilty) < len(own):
        guilty[own[len(guilty)]] = problem
        problem = _why_silent(voice, found, set(own) - set(guilty))
    return guilty


def _why_silent(voice: Synthesizer, found: Found, own: set[str]) -> str | None:
    """Say why the voice cannot speak with these tasks; None if it can."""
    ids, lengths = pad_symbols([voice.settings.front_end.read(_TEXT).ids])
    try:
        with quietly(), time_limit(SECONDS):
            model = transplant(voice.tacotron2, found.mixed(own))
            outputs = model.infer(ids, lengths, seed=0, max_decoder_steps=200)
        problem = _wrong_shape(outputs, ids)
    except (Exception, SystemExit) as error:
        return in_one_line(error)
    if problem is None and not outputs[1].min() > 0:
        return "its first frame is its last"
    return problem
