"""Lab 4: wrong functions are caught and named, and one wrong task costs only itself."""

from __future__ import annotations

import re

import pytest

from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from lab_tools import Run
from labs.lab4_inference.cells import BODIES, POINTS, STUB, fill

pytestmark = pytest.mark.lab4

TASKS = {task.id: task for task in INFERENCE.judged}


def _vocoded(*lines: str) -> str:
    """Return a body that denoises, then these lines for each sentence."""
    inside = "\n".join(" " * 12 + line for line in lines)
    return f"""
        with torch.no_grad():
            audio = denoiser(vocoder.infer(mel), strength).cpu()
        hop, rate = vocoder.mel.hop_length, vocoder.sample_rate
        out = []
        for i in range(len(paths)):
            n = mel_lengths[i].item()
{inside}
        return out
    """


def _measured(old: str, new: str) -> str:
    """Return the right body with one part replaced."""
    assert old in BODIES["inference-3"]
    return BODIES["inference-3"].replace(old, new)


INFER = "tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)"
SAVE = "save_audio(paths[i], wav, rate); out.append(wav)"
TYPICAL = {
    ("inference-1", "training-mode"): f"""
        tacotron2.to(device)
        with torch.no_grad():
            return {INFER}
    """,
    ("inference-1", "gradients-on"): f"""
        tacotron2 = tacotron2.to(device).eval()
        return {INFER}
    """,
    ("inference-1", "model-not-moved"): f"""
        tacotron2.eval()
        with torch.no_grad():
            return {INFER}
    """,
    ("inference-1", "ids-not-moved"): """
        tacotron2 = tacotron2.to(device).eval()
        with torch.no_grad():
            ids.to(device)
            return tacotron2.infer(ids, lengths.to(device), seed=seed)
    """,
    ("inference-1", "lengths-not-moved"): """
        tacotron2.eval().to(device)
        ids = ids.to(device)
        with torch.inference_mode():
            return tacotron2.infer(ids, lengths, seed=seed)
    """,
    ("inference-1", "nothing-moved"): """
        tacotron2.eval()
        with torch.no_grad():
            return tacotron2.infer(ids, lengths, seed=seed)
    """,
    ("inference-1", "moved-back"): f"""
        tacotron2 = tacotron2.to(device).eval()
        with torch.no_grad():
            mel, mel_lengths, alignments = {INFER}
        return mel.cpu(), mel_lengths.cpu(), alignments.cpu()
    """,
    ("inference-1", "seed-dropped"): """
        tacotron2.to(device).eval()
        if seed is not None:
            torch.manual_seed(seed)
        with torch.no_grad():
            return tacotron2.infer(ids.to(device), lengths.to(device))
    """,
    ("inference-1", "dropout-off"): f"""
        tacotron2 = tacotron2.to(device).eval()
        with torch.no_grad():
            return {INFER[:-1]}, prenet_dropout=False)
    """,
    ("inference-1", "cut-early"): f"""
        tacotron2.to(device).eval()
        with torch.no_grad():
            mel, n, alignments = {INFER}
        return mel[:, :, : max(n)], n, alignments
    """,
    ("inference-1", "swapped"): f"""
        tacotron2.to(device).eval()
        with torch.no_grad():
            mel, n, alignments = {INFER}
        return mel, alignments, n
    """,
    ("inference-2", "not-cut"): _vocoded("wav = audio[i].cpu()", SAVE),
    ("inference-2", "cut-in-frames"): _vocoded("wav = audio[i][:n]", SAVE),
    ("inference-2", "hop-fixed"): _vocoded("wav = audio[i, : n * 256]", SAVE),
    ("inference-2", "cut-to-longest"): _vocoded("wav = audio[i, : mel_lengths.max() * hop]", SAVE),
    ("inference-2", "firing-frame-kept"): _vocoded("wav = audio[i, : n * hop + hop]", SAVE),
    ("inference-2", "denoiser-skipped"): _vocoded(
        "audio = vocoder.infer(mel).detach().cpu()", "wav = audio[i, : n * hop]", SAVE
    ),
    ("inference-2", "strength-ignored"): _vocoded(
        "audio = denoiser(vocoder.infer(mel)).detach().cpu()", "wav = audio[i, : n * hop]", SAVE
    ),
    ("inference-2", "file-not-cut"): _vocoded(
        "save_audio(paths[i], audio[i], rate)", "out.append(audio[i, : n * hop])"
    ),
    ("inference-2", "file-not-denoised"): _vocoded(
        "save_audio(paths[i], vocoder.infer(mel)[i, : n * hop], rate)",
        "out.append(audio[i, : n * hop])",
    ),
    ("inference-2", "same-file"): _vocoded(
        "wav = audio[i, : n * hop]", "save_audio(paths[0], wav, rate); out.append(wav)"
    ),
    ("inference-2", "rate-fixed"): _vocoded(
        "wav = audio[i, : n * hop]", "save_audio(paths[i], wav)", "out.append(wav)"
    ),
    ("inference-2", "normalised"): _vocoded(
        "wav = audio[i, : n * hop]", "wav /= wav.abs().max()", SAVE
    ),
    ("inference-2", "first-only"): _vocoded("wav = audio[i, : n * hop]", SAVE, "return out"),
    ("inference-2", "transposed"): _vocoded("wav = audio[i, : n * hop]", SAVE).replace(
        "infer(mel)", "infer(mel.transpose(1, 2))"
    ),
    ("inference-3", "never-synchronised"): _measured("synchronise()", "pass"),
    ("inference-3", "start-not-synchronised"): _measured(
        "synchronise()\n            start", "start"
    ),
    ("inference-3", "middle-not-synchronised"): _measured(
        "synchronise()\n            middle", "middle"
    ),
    ("inference-3", "end-not-synchronised"): _measured("synchronise()\n            end", "end"),
    ("inference-3", "warm-ups-kept"): _measured("steps[n_warm_ups:]", "steps"),
    ("inference-3", "last-thrown-away"): _measured("range(n_warm_ups + n_iterations)",
        "range(n_iterations)").replace("steps[n_warm_ups:]", "steps"),
    ("inference-3", "frames-of-one-sentence"): _measured("mel.size(0) * mel.size(2)",
        "mel.size(-1)"),
    ("inference-3", "samples-of-one-sentence"): _measured("audio.numel()", "audio.shape[-1]"),
    ("inference-3", "one-sentence"): _measured("mel.size(0) * mel.size(2)",
        "mel[0].size(1)").replace("audio.numel()", "len(audio[0])"),
    ("inference-3", "bands-counted"): _measured("mel.size(2)", "mel.size(1)"),
    ("inference-3", "numbers-counted"): _measured("mel.size(0) * mel.size(2)", "mel.numel()"),
    ("inference-3", "throughput-of-vocoder"): _measured("/ (end - start)", "/ (end - middle)"),
    ("inference-3", "milliseconds"): _measured("clock()", "clock() * 1000"),
    ("inference-3", "mean"): _measured("[step[name] for step in kept]",
        "sum(step[name] for step in kept) / n_iterations"),
}  # fmt: skip


