"""Lab 4: the named slips as code. Each is the reference with one mistake."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from labkit.audio import save_audio
from labkit.pipeline import plain

Fill = Callable[..., Any]


def _read(
    *,
    move: tuple[bool, bool, bool] = (True, True, True),
    train: bool = False,
    gradients: bool = False,
    seed_of: Fill = lambda seed: seed,
    settle: Fill = lambda model, train: model.train(train),
    lengths_of: Fill = lambda lengths: lengths,
    answer: Fill = lambda mel, mel_lengths, alignments: (mel, mel_lengths, alignments),
    **more: Any,
) -> Fill:
    """A reading with some things done otherwise; ``move`` says what goes to the device."""

    def read(
        tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: int | None = None
    ) -> tuple[Any, ...]:
        tacotron2 = settle(tacotron2.to(device) if move[0] else tacotron2, train)
        ids = ids.to(device) if move[1] else ids
        lengths = lengths_of(lengths.to(device) if move[2] else lengths)
        with torch.set_grad_enabled(gradients):
            options = {"seed": seed_of(seed), **more}
            return answer(*tacotron2.infer(ids, lengths, **options))

    return read


def _flag_only(model: Any, train: bool) -> Any:
    """Leave training as one does who knows the flag and not the call."""
    model.training = train
    return model


def _first_only(tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: Any = None) -> Any:
    return plain.read(tacotron2, ids[:1], lengths[:1], device, seed)


def _one_sentence_each(
    tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: Any = None
) -> Any:
    """Read each sentence by itself, with the padding of all, and put the results together."""
    read = [
        plain.read(tacotron2, ids[i : i + 1], lengths[i : i + 1], device, seed)
        for i in range(len(ids))
    ]
    return tuple(map(torch.cat, zip(*read, strict=True)))


def _vocoded(vocoder: Any, mel: Any) -> Any:
    with torch.no_grad():
        return vocoder.infer(mel)


def _speak(
    *,
    hear: Fill = _vocoded,
    denoise: Fill = lambda denoiser, audio, strength: denoiser(audio, strength),
    end: Fill = lambda frames, vocoder, all_: frames * vocoder.mel.hop_length,
    save: Fill = lambda path, cut, rate, whole, raw: save_audio(path, cut, rate),
    rate: int | None = None,
    change: Fill = lambda samples: samples,
    path_of: Fill = lambda paths, index: paths[index],
    count: Fill = lambda sentences: sentences,
    give: Fill = lambda samples, whole: samples.detach().cpu(),
    denoise_cut: bool = False,
    cut: Fill = lambda audio, stop: audio[:stop],
) -> Fill:
    """A pipeline with one thing done otherwise."""

    def speak(
        mel: Any, mel_lengths: Any, vocoder: Any, denoiser: Any, strength: float, paths: Any
    ) -> list[torch.Tensor]:
        heard = hear(vocoder, mel)
        audio = heard if denoise_cut else denoise(denoiser, heard, strength)
        sentences = []
        for index in range(count(len(mel_lengths))):
            stop = end(int(mel_lengths[index]), vocoder, mel_lengths.tolist())
            samples = cut(audio[index], stop)
            if denoise_cut:
                samples = denoise(denoiser, samples.unsqueeze(0), strength).squeeze(0)
            samples = change(samples)
            save(
                path_of(paths, index),
                samples,
                rate or vocoder.sample_rate,
                audio[index],
                heard[index, :stop],
            )
            sentences.append(give(samples, audio[index]))
        return sentences

    return speak


def _speak_silenced(mel: Any, mel_lengths: Any, *others: Any) -> list[torch.Tensor]:
    """Set to zero what lies behind each sentence; zero is loud, and the last frame hears it."""
    frames = torch.arange(mel.size(2))  # (T,)
    return plain.speak(mel * (frames < mel_lengths[:, None])[:, None], mel_lengths, *others)


def _one_by_one(
    mel: Any, mel_lengths: Any, vocoder: Any, denoiser: Any, strength: float, paths: Any
) -> list[torch.Tensor]:
    """Right, another way: each sentence is cut in frames, before anything hears it."""
    sentences = []
    for index, (frames, path) in enumerate(zip(mel_lengths.tolist(), paths, strict=True)):
        audio = denoiser(_vocoded(vocoder, mel[index : index + 1, :, :frames]), strength)
        sentences.append(audio[0].cpu())
        save_audio(path, sentences[-1], vocoder.sample_rate)
    return sentences


def _quietly(path: Any, cut: Any, rate: int, *_: Any) -> None:
    """Save what is out of range as a student's tool would: clipped."""
    save_audio(path, cut.clamp(-1, 1), rate)


