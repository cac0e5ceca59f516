"""Lab 4: its slips in students' words, as changes of the right solution or written anew.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this text; the same text makes the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from grader.instructor.ways import read_ways

WAYS = {
    "inference-1": read_ways(
        """
training-mode: .eval() →
training-in-parts: tacotron2 = tacotron2.to(device).eval() →
    tacotron2 = tacotron2.to(device)
    tacotron2.training = False
gradients-on: torch.no_grad() → torch.enable_grad()
training-and-gradients:
    .eval() →
    torch.no_grad() → torch.enable_grad()
as-it-came:
    return tacotron2.infer(ids, lengths, seed=seed)
model-not-moved: tacotron2.to(device) → tacotron2
ids-not-moved: ids.to(device) → ids
lengths-not-moved: lengths.to(device) → lengths
inputs-not-moved: ids.to(device), lengths.to(device) → ids, lengths
nothing-moved: .to(device) →
results-moved:
    tacotron2.eval()
    with torch.no_grad():
        results = tacotron2.infer(ids, lengths, seed=seed)
    return tuple(result.to(device) for result in results)
moved-back: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    results = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return tuple(result.cpu() for result in results)
seed-dropped: , seed=seed →
zero-seed-dropped: seed=seed → seed=seed or None
seed-made-up: seed=seed → seed=seed or 0
seed-changed: seed=seed → seed=1234
dropout-off: seed=seed → seed=seed, prenet_dropout=False
first-only: ids.to(device), lengths.to(device) → ids[:1].to(device), lengths[:1].to(device)
read-one-by-one: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    read = [
        tacotron2.infer(ids[i : i + 1].to(device), lengths[i : i + 1].to(device), seed=seed)
        for i in range(len(ids))
    ]
    return tuple(torch.cat(parts) for parts in zip(*read))
lengths-full: lengths.to(device) → torch.full_like(lengths, int(lengths.max())).to(device)
lengths-do-not-fit: ids.to(device) → ids[:, :-1].to(device)
ids-of-no-batch: ids.to(device), lengths.to(device) → ids[0].to(device), lengths[:1].to(device)
ids-not-whole: ids.to(device) → ids.float().to(device)
cut-early: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    mel, mel_lengths, alignments = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return mel[:, :, : int(mel_lengths.max())], mel_lengths, alignments
transposed: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    mel, mel_lengths, alignments = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return mel.mT, mel_lengths, alignments
swapped: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    mel, mel_lengths, alignments = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return mel, alignments, mel_lengths
logarithm-undone: return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    mel, mel_lengths, alignments = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return mel.exp(), mel_lengths, alignments
results-missing: seed=seed) → seed=seed)[0]
results-missing: seed=seed) → seed=seed)[:2]
model-changed: .eval() → .eval().half()
model-changed: .eval() → .eval().requires_grad_(False)
"""
    ),
    "inference-2": read_ways(
        """
gradients-on:
    torch.no_grad() → torch.enable_grad()
    sentences.append(samples) → sentences.append(samples.detach())
transposed: vocoder.infer(mel) → vocoder.infer(mel.mT.contiguous())
too-loud: vocoder.infer(mel) → vocoder.infer(mel.exp())
mel-silenced: vocoder.infer(mel) →
    vocoder.infer(mel * (torch.arange(mel.size(2)) < mel_lengths[:, None])[:, None])
mel-cut:
    sentences = []
    for i, (frames, path) in enumerate(zip(mel_lengths.tolist(), paths)):
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel[i : i + 1, :, :frames]), strength)
        sentences.append(audio[0].cpu())
        save_audio(path, sentences[-1], vocoder.sample_rate)
    return sentences

denoiser-skipped: audio = denoiser(audio, strength) →
strength-ignored: denoiser(audio, strength) → denoiser(audio)
strength-changed: denoiser(audio, strength) → denoiser(audio, strength + 0.1)
denoised-twice: denoiser(audio, strength) → denoiser(denoiser(audio, strength), strength)
hum-kept: denoiser(audio, strength) → audio - denoiser(audio, strength)
batch-axis-lost: denoiser(audio, strength) → denoiser(audio, strength).squeeze()
denoiser-without-a-batch: denoiser(audio, strength) →
    torch.stack([denoiser(row, strength) for row in audio])
denoiser-without-a-batch: denoiser(audio, strength) → denoiser(strength, audio)
denoised-after-the-cut:
    audio = denoiser(audio, strength) →
    audio.float().cpu() → audio
    save_audio →
        samples = denoiser(samples.unsqueeze(0), strength).squeeze(0).cpu()
        save_audio
left-on-device: audio.float().cpu() → audio

