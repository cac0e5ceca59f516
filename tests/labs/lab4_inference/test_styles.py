"""Lab 4: right answers in many hands. Whatever the style, a correct fill has full marks."""

from __future__ import annotations

import pytest

from grader.judge.verdict import Verdict
from lab_tools import Run
from labs.lab4_inference.cells import BODIES, POINTS, fill

pytestmark = pytest.mark.lab4


READ_STYLES = {
    "inference mode": """
        tacotron2.eval()
        tacotron2.to(device)
        with torch.inference_mode():
            return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    """,
    "train(False) and a tuple of its own": """
        model = tacotron2.train(False).to(device=device)
        with torch.no_grad():
            mel, n, weights = model.infer(ids.to(device), lengths.to(device), seed=seed)
        return (mel, n, weights)
    """,
    "a decorated helper": """
        @torch.no_grad()
        def go(*inputs):
            return tacotron2.infer(*(x.to(device) for x in inputs), seed=seed)

        tacotron2.eval().to(device)
        return go(ids, lengths)
    """,
    "set_grad_enabled, restored by hand": """
        before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        try:
            tacotron2 = tacotron2.to(device)
            tacotron2.eval()
            return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
        finally:
            torch.set_grad_enabled(before)
    """,
    "every option written out": """
        tacotron2 = tacotron2.eval().to(device)
        with torch.no_grad():
            outputs = tacotron2.infer(
                ids=ids.to(device, non_blocking=True), lengths=lengths.to(device), seed=seed,
                prenet_dropout=True,
            )
        return list(outputs)
    """,
    "a copy, so that the model stays as it was": """
        import copy

        model = copy.deepcopy(tacotron2).to(device).eval()
        with torch.no_grad():
            return model.infer(ids.to(device), lengths.to(device), seed=seed)
    """,
    "module by module": """
        for module in tacotron2.modules():
            module.training = False
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            out = tacotron2.to(device).infer(ids.to(device), lengths.to(device), seed=seed)
            return out[0].detach(), out[1].detach(), out[2].detach()
    """,
    "parts one by one": """
        tacotron2 = tacotron2.to(device)
        tacotron2 = tacotron2.eval()
        ids = ids.to(device)
        lengths = lengths.to(device)
        with torch.no_grad():
            mel, mel_lengths, alignments = tacotron2.infer(ids, lengths, seed=seed)
        return mel, mel_lengths, alignments
    """,
    "a dict of options": """
        options = {} if seed is None else {"seed": seed}
        model = tacotron2.eval().to(device)
        with torch.inference_mode():
            return model.infer(*[x.to(device) for x in (ids, lengths)], **options)
    """,
    "set_grad_enabled as a context": """
        tacotron2.train(mode=False)
        tacotron2.to(device, torch.float32)
        with torch.set_grad_enabled(False):
            return tacotron2.infer(ids.to(device=device), lengths.to(device=device), seed=seed)
    """,
    "an exit stack": """
        from contextlib import ExitStack

        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            tacotron2.to(device).eval()
            result = tacotron2.infer(ids.to(device).long(), lengths.to(device), seed=seed)
        return result
    """,
    "to the device of its weights": """
        model = tacotron2.to(device)
        for module in (model, *model.children()):
            module.eval()
        place = next(model.parameters()).device
        with torch.no_grad():
            return model.infer(ids.to(place), lengths.to(place), seed=seed)
    """,
    "the mode as it was before": """
        before = tacotron2.training
        try:
            with torch.no_grad():
                tacotron2.eval().to(device)
                return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
        finally:
            tacotron2.train(before)
    """,
}

