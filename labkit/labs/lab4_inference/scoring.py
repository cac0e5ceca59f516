"""The same weights under other attention energies: additive, without tanh, dot product."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from labkit.audio import at_level
from labkit.errors import InputError
from labkit.notebook.ab_player import Comparison, compare_sounds
from labkit.notebook.alignment import strongest
from labkit.notebook.picture import Picture, Table, new_figure
from labkit.pipeline import Speech, Synthesizer
from labkit.tacotron2 import Attention, transplant

Form = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, nn.Module], torch.Tensor]
MOST = 5


class Scoring:
    """One sentence, read under several energies. As the last line of a cell it shows itself.

    Args:
        picture: the alignments, and what was read.
        sounds: what it sounds like.
    """

    def __init__(self, picture: Picture, sounds: Comparison) -> None:
        self.picture = picture
        self.sounds = sounds

    def __repr__(self) -> str:
        return f"{self.picture!r}\n\n{self.sounds!r}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        parts = [part._repr_mimebundle_() for part in (self.picture, self.sounds)]
        return {
            "text/html": "".join(part["text/html"] for part in parts),
            "text/plain": repr(self),
        }


def compare_scoring(
    voice: Synthesizer, sentence: str, forms: Mapping[str, Form], *, seed: int = 1
) -> Scoring:
    """Let a voice read a sentence under several formulas for the energies; nothing else differs.

    Each formula gets the projected query ``q`` (B, 1, attention_dim), the projected memory ``h``
    and the location features ``f``, both (B, T_in, attention_dim), and the layer ``v``; it returns
    the energies (B, T_in). A reading that does not stop by itself is given up where the voice gives
    up any reading.

    Args:
        voice: with labkit's own Tacotron 2; its weights were trained for one of the formulas only.
        sentence: what is read; one piece.
        forms: formulas by label, at most five.
        seed: of the prenet's dropout, the same for all.

    Returns:
        Alignments, what was read, and the sounds.

    Raises:
        InputError: there is no formula, or too many; or one does not return (B, T_in) energies.
    """
    if not 1 <= len(forms) <= MOST:
        raise InputError(f"1 to {MOST} formulas can be compared, not {len(forms)}")
    speeches = {label: _read(voice, sentence, label, form, seed) for label, form in forms.items()}
    sounds = {
        label: at_level(speech.audio, speech.sample_rate, -21.0)
        for label, speech in speeches.items()
        if len(speech.audio)
    }
    return Scoring(_draw(sentence, speeches), compare_sounds(sounds, voice.vocoder.sample_rate))


def _read(voice: Synthesizer, sentence: str, label: str, form: Form, seed: int) -> Speech:
    class Scored(Attention):
        def get_alignment_energies(
            self,
            query: torch.Tensor,
            processed_memory: torch.Tensor,
            attention_weights_cat: torch.Tensor,
        ) -> torch.Tensor:
            energies = form(
                self.query_layer(query.unsqueeze(1)),  # (B, 1, attention_dim)
                processed_memory,  # (B, T_in, attention_dim)
                self.location_layer(attention_weights_cat),  # (B, T_in, attention_dim)
                self.v,
            )
            expected = processed_memory.shape[:2]
            found = tuple(getattr(energies, "shape", ()))
            if found != expected:
                raise InputError(
                    f"the formula {label!r} should give energies of the shape (B, T_in), here "
                    f"{tuple(expected)}, but gave {found}"
                )
            return energies

    model = transplant(voice.tacotron2, {"Attention": Scored})
    changed = Synthesizer(model, voice.vocoder, settings=voice.settings)
    return changed.say(sentence, seed=seed, max_retries=0, on_failure="ignore")


def _draw(sentence: str, speeches: dict[str, Speech]) -> Picture:
    figure = new_figure(9, 2.7 * math.ceil(len(speeches) / 2) + 0.3)
    panels = figure.subplots(math.ceil(len(speeches) / 2), 2, squeeze=False).flatten()
    lines, rows = [f"“{sentence}”, read with the same weights."], []
    image: Any = None
    for panel, (label, speech) in zip(panels, speeches.items(), strict=False):
        piece = speech.pieces[0]
        weights = piece.alignment  # (T, T_in)
        image = panel.imshow(
            weights.T.numpy(), origin="lower", aspect="auto", interpolation="nearest",
            cmap="viridis", vmin=0, vmax=1,
        )  # fmt: skip
        # White dots say where the strongest weight is without relying on colour.
        panel.plot(range(len(weights)), strongest(weights), ".", color="white", ms=1.5)
        ended = "ends by itself" if speech.stop_reason == "gate" else "given up"
        panel.set_title(f"{label}: {len(weights)} steps, {ended}", fontsize=10)
        panel.set_xlabel("decoder step")
        panel.set_ylabel("input symbol")
        problems = [str(failure) for failure in speech.failures]
        shown = "; ".join(problems[:3]) + ("; ..." if len(problems) > 3 else "")
        lines.append(
            f"{label}: {len(weights)} steps, {ended}; "
            + (shown or "every symbol was read, once and in order")
            + "."
        )
        report = piece.attention
        rows.append(
            (
                label,
                str(len(weights)),
                ended,
                f"{speech.seconds:.2f}",
                f"{report.peak:.2f}" if report else "-",
                f"{report.missing_share:.0%}" if report else "-",
                shown or "nothing",
            )
        )
    for panel in panels[len(speeches) :]:
        panel.axis("off")
    figure.colorbar(image, ax=panels.tolist(), label="attention weight", pad=0.01)
    head = ("energies", "steps", "end", "seconds", "peak", "symbols missing", "went wrong")
    return Picture(figure, "Other energies, the same weights", "\n".join(lines), Table(head, rows))
