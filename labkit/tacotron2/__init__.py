"""Tacotron 2: symbol ids to log-mel spectrogram, as the paper and the published weights have it.

Read in this order: ``layers``, ``encoder``, ``attention``, ``prenet``, ``decoder``, ``postnet``,
``model``. How inference is made fast stands in :mod:`labkit.fast`.
"""

from __future__ import annotations

from labkit.tacotron2.attention import Attention, LocationLayer
from labkit.tacotron2.config import Tacotron2Config
from labkit.tacotron2.decoder import Decoder, DecoderState
from labkit.tacotron2.encoder import Encoder
from labkit.tacotron2.kind import load_checkpoint, save_checkpoint
from labkit.tacotron2.loss import LossParts, Tacotron2Loss, gate_targets
from labkit.tacotron2.model import Tacotron2
from labkit.tacotron2.postnet import Postnet
from labkit.tacotron2.precision import PrecisionReport, compare_precision
from labkit.tacotron2.prenet import Prenet
from labkit.tacotron2.transplant import transplant

__all__ = [
    "Attention",
    "Decoder",
    "DecoderState",
    "Encoder",
    "LocationLayer",
    "LossParts",
    "Postnet",
    "PrecisionReport",
    "Prenet",
    "Tacotron2",
    "Tacotron2Config",
    "Tacotron2Loss",
    "compare_precision",
    "gate_targets",
    "load_checkpoint",
    "save_checkpoint",
    "transplant",
]
