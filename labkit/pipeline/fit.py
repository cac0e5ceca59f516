"""Refuse parts of a synthesizer that are something else, or that do not fit together."""

from __future__ import annotations

from typing import Any

from labkit.errors import ConfigError, SpeechError, refuse_unknown
from labkit.models.acoustic import AcousticModel
from labkit.pipeline.voice import VoiceSettings, mel_differences
from labkit.text import symbols
from labkit.vocoders.protocol import Vocoder


def require_parts(tacotron2: Any, vocoder: Any) -> None:
    """Refuse what is no acoustic model and no vocoder.

    Raises:
        SpeechError: naming what was given.
    """
    speaks = isinstance(tacotron2, AcousticModel) or callable(getattr(tacotron2, "infer", None))
    if not speaks or isinstance(tacotron2, Vocoder):
        raise SpeechError(
            "the acoustic model must have an infer(ids, lengths) as labkit.Tacotron2 has, or be a "
            f"labkit.models.AcousticModel; {type(tacotron2).__name__} does not"
        )
    if not isinstance(vocoder, Vocoder):
        raise SpeechError(
            f"the vocoder must be a labkit.vocoders.Vocoder, but is a {type(vocoder).__name__}"
        )


def require_fit(acoustic: AcousticModel, vocoder: Vocoder, settings: VoiceSettings) -> None:
    """Refuse parts whose sizes or mels differ, as far as they can be known.

    Raises:
        SpeechError: naming all that differs.
    """
    differences = mel_differences(settings.mel, vocoder.mel)
    if acoustic.n_mels not in (None, settings.mel.n_mels):
        differences.insert(0, f"mel bands {acoustic.n_mels} and {settings.mel.n_mels}")
    if differences:
        raise SpeechError(
            "the acoustic model and the vocoder do not fit together: "
            f"{', '.join(differences)}; use a vocoder that was trained on the same mels"
        )
    n_symbols = acoustic.n_symbols
    if n_symbols not in (None, len(symbols)):
        raise SpeechError(
            f"the acoustic model knows {n_symbols} symbols, but a text is turned into the "
            f"{len(symbols)} of labkit.text: it was trained on another symbol table"
        )


def reading_options(
    acoustic: AcousticModel, settings: VoiceSettings, precision: str, prenet_dropout: bool | None
) -> dict[str, Any]:
    """Return what the acoustic model is told at every reading.

    Args:
        acoustic: the model.
        settings: of the voice.
        precision: in which to compute.
        prenet_dropout: as wanted for this call; None for what the voice has.

    Raises:
        SpeechError: the model has no such option.
    """
    options = dict(settings.options)
    if settings.gate_threshold is not None:
        options["gate_threshold"] = settings.gate_threshold
    if precision != "float32":
        options["precision"] = precision
    if prenet_dropout is None and "prenet_dropout" in acoustic.reading_options:
        prenet_dropout = settings.prenet_dropout
    if prenet_dropout is not None:
        options["prenet_dropout"] = prenet_dropout
    try:
        refuse_unknown(
            options, acoustic.reading_options, f"the options of {type(acoustic).__name__}"
        )
    except ConfigError as error:
        raise SpeechError(f"the voice {settings.name!r} cannot be read so: {error}") from error
    return options
