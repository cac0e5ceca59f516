"""``labkit say``: text to an audio file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.cli.outputs import check_output
from labkit.cli.values import add_number, add_precision, not_negative

if TYPE_CHECKING:
    from labkit.pipeline import Speech, Synthesizer

_NOTES_SHOWN = 10


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    say = commands.add_parser(
        "say", help="Speak a text into an audio file.", description="Speak a text of any length."
    )
    add = say.add_argument
    add(
        "text",
        nargs="*",
        metavar="TEXT",
        help="what to say; - or nothing for standard input (after -- if it begins with a dash)",
    )
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("speech.wav"),
        metavar="FILE",
        help="a .wav or .flac file, replaced if it is there (default: speech.wav)",
    )
    add("--plot", type=Path, metavar="FILE", help="a picture of waveform, mel and alignment (.png)")
    add("--json", action="store_true", help="print JSON")
    add("--seed", type=_seed, metavar="N", help="the same seed gives the same speech")

    voice = say.add_argument_group("voice")
    add = voice.add_argument
    acoustic = voice.add_mutually_exclusive_group()
    acoustic.add_argument(
        "--voice", metavar="FOLDER", help="a voice (default: the one that comes with the kit)"
    )
    acoustic.add_argument(
        "--tacotron2",
        metavar="FILE",
        help="weights of an acoustic model, of any published layout, in place of a voice; random: "
        "untrained, makes noise",
    )
    vocoders = voice.add_mutually_exclusive_group()
    vocoders.add_argument("--waveglow", metavar="FILE", help="WaveGlow weights, for the vocoder")
    vocoders.add_argument(
        "--vocoder",
        metavar="FILE",
        help="weights of any vocoder, or griffin-lim (default: the voice's; without, griffin-lim)",
    )
    add("--sigma", type=not_negative, help="spread of the vocoder's noise (default: the voice's)")
    add(
        "--denoise",
        type=not_negative,
        metavar="STRENGTH",
        help="how much of the vocoder's bias is removed (default: the voice's)",
    )

    machine = say.add_argument_group("machine")
    add = machine.add_argument
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU if there is one)")
    add_precision(machine)
    add_number(machine, "--threads", about="processor threads")
    say.set_defaults(run=_say)


def _say(arguments: argparse.Namespace) -> int:
    from labkit.devices import find_device
    from labkit.errors import SpeechError

    # All that can be refused is refused before the long work.
    text = _text(arguments.text)
    check_output(arguments.output, (".wav", ".flac"))
    if arguments.plot:
        check_output(arguments.plot, (".png", ".svg", ".pdf"))
        _require_matplotlib()
    find_device(arguments.device)
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    synthesizer = _load(arguments)

    start = time.perf_counter()
    speech = synthesizer.say(
        text,
        seed=arguments.seed,
        sigma=arguments.sigma,
        denoise=arguments.denoise,
        on_failure="ignore",  # it is in the notes
        progress=not arguments.json,
    )
    elapsed = time.perf_counter() - start
    for note in speech.notes[:_NOTES_SHOWN]:
        print(f"note: {note}", file=sys.stderr)
    if len(speech.notes) > _NOTES_SHOWN:
        more = len(speech.notes) - _NOTES_SHOWN
        print(f"note: {more} more of this kind; --json has them all", file=sys.stderr)
    if not len(speech.audio):
        raise SpeechError("nothing was said, so there is no file; another --seed may help")
    speech.save(arguments.output)
    if arguments.plot:
        speech.plot(arguments.plot)
    _print_result(arguments, speech, elapsed)
    return 0


def _text(words: list[str]) -> str:
    from labkit.errors import TextError

    if words and words != ["-"]:
        return " ".join(words)
    if not words and sys.stdin.isatty():
        raise TextError("there is nothing to say; give a text, or - to type one")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise TextError(f"standard input is no text in {error.encoding}: {error.reason}") from error


def _load(arguments: argparse.Namespace) -> Synthesizer:
    from labkit.errors import CheckpointError, SpeechError
    from labkit.pipeline import Synthesizer
    from labkit.pipeline.voice_folder import SHIPPED_VOICE
    from labkit.vocoders import WaveGlow

    if not (arguments.voice or arguments.tacotron2 or SHIPPED_VOICE.is_dir()):
        raise SpeechError(
            "no voice comes with this version; give --voice FOLDER, or --tacotron2 FILE and "
            "perhaps --waveglow FILE or --vocoder FILE"
        )
    if arguments.tacotron2 == "random":
        return _untrained(arguments)
    vocoder = arguments.waveglow or arguments.vocoder
    synthesizer = Synthesizer.from_pretrained(
        arguments.voice,
        tacotron2=arguments.tacotron2,
        vocoder=vocoder,
        device=arguments.device,
        precision=arguments.precision,
    )
    if arguments.waveglow and not isinstance(synthesizer.vocoder, WaveGlow):
        raise CheckpointError(
            f"{arguments.waveglow} holds the weights of {type(synthesizer.vocoder).__name__}, "
            "not of WaveGlow; give it as --vocoder"
        )
    return synthesizer


def _untrained(arguments: argparse.Namespace) -> Synthesizer:
    """Make full-size models that have learned nothing; the vocoder may be a trained one."""
    from labkit.bench import models
    from labkit.devices import find_device
    from labkit.models.acoustic import NEVER
    from labkit.pipeline import Synthesizer, VoiceSettings
    from labkit.vocoders.griffin_lim import GRIFFIN_LIM

    print(
        "note: Tacotron 2 is untrained: what it says is noise, and because its gate means "
        "nothing, it goes on for a fixed number of frames",
        file=sys.stderr,
    )
    if arguments.waveglow:
        vocoder = models.choose_waveglow(arguments.waveglow)
    else:
        vocoder = models.choose_vocoder(arguments.vocoder or GRIFFIN_LIM)
    device = find_device(arguments.device)
    return Synthesizer(
        models.choose_acoustic().to(device),
        vocoder.to(device),
        settings=VoiceSettings(
            name="untrained",
            mel=vocoder.mel,
            gate_threshold=NEVER,
            frames_per_symbol=models.FRAMES_PER_CHARACTER,
        ),
        precision=arguments.precision,
    )


def _require_matplotlib() -> None:
    from importlib.util import find_spec

    from labkit.errors import SpeechError

    if find_spec("matplotlib") is None:
        raise SpeechError("a picture needs matplotlib: pip install 'tacotron2-lab-kit[lab]'")


def _print_result(arguments: argparse.Namespace, speech: Speech, elapsed: float) -> None:
    from labkit.audio import audio_report

    level = audio_report(speech.audio, speech.sample_rate)
    factor = elapsed / speech.seconds
    if arguments.json:
        result = {
            "file": str(arguments.output),
            "plot": str(arguments.plot) if arguments.plot else None,
            "seconds": speech.seconds,
            "sample_rate": speech.sample_rate,
            "peak_dbfs": level.peak_dbfs,
            "rms_dbfs": level.rms_dbfs,
            "compute_seconds": elapsed,
            "real_time_factor": factor,
            "seed": speech.seed,
            "stop_reason": speech.stop_reason,
            "notes": list(speech.notes),
            "pieces": [
                {
                    "text": piece.text,
                    "spoken": piece.spoken,
                    "start": piece.start,
                    "seconds": piece.seconds,
                    "stop_reason": piece.stop_reason,
                    "attempts": piece.attempts,
                    "failures": [str(failure) for failure in piece.failures],
                }
                for piece in speech.pieces
            ],
        }
        print(json.dumps(result, indent=1))
        return
    print(
        f"{arguments.output}: {speech.seconds:.2f} s, peak {level.peak_dbfs:.1f} dBFS, "
        f"RMS {level.rms_dbfs:.1f} dBFS, made in {elapsed:.2f} s "
        f"(real-time factor {factor:.3f}), seed {speech.seed}"
    )
    if arguments.plot:
        print(f"{arguments.plot}: picture")


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError("must be a whole number from 0 on")
    return number
