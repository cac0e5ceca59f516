"""Lab 4: full inference, from symbols to a file that one can hear, and how fast."""

from __future__ import annotations

from grader.tasks.base import Lab, Output, Slip, Task

READ = Task(
    id="inference-1",
    title="read",
    points=15,
    defines="read",
    classic="AUDIO",
    adapter="inference",
    arguments=("ids", "lengths"),
    outputs=(
        Output("mel", ("B", "n_mels", "T")),
        Output("mel_lengths", ("B",)),
        Output("alignments", ("B", "T / r", "T_in")),
        Output("on_device", ("model, ids, lengths",)),
    ),
    slips=(
        Slip(
            "training-mode",
            "the model reads in training mode",
            "What do dropout and batch norm do in training, and which call ends it?",
        ),
        Slip(
            "gradients-on",
            "the model reads with gradients on",
            "Who will ever call `backward` on this mel, and what is kept in memory until then?",
        ),
        Slip(
            "model-not-moved",
            "the model stayed where it was",
            "Where must the weights be when numbers on `device` meet them?",
        ),
        Slip(
            "ids-not-moved",
            "the ids stayed where they were",
            "On which device must the ids be when the model there looks them up?",
        ),
        Slip(
            "lengths-not-moved",
            "the lengths stayed where they were",
            "The ids have company: what else does the model get?",
        ),
        Slip(
            "nothing-moved",
            "nothing was moved to the device",
            "What is the argument `device` for?",
        ),
        Slip(
            "moved-back",
            "the result was taken away from the device",
            "Who needs the mel next, and where will the vocoder be?",
        ),
        Slip(
            "seed-dropped",
            "the seed does not reach the model",
            "Who draws the prenet's dropout, and how would it know your seed?",
        ),
        Slip(
            "dropout-off",
            "the prenet's dropout was turned off",
            "What does the paper say about dropout of the prenet at inference?",
        ),
        Slip(
            "first-only",
            "only the first sentence was read",
            "How many sentences are in `ids`?",
        ),
        Slip(
            "lengths-full",
            "the model was told that no sentence is padded",
            "What are the lengths for, if not for this?",
        ),
        Slip(
            "cut-early",
            "the mel was cut to the longest sentence",
            "Whose task is it to cut: that of this function, or of the next?",
        ),
        Slip(
            "transposed",
            "the mel was transposed",
            "Which axis of a mel does every vocoder of the kit expect second?",
        ),
        Slip(
            "swapped",
            "lengths and alignments are returned in the wrong order",
            "What does the docstring promise second?",
        ),
    ),
)

SPEAK = Task(
    id="inference-2",
    title="speak",
    points=30,
    defines="speak",
    classic="AUDIO",
    adapter="inference",
    arguments=("mel", "mel_lengths"),
    outputs=(
        *(Output(f"audio_{index}", ("frames · hop_length",)) for index in range(3)),
        *(Output(f"file_{index}", ("frames · hop_length",)) for index in range(3)),
        Output("sample_rates", ("B",)),
    ),
    seconds=30.0,
    slips=(
        Slip(
            "not-cut",
            "the sentences were not cut to their lengths",
            "What does a batch hold behind the end of its shorter sentences?",
        ),
        Slip(
            "cut-in-frames",
            "the samples were cut at the number of frames",
            "How many samples does one frame stand for?",
        ),
        Slip(
            "hop-fixed",
            "the hop length was written down as 256",
            "Who knows how many samples this vocoder makes of a frame?",
        ),
        Slip(
            "cut-to-longest",
            "all sentences were cut to the longest one",
            "Does every sentence have its own length?",
        ),
        Slip(
            "firing-frame-kept",
            "every sentence is one frame too long",
            "Do `mel_lengths` count the frame at which the gate fired? Should it be heard?",
        ),
        Slip(
            "denoiser-skipped",
            "the audio was not denoised",
            "The vocoder adds a faint tone to everything: which argument takes it away?",
        ),
        Slip(
            "strength-ignored",
            "the denoiser was used with its own strength, not with yours",
            "What does the denoiser take besides the audio?",
        ),
        Slip(
            "denoised-twice",
            "the audio was denoised twice",
            "What is left of speech if more and more of the spectrum is subtracted?",
        ),
        Slip(
            "file-not-denoised",
            "the files were saved before the audio was denoised",
            "Does the listener hear what you return, or what you saved?",
        ),
        Slip(
            "file-not-cut",
            "the files were saved before the audio was cut",
            "Does the listener hear what you return, or what you saved?",
        ),
        Slip(
            "files-swapped",
            "the sentences are saved in each other's files",
            "Which path belongs to which sentence?",
        ),
        Slip(
            "same-file",
            "every sentence was saved under the same name",
            "What is left of a file when another is written under its name?",
        ),
        Slip(
            "rate-fixed",
            "the files say 22050 Hz whatever the vocoder says",
            "Who knows how many samples make a second of this voice?",
        ),
        Slip(
            "normalised",
            "the audio was scaled to full loudness",
            "Should a whisper and a shout be saved equally loud? Was it asked for?",
        ),
        Slip(
            "scaled-to-integers",
            "the samples were multiplied for whole numbers",
            "In which range does the kit keep samples, and who turns them into 16 bits?",
        ),
        Slip(
            "transposed",
            "the mel was transposed before it was made audible",
            "Which axis of a mel does the vocoder expect second?",
        ),
        Slip(
            "first-only",
            "only the first sentence came back",
            "How many sentences are in the batch, and how often does your loop run?",
        ),
    ),
)

