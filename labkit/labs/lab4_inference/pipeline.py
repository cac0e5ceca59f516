"""From a sentence to a file: the way as a whole, what ``read`` reads, and what gradients keep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch

from labkit.audio.config import DEFAULT
from labkit.notebook.alignment import draw_alignment, strongest
from labkit.notebook.picture import DARK, GREY, LIGHT, Notice, Picture, Table, new_figure
from labkit.notebook.student import NotReadyError, expect, students_code
from labkit.notebook.view import Slider, View
from labkit.notebook.waves import draw_waveform
from labkit.pipeline import Synthesizer
from labkit.tacotron2 import Tacotron2
from labkit.text import symbols

_WORD = "Hello."


def draw_pipeline() -> Picture:
    """Draw what a word is on its way through the pipeline, with the shapes and who does what."""
    speech = Synthesizer.from_pretrained().say(_WORD, seed=1)
    (piece,) = speech.pieces
    figure = new_figure(9, 2.5)
    figure.set_layout_engine("constrained", w_pad=0.28)
    panels = figure.subplots(1, 4, width_ratios=(1.6, 1.5, 2.0, 2.4))
    for panel, heading, caption in zip(
        panels,
        ("text", "symbol ids", "log-mel", "audio"),
        (
            "a string",
            f"({len(piece.ids)},) whole numbers",
            f"{tuple(piece.mel.shape)}: 80 bands,\na frame each 11.6 ms",
            f"({len(speech.audio)},) samples,\n22 050 each second",
        ),
        strict=True,
    ):
        panel.set_title(heading, fontsize=11, weight="bold")
        panel.set_xticks([])
        panel.set_yticks([])
        panel.set_xlabel(caption, fontsize=8.5)
    panels[0].text(0.5, 0.5, f"“{_WORD}”", ha="center", va="center", fontsize=17)
    for row, (index, name) in enumerate(zip(piece.ids, piece.symbols, strict=True)):
        height = 1 - (row + 0.5) / len(piece.ids)
        panels[1].text(0.42, height, name, ha="right", va="center", fontsize=9)
        panels[1].text(0.58, height, str(index), ha="left", va="center", fontsize=9)
    panels[2].imshow(piece.mel.numpy(), origin="lower", aspect="auto", cmap="cividis")
    draw_waveform(panels[3], speech.audio, speech.sample_rate)
    panels[3].set_ylabel("")
    panels[3].margins(x=0)
    steps = ("front end", "read:\nTacotron 2", "speak:\nvocoder")
    for (left, right), step in zip(pairwise(panels), steps, strict=True):
        arrow = {"arrowstyle": "-|>", "lw": 2, "color": DARK, "shrinkA": 3, "shrinkB": 3}
        right.annotate(
            "", (0, 0.5), (1, 0.5), "axes fraction", left.transAxes,
            arrowprops=arrow, annotation_clip=False,
        )  # fmt: skip
        right.annotate(
            step, (0, 0.56), (-38, 0), "axes fraction", "offset points", ha="center", fontsize=8.5
        )
    text = (
        f"The front end turns the text “{_WORD}” into {len(piece.ids)} symbol ids "
        f"({' '.join(piece.symbols)}); read lets Tacotron 2 turn them into a log-mel of "
        f"{piece.mel.shape[0]} bands and {piece.mel.shape[1]} frames; speak lets a vocoder turn "
        f"that into {len(speech.audio)} samples, {speech.seconds:.2f} s, and saves them."
    )
    return Picture(figure, "The way of a word through the pipeline", text)


def explore_reading(
    read: Callable[..., Any],
    tacotron2: Any,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    device: torch.device,
) -> View:
    """Let the student's ``read`` read a batch, and draw the mel and the alignment of each sentence.

    Args:
        read: the student's function.
        tacotron2: the model that it is given.
        ids: (B, T_in) symbol ids, padded on the right.
        lengths: (B,) number of symbols of each sentence.
        device: where to compute.

    Returns:
        The picture, with a slider for the seed; a notice if ``read`` is not ready.
    """

    def draw(seed: int) -> Picture | Notice:
        try:
            outputs = _outputs(read, tacotron2, ids, lengths, device, seed)
        except NotReadyError as problem:
            return problem.notice
        return _draw_reading(ids, lengths, *outputs)

    return View(draw, [Slider("seed", "seed", 1, 9, 1)])


def _draw_reading(
    ids: torch.Tensor,
    lengths: torch.Tensor,
    mel: torch.Tensor,
    mel_lengths: torch.Tensor,
    alignments: torch.Tensor,
) -> Picture:
    B, _, T = mel.shape
    frames_per_step = T // alignments.size(1)
    figure = new_figure(9, 5.2)
    axes = figure.subplots(2, B, sharex="col", squeeze=False, height_ratios=(2, 3))
    lines, rows = [], []
    for number in range(B):
        frames, length = int(mel_lengths[number]), int(lengths[number])
        names = [symbols[index] for index in ids[number, :length].tolist()]
        upper, lower = axes[:, number]
        upper.imshow(
            mel[number].numpy(), origin="lower", aspect="auto", cmap="cividis",
            extent=(0.5, T / frames_per_step + 0.5, 0, mel.size(1)),
        )  # fmt: skip
        upper.set_title(f"sentence {number + 1}: {frames} frames", fontsize=10)
        image = draw_alignment(lower, alignments[number])
        path = strongest(alignments[number])
        last = frames / frames_per_step + 0.5
        for panel in (upper, lower):
            panel.axvline(last, color="white", lw=1.5, ls="--")
            if last < T / frames_per_step:
                panel.axvspan(
                    last, T / frames_per_step + 0.5, fc="none", ec=LIGHT, hatch="//", lw=0
                )
        lower.axhline(length - 0.5, color=GREY, lw=1, ls=":")
        upper.set_ylabel("mel band")
        path = path[: max(1, frames // frames_per_step)]
        kept = frames * DEFAULT.hop_length / DEFAULT.sample_rate
        lines.append(
            f"Sentence {number + 1}: {length} symbols, {frames} frames of {T}, {kept:.2f} s; the "
            f"strongest symbol goes from {path[0] + 1} to {path[-1] + 1}."
        )
        rows.append((str(number + 1), "".join(names).replace("@", " ").strip(), str(length),
                     str(frames), str(T - frames), f"{kept:.2f}"))  # fmt: skip
    figure.colorbar(image, ax=axes[1, -1], label="attention weight", pad=0.01)
    lines.append("Hatched: frames behind the end of a sentence; they mean nothing.")
    head = ("sentence", "symbols", "number", "frames", "frames behind it", "seconds")
    return Picture(figure, "What was read", "\n".join(lines), Table(head, rows))


def _outputs(
    read: Callable[..., Any],
    tacotron2: Any,
    ids: torch.Tensor,
    lengths: torch.Tensor,
    device: torch.device,
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Call the student's ``read``; outputs on the CPU.

    Raises:
        NotReadyError: it raised, or returned something that cannot be drawn.
    """
    with students_code("inference-1"):
        outputs = read(tacotron2, ids, lengths, device, seed=seed)
    if not isinstance(outputs, tuple) or len(outputs) != 3:
        raise NotReadyError(
            Notice(
                "read should return three things: mel, mel_lengths and alignments",
                "Run the check below the task: it says more.",
            )
        )
    mel, mel_lengths, alignments = outputs
    B, T_in = ids.shape
    T = mel.size(2) if isinstance(mel, torch.Tensor) and mel.dim() == 3 else 0
    mel = expect(mel, (B, 80, T), "read, as the mel,").detach().cpu()
    expect(mel_lengths, (B,), "read, as the lengths,")
    steps = alignments.size(1) if getattr(alignments, "ndim", 0) == 3 else 0
    alignments = expect(alignments, (B, steps, T_in), "read, as the alignments,").detach().cpu()
    return mel, mel_lengths.cpu(), alignments


