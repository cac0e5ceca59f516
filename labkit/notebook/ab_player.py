"""Sounds to be compared: all of them equally loud, because what is louder sounds better."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import torch

from labkit.audio import AudioReport, at_level, audio_report, log_mel, speech_level
from labkit.audio.config import DEFAULT
from labkit.errors import InputError
from labkit.notebook.picture import Picture, Table, new_figure
from labkit.notebook.player import flac, player
from labkit.notebook.waves import draw_mel, draw_waveform

LONGEST = 60.0  # seconds of all sounds together, about 2 MB; the rest is not kept
MOST = 6  # sounds
_FLOOR = -60.0  # dBFS; what is quieter stays so

# Plays the sound of a button from where the last one was, and stops that one.
_SWITCH = (
    "const box=this.closest('.labkit-ab'),all=[...box.querySelectorAll('audio')],"
    "at=+this.value,last=all[+(box.dataset.last||at)],next=all[at];"
    "const place=last.ended?0:last.currentTime;all.forEach(a=>a.pause());"
    "next.currentTime=Math.min(place,next.duration||0);box.dataset.last=at;next.play();"
)


@dataclass(frozen=True)
class Sound:
    """One of the sounds.

    Args:
        label: what it is.
        audio: (N,) float32 samples as they are played.
        report: figures of the samples as they came.
        level: loudness of the speech in them, in dBFS.
        distance: mean difference of its log-mel from that of the first sound; 0 for the first.
    """

    label: str
    audio: torch.Tensor
    report: AudioReport
    level: float
    distance: float


@dataclass(frozen=True, repr=False)
class Comparison:
    """Sounds that can be played in turn. As the last line of a cell they show themselves.

    Args:
        sounds: what is compared.
        sample_rate: samples per second.
        level: loudness at which they are played, in dBFS.
        seconds: how much of each is kept.
        picture: their waveforms and mels, and their figures.
    """

    sounds: tuple[Sound, ...]
    sample_rate: int
    level: float
    seconds: float
    picture: Picture

    def __repr__(self) -> str:
        lines = [
            f"{letter}, {one.label}: {_in_short(one)}" for letter, one in _lettered(self.sounds)
        ]
        return "\n".join([self.picture.title, "", *lines, self.picture.text])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        buttons, players = [], []
        for place, (letter, sound) in enumerate(_lettered(self.sounds)):
            label = html.escape(f"{letter}: {sound.label}", quote=True)
            buttons.append(
                f'<button type="button" value="{place}" onclick="{html.escape(_SWITCH)}" '
                f'style="margin-right:0.5em" aria-label="Play {label}">▶ {letter}</button>'
            )
            heard = player(
                f"{letter}: {sound.label}", flac(sound.audio, self.sample_rate), preload=True
            )
            players.append(f"<p><b>{label}</b><br>{html.escape(_in_short(sound))}<br>{heard}</p>")
        picture = self.picture._repr_mimebundle_()["text/html"]
        return {
            "text/html": f'<div class="labkit-ab"><p>{"".join(buttons)} '
            "switch while it plays; the place in the sentence is kept.</p>"
            f"{''.join(players)}</div>{picture}",
            "text/plain": repr(self),
        }


def compare_sounds(sounds: Mapping[str, Any], sample_rate: int = DEFAULT.sample_rate) -> Comparison:
    """Play sounds in turn, at equal loudness, with their figures, waveforms and mels.

    The figures are those of the samples as they come. To be played, each sound is made as loud as
    the quietest of them; one that is silent stays so, and samples that are not finite become zero.

    Args:
        sounds: (N,) samples by label, at most six; the others are measured against the first.
        sample_rate: samples per second of all of them.

    Returns:
        Something that plays and shows itself.

    Raises:
        InputError: there is no sound, there are too many, or one of them is not (N,) samples.
    """
    if not 1 <= len(sounds) <= MOST:
        raise InputError(f"1 to {MOST} sounds can be compared, not {len(sounds)}")
    waves = {label: _samples(label, audio) for label, audio in sounds.items()}
    finite = {label: wave.nan_to_num(0.0, 0.0, 0.0) for label, wave in waves.items()}
    levels = {label: speech_level(wave, sample_rate) for label, wave in finite.items()}
    heard = [level for level in levels.values() if level > _FLOOR]
    level = min(heard, default=_FLOOR)
    kept = LONGEST / len(waves)
    mels = {label: _mel(wave[: round(kept * sample_rate)]) for label, wave in finite.items()}
    first = next(iter(mels.values()))
    compared = tuple(
        Sound(
            label,
            _playable(finite[label], sample_rate, level, levels[label])[
                : round(kept * sample_rate)
            ],
            audio_report(wave, sample_rate),
            levels[label],
            _distance(first, mels[label]),
        )
        for label, wave in waves.items()
    )
    picture = _draw(compared, list(mels.values()), sample_rate, level, kept)
    return Comparison(compared, sample_rate, level, kept, picture)


def _samples(label: str, audio: Any) -> torch.Tensor:
    wave = torch.as_tensor(audio).detach().float().cpu()
    if wave.dim() != 1 or not len(wave):
        raise InputError(
            f"{label!r} should be (N,) samples of one sound, but its shape is {tuple(wave.shape)}"
        )
    return wave


def _playable(audio: torch.Tensor, sample_rate: int, wanted: float, level: float) -> torch.Tensor:
    audio = audio.clamp(-1, 1)
    return at_level(audio, sample_rate, wanted) if level > _FLOOR else audio


def _mel(audio: torch.Tensor) -> torch.Tensor:
    """Take the log-mel (n_mels, T) of samples, however few and however loud they are."""
    missing = max(0, DEFAULT.n_fft - len(audio))
    return log_mel(torch.nn.functional.pad(audio.clamp(-1, 1), (0, missing)))


def _distance(first: torch.Tensor, other: torch.Tensor) -> float:
    frames = min(first.size(1), other.size(1))
    return float((first[:, :frames] - other[:, :frames]).abs().mean())


def _in_short(sound: Sound) -> str:
    report = sound.report
    flags = f" · {', '.join(report.flags)}" if report.flags else ""
    return (
        f"{report.duration:.2f} s · peak {report.peak_dbfs:.1f} dBFS · speech "
        f"{sound.level:.1f} dBFS · clipped {report.clipping_share:.2%} · "
        f"{report.nan_count} NaN{flags}"
    )


def _draw(
    sounds: Sequence[Sound],
    mels: Sequence[torch.Tensor],
    sample_rate: int,
    level: float,
    kept: float,
) -> Picture:
    figure = new_figure(7.5, 0.5 + 1.25 * len(sounds))
    axes = figure.subplots(
        len(sounds), 2, sharex=True, sharey="col", squeeze=False, width_ratios=(2, 3)
    )
    loudest = max(0.05, *(float(one.audio.abs().max()) for one in sounds))
    low, high = min(float(mel.min()) for mel in mels), max(float(mel.max()) for mel in mels)
    for letter, sound, mel, (left, right) in zip(ascii_uppercase, sounds, mels, axes, strict=False):
        draw_waveform(left, sound.audio, sample_rate)
        left.set_title(f"{letter}: {sound.label}", loc="left", fontsize=10)
        seconds = mel.size(1) * DEFAULT.hop_length / sample_rate
        image = draw_mel(right, mel, low, max(high, low + 1e-6), (0, seconds))
    axes[0, 0].set_ylim(-1.05 * loudest, 1.05 * loudest)
    axes[0, 0].set_xlim(0, max(len(one.audio) for one in sounds) / sample_rate)
    for bottom in axes[-1]:
        bottom.set_xlabel("seconds")
    figure.colorbar(image, ax=axes[:, 1], label="log magnitude", pad=0.01)
    lines = [
        f"The log-mel of {letter} differs from that of A by {one.distance:.2f} on average."
        for letter, one in _lettered(sounds)[1:]
    ]
    lines.append(f"Played at equal loudness: {level:.1f} dBFS where there is speech.")
    if any(one.report.duration > kept for one in sounds):
        lines.append(f"Only the first {kept:.0f} s of each are kept here.")
    rows = [
        (
            letter,
            one.label,
            f"{one.report.duration:.2f}",
            f"{one.report.peak_dbfs:.1f}",
            f"{one.level:.1f}",
            f"{one.report.clipping_share:.2%}",
            str(one.report.nan_count),
            f"{one.distance:.3f}",
        )
        for letter, one in _lettered(sounds)
    ]
    head = (
        "", "sound", "length (s)", "peak (dBFS)", "speech (dBFS)", "clipped", "NaN",
        "log-mel distance from A",
    )  # fmt: skip
    title = "Sounds compared: " + ", ".join(one.label for one in sounds)
    return Picture(figure, title, "\n".join(lines), Table(head, rows))


def _lettered(sounds: Sequence[Sound]) -> list[tuple[str, Sound]]:
    """Call the first sound A, the next one B, and so on."""
    return list(zip(ascii_uppercase, sounds, strict=False))