SPEAK_STYLES = {
    "zip": """
        with torch.inference_mode():
            audio = denoiser(vocoder.infer(mel), strength)
        out = []
        for wav, n, path in zip(audio, mel_lengths * vocoder.mel.hop_length, paths):
            save_audio(path, wav[:n], vocoder.sample_rate)
            out.append(wav[:n].cpu())
        return out
    """,
    "sentence by sentence, with the padding of all": """
        out = []
        for i, path in enumerate(paths):
            with torch.no_grad():
                wav = denoiser(vocoder.infer(mel[i : i + 1]), strength)[0].float().cpu()
            wav = wav[: int(mel_lengths[i]) * vocoder.mel.hop_length]
            save_audio(str(path), wav, vocoder.sample_rate)
            out.append(wav)
        return out
    """,
    "denoised row by row": """
        out = []
        with torch.no_grad():
            audio = vocoder.infer(mel)
            for row, n, path in zip(audio.split(1), mel_lengths.tolist(), paths):
                wav = denoiser(row, strength)[0, : n * vocoder.mel.hop_length].cpu()
                save_audio(path, wav, vocoder.sample_rate)
                out.append(wav)
        return out
    """,
    "samples per frame from the shapes": """
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength).cpu()
        per_frame = audio.size(1) // mel.size(2)
        out = [audio[i].narrow(0, 0, int(n) * per_frame) for i, n in enumerate(mel_lengths)]
        [save_audio(p, o, vocoder.mel.sample_rate) for p, o in zip(paths, out)]
        return out
    """,
    "split": """
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength).cpu()
        out = []
        for row, n in zip(audio.unbind(0), mel_lengths):
            n = int(n) * vocoder.mel.hop_length
            out.append(torch.split(row, [n, len(row) - n])[0].clone())
        for path, wav in zip(paths, out):
            save_audio(path, wav.numpy(), vocoder.sample_rate)
        return out
    """,
    "soundfile": """
        import soundfile as sf

        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength).cpu()
        out = []
        for i in range(len(paths)):
            wav = audio[i, : int(mel_lengths[i]) * vocoder.mel.hop_length]
            sf.write(paths[i], wav.numpy(), vocoder.sample_rate, subtype="PCM_16")
            out.append(wav)
        return tuple(out)
    """,
    "the standard library": """
        import wave

        with torch.no_grad():
            audio, out = denoiser(vocoder.infer(mel), strength).cpu(), []
        for i, path in enumerate(paths):
            wav = audio[i, : int(mel_lengths[i]) * vocoder.mel.hop_length]
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, vocoder.sample_rate, 0, "NONE", ""))
                file.writeframes((wav.clamp(-1, 1) * 32767).short().numpy().tobytes())
            out.append(wav)
        return out
    """,
    "a mask": """
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength=strength)
        at = torch.arange(audio.size(1)) // vocoder.mel.hop_length
        out = [row[at < n].cpu() for row, n in zip(audio, mel_lengths)]
        for path, wav in zip(paths, out):
            save_audio(path, wav, sample_rate=vocoder.sample_rate)
        return out
    """,
    "keywords everywhere": """
        with torch.no_grad():
            audio = denoiser(audio=vocoder.infer(mel=mel), strength=strength)
        sentences = []
        for index in range(mel.size(0)):
            length = mel_lengths[index].item() * vocoder.mel.hop_length
            sentences.append(audio[index, 0:length].detach().cpu())
            save_audio(path=paths[index], samples=sentences[-1], sample_rate=vocoder.sample_rate)
        return sentences
    """,
    "two lists": """
        with torch.inference_mode():
            audio = vocoder.infer(mel)
            audio = denoiser(audio, strength).to("cpu")
        stops = [frames * vocoder.mel.hop_length for frames in mel_lengths.tolist()]
        sentences = [row[:stop].clone() for row, stop in zip(audio, stops)]
        for path, sentence in zip(paths, sentences):
            save_audio(path, sentence, vocoder.sample_rate)
        return sentences
    """,
    "no gradients, by a decorator": """
        @torch.no_grad()
        def hear():
            return denoiser(vocoder.infer(mel), strength).float().to(torch.device("cpu"))

        hop = vocoder.mel.hop_length
        out = [wav[: hop * n] for wav, n in zip(hear(), mel_lengths.cpu().numpy())]
        list(map(save_audio, paths, out, [vocoder.sample_rate] * len(out)))
        return out
    """,
    "weights without gradients": """
        vocoder.requires_grad_(False)
        audio = denoiser(vocoder.infer(mel), strength)
        out = []
        for i, frames in enumerate(mel_lengths):
            wav = torch.narrow(audio[i], 0, 0, int(frames) * vocoder.mel.hop_length)
            out.append(wav.type(torch.float32).cpu().contiguous())
            save_audio(Path(paths[i]), out[i], vocoder.mel.sample_rate)
        return out
    """,
    "denoised outside": """
        with torch.no_grad():
            raw = vocoder.infer(mel)
        clean = denoiser(raw, strength).cpu()
        out = []
        while len(out) < len(clean):
            i = len(out)
            out += [clean[i][: mel_lengths[i] * vocoder.mel.hop_length]]
            save_audio(paths[i], out[i], vocoder.sample_rate)
        return out
    """,
    "a generator": """
        def sentences():
            with torch.no_grad():
                audio = denoiser(vocoder.infer(mel), strength)
            for row, frames, path in zip(audio, mel_lengths, paths):
                row = torch.Tensor.cpu(row[: frames * vocoder.mel.hop_length])
                save_audio(str(path), row, vocoder.sample_rate)
                yield row

        return list(sentences())
    """,
    "through numpy": """
        import numpy as np

        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength).cpu().numpy()
        ends = mel_lengths.cpu().numpy() * vocoder.mel.hop_length
        out = [np.ascontiguousarray(row[:end]) for row, end in zip(audio, ends)]
        for path, wav in zip(paths, out):
            save_audio(path, wav, vocoder.sample_rate)
        return [torch.from_numpy(wav) for wav in out]
    """,
    "a mask on the device": """
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength)
        ends = mel_lengths.to(audio.device) * vocoder.mel.hop_length
        kept = torch.arange(audio.size(1), device=audio.device) < ends[:, None]
        out = [row[keep].cpu() for row, keep in zip(audio, kept)]
        for path, wav in zip(paths, out):
            save_audio(path, wav, vocoder.sample_rate)
        return out
    """,
}