@pytest.mark.parametrize(("task", "slip"), TYPICAL)
def test_a_slip_in_a_students_words_is_named(judge_cells: Run, task: str, slip: str) -> None:
    verdicts = judge_cells(fill(**{task.replace("-", "_"): TYPICAL[task, slip]}), public_only=True)
    assert verdicts[task].slip == slip, verdicts[task].message
    assert verdicts[task].points == 0
    others = [v.points for v in verdicts.values() if v.task != task]
    assert others == [TASKS[other].points for other in TASKS if other != task]


@pytest.mark.parametrize("wrong", [STUB, "return None", "return undefined", "return ((("])
@pytest.mark.parametrize("task", TASKS)
def test_a_wrong_task_costs_only_its_own_points(judge_cells: Run, task: str, wrong: str) -> None:
    cells = fill(**{task.replace("-", "_"): wrong})
    verdicts = judge_cells(cells, public_only=wrong != STUB)
    expected = dict(zip(TASKS, POINTS, strict=True)) | {task: 0}
    assert {v.task: v.points for v in verdicts.values()} == expected


_RIGHT = _vocoded("wav = audio[i, : n * hop]", SAVE)
WRONG = {
    "no mel at all": ("inference-1", "return None", "type", "returns None"),
    "the mel alone": (
        "inference-1",
        f"with torch.no_grad():\n            return tacotron2.to(device).eval().{INFER[10:]}[0]",
        "type",
        r"3 values are expected \(mel, mel_lengths, alignments\), not Tensor",
    ),
    "whole numbers": (
        "inference-2",
        _RIGHT.replace("out.append(wav)", "out.append((wav * 32767).short())"),
        "dtype",
        r"what came back of sentence 1 is torch\.int16; expected torch\.float32",
    ),
    "an array": (
        "inference-2",
        _RIGHT.replace("out.append(wav)", "out.append(wav.numpy())"),
        "type",
        "what came back of sentence 1 must be a torch.Tensor, not ndarray",
    ),
    "no file": (
        "inference-2",
        _RIGHT.replace("save_audio(paths[i], wav, rate); ", ""),
        "size",
        "No file stands at the paths.*no file at the path of sentence 1 and 2",
    ),
    "a channel too many": (
        "inference-2",
        _RIGHT.replace("out.append(wav)", "out.append(wav[None])"),
        "rank",
        r"what came back of sentence 1 has 1 axis too many: its shape is \(1, 12\)",
    ),
    "a list of steps": (
        "inference-3",
        _measured("return {name: [step[name] for step in kept] for name in kept[0]}",
            "return steps"),
        "type",
        "a dict with a list for each of six names is expected, not list",
    ),
    "a name too few": (
        "inference-3",
        _measured('"latency": end - start,', ""),
        "error",
        "the key 'latency' is missing in what is returned; it has 'tacotron2_latency', 'vocoder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_cells: Run, wrong: str) -> None:
    task, body, stage, message = WRONG[wrong]
    verdict = judge_cells(fill(**{task.replace("-", "_"): body}), public_only=True)[task]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


def test_what_was_taken_from_the_device_is_said(judge_cells: Run) -> None:
    body = f"""
        tacotron2.to(device).eval()
        with torch.no_grad():
            mel, n, alignments = {INFER}
        return mel, torch.tensor(n.tolist()), alignments
    """
    verdict = judge_cells(fill(inference_1=body))["inference-1"]
    assert (verdict.points, verdict.stage) == (0, "value")
    assert "the lengths came back on the CPU, and not on `device`" in verdict.message


def test_a_wrong_reading_fails_the_whole_pipeline_and_the_rest_is_judged_alone(
    judge_cells: Run,
) -> None:
    verdicts = judge_cells(fill(inference_1=f"return {INFER.replace('lengths', 'lengths - 2')}"))
    assert [v.points for v in verdicts.values()] == [0, 30, 15]
    assert verdicts["inference-2"].note.startswith("judged on its own")