def _benchmark(
    *,
    waits: tuple[bool, bool, bool] = (True, True, True),
    too_late: tuple[bool, bool, bool] = (False, False, False),
    begin_once: bool = False,
    reread: bool = False,
    rounds: Fill = lambda iterations, warm_ups: iterations + warm_ups,
    keep: Fill = lambda steps, warm_ups, iterations: steps[warm_ups:],
    count_frames: Fill = lambda mel: mel.size(0) * mel.size(2),
    count_samples: Fill = lambda audio: audio.numel(),
    per: Fill = lambda items, seconds, whole: items / seconds,
    per_frame: Fill | None = None,
    per_sample: Fill | None = None,
    unit: float = 1.0,
    latency: Fill = lambda start, middle, end: end - start,
    throughput: Fill = lambda frames, samples, vocoder, whole: (samples, whole),
    finish: Fill = lambda values: values,
) -> Fill:
    """A measurement with one thing done otherwise.

    ``waits`` says when the device is waited for, ``too_late`` when only after the clock was read.
    """

    def benchmark(
        read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
    ) -> dict[str, Any]:
        def moment(index: int) -> float:
            if waits[index] and not too_late[index]:
                synchronise()
            seconds = float(clock()) * unit
            if too_late[index]:
                synchronise()
            return seconds

        steps = []
        start = moment(0) if begin_once else 0.0
        for _ in range(rounds(n_iterations, n_warm_ups)):
            start = start if begin_once else moment(0)
            mel = read()
            middle = moment(1)
            audio = vocode(read() if reread else mel)
            end = moment(2)
            frames, samples = count_frames(mel), count_samples(audio)
            reading, vocoding = middle - start, end - middle
            whole = latency(start, middle, end)
            steps.append(
                {
                    "tacotron2_latency": reading,
                    "vocoder_latency": vocoding,
                    "latency": whole,
                    "tacotron2_items_per_sec": (per_frame or per)(frames, reading, whole),
                    "vocoder_items_per_sec": (per_sample or per)(samples, vocoding, whole),
                    "throughput": per(*throughput(frames, samples, vocoding, whole), whole),
                }
            )
        kept = keep(steps, n_warm_ups, n_iterations)
        return {name: finish([step[name] for step in kept]) for name in kept[0]}

    return benchmark


def _by_own_clock(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, Any]:
    """Look at a clock that has nothing to do with the device; its answers are never the same."""
    return _benchmark()(read, vocode, synchronise, time.perf_counter, n_iterations, n_warm_ups)


def _nothing_run(
    read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
) -> dict[str, Any]:
    """Measure what was computed once, before the clock was looked at."""
    mel = read()
    return _benchmark()(
        lambda: mel, lambda mel: mel.flatten(1), synchronise, clock, n_iterations, n_warm_ups
    )