not-cut: samples = samples[: frames * vocoder.mel.hop_length] →
list-not-cut:
    samples = samples[ → cut = samples[
    save_audio(path, samples → save_audio(path, cut
file-not-cut:
    samples = samples[ → cut = samples[
    sentences.append(samples) → sentences.append(cut)
end-kept: [: frames * vocoder.mel.hop_length] → [-frames * vocoder.mel.hop_length :]
silenced-not-cut: samples[: frames * vocoder.mel.hop_length] →
    samples * (torch.arange(len(samples)) < frames * vocoder.mel.hop_length)
cut-in-frames: frames * vocoder.mel.hop_length → frames
cut-in-windows: vocoder.mel.hop_length → vocoder.mel.win_length
cut-to-longest: frames * → max(mel_lengths.tolist()) *
cut-to-first: frames * → int(mel_lengths[0]) *
hop-fixed: vocoder.mel.hop_length → 256
hop-from-longest: frames * vocoder.mel.hop_length →
    frames * (mel.size(2) * vocoder.mel.hop_length // int(mel_lengths.max()))
firing-frame-kept: frames * → (frames + 1) *
last-frame-lost: frames * → (frames - 1) *
one-sample-short: vocoder.mel.hop_length → vocoder.mel.hop_length - 1
one-sample-long: vocoder.mel.hop_length → vocoder.mel.hop_length + 1
nothing-left: frames * vocoder.mel.hop_length →
    int(frames * vocoder.mel.hop_length / vocoder.sample_rate)

normalised: save_audio →
    samples = samples / samples.abs().max()
    save_audio
scaled-to-integers: save_audio(path, samples →
    samples = samples * 32_767
    save_audio(path, samples.clamp(-1, 1)
whole-numbers-saved: save_audio →
    samples = (samples * 32_767).short()
    save_audio
not-saved: save_audio(path, samples, vocoder.sample_rate) →
file-not-denoised:
    audio = denoiser(audio, strength) → audio, raw = denoiser(audio, strength), audio
    save_audio(path, samples → save_audio(path, raw[len(sentences), : len(samples)]
files-swapped: paths, strict → reversed(paths), strict
same-file: save_audio(path → save_audio(paths[0]
rate-fixed: vocoder.sample_rate → 22_050

first-only: sentences.append(samples) →
    sentences.append(samples)
    break
axis-kept: sentences.append(samples) → sentences.append(samples.unsqueeze(0))
returned-in-other-order: return sentences → return sentences[::-1]
no-list: return sentences → return sentences[-1]
no-list: return sentences → return audio.cpu()
"""
    ),
    "inference-3": read_ways(
        """
never-synchronised: synchronise() →
start-not-synchronised: synchronise() start = → start =
middle-not-synchronised: synchronise() middle = → middle =
end-not-synchronised: synchronise() end = → end =
only-end-synchronised:
    synchronise() start = → start =
    synchronise() middle = → middle =
only-middle-synchronised:
    synchronise() start = → start =
    synchronise() end = → end =
clock-before-waiting:
    synchronise() →
    clock() →
        clock()
        synchronise()
clock-before-waiting-between:
    synchronise() middle = clock() →
        middle = clock()
        synchronise()
    synchronise() end = clock() →
        end = clock()
        synchronise()
own-clock:
    steps = [] →
        import time
        steps = []
    clock() → time.perf_counter()
started-once:
    synchronise() start = clock() →
    steps = [] →
        steps = []
        synchronise()
        start = clock()
middle-before-reading: mel = read() synchronise() middle = clock() →
    synchronise()
    middle = clock()
    mel = read()
middle-behind-vocoding: synchronise() middle = clock() audio = vocode(mel) →
    audio = vocode(mel)
    synchronise()
    middle = clock()
nothing-run:
    mel = read() →
    vocode(mel) → mel.flatten(1)
    steps = [] →
        mel = read()
        steps = []
read-twice: vocode(mel) → vocode(read())
vocoded-in-part: vocode(mel) → vocode(mel[:1])
tensor-called: mel = read() →
    read = read()
    mel = read()

warm-ups-kept: steps[n_warm_ups:] → steps
warm-ups-taken-away: range(n_warm_ups + n_iterations) → range(n_iterations)
warm-ups-alone-kept: steps[n_warm_ups:] → steps[:n_warm_ups]
last-thrown-away: steps[n_warm_ups:] → steps[:n_iterations]
first-thrown-away: steps[n_warm_ups:] → steps[1:]
three-thrown-away: steps[n_warm_ups:] → steps[3:]
iterations-thrown-away: steps[n_warm_ups:] → steps[n_iterations:]
thrown-away-twice: steps[n_warm_ups:] → steps[2 * n_warm_ups :]
one-too-few: steps[n_warm_ups:] → steps[n_warm_ups + 1 :]
one-too-many: steps[n_warm_ups:] → steps[n_warm_ups - 1 :]
as-many-as-warm-ups: steps[n_warm_ups:] → steps[-n_warm_ups:]
wrong-end: steps[n_warm_ups:] → steps[:-n_warm_ups]
last-only: steps[n_warm_ups:] → steps[-1:]
sorted: steps[n_warm_ups:] → sorted(steps[n_warm_ups:], key=lambda step: step["latency"])
sorted: [step[name] for step in kept] → sorted(step[name] for step in kept)
mean: [step[name] for step in kept] → sum(step[name] for step in kept) / len(kept)
mean-in-a-list: [step[name] for step in kept] → [sum(step[name] for step in kept) / len(kept)]
one-for-all: kept[0] → step[0]
key-missing:
    tacotron2_items_per_sec → tacotron2_frames_per_sec
    vocoder_items_per_sec → vocoder_frames_per_sec

one-sentence:
    mel.size(0) * mel.size(2) → mel.size(2)
    audio.numel() → audio.size(1)
frames-of-one-sentence: mel.size(0) * mel.size(2) → mel.size(2)
bands-counted: mel.size(0) * mel.size(2) → mel.size(0) * mel.size(1)
bands-of-one-sentence: mel.size(0) * mel.size(2) → mel.size(1)
sentences-counted: mel.size(0) * mel.size(2) → mel.size(0)
numbers-counted: mel.size(0) * mel.size(2) → mel.numel()
samples-of-one-sentence: audio.numel() → audio.size(1)
sentences-for-samples: audio.numel() → audio.size(0)
samples-by-fixed-hop: audio.numel() → mel.size(0) * mel.size(2) * 256
latency-of-vocoder: end - start → end - middle
milliseconds: clock() → 1000 * clock()
throughput-of-vocoder: samples / step["latency"] → samples / step["vocoder_latency"]
throughput-in-frames: samples / step["latency"] → frames / step["latency"]
throughput-of-reading: samples / step["latency"] → samples / step["tacotron2_latency"]
throughput-in-sentences: samples / step["latency"] → 1 / step["latency"]
sentences-per-second: samples / step["latency"] → mel.size(0) / step["latency"]
throughput-in-both: samples / step["latency"] → (frames + samples) / step["latency"]
rates-added: samples / step["latency"] →
    step["tacotron2_items_per_sec"] + step["vocoder_items_per_sec"]
items-by-latency:
    frames / step["tacotron2_latency"] → frames / step["latency"]
    samples / step["vocoder_latency"] → samples / step["latency"]
frames-by-latency: frames / step["tacotron2_latency"] → frames / step["latency"]
samples-by-latency: samples / step["vocoder_latency"] → samples / step["latency"]
by-a-moment: samples / step["vocoder_latency"] → samples / end
by-a-moment: samples / step["latency"] → samples / end
by-a-moment:
    frames / step["tacotron2_latency"] → frames / middle
    samples / step["vocoder_latency"] → samples / end
by-a-moment: frames / step["tacotron2_latency"] → frames / middle
multiplied: / step → * step
rounded: / step → // step
rounded: steps.append(step) →
    for name in ("tacotron2_items_per_sec", "vocoder_items_per_sec", "throughput"):
        step[name] = round(step[name])
    steps.append(step)
upside-down:
    frames / step["tacotron2_latency"] → step["tacotron2_latency"] / frames
    samples / step["vocoder_latency"] → step["vocoder_latency"] / samples
    samples / step["latency"] → step["latency"] / samples
names-swapped: steps.append(step) →
    steps.append(step | {"tacotron2_items_per_sec": step["vocoder_items_per_sec"],
                         "vocoder_items_per_sec": step["tacotron2_items_per_sec"]})
names-swapped: steps.append(step) →
    steps.append(step | {"tacotron2_latency": step["vocoder_latency"],
                         "vocoder_latency": step["tacotron2_latency"]})
names-swapped: steps.append(step) →
    steps.append(step | {"vocoder_items_per_sec": step["throughput"],
                         "throughput": step["vocoder_items_per_sec"]})
names-swapped: steps.append(step) →
    steps.append(step | {"tacotron2_items_per_sec": step["throughput"],
                         "throughput": step["tacotron2_items_per_sec"]})
names-swapped: steps.append(step) →
    steps.append(step | {"latency": step["vocoder_latency"],
                         "vocoder_latency": step["latency"]})
names-swapped: steps.append(step) →
    steps.append(step | {"latency": step["tacotron2_latency"],
                         "tacotron2_latency": step["latency"]})
"""
    ),
}
