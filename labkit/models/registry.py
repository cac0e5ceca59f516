"""Which models there are: a line for each."""

from __future__ import annotations

MODELS: tuple[str, ...] = (
    "labkit.vocoders.waveglow.kind",
    "labkit.vocoders.hifigan.kind",
    "labkit.vocoders.vocos.kind",
    "labkit.tacotron2.kind",
)
"""Modules with a ``KIND``. The first that recognises a file has it, so that Tacotron 2, whose
tensors have the plainest names, comes last."""

STRANGERS = {
    "Glow-TTS": r"decoder\.flows\.",
    "Tacotron2-VAE": r"vae_gst\.|transcript_embedding\.",
    "MMI Tacotron 2, whose decoder has more layers": r"mi\.proj\.|decoder\.mel_layer\.",
}
"""Models that are told apart by the names of their tensors, but are not to be had here."""