_HEAD = """
        names = ("tacotron2_latency", "vocoder_latency", "latency", "tacotron2_items_per_sec",
                 "vocoder_items_per_sec", "throughput")
"""
BENCHMARK_STYLES = {
    "two loops": f"""{_HEAD}
        def once():
            synchronise()
            t0 = clock()
            mel = read()
            synchronise()
            t1 = clock()
            audio = vocode(mel)
            synchronise()
            t2 = clock()
            B, _, T = mel.shape
            a, b = t1 - t0, t2 - t1
            return a, b, a + b, B * T / a, audio.numel() / b, audio.numel() / (a + b)

        for _ in range(n_warm_ups):
            once()
        rows = [once() for _ in range(n_iterations)]
        return {{name: list(column) for name, column in zip(names, zip(*rows))}}
    """,
    "a timer of its own": """
        class Timer:
            def __enter__(self):
                synchronise()
                self.start = clock()
                return self

            def __exit__(self, *_):
                synchronise()
                self.seconds = clock() - self.start

        out = {}
        for run in range(n_warm_ups + n_iterations):
            with Timer() as whole:
                with Timer() as first:
                    mel = read()
                with Timer() as second:
                    audio = vocode(mel)
            if run < n_warm_ups:
                continue
            n = audio.size(0) * audio.size(1)
            for name, value in [
                ("tacotron2_latency", first.seconds), ("vocoder_latency", second.seconds),
                ("latency", whole.seconds), ("throughput", n / whole.seconds),
                ("tacotron2_items_per_sec", len(mel) * mel.shape[-1] / first.seconds),
                ("vocoder_items_per_sec", n / second.seconds),
            ]:
                out.setdefault(name, []).append(value)
        return out
    """,
    "arrays": """
        import numpy as np

        times, sizes = [], []
        for run in range(-n_warm_ups, n_iterations):
            synchronise(); t = [clock()]
            mel = read()
            synchronise(); t.append(clock())
            audio = vocode(mel)
            synchronise(); t.append(clock())
            if run >= 0:
                times.append(t); sizes.append([mel[:, 0].numel(), audio.numel()])
        t, n = np.array(times), np.array(sizes)
        first, second, whole = t[:, 1] - t[:, 0], t[:, 2] - t[:, 1], t[:, 2] - t[:, 0]
        return dict(tacotron2_latency=first, vocoder_latency=second, latency=whole,
                    tacotron2_items_per_sec=n[:, 0] / first,
                    vocoder_items_per_sec=n[:, 1] / second, throughput=n[:, 1] / whole)
    """,
    "tensors": f"""{_HEAD}
        rows = torch.zeros(n_warm_ups + n_iterations, 6)
        for i in range(len(rows)):
            synchronise()
            a = clock()
            mel = read()
            synchronise()
            b = clock()
            audio = vocode(mel)
            synchronise()
            c = clock()
            rows[i] = torch.tensor([b - a, c - b, c - a, mel.size(0) * mel.size(2) / (b - a),
                                    audio.numel() / (c - b), audio.numel() / (c - a)])
        return dict(zip(names, rows[n_warm_ups:].t().tolist()))
    """,
    "a defaultdict": """
        from collections import defaultdict

        results = defaultdict(list)
        for i in range(n_warm_ups + n_iterations):
            synchronise()
            start = clock()
            mel = read()
            synchronise()
            mel_time = clock() - start
            synchronise()
            start = clock()
            audio = vocode(mel)
            synchronise()
            audio_time = clock() - start
            if i < n_warm_ups:
                continue
            results["tacotron2_latency"] += [mel_time]
            results["vocoder_latency"] += [audio_time]
            results["latency"] += [mel_time + audio_time]
            results["tacotron2_items_per_sec"] += [mel.size(0) * mel.size(2) / mel_time]
            results["vocoder_items_per_sec"] += [audio.numel() / audio_time]
            results["throughput"] += [audio.numel() / (mel_time + audio_time)]
        return results
    """,
    "the warm-ups deleted": BODIES["inference-3"].replace(
        "kept = steps[n_warm_ups:]", "del steps[:n_warm_ups]; kept = steps"
    ),
    "the last ones taken": BODIES["inference-3"].replace(
        "steps[n_warm_ups:]", "steps[-n_iterations:]"
    ),
    "a generator": f"""{_HEAD}
        def runs():
            while True:
                synchronise()
                t0 = clock()
                mel = read()
                synchronise()
                t1 = clock()
                audio = vocode(mel)
                synchronise()
                t2 = clock()
                yield (t1 - t0, t2 - t1, t2 - t0, mel.size(0) * mel.size(-1) / (t1 - t0),
                       audio.nelement() / (t2 - t1), audio.nelement() / (t2 - t0))

        from itertools import islice

        kept = list(islice(runs(), n_warm_ups, n_warm_ups + n_iterations))
        return {{name: [run[i] for run in kept] for i, name in enumerate(names)}}
    """,
    "idle from the start": f"""{_HEAD}
        rows = []
        synchronise()
        for _ in range(n_warm_ups + n_iterations):
            a = clock()
            mel = read(); synchronise(); b = clock()
            audio = vocode(mel); synchronise(); c = clock()
            n, k = mel.shape[0] * mel.shape[2], audio.numel()
            rows.append((b - a, c - b, c - a, n / (b - a), k / (c - b), k / (c - a)))
        return dict(zip(names, map(list, zip(*rows[n_warm_ups:]))))
    """,
    "a helper that waits and looks": """
        def now():
            synchronise()
            return clock()

        result = {}
        for i in range(n_iterations + n_warm_ups):
            start = now()
            mel = read()
            middle = now()
            audio = vocode(mel)
            end = now()
            if i >= n_warm_ups:
                frames = mel.shape[0] * mel.shape[-1]
                result.setdefault("tacotron2_latency", []).append(middle - start)
                result.setdefault("vocoder_latency", []).append(end - middle)
                result.setdefault("latency", []).append(end - start)
                result.setdefault("tacotron2_items_per_sec", []).append(frames / (middle - start))
                speed = audio.numel() / (end - middle)
                result.setdefault("vocoder_items_per_sec", []).append(speed)
                result.setdefault("throughput", []).append(audio.numel() / (end - start))
        return result
    """,
    "a function for one model": f"""{_HEAD}
        def timed(work, *inputs):
            synchronise()
            began = clock()
            result = work(*inputs)
            synchronise()
            return result, clock() - began

        columns = [[] for _ in names]
        for number in range(n_warm_ups + n_iterations):
            mel, first = timed(read)
            audio, second = timed(vocode, mel)
            both = first + second
            row = (first, second, both, len(mel) * mel.size(2) / first,
                   audio.nelement() / second, audio.nelement() / both)
            for column, value in zip(columns, row):
                column.append(value)
        return {{name: column[n_warm_ups:] for name, column in zip(names, columns)}}
    """,
    "a data class": """
        from dataclasses import asdict, dataclass

        @dataclass
        class Step:
            tacotron2_latency: float
            vocoder_latency: float
            latency: float
            tacotron2_items_per_sec: float
            vocoder_items_per_sec: float
            throughput: float

        kept = []
        for i in range(n_warm_ups + n_iterations):
            synchronise()
            synchronise()
            a = clock()
            mel = read()
            synchronise()
            b = clock()
            audio = vocode(mel)
            synchronise()
            c = clock()
            size = audio.shape[0] * audio.shape[1]
            step = Step(b - a, c - b, c - a, mel[:, 0].numel() / (b - a), size / (c - b),
                        size / (c - a))
            kept = kept + [step] if i >= n_warm_ups else []
        return {name: [asdict(step)[name] for step in kept] for name in asdict(kept[0])}
    """,
}


def full_marks(verdicts: dict[str, Verdict]) -> bool:
    return [v.points for v in verdicts.values()] == POINTS


@pytest.mark.parametrize("style", READ_STYLES)
def test_read_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(inference_1=READ_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


@pytest.mark.parametrize("style", SPEAK_STYLES)
def test_speak_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(inference_2=SPEAK_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


@pytest.mark.parametrize("style", BENCHMARK_STYLES)
def test_benchmark_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(inference_3=BENCHMARK_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


def test_annotations_output_and_experiments_cost_nothing(judge_cells: Run) -> None:
    cells = fill()
    cells["inference-1"] = cells["inference-1"].replace(
        "def read(tacotron2, ids, lengths, device, seed=None):",
        "def read(tacotron2: Any, ids: torch.Tensor, lengths, device: torch.device, "
        "seed: int | None = None) -> tuple[torch.Tensor, ...]:",
    )
    noisy = 'print("x" * 100_000)\n'
    cells = {task: noisy + source + noisy for task, source in cells.items()}
    cells["inference-2"] += 'raise RuntimeError("left over from debugging")\n'
    assert full_marks(judge_cells(cells))
