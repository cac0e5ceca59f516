"""Record the failures that lab 3 lets students diagnose.

    python tools/make_failure_gallery.py

Writes labkit/labs/lab3_decoder/data/failures.safetensors and a FLAC file for each reading beside
it. What is done to the decoder stands in labkit/labs/lab3_decoder/gallery.py, where
students can read it later.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file

import labkit
from labkit.audio import at_level, save_audio
from labkit.labs.lab3_decoder.gallery import CASES, DATA, FRAMES_PER_STEP, SENTENCE
from labkit.pipeline.voice_folder import UNALIGNED_VOICE
from labkit.tacotron2 import DecoderState, Tacotron2
from labkit.text import symbols

_LIMIT = 180  # steps, twice what a good reading takes
_WIPED_AT, _JUMPED_AT, _JUMPED_TO = 45, 30, 62

Tamper = Callable[[int, DecoderState], DecoderState]


@torch.no_grad()
def read(
    model: Tacotron2, ids: torch.Tensor, tamper: Tamper | None = None, threshold: float = 0.5
) -> tuple[torch.Tensor, torch.Tensor, list[DecoderState]]:
    """Decode step by step, and let ``tamper`` change the state before each step.

    Args:
        model: the voice.
        ids: (1, T_in) symbols.
        tamper: takes the number of the step, from 0, and the state.
        threshold: of the gate.

    Returns:
        ``mel`` (n_mels, T), ``alignment`` (T / r, T_in), and the state after each step.
    """
    lengths = torch.tensor([ids.size(1)])
    decoder = model.decoder
    states: list[DecoderState] = []

    def decode(memory: torch.Tensor, _: torch.Tensor) -> tuple[torch.Tensor, ...]:
        frame, state = decoder.get_go_frame(memory), decoder.initialize_decoder_states(memory)
        mels, gates, fired = [], [], False
        while not fired and len(states) < _LIMIT:
            if tamper is not None:
                state = tamper(len(states), state)
            heard = decoder.prenet(frame, dropout=False)
            frame, gate, state = decoder.decode(heard, state, memory, None)
            mels.append(frame)
            gates.append(gate)
            states.append(state)
            fired = bool(torch.sigmoid(gate) > threshold)
        weights = [state.attention_weights for state in states]
        frames = decoder.n_frames_per_step * (len(states) - fired)
        return (*decoder.parse_decoder_outputs(mels, gates, weights), torch.tensor([frames]))

    mel, mel_lengths, alignment, _ = model.predict(ids, lengths, decode)
    frames = int(mel_lengths[0])
    steps = frames // decoder.n_frames_per_step
    return mel[0, :, :frames], alignment[0, :steps], states


def with_past(state: DecoderState, past: DecoderState) -> DecoderState:
    """Give a state the attention's past of another one."""
    return state._replace(
        attention_weights=past.attention_weights, attention_weights_cum=past.attention_weights_cum
    )


def main() -> None:
    """Make the recordings."""
    torch.set_num_threads(1)
    speaker = labkit.Synthesizer.from_pretrained(device="cpu")
    model, vocoder = speaker.tacotron2, speaker.vocoder
    unaligned = labkit.load_checkpoint(UNALIGNED_VOICE / "tacotron2.safetensors")
    assert model.config.n_frames_per_step == FRAMES_PER_STEP
    text = speaker.settings.front_end.read(SENTENCE)
    ids = torch.tensor([text.ids])
    _, _, good = read(model, ids)

    def wipe(step: int, state: DecoderState) -> DecoderState:
        zeros = torch.zeros_like(state.attention_weights)
        nowhere = state._replace(attention_weights=zeros, attention_weights_cum=zeros)
        return nowhere if step == _WIPED_AT else state

    def jump(step: int, state: DecoderState) -> DecoderState:
        return with_past(state, good[_JUMPED_TO - 1]) if step == _JUMPED_AT else state

    def forget(_: int, state: DecoderState) -> DecoderState:
        return state._replace(attention_weights_cum=torch.zeros_like(state.attention_weights))

    readings = {
        "repeat": read(model, ids, wipe),
        "stuck": read(model, ids, forget),
        "babble": read(unaligned, ids),
        "skip": read(model, ids, jump),
        "endless": read(model, ids, threshold=0.99999),
    }
    for case in CASES:
        mel, alignment, _ = readings[case.kind]
        audio = at_level(vocoder.infer(mel[None])[0], vocoder.sample_rate, -21)
        path = save_audio(Path(DATA, f"failure_{case.kind}.flac"), audio, vocoder.sample_rate)
        print(path, len(alignment), "steps")
    save_file(
        {case.kind: readings[case.kind][1].half().contiguous() for case in CASES},
        Path(DATA, "failures.safetensors"),
        {"symbols": "|".join(symbols[i] for i in text.ids), "words": "|".join(text.words)},
    )


if __name__ == "__main__":
    main()
