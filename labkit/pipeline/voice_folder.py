"""A voice as a folder: the weights of its models, and ``voice.json``, which says how to use them.

::

    {
      "format": 1,
      "acoustic": "tacotron2.safetensors",
      "vocoder": "hifigan.safetensors",        null or left out: Griffin-Lim
      "kinds": {"acoustic": "tacotron2", "vocoder": "hifigan"},             may be left out
      "name": "...", "licence": "...", "input": "phonemes",
      "mel": {"sample_rate": 22050, "hop_length": 256, ...},
      "cleaners": ["english_cleaners"], "normalise": "published", ...
    }

Both files lie in the folder and may have any published layout. All other keys are those of
:class:`VoiceSettings`; what is left out has its default. ``card.md``, if it is there, tells where
the voice comes from; it is ``VoiceSettings.card``.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from torch import nn

from labkit.audio.config import MelConfig
from labkit.errors import ConfigError, SpeechError, TextError, refuse_unknown
from labkit.models.acoustic import AcousticModel
from labkit.models.kind import kind_of, kind_of_file, kinds, load_acoustic
from labkit.pipeline.voice import VoiceSettings
from labkit.vocoders.griffin_lim import GRIFFIN_LIM, GriffinLim
from labkit.vocoders.protocol import Vocoder

SHIPPED_VOICE = Path(__file__).parent.parent / "data" / "voice"
"""The voice that comes with the package; inside it, so that it comes with a wheel, too."""

UNALIGNED_VOICE = SHIPPED_VOICE.with_name("unaligned")
"""The same model early in a training without guide: it predicts well and cannot read on its own."""

SETTINGS_FILE = "voice.json"
CARD_FILE = "card.md"
FORMAT = 1

_PARTS: dict[str, type[nn.Module]] = {"acoustic": AcousticModel, "vocoder": Vocoder}


def load_parts(
    path: str | Path | None, tacotron2: str | Path | None, vocoder: str | Path | None
) -> tuple[AcousticModel, Vocoder, VoiceSettings]:
    """Load the parts of a synthesizer, on the CPU. Arguments as ``Synthesizer.from_pretrained``.

    Raises:
        SpeechError: the folder is missing, or something in it is wrong.
        CheckpointError: a weights file is missing, damaged or of another model.
    """
    if tacotron2 is not None:
        if path is not None:
            raise SpeechError(
                f"give a voice folder ({path}) or tacotron2= ({tacotron2}), not both: the "
                "folder says how its own acoustic model wants to be used"
            )
        acoustic, settings = load_acoustic(tacotron2), VoiceSettings(name=Path(tacotron2).stem)
        own_vocoder = None
    else:
        folder = _voice_folder(path)
        acoustic_file, own_vocoder, settings = read_voice(folder)
        acoustic = load_acoustic(acoustic_file)
    from labkit.vocoders import load_vocoder

    source = own_vocoder if vocoder is None else vocoder
    if source is None or source == GRIFFIN_LIM:
        vocoding: Vocoder = GriffinLim(mel=settings.mel)
    else:
        vocoding = load_vocoder(source)
    if vocoder is not None and Path(vocoder) != own_vocoder:
        # What the folder says about noise is about its own vocoder.
        settings = replace(settings, sigma=None, denoise=vocoding.denoising)
    return acoustic, vocoding, settings


def read_voice(folder: str | Path) -> tuple[Path, Path | None, VoiceSettings]:
    """Read ``voice.json`` and ``card.md``: where the weights are, and how to use them.

    Args:
        folder: the voice folder.

    Returns:
        The files of the acoustic model and of the vocoder, None for Griffin-Lim; the settings.

    Raises:
        SpeechError: ``voice.json`` is missing, no JSON, of another format, has an unknown key, a
            wrong value, or names a file that is not in the folder, or a kind that is unknown.
    """
    file = Path(folder) / SETTINGS_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # no JSON, or no UTF-8
        raise SpeechError(f"{file} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise SpeechError(f"{file} must hold a JSON object, but holds {type(content).__name__}")
    try:
        if content.pop("format", None) != FORMAT:
            raise ConfigError(f'"format" must be {FORMAT}; is it a voice of another version?')
        acoustic = _own_file(file.parent, "acoustic", content.pop("acoustic", None))
        vocoder = content.pop("vocoder", None)
        vocoder = None if vocoder is None else _own_file(file.parent, "vocoder", vocoder)
        _refuse_unknown_kinds(content.pop("kinds", {}))
        known = [field.name for field in fields(VoiceSettings) if field.name != "card"]
        refuse_unknown(content, [*known, "acoustic", "vocoder", "kinds", "format"], "the voice")
        if "mel" in content:
            content["mel"] = _mel(content["mel"])
        return acoustic, vocoder, VoiceSettings(card=_card(file.parent), **content)
    except (ConfigError, TextError) as error:
        raise SpeechError(f"{file}: {error}") from error


def save_voice(
    folder: str | Path,
    acoustic: AcousticModel | str | Path,
    vocoder: Vocoder | str | Path | None = None,
    settings: VoiceSettings | None = None,
) -> Path:
    """Make a voice folder. It appears under its name only when it is complete.

    Args:
        folder: where to; must not exist.
        acoustic: an acoustic model or its checkpoint.
        vocoder: a vocoder or its checkpoint; None for Griffin-Lim.
        settings: how to use them.

    Returns:
        The folder.

    Raises:
        SpeechError: the folder exists or cannot be written.
        CheckpointError: a weight is not finite, or a checkpoint is missing, damaged or of another
            model.
    """
    folder = Path(folder)
    if folder.exists():
        raise SpeechError(f"{folder} exists already; a voice needs a folder of its own")
    content: dict[str, Any] = {"format": FORMAT, **asdict(settings or VoiceSettings())}
    card = content.pop("card")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        unfinished.mkdir()
        content["kinds"] = {"acoustic": _keep(acoustic, "acoustic", unfinished, content)}
        content["vocoder"] = None
        if vocoder not in (None, GRIFFIN_LIM) and not isinstance(vocoder, GriffinLim):
            content["kinds"]["vocoder"] = _keep(vocoder, "vocoder", unfinished, content)
        text = json.dumps(content, indent=2, ensure_ascii=False)
        if card:
            (unfinished / CARD_FILE).write_text(card.strip() + "\n", encoding="utf-8")
        (unfinished / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")
        unfinished.replace(folder)
    except OSError as error:
        raise SpeechError(f"{folder} cannot be written: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _keep(
    model: AcousticModel | Vocoder | str | Path, part: str, folder: Path, content: dict[str, Any]
) -> str:
    """Put a part of the voice into its folder, and its file's name into the settings.

    Returns:
        What its kind is called.
    """
    if isinstance(model, nn.Module):
        kind, source = kind_of(model), type(model).__name__
    else:
        (kind, weights), source = kind_of_file(model), str(model)
        if weights.config is None:  # what is said of it beside the file would stay behind
            model = kind.read(model, weights)
    if not issubclass(kind.model, _PARTS[part]):
        raise SpeechError(f"{source} is of the kind {kind.name}, which cannot be the {part} model")
    suffix = ".safetensors" if isinstance(model, nn.Module) else Path(model).suffix
    content[part] = ("vocoder" if part == "vocoder" else kind.stem) + suffix
    if isinstance(model, nn.Module):
        kind.save(model, folder / content[part])
    else:
        shutil.copyfile(model, folder / content[part])
    return kind.stem


def _refuse_unknown_kinds(named: object) -> None:
    if not isinstance(named, dict):
        raise ConfigError(f'"kinds" must be an object, but is {named!r}')
    refuse_unknown(named, _PARTS, '"kinds"')
    for part, stem in named.items():
        known = [kind.stem for kind in kinds() if issubclass(kind.model, _PARTS[part])]
        if stem not in known:
            raise ConfigError(
                f'"kinds" says that the {part} model is {stem!r}, which is unknown here; known '
                f"are {', '.join(known)}; a newer version of the kit may know it"
            )


def _card(folder: Path) -> str:
    file = folder / CARD_FILE
    if not file.exists():
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{CARD_FILE} beside it cannot be read: {error}") from error


def _voice_folder(path: str | Path | None) -> Path:
    if path is None:
        if SHIPPED_VOICE.is_dir():
            return SHIPPED_VOICE
        raise SpeechError(
            "no voice comes with this version: give a voice folder, or a Tacotron 2 checkpoint "
            "(tacotron2=FILE) and perhaps a vocoder's (vocoder=FILE)"
        )
    path = Path(path)
    if path.is_file():
        raise SpeechError(
            f"{path} is a file, but a voice is a folder with a {SETTINGS_FILE}; for a checkpoint "
            "use tacotron2=FILE or vocoder=FILE"
        )
    if not path.is_dir():
        raise SpeechError(f"there is no voice folder {path}")
    return path


def _own_file(folder: Path, key: str, name: object) -> Path:
    """Find a file of the voice; it must lie in its folder, wherever the folder came from."""
    if not isinstance(name, str) or not name or Path(name).name != name or name == "..":
        raise ConfigError(f'"{key}" must be the name of a file in this folder, but is {name!r}')
    if not (folder / name).is_file():
        raise ConfigError(f'"{key}" names {name}, but there is no such file in this folder')
    return folder / name


def _mel(values: object) -> MelConfig:
    if not isinstance(values, dict):
        raise ConfigError(f'"mel" must be an object, but is {values!r}')
    defaults = asdict(MelConfig())
    refuse_unknown(values, defaults, '"mel"')
    for name, value in values.items():
        whole = isinstance(defaults[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            kind = "whole number" if whole else "number"
            raise ConfigError(f'"{name}" of "mel" must be a {kind}, but is {value!r}')
    return MelConfig(**values)
