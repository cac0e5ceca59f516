"""Text to speech: the one object that knows the acoustic model and the vocoder."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, overload

import torch

from labkit.audio.level import at_level
from labkit.errors import InputError, SpeechError, TextError
from labkit.pipeline.assembly import Said, assemble, complain, name_of
from labkit.pipeline.boundaries import Boundary
from labkit.pipeline.fit import reading_options, require_fit, require_parts
from labkit.pipeline.joining import join
from labkit.pipeline.reading import Reader, derive_seed, device_of
from labkit.pipeline.speech import Speech
from labkit.pipeline.splitting import TextPiece, split_text
from labkit.pipeline.voice import VoiceSettings
from labkit.progress import progress_bar
from labkit.tacotron2.published import as_acoustic
from labkit.vocoders.protocol import Vocoder

WORTH_A_BAR = 60
"""Symbols that a full-size voice speaks in about two seconds on two cores of a laptop."""

_ON_FAILURE = ("warn", "raise", "ignore")


class _Options(NamedTuple):
    """How one call wants its speech made."""

    reader: Reader
    seed: int
    sigma: float | None
    denoise: float
    max_retries: int


class Synthesizer:
    """Speaks.

    Args:
        tacotron2: the acoustic model: a :class:`labkit.models.AcousticModel`, or any object with
            the ``infer`` of :class:`labkit.Tacotron2`.
        vocoder: any :class:`labkit.vocoders.Vocoder`.
        denoiser: removes the vocoder's own noise; made of the vocoder when it is first needed.
        settings: how the two want to be used.
        name: what the voice is called, in place of ``settings.name``.
        precision: "float32"; "bfloat16" or "int8" decode faster and a little less exactly.
        batch_size: how many pieces of text are read at once.

    Raises:
        SpeechError: the parts do not fit together, or one of them is something else.
    """

    def __init__(
        self,
        tacotron2: Any,
        vocoder: Vocoder,
        *,
        denoiser: Any = None,
        settings: VoiceSettings | None = None,
        name: str | None = None,
        precision: str = "float32",
        batch_size: int = 8,
    ) -> None:
        require_parts(tacotron2, vocoder)
        if settings is None:
            settings = VoiceSettings(mel=vocoder.mel, denoise=0.01 if denoiser else 0.0)
        self.settings = replace(settings, name=name) if name is not None else settings
        acoustic = as_acoustic(tacotron2)
        require_fit(acoustic, vocoder, settings)
        if precision not in acoustic.precisions:
            known = ", ".join(acoustic.precisions)
            raise InputError(f"precision={precision!r} is not one of {known}")
        reading_options(acoustic, settings, precision, None)  # refuses what the model has not
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1, but is {batch_size}")
        self.tacotron2 = tacotron2
        self.vocoder = vocoder
        self.denoiser = denoiser
        self.precision = precision
        self.batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path | None = None,
        *,
        tacotron2: str | Path | None = None,
        vocoder: str | Path | None = None,
        device: str | None = None,
        precision: str = "float32",
    ) -> Synthesizer:
        """Load a voice folder, or checkpoints of any published layout.

        Args:
            path: a voice folder; the shipped voice if neither it nor ``tacotron2`` is given.
            tacotron2: an acoustic model's checkpoint, in place of a voice folder.
            vocoder: a vocoder's checkpoint, or "griffin-lim", in place of the folder's; without
                any, Griffin-Lim.
            device: as for :func:`labkit.devices.find_device`.
            precision: as for :class:`Synthesizer`.

        Raises:
            SpeechError: the folder is missing or something in it is wrong; parts do not fit.
            CheckpointError: a weights file is missing, damaged or of another model.
            DeviceError: the device is not there.
        """
        from labkit.devices import find_device
        from labkit.pipeline.voice_folder import load_parts

        where = find_device(device)
        acoustic, vocoding, settings = load_parts(path, tacotron2, vocoder)
        return cls(acoustic.to(where), vocoding.to(where), settings=settings, precision=precision)

    @overload
    def say(self, text: str, **options: Any) -> Speech: ...

    @overload
    def say(self, text: Sequence[str], **options: Any) -> list[Speech]: ...

    def say(  # type: ignore[misc]  # the two signatures above leave the options to this one
        self,
        text: str | Sequence[str],
        *,
        seed: int | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        prenet_dropout: bool | None = None,
        max_retries: int = 2,
        on_failure: str = "warn",
        progress: bool = False,
    ) -> Speech | list[Speech]:
        """Speak a text of any length, or several.

        Every text is looked at before any of them is spoken, so that nothing is lost when one
        cannot be: the error names it by its index. Long ones are split; all pieces of all texts
        are sorted by length and read in batches. A piece whose attention went wrong is read again
        with prenet dropout, under another seed, and the best reading is kept.

        The seed fixes the speech for the same texts, settings and machine; because a batch shares
        its random numbers, a text sounds a little different among other texts.

        Args:
            text: one text, or several.
            seed: fixes prenet dropout and vocoder noise; drawn from the global state if None.
            sigma: spread of the vocoder's noise; as the voice has it if None.
            denoise: how strongly the vocoder's own noise is removed; as the voice has it if None.
            prenet_dropout: whether the prenet drops units; as the voice has it if None. False rules
                it out for further readings, too, and there are none.
            max_retries: how often a piece may be read again.
            on_failure: what to do if something still went wrong: "warn", "raise", or "ignore".
                The notes of the speech have it in any case.
            progress: whether to show a bar if it takes more than about two seconds.

        Returns:
            A speech, or for several texts a list of them in the same order.

        Raises:
            TextError: a text is empty, only punctuation, or cannot be spoken.
            SpeechError: something went wrong, and ``on_failure`` is "raise"; or a model broke.
            InputError: an option is out of range.
        """
        if on_failure not in _ON_FAILURE:
            raise InputError(f"on_failure={on_failure!r} is not one of {', '.join(_ON_FAILURE)}")
        options = self._options(seed, sigma, denoise, prenet_dropout, max_retries)
        texts = [text] if isinstance(text, str) else _as_list(text)
        split = [self._split(one, at if len(texts) > 1 else None) for at, one in enumerate(texts)]
        pieces = [piece for own_pieces, _ in split for piece in own_pieces]
        symbols = sum(len(piece.ids) for piece in pieces)
        shown = progress and symbols >= WORTH_A_BAR
        with progress_bar(shown, "speaking", float(symbols)) as advance:
            said = iter(self._say_all(pieces, options, advance))
        speeches = [
            assemble(
                one,
                [next(said) for _ in own_pieces],
                notes,
                self.vocoder.sample_rate,
                options.seed,
            )
            for one, (own_pieces, notes) in zip(texts, split, strict=True)
        ]
        for at, speech in enumerate(speeches):
            complain(speech, f"text {at}: " if len(texts) > 1 else "", on_failure)
        return speeches[0] if isinstance(text, str) else speeches

    def stream(
        self,
        text: str,
        *,
        seed: int | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        prenet_dropout: bool | None = None,
        max_retries: int = 2,
    ) -> Iterator[torch.Tensor]:
        """Speak a text piece by piece: the first sentence is heard before the second is read.

        Memory does not grow with the text. What goes wrong is warned of. Pieces are read one at a
        time, not in batches, so that the speech is not that of :meth:`say` to the sample.

        Args:
            text: one text.
            seed: as for :meth:`say`, and so are the others.
            sigma: spread of the vocoder's noise.
            denoise: how strongly the vocoder's own noise is removed.
            prenet_dropout: whether the prenet drops units.
            max_retries: how often a piece may be read again.

        Returns:
            An iterator over (n,) float32 samples in [-1, 1], to be heard one after the other.

        Raises:
            TextError: the text is empty, only punctuation, or cannot be spoken.
        """
        options = self._options(seed, sigma, denoise, prenet_dropout, max_retries)
        pieces, _ = self._split(text, None)
        return self._stream(pieces, options)

    def _stream(self, pieces: list[TextPiece], options: _Options) -> Iterator[torch.Tensor]:
        peak = 1.0
        for parts, _ in join(self._sounds(pieces, options), self.vocoder.sample_rate):
            chunk = torch.cat(parts)  # (n,)
            if len(chunk):
                peak = max(peak, float(chunk.abs().max()))
                yield chunk / peak

    def _sounds(
        self, pieces: list[TextPiece], options: _Options
    ) -> Iterator[tuple[torch.Tensor, Boundary]]:
        for number, piece in enumerate(pieces):
            (said,) = self._say_batch([piece], [number], number, options)
            for failure in said.reading.failures:
                warnings.warn(f"{name_of(piece)}: {failure}", UserWarning, stacklevel=4)
            if len(said.audio):
                yield said.audio, piece.boundary

    def _options(
        self,
        seed: int | None,
        sigma: float | None,
        denoise: float | None,
        prenet_dropout: bool | None,
        max_retries: int,
    ) -> _Options:
        settings = self.settings
        if seed is None:
            seed = int(torch.randint(2**31, ()))
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise InputError(f"seed must be a whole number, 0 or above, but is {seed!r}")
        if not isinstance(max_retries, int) or max_retries < 0:
            raise InputError(f"max_retries must be 0 or above, but is {max_retries!r}")
        denoise = settings.denoise if denoise is None else denoise
        if not denoise >= 0:
            raise InputError(f"denoise must be 0 or above, but is {denoise!r}")
        if denoise and self.denoiser is None:
            from labkit.vocoders import Denoiser

            self.denoiser = Denoiser(self.vocoder)
        acoustic = as_acoustic(self.tacotron2)
        reader = Reader(
            acoustic,
            reading_options(acoustic, settings, self.precision, prenet_dropout),
            settings.frames_per_symbol,
            settings.max_frames,
            None if prenet_dropout is False else acoustic.second_try,
        )
        sigma = settings.sigma if sigma is None else sigma
        return _Options(reader, seed, sigma, denoise, max_retries)

    def _split(self, text: str, index: int | None) -> tuple[list[TextPiece], list[str]]:
        """Cut one text; ``index`` names it in errors if it is one of several."""
        settings = self.settings
        try:
            return split_text(
                text,
                settings.max_symbols,
                front_end=settings.front_end,
            )
        except TextError as error:
            if index is None:
                raise
            raise TextError(f"text {index}: {error}") from error

    def _say_all(
        self, pieces: list[TextPiece], options: _Options, advance: Callable[[int], object]
    ) -> list[Said]:
        """Make pieces audible, in batches of about equal length; results in the order given."""
        order = sorted(range(len(pieces)), key=lambda at: -len(pieces[at].ids))
        said: dict[int, Said] = {}
        for number, start in enumerate(range(0, len(order), self.batch_size)):
            places = order[start : start + self.batch_size]
            batch = [pieces[at] for at in places]
            for at, one in zip(
                places, self._say_batch(batch, places, number, options), strict=True
            ):
                said[at] = one
                advance(len(pieces[at].ids))
        return [said[at] for at in range(len(pieces))]

    @torch.no_grad()
    def _say_batch(
        self, pieces: list[TextPiece], places: list[int], number: int, options: _Options
    ) -> Iterator[Said]:
        """Read pieces together and make them audible one by one."""
        readings = options.reader.read(
            pieces, derive_seed(options.seed, number), options.max_retries
        )
        for piece, place, reading in zip(pieces, places, readings, strict=True):
            audio = torch.zeros(0)
            if reading.mel.size(1):
                audio = self._vocode(reading.mel, derive_seed(options.seed, place), options)
            yield Said(piece, reading, audio)

    def _vocode(self, mel: torch.Tensor, seed: int, options: _Options) -> torch.Tensor:
        """Make ``mel: (n_mels, T)`` audible: (T · hop_length,) samples on the CPU."""
        batch = mel[None].to(device_of(self.vocoder))  # (1, n_mels, T)
        audio = self.vocoder.infer(batch, options.sigma, seed=seed)  # (1, T · hop_length)
        if options.denoise:
            audio = self.denoiser(audio, options.denoise)
        audio = audio[0].float().cpu()  # (T · hop_length,)
        if not audio.isfinite().all():
            raise SpeechError(
                "the vocoder made samples that are not finite; its weights or precision are at "
                "fault, try float32 or another checkpoint"
            )
        level = self.settings.level
        return audio if level is None else at_level(audio, self.vocoder.sample_rate, level)


def _as_list(texts: Any) -> list[str]:
    if not isinstance(texts, Iterable) or isinstance(texts, (bytes, dict)):
        raise TextError(f"say takes a text or a list of texts, got {type(texts).__name__}")
    return list(texts)
