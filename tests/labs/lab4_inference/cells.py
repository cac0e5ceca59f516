"""Lab 4's solution cells as a student might write them."""

from __future__ import annotations

import textwrap

SIGNATURES = {
    "inference-1": "def read(tacotron2, ids, lengths, device, seed=None):",
    "inference-2": "def speak(mel, mel_lengths, vocoder, denoiser, strength, paths):",
    "inference-3": ("def benchmark(read, vocode, synchronise, clock, n_iterations, n_warm_ups=3):"),
}
BODIES = {
    "inference-1": """
        tacotron2 = tacotron2.to(device).eval()
        with torch.no_grad():
            return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    """,
    "inference-2": """
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength)
        sentences = []
        for i, path in enumerate(paths):
            samples = audio[i, : int(mel_lengths[i]) * vocoder.mel.hop_length].cpu()
            save_audio(path, samples, vocoder.sample_rate)
            sentences.append(samples)
        return sentences
    """,
    "inference-3": """
        steps = []
        for _ in range(n_warm_ups + n_iterations):
            synchronise()
            start = clock()
            mel = read()
            synchronise()
            middle = clock()
            audio = vocode(mel)
            synchronise()
            end = clock()
            steps.append({
                "tacotron2_latency": middle - start,
                "vocoder_latency": end - middle,
                "latency": end - start,
                "tacotron2_items_per_sec": mel.size(0) * mel.size(2) / (middle - start),
                "vocoder_items_per_sec": audio.numel() / (end - middle),
                "throughput": audio.numel() / (end - start),
            })
        kept = steps[n_warm_ups:]
        return {name: [step[name] for step in kept] for name in kept[0]}
    """,
}
STUB = "raise NotImplementedError()"
POINTS = [15, 30, 15]


def cell(task_id: str, body: str) -> str:
    """Return a solution cell with this body of the function."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 4)
    return f"{SIGNATURES[task_id]}\n{lines}\n"


def fill(**bodies: str) -> dict[str, str]:
    """Return all solution cells: correct, but for the bodies given as inference_1=…"""
    chosen = BODIES | {name.replace("_", "-"): body for name, body in bodies.items()}
    return {task_id: cell(task_id, body) for task_id, body in chosen.items()}