def gradient_cost(tacotron2: Tacotron2, ids: torch.Tensor, lengths: torch.Tensor) -> Picture:
    """Measure what a reading keeps for a backward pass that never comes.

    Args:
        tacotron2: the model, on any device.
        ids: (B, T_in) symbol ids, padded on the right.
        lengths: (B,) number of symbols of each sentence.
    """
    weights = {p.untyped_storage().data_ptr() for p in tacotron2.parameters()}
    size = sum(p.numel() * p.element_size() for p in tacotron2.parameters())
    device = tacotron2.embedding.weight.device
    ids, lengths = ids.to(device), lengths.to(device)
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    decode = partial(
        tacotron2.decoder.infer, generator=torch.Generator(device=device).manual_seed(1)
    )
    for context in (torch.enable_grad, torch.no_grad):  # the second adds nothing
        with context(), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            outputs = tacotron2.predict(ids, lengths, decode)
    frames = int(outputs[1].sum())
    needless = sum(kept.values())
    figure = new_figure(7.5, 1.9)
    axes = figure.add_subplot()
    names = ("weights of the model", "kept with gradients", "kept under no_grad")
    values = (size / 1e6, needless / 1e6, 0.0)
    bars = axes.barh(names, values, color=(DARK, LIGHT, DARK), edgecolor="black", lw=0.5)
    bars[1].set_hatch("////")
    axes.bar_label(bars, [f"{value:.1f} MB" for value in values], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("megabytes")
    text = (
        f"While these {len(ids)} sentences are read ({frames} frames), PyTorch keeps "
        f"{needless / 1e6:.1f} MB of intermediate results for a backward pass; the weights have "
        f"{size / 1e6:.1f} MB. It grows with every frame. Under no_grad nothing is kept."
    )
    return Picture(figure, "What gradients would keep", text)
