"""What belongs to a voice beside its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any

from labkit.audio.config import MelConfig
from labkit.errors import ConfigError
from labkit.pipeline.front_end import Characters, FrontEnd, Phonemes
from labkit.pipeline.splitting import MAX_SYMBOLS
from labkit.text.cleaners import select_cleaners

INPUTS = ("characters", "phonemes")


@dataclass(frozen=True, kw_only=True)
class VoiceSettings:
    """How the models of a voice want to be used.

    Args:
        name: what the voice is called.
        mel: how the mels are taken that the acoustic model predicts; gives the sample rate, too.
        input: what the acoustic model reads: "characters" or "phonemes".
        cleaners: of characters, as in :func:`labkit.text.text_to_sequence`.
        normalise: of characters, as in :func:`labkit.text.text_to_sequence`.
        sigma: spread of the vocoder's noise; None as the vocoder is configured, and for a vocoder
            without noise.
        denoise: how strongly the vocoder's own noise is removed; 0 not at all.
        level: loudness of each piece, in dBFS where there is speech; None as the vocoder makes it.
        prenet_dropout: whether the prenet drops units, as published voices need it; without it,
            only a reading that went wrong is tried again with it.
        gate_threshold: probability at which a piece ends; None as the model is configured.
        options: what else the acoustic model is told, by the names of its reading options.
        frames_per_symbol: frames for a symbol, beyond a hundred for the piece, after which a piece
            is given up; people need about 5.5 for a character, 7 for a phoneme.
        max_frames: frames after which any piece is given up.
        max_symbols: longest piece that is read in one go.
        licence: under what terms the voice may be used.
        card: where the voice comes from and what it is good for.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    name: str = "voice"
    mel: MelConfig = field(default_factory=MelConfig)
    input: str = "characters"
    cleaners: tuple[str, ...] = ("english_cleaners",)
    normalise: str = "published"
    sigma: float | None = None
    denoise: float = 0.0
    level: float | None = None
    prenet_dropout: bool = True
    gate_threshold: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    frames_per_symbol: float = 12.0
    max_frames: int = 2000
    max_symbols: int = MAX_SYMBOLS
    licence: str = ""
    card: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "input", "normalise", "licence", "card"):
            self._require(name, isinstance(getattr(self, name), str), "a text")
        names = [self.cleaners] if isinstance(self.cleaners, str) else self.cleaners
        listed = isinstance(names, (list, tuple)) and all(isinstance(one, str) for one in names)
        self._require("cleaners", listed, "a list of names")
        object.__setattr__(self, "cleaners", tuple(names))
        self._require("mel", isinstance(self.mel, MelConfig), "a MelConfig")
        self._require("prenet_dropout", isinstance(self.prenet_dropout, bool), "true or false")
        named = isinstance(self.options, dict) and all(isinstance(o, str) for o in self.options)
        self._require("options", named, "an object of names and values")
        for name in ("max_frames", "max_symbols"):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            self._require(name, whole and value > 0, "a whole number above 0")
        self._require("frames_per_symbol", self._is_number("frames_per_symbol", 0), "above 0")
        threshold = self.gate_threshold
        self._require(
            "gate_threshold",
            threshold is None or (self._is_number("gate_threshold", 0) and threshold < 1),
            "a number between 0 and 1, or null",
        )
        level = self.level
        self._require(
            "level",
            level is None or (self._is_number("level", -60, or_equal=True) and level <= 0),
            "a number from -60 to 0, or null",
        )
        for name in ("sigma", "denoise"):
            usable = self._is_number(name, 0, or_equal=True)
            self._require(name, usable or (name == "sigma" and self.sigma is None), "0 or above")
        self._require("input", self.input in INPUTS, f"one of {', '.join(INPUTS)}")
        select_cleaners(self.cleaners, self.normalise)

    @property
    def front_end(self) -> FrontEnd:
        """What turns a text into the symbols that the acoustic model reads."""
        if self.input == "phonemes":
            return Phonemes()
        return Characters(self.cleaners, self.normalise)

    def _is_number(self, name: str, above: float, or_equal: bool = False) -> bool:
        value = getattr(self, name)
        if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return float(value) > above or (or_equal and float(value) == above)

    def _require(self, name: str, is_so: bool, what: str) -> None:
        if not is_so:
            raise ConfigError(f"{name} must be {what}, but is {getattr(self, name)!r}")


def mel_differences(expected: MelConfig, found: MelConfig) -> list[str]:
    """Say which numbers of two mels differ, as ``"hop_length 256 and 512"``."""
    return [
        f"{one.name} {getattr(expected, one.name):g} and {getattr(found, one.name):g}"
        for one in fields(MelConfig)
        if getattr(expected, one.name) != getattr(found, one.name)
    ]