SLIPS: dict[str, dict[str, Fill]] = {
    "inference-1": {
        "training-mode": _read(train=True),
        "training-in-parts": _read(settle=_flag_only),
        "gradients-on": _read(gradients=True, answer=lambda *all_: tuple(x.detach() for x in all_)),
        "training-and-gradients": _read(train=True, gradients=True),
        "as-it-came": _read(train=True, gradients=True, move=(False, False, False)),
        "model-not-moved": _read(move=(False, True, True)),
        "ids-not-moved": _read(move=(True, False, True)),
        "lengths-not-moved": _read(move=(True, True, False)),
        "inputs-not-moved": _read(move=(True, False, False)),
        "nothing-moved": _read(move=(False, False, False)),
        "moved-back": _read(answer=lambda *all_: tuple(x.cpu() for x in all_)),
        "seed-dropped": _read(seed_of=lambda seed: None),
        "zero-seed-dropped": _read(seed_of=lambda seed: seed or None),
        "seed-made-up": _read(seed_of=lambda seed: seed or 0),
        "seed-changed": _read(seed_of=lambda seed: 1234),
        "dropout-off": _read(prenet_dropout=False),
        "first-only": _first_only,
        "read-one-by-one": _one_sentence_each,
        "lengths-full": _read(
            lengths_of=lambda lengths: lengths.new_full(lengths.shape, int(lengths.max()))
        ),
        "cut-early": _read(
            answer=lambda mel, n, alignments: (mel[:, :, : int(n.max())], n, alignments)
        ),
        "transposed": _read(answer=lambda mel, n, alignments: (mel.mT, n, alignments)),
        "swapped": _read(answer=lambda mel, n, alignments: (mel, alignments, n)),
    },
    "inference-2": {
        "gradients-on": _speak(hear=lambda vocoder, mel: vocoder.infer(mel)),
        "denoised-after-the-cut": _speak(denoise_cut=True),
        "left-on-device": _speak(give=lambda samples, whole: samples),
        "not-cut": _speak(end=lambda frames, vocoder, all_: None),
        "list-not-cut": _speak(give=lambda samples, whole: whole.cpu()),
        "end-kept": _speak(cut=lambda audio, stop: audio[-stop:]),
        "silenced-not-cut": _speak(
            cut=lambda audio, stop: audio * (torch.arange(len(audio)) < stop)
        ),
        "cut-in-frames": _speak(end=lambda frames, vocoder, all_: frames),
        "hop-fixed": _speak(end=lambda frames, vocoder, all_: frames * 256),
        "cut-to-longest": _speak(
            end=lambda frames, vocoder, all_: max(all_) * vocoder.mel.hop_length
        ),
        "cut-to-first": _speak(end=lambda frames, vocoder, all_: all_[0] * vocoder.mel.hop_length),
        "cut-in-windows": _speak(end=lambda frames, vocoder, all_: frames * vocoder.mel.win_length),
        "firing-frame-kept": _speak(
            end=lambda frames, vocoder, all_: (frames + 1) * vocoder.mel.hop_length
        ),
        "last-frame-lost": _speak(
            end=lambda frames, vocoder, all_: (frames - 1) * vocoder.mel.hop_length
        ),
        "mel-silenced": _speak_silenced,
        "denoiser-skipped": _speak(denoise=lambda denoiser, audio, strength: audio),
        "strength-ignored": _speak(denoise=lambda denoiser, audio, strength: denoiser(audio)),
        "denoised-twice": _speak(
            denoise=lambda denoiser, audio, strength: denoiser(denoiser(audio, strength), strength)
        ),
        "hum-kept": _speak(
            denoise=lambda denoiser, audio, strength: audio - denoiser(audio, strength)
        ),
        "not-saved": _speak(save=lambda *_: None),
        "file-not-denoised": _speak(
            save=lambda path, cut, rate, whole, raw: save_audio(path, raw, rate)
        ),
        "file-not-cut": _speak(
            save=lambda path, cut, rate, whole, raw: save_audio(path, whole, rate)
        ),
        "files-swapped": _speak(path_of=lambda paths, index: paths[-1 - index]),
        "same-file": _speak(path_of=lambda paths, index: paths[0]),
        "rate-fixed": _speak(rate=22_050),
        "normalised": _speak(change=lambda samples: samples / samples.abs().max()),
        "scaled-to-integers": _speak(change=lambda samples: samples * 32_767, save=_quietly),
        "transposed": _speak(hear=lambda vocoder, mel: _vocoded(vocoder, mel.mT.contiguous())),
        "first-only": _speak(count=lambda sentences: 1),
    },
    "inference-3": {
        "never-synchronised": _benchmark(waits=(False, False, False)),
        "start-not-synchronised": _benchmark(waits=(False, True, True)),
        "middle-not-synchronised": _benchmark(waits=(True, False, True)),
        "end-not-synchronised": _benchmark(waits=(True, True, False)),
        "clock-before-waiting": _benchmark(too_late=(True, True, True)),
        "clock-before-waiting-between": _benchmark(too_late=(False, True, True)),
        "own-clock": _by_own_clock,
        "nothing-run": _nothing_run,
        "started-once": _benchmark(begin_once=True),
        "read-twice": _benchmark(reread=True),
        "only-end-synchronised": _benchmark(waits=(False, False, True)),
        "only-middle-synchronised": _benchmark(waits=(False, True, False)),
        "warm-ups-kept": _benchmark(keep=lambda steps, warm_ups, iterations: steps),
        "last-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:iterations]),
        "first-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[1:]),
        "warm-ups-alone-kept": _benchmark(
            keep=lambda steps, warm_ups, iterations: steps[:warm_ups]
        ),
        "iterations-thrown-away": _benchmark(
            keep=lambda steps, warm_ups, iterations: steps[iterations:]
        ),
        "one-too-few": _benchmark(keep=lambda steps, warm_ups, iterations: steps[warm_ups + 1 :]),
        "wrong-end": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:-warm_ups]),
        "last-only": _benchmark(keep=lambda steps, warm_ups, iterations: steps[-1:]),
        "warm-ups-taken-away": _benchmark(rounds=lambda iterations, warm_ups: iterations),
        "one-sentence": _benchmark(
            count_frames=lambda mel: mel.size(2), count_samples=lambda audio: audio.size(1)
        ),
        "frames-of-one-sentence": _benchmark(count_frames=lambda mel: mel.size(2)),
        "samples-of-one-sentence": _benchmark(count_samples=lambda audio: audio.size(1)),
        "bands-counted": _benchmark(count_frames=lambda mel: mel.size(0) * mel.size(1)),
        "bands-of-one-sentence": _benchmark(count_frames=lambda mel: mel.size(1)),
        "sentences-counted": _benchmark(count_frames=lambda mel: mel.size(0)),
        "sentences-for-samples": _benchmark(count_samples=lambda audio: audio.size(0)),
        "numbers-counted": _benchmark(count_frames=lambda mel: mel.numel()),
        "throughput-of-vocoder": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (samples, vocoder)
        ),
        "throughput-in-frames": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (frames, whole)
        ),
        "throughput-of-reading": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (samples, whole - vocoder)
        ),
        "throughput-in-sentences": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (1, whole)
        ),
        "throughput-in-both": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (frames + samples, whole)
        ),
        "items-by-latency": _benchmark(per=lambda items, seconds, whole: items / whole),
        "frames-by-latency": _benchmark(per_frame=lambda items, seconds, whole: items / whole),
        "samples-by-latency": _benchmark(per_sample=lambda items, seconds, whole: items / whole),
        "multiplied": _benchmark(per=lambda items, seconds, whole: items * seconds),
        "latency-of-vocoder": _benchmark(latency=lambda start, middle, end: end - middle),
        "milliseconds": _benchmark(unit=1000.0),
        "mean": _benchmark(finish=lambda values: sum(values) / len(values)),
        "mean-in-a-list": _benchmark(finish=lambda values: [sum(values) / len(values)]),
        "upside-down": _benchmark(per=lambda items, seconds, whole: seconds / items),
    },
}

# other right ways, whose numbers are others: what lies behind a sentence is heard by nobody here
ALSO_RIGHT: dict[str, dict[str, Fill]] = {"inference-2": {"sentence by sentence": _one_by_one}}
