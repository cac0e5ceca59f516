"""Lab 4: the named slips as code. Each is the reference with one mistake."""

from __future__ import annotations

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
    pass_seed: bool = True,
    lengths_of: Fill = lambda lengths: lengths,
    answer: Fill = lambda mel, mel_lengths, alignments: (mel, mel_lengths, alignments),
    **more: Any,
) -> Fill:
    """A reading with one thing done otherwise; ``move`` says what goes to the device."""

    def read(
        tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: int | None = None
    ) -> tuple[Any, ...]:
        tacotron2 = (tacotron2.to(device) if move[0] else tacotron2).train(train)
        ids = ids.to(device) if move[1] else ids
        lengths = lengths_of(lengths.to(device) if move[2] else lengths)
        with torch.set_grad_enabled(gradients):
            options = {"seed": seed if pass_seed else None, **more}
            return answer(*tacotron2.infer(ids, lengths, **options))

    return read


def _first_only(tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: Any = None) -> Any:
    return plain.read(tacotron2, ids[:1], lengths[:1], device, seed)


def _speak(
    *,
    hear: Fill = lambda vocoder, mel: vocoder.infer(mel),
    denoise: Fill = lambda denoiser, audio, strength: denoiser(audio, strength),
    end: Fill = lambda frames, vocoder, longest: frames * vocoder.mel.hop_length,
    save: Fill = lambda path, cut, rate, whole, raw: save_audio(path, cut, rate),
    rate: int | None = None,
    change: Fill = lambda samples: samples,
    path_of: Fill = lambda paths, index: paths[index],
    count: Fill = lambda sentences: sentences,
) -> Fill:
    """A pipeline with one thing done otherwise."""

    def speak(
        mel: Any, mel_lengths: Any, vocoder: Any, denoiser: Any, strength: float, paths: Any
    ) -> list[torch.Tensor]:
        heard = hear(vocoder, mel)
        audio = denoise(denoiser, heard, strength)
        sentences, longest = [], int(mel_lengths.max())
        for index in range(count(len(mel_lengths))):
            stop = end(int(mel_lengths[index]), vocoder, longest)
            samples = change(audio[index, :stop])
            save(
                path_of(paths, index),
                samples,
                rate or vocoder.sample_rate,
                audio[index],
                heard[index, :stop],
            )
            sentences.append(samples)
        return sentences

    return speak


def _quietly(path: Any, cut: Any, rate: int, *_: Any) -> None:
    """Save what is out of range as a student's tool would: clipped."""
    save_audio(path, cut.clamp(-1, 1), rate)


def _benchmark(
    *,
    waits: tuple[bool, bool, bool] = (True, True, True),
    keep: Fill = lambda steps, warm_ups, iterations: steps[warm_ups:],
    count_frames: Fill = lambda mel: mel.size(0) * mel.size(2),
    count_samples: Fill = lambda audio: audio.numel(),
    per: Fill = lambda items, seconds: items / seconds,
    unit: float = 1.0,
    latency: Fill = lambda start, middle, end: end - start,
    throughput: Fill = lambda frames, samples, vocoder, whole: (samples, whole),
    finish: Fill = lambda values: values,
) -> Fill:
    """A measurement with one thing done otherwise; ``waits`` says when the device is waited for."""

    def benchmark(
        read: Any, vocode: Any, synchronise: Any, clock: Any, n_iterations: int, n_warm_ups: int = 3
    ) -> dict[str, Any]:
        def moment(index: int) -> float:
            if waits[index]:
                synchronise()
            return float(clock()) * unit

        steps = []
        for _ in range(n_warm_ups + n_iterations):
            start = moment(0)
            mel = read()
            middle = moment(1)
            audio = vocode(mel)
            end = moment(2)
            frames, samples = count_frames(mel), count_samples(audio)
            reading, vocoding = middle - start, end - middle
            whole = latency(start, middle, end)
            steps.append(
                {
                    "tacotron2_latency": reading,
                    "vocoder_latency": vocoding,
                    "latency": whole,
                    "tacotron2_items_per_sec": per(frames, reading),
                    "vocoder_items_per_sec": per(samples, vocoding),
                    "throughput": per(*throughput(frames, samples, vocoding, whole)),
                }
            )
        kept = keep(steps, n_warm_ups, n_iterations)
        return {name: finish([step[name] for step in kept]) for name in kept[0]}

    return benchmark


