"""Audio chunk by chunk while the mel is still arriving, in memory that does not grow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

import torch

from labkit.errors import InputError
from labkit.vocoders.protocol import Vocoder


class ConvolutionalVocoder(Vocoder):
    """A vocoder whose audio at a moment depends on the frames around it only."""

    @property
    @abstractmethod
    def context_frames(self) -> int:
        """How many frames to either side decide about the audio of a frame."""

    @abstractmethod
    def forward(self, mel: torch.Tensor, left: int = 0, right: int = 0) -> torch.Tensor:
        """Make a spectrogram audible. Gradients flow back.

        Args:
            mel: (B, n_mels, T) natural-log mel.
            left: how many of the first frames are there as context only: ``context_frames``, or
                as many as there are before the others.
            right: the same at the end.

        Returns:
            (B, 1, (T - left - right) · hop_length) samples.
        """

    def stream(
        self, mel: torch.Tensor | Iterable[torch.Tensor], chunk_frames: int = 32
    ) -> Iterator[torch.Tensor]:
        """Make a spectrogram audible piece by piece, without gradients.

        Each chunk is computed together with the frames on either side that decide about it, and
        what belongs to those is left out. So nothing is heard of the joints: the chunks one after
        another are the audio of the whole mel.

        Args:
            mel: (B, n_mels, T) natural-log mel, or pieces of it, of any lengths, in order.
            chunk_frames: frames of a chunk. Smaller chunks are heard sooner and cost more.

        Returns:
            (B, chunk_frames · hop_length) float32 samples at a time; the last may have fewer.

        Raises:
            InputError: the mel has a wrong type, shape, device or content, or chunk_frames is not
                positive. Of a later piece, it is raised when that piece has been reached.
        """
        if isinstance(chunk_frames, bool) or not isinstance(chunk_frames, int) or chunk_frames < 1:
            raise InputError(
                f"chunk_frames must be a positive whole number, but is {chunk_frames!r}"
            )
        if isinstance(mel, torch.Tensor):
            self.check(mel)
            return _chunks(self, mel.split(chunk_frames, dim=2), chunk_frames)
        return _chunks(self, _checked(self, mel), chunk_frames)


def _chunks(
    vocoder: ConvolutionalVocoder, pieces: Iterable[torch.Tensor], chunk_frames: int
) -> Iterator[torch.Tensor]:
    context = vocoder.context_frames
    frames: torch.Tensor | None = None  # those at hand: `heard` context, then what is to be made
    heard = 0
    for piece in pieces:
        frames = piece if frames is None else torch.cat([frames, piece], dim=2)
        while frames.size(2) >= heard + chunk_frames + context:
            done = heard + chunk_frames
            yield _audio(vocoder, frames[..., : done + context], heard, context)
            heard = min(done, context)
            frames = frames[..., done - heard :]
    if frames is not None and frames.size(2) > heard:
        chunk_samples = chunk_frames * vocoder.mel.hop_length
        yield from _audio(vocoder, frames, heard, 0).split(chunk_samples, dim=1)


@torch.no_grad()
def _audio(vocoder: ConvolutionalVocoder, mel: torch.Tensor, left: int, right: int) -> torch.Tensor:
    dtype = next(vocoder.parameters()).dtype
    audio: torch.Tensor = vocoder(mel.to(dtype), left, right)  # (B, 1, samples)
    return audio.squeeze(1).float()  # (B, samples)


def _checked(
    vocoder: ConvolutionalVocoder, pieces: Iterable[torch.Tensor]
) -> Iterator[torch.Tensor]:
    batch_size = None
    for piece in pieces:
        vocoder.check(piece)
        if batch_size is None:
            batch_size = piece.size(0)
        if piece.size(0) != batch_size:
            raise InputError(
                f"a piece of the mel holds {piece.size(0)} items, the first one held {batch_size}"
            )
        yield piece
