"""Lab 4: the named slips as code. Each is the reference with one mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from grader.labs.lab4_inference.instructor.benchmark_ways import BENCHMARK_SLIPS
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


def _moved_behind(
    tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: Any = None
) -> tuple[Any, ...]:
    results = _read(move=(False, False, False))(tacotron2, ids, lengths, device, seed)
    return tuple(result.to(device) for result in results)


def _shortened(tacotron2: Any, ids: Any, lengths: Any, device: Any, seed: Any = None) -> Any:
    return plain.read(tacotron2, ids[:, :-1], lengths, device, seed)


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
    """Cut each sentence in frames, before the vocoder hears it."""
    sentences = []
    for index, (frames, path) in enumerate(zip(mel_lengths.tolist(), paths, strict=True)):
        audio = denoiser(_vocoded(vocoder, mel[index : index + 1, :, :frames]), strength)
        sentences.append(audio[0].cpu())
        save_audio(path, sentences[-1], vocoder.sample_rate)
    return sentences


def _reversed(*arguments: Any) -> list[torch.Tensor]:
    return plain.speak(*arguments)[::-1]


def _last(*arguments: Any) -> torch.Tensor:
    return plain.speak(*arguments)[-1]


def _batch(*arguments: Any) -> torch.Tensor:
    mel, _, vocoder, denoiser, strength, _ = arguments
    plain.speak(*arguments)
    return denoiser(_vocoded(vocoder, mel), strength).cpu()


def _squeezed(
    mel: Any, mel_lengths: Any, vocoder: Any, denoiser: Any, strength: float, paths: Any
) -> list[torch.Tensor]:
    audio = denoiser(_vocoded(vocoder, mel), strength).squeeze()
    sentences = []
    for row, frames, path in zip(audio, mel_lengths.tolist(), paths, strict=False):
        sentences.append(row[: frames * vocoder.mel.hop_length].cpu())
        save_audio(path, sentences[-1], vocoder.sample_rate)
    return sentences


def _by_longest(
    mel: Any, mel_lengths: Any, vocoder: Any, denoiser: Any, strength: float, paths: Any
) -> list[torch.Tensor]:
    """Take the longest sentence for the whole length of the batch."""
    hop = mel.size(2) * vocoder.mel.hop_length // int(mel_lengths.max())
    cut = _speak(end=lambda frames, vocoder, all_: frames * hop)
    return cut(mel, mel_lengths, vocoder, denoiser, strength, paths)


def _quietly(path: Any, cut: Any, rate: int, *_: Any) -> None:
    """Save what is out of range as a student's tool would: clipped."""
    save_audio(path, cut.clamp(-1, 1), rate)


# Ways to make one slip have numbers behind a tilde.
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
        "results-moved": _moved_behind,
        "model-changed": _read(settle=lambda model, train: model.eval().half()),
        "model-changed~2": _read(settle=lambda model, train: model.eval().requires_grad_(False)),
        "logarithm-undone": _read(answer=lambda mel, n, alignments: (mel.exp(), n, alignments)),
        "results-missing": _read(answer=lambda mel, n, alignments: mel),
        "results-missing~2": _read(answer=lambda mel, n, alignments: (mel, n)),
        "lengths-do-not-fit": _shortened,
        "ids-of-no-batch": lambda model, ids, lengths, device, seed=None: plain.read(
            model, ids[0], lengths[:1], device, seed
        ),
        "ids-not-whole": lambda model, ids, lengths, device, seed=None: plain.read(
            model, ids.float(), lengths, device, seed
        ),
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
        "mel-cut": _one_by_one,
        "strength-changed": _speak(
            denoise=lambda denoiser, audio, strength: denoiser(audio, strength + 0.1)
        ),
        "returned-in-other-order": _reversed,
        "no-list": _last,
        "no-list~2": _batch,
        "axis-kept": _speak(give=lambda samples, whole: samples.unsqueeze(0).cpu()),
        "one-sample-short": _speak(
            end=lambda frames, vocoder, all_: frames * vocoder.mel.hop_length - 1
        ),
        "one-sample-long": _speak(
            end=lambda frames, vocoder, all_: frames * vocoder.mel.hop_length + 1
        ),
        "hop-from-longest": _by_longest,
        "nothing-left": _speak(
            end=lambda frames, vocoder, all_: int(
                frames * vocoder.mel.hop_length / vocoder.sample_rate
            )
        ),
        "batch-axis-lost": _squeezed,
        "too-loud": _speak(hear=lambda vocoder, mel: _vocoded(vocoder, mel.exp())),
        "whole-numbers-saved": _speak(change=lambda samples: (samples * 32_767).short()),
        "denoiser-without-a-batch": _speak(
            denoise=lambda denoiser, audio, strength: torch.stack(
                [denoiser(row, strength) for row in audio]
            )
        ),
        "denoiser-without-a-batch~2": _speak(
            denoise=lambda denoiser, audio, strength: denoiser(strength, audio)
        ),
    },
    "inference-3": BENCHMARK_SLIPS,
}