SLIPS: dict[str, dict[str, Fill]] = {
    "inference-1": {
        "training-mode": _read(train=True),
        "gradients-on": _read(gradients=True, answer=lambda *all_: tuple(x.detach() for x in all_)),
        "model-not-moved": _read(move=(False, True, True)),
        "ids-not-moved": _read(move=(True, False, True)),
        "lengths-not-moved": _read(move=(True, True, False)),
        "nothing-moved": _read(move=(False, False, False)),
        "moved-back": _read(answer=lambda *all_: tuple(x.cpu() for x in all_)),
        "seed-dropped": _read(pass_seed=False),
        "dropout-off": _read(prenet_dropout=False),
        "first-only": _first_only,
        "lengths-full": _read(
            lengths_of=lambda lengths: (
                lengths if lengths.is_meta else lengths.new_full(lengths.shape, int(lengths.max()))
            )
        ),
        "cut-early": _read(
            answer=lambda mel, n, alignments: (
                mel if mel.is_meta else mel[:, :, : int(n.max())],
                n,
                alignments,
            )
        ),
        "transposed": _read(answer=lambda mel, n, alignments: (mel.mT, n, alignments)),
        "swapped": _read(answer=lambda mel, n, alignments: (mel, alignments, n)),
    },
    "inference-2": {
        "not-cut": _speak(end=lambda frames, vocoder, longest: None),
        "cut-in-frames": _speak(end=lambda frames, vocoder, longest: frames),
        "hop-fixed": _speak(end=lambda frames, vocoder, longest: frames * 256),
        "cut-to-longest": _speak(
            end=lambda frames, vocoder, longest: longest * vocoder.mel.hop_length
        ),
        "firing-frame-kept": _speak(
            end=lambda frames, vocoder, longest: (frames + 1) * vocoder.mel.hop_length
        ),
        "denoiser-skipped": _speak(denoise=lambda denoiser, audio, strength: audio),
        "strength-ignored": _speak(denoise=lambda denoiser, audio, strength: denoiser(audio)),
        "denoised-twice": _speak(
            denoise=lambda denoiser, audio, strength: denoiser(denoiser(audio, strength), strength)
        ),
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
        "transposed": _speak(hear=lambda vocoder, mel: vocoder.infer(mel.mT.contiguous())),
        "first-only": _speak(count=lambda sentences: 1),
    },
    "inference-3": {
        "never-synchronised": _benchmark(waits=(False, False, False)),
        "start-not-synchronised": _benchmark(waits=(False, True, True)),
        "middle-not-synchronised": _benchmark(waits=(True, False, True)),
        "end-not-synchronised": _benchmark(waits=(True, True, False)),
        "warm-ups-kept": _benchmark(keep=lambda steps, warm_ups, iterations: steps),
        "last-thrown-away": _benchmark(keep=lambda steps, warm_ups, iterations: steps[:iterations]),
        "one-sentence": _benchmark(
            count_frames=lambda mel: mel.size(2), count_samples=lambda audio: audio.size(1)
        ),
        "frames-of-one-sentence": _benchmark(count_frames=lambda mel: mel.size(2)),
        "samples-of-one-sentence": _benchmark(count_samples=lambda audio: audio.size(1)),
        "bands-counted": _benchmark(count_frames=lambda mel: mel.size(0) * mel.size(1)),
        "numbers-counted": _benchmark(count_frames=lambda mel: mel.numel()),
        "throughput-of-vocoder": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (samples, vocoder)
        ),
        "throughput-in-frames": _benchmark(
            throughput=lambda frames, samples, vocoder, whole: (frames, whole)
        ),
        "latency-of-vocoder": _benchmark(latency=lambda start, middle, end: end - middle),
        "milliseconds": _benchmark(unit=1000.0),
        "mean": _benchmark(finish=lambda values: sum(values) / len(values)),
        "upside-down": _benchmark(per=lambda items, seconds: seconds / items),
    },
}