BENCHMARK = Task(
    id="inference-3",
    title="benchmark",
    points=15,
    defines="benchmark",
    classic="AUDIO",
    adapter="inference",
    arguments=(),
    outputs=tuple(
        Output(name, ("n_iterations",))
        for name in (
            "tacotron2_latency",
            "vocoder_latency",
            "latency",
            "tacotron2_items_per_sec",
            "vocoder_items_per_sec",
            "throughput",
        )
    ),
    slips=(
        Slip(
            "never-synchronised",
            "the device is never waited for",
            "A device may still compute when `read` returns: what does your clock show then?",
        ),
        Slip(
            "start-not-synchronised",
            "the first clock is read while the device is still busy with something else",
            "Whose work is measured if the device had something to do before you came?",
        ),
        Slip(
            "middle-not-synchronised",
            "the clock between the models is read while the device still computes the mel",
            "Which of the two models pays now for the end of the reading?",
        ),
        Slip(
            "end-not-synchronised",
            "the last clock is read while the device still computes the audio",
            "Is the audio there when `vocode` returns?",
        ),
        Slip(
            "warm-ups-kept",
            "the warm-ups are reported, too",
            "Why is the first run of a model slower than the others, and should it count?",
        ),
        Slip(
            "last-thrown-away",
            "the first runs are reported, and were to warm up",
            "How many runs come before those that count, and at which end of the list do they "
            "stand?",
        ),
        Slip(
            "one-sentence",
            "frames and samples are those of one sentence",
            "How many sentences are in the batch, and who else waited for them?",
        ),
        Slip(
            "frames-of-one-sentence",
            "the frames are those of one sentence",
            "How many sentences does the mel hold?",
        ),
        Slip(
            "samples-of-one-sentence",
            "the samples are those of one sentence",
            "How many sentences does the audio hold?",
        ),
        Slip(
            "bands-counted",
            "the bands of the mel were counted instead of its frames",
            "Which axis of a mel is time?",
        ),
        Slip(
            "numbers-counted",
            "every number of the mel was counted as a frame",
            "How many frames are in a mel of 80 bands?",
        ),
        Slip(
            "throughput-of-vocoder",
            "the throughput leaves out the time of the reading",
            "How long does the listener wait: for one model, or for both?",
        ),
        Slip(
            "throughput-in-frames",
            "the throughput counts frames instead of samples",
            "What comes out at the very end?",
        ),
        Slip(
            "latency-of-vocoder",
            "the whole latency is that of the vocoder alone",
            "At which moment does the whole begin?",
        ),
        Slip(
            "milliseconds",
            "the times are in milliseconds",
            "Which unit does the docstring promise?",
        ),
        Slip(
            "mean",
            "the mean was returned instead of every measurement",
            "Could a reader still find the 95th percentile in your numbers?",
        ),
        Slip(
            "upside-down",
            "seconds were divided by items",
            "Should a faster model have the larger number here, or the smaller one?",
        ),
    ),
)

ESSAY = Task(
    id="inference-4",
    title="What would mixed precision change?",
    points=10,
    manual=True,
)

INFERENCE = Lab(
    name="lab4_inference",
    notebook="inference",
    title="Lab 4: full inference",
    setup=(
        "from collections.abc import Callable, Sequence\n"
        "from pathlib import Path\n"
        "from typing import Any\n"
        "import torch\n"
        "from labkit import Synthesizer\n"
        "from labkit.audio import save_audio\n"
        "from labkit.devices import find_device\n"
        "from labkit.tacotron2.masking import pad_symbols\n"
        "from labkit.vocoders import Denoiser, GriffinLim, load_vocoder\n"
        "from labkit.vocoders.protocol import Vocoder\n"
    ),
    tasks=(READ, SPEAK, BENCHMARK, ESSAY),
    home="labkit.pipeline.plain",
)
