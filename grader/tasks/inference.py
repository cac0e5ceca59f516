"""Lab 4: full inference, from symbols to a file that one can hear, and how fast."""

from __future__ import annotations

from collections.abc import Iterator

from grader.tasks.base import Lab, Output, Slip, Task


def _sentences(name: str, called: str) -> Iterator[Output]:
    for index in range(3):
        yield Output(f"{name}_{index}", ("frames · hop_length",), f"{called} {index + 1}")


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
        Output("places", ("mel, mel_lengths, alignments",), "where the results lie"),
    ),
    returns="3 values are expected (mel, mel_lengths, alignments)",
    slips=(
        Slip(
            "training-mode",
            "the model reads in training mode",
            "What do dropout and batch norm do in training, and which call ends it?",
        ),
        Slip(
            "training-in-parts",
            "the model left training, and its parts did not",
            "`training` is a flag of one module: which call passes it on to all modules below?",
        ),
        Slip(
            "gradients-on",
            "the model reads with gradients on",
            "Who will ever call `backward` on this mel, and what is kept in memory until then?",
        ),
        Slip(
            "training-and-gradients",
            "the model reads in training mode and with gradients on",
            "Two things are to be said before a trained model is used: which one ends what?",
        ),
        Slip(
            "as-it-came",
            "the model was used just as it came",
            "Where is the model, in which mode is it, and who keeps what for a backward pass?",
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
            "inputs-not-moved",
            "the model was moved, ids and lengths were not",
            "`tensor.to(device)` leaves the tensor where it is: what does it return?",
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
            "zero-seed-dropped",
            "a seed of zero was taken for no seed",
            "Is `0` the same as `None`? What does `if seed` say to each?",
        ),
        Slip(
            "seed-made-up",
            "a seed was made up where none was given",
            "What should happen twice in a row if nobody gave a seed?",
        ),
        Slip(
            "seed-changed",
            "the model got another seed than `read`",
            "Where does the caller's seed go on its way to the model?",
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
            "read-one-by-one",
            "the sentences were read one by one",
            "How many sentences can `infer` read at once, and which random numbers does each get?",
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
        *_sentences("audio", "what came back of sentence"),
        *_sentences("file", "the file of sentence"),
        Output("sample_rates", ("B",), "the sample rates of the files"),
        Output("places", ("B",), "where the samples lie"),
        Output("count", ("sentences",), "the number of sentences"),
    ),
    returns="a list with the samples of each sentence is expected",
    seconds=30.0,
    slips=(
        Slip(
            "gradients-on",
            "the vocoder runs with gradients on",
            "What held for `read`: who will ever learn from this audio?",
        ),
        Slip(
            "denoised-after-the-cut",
            "the audio was denoised after it was cut",
            "The denoiser looks at what stands around a sample: what does it miss at the end of a "
            "sentence?",
        ),
        Slip(
            "left-on-device",
            "the samples stayed on the device",
            "Who hears and saves them, and where must they be for that?",
        ),
        Slip(
            "not-cut",
            "the sentences were not cut to their lengths",
            "What does a batch hold behind the end of its shorter sentences?",
        ),
        Slip(
            "end-kept",
            "the sentences were cut at their beginnings",
            "At which end of a batch's rows does the padding lie?",
        ),
        Slip(
            "silenced-not-cut",
            "what lies behind the sentences was made silent, and not cut",
            "How long should the tensor be that the caller gets?",
        ),
        Slip(
            "list-not-cut",
            "the files are cut, and what you return is not",
            "Does the caller get what you saved?",
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
            "cut-to-first",
            "all sentences were cut to the length of the first",
            "Does every sentence have its own length?",
        ),
        Slip(
            "cut-in-windows",
            "the samples were counted in windows",
            "A window is longer than the step from one frame to the next: which of the two counts?",
        ),
        Slip(
            "firing-frame-kept",
            "every sentence is one frame too long",
            "Do `mel_lengths` count the frame at which the gate fired? Should it be heard?",
        ),
        Slip(
            "last-frame-lost",
            "every sentence is one frame too short",
            "Is the last frame that counts heard, too?",
        ),
        Slip(
            "mel-silenced",
            "the mel was changed behind the ends of the sentences",
            "What does a vocoder make of zeros in a mel of logarithms, and was it asked for?",
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
            "hum-kept",
            "what the denoiser takes away was kept, and the speech was not",
            "What does the denoiser return: the hum, or what is left without it?",
        ),
        Slip(
            "not-saved",
            "no file was written",
            "Which of the functions in the table writes one, and is it called for each sentence?",
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
    returns="a dict with a list for each of six names is expected",
    slips=(
        Slip(
            "never-synchronised",
            "the device is never waited for",
            "A device may still compute when `read` returns: what does your clock show then?",
        ),
        Slip(
            "clock-before-waiting",
            "the clock is looked at before the device is waited for",
            "Which comes first: that all work is done, or that you look at the clock?",
        ),
        Slip(
            "clock-before-waiting-between",
            "between and behind the models the clock is looked at before the device is waited for",
            "Which comes first: that all work is done, or that you look at the clock?",
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
            "only-end-synchronised",
            "the device is waited for only at the very end",
            "How many looks at the clock are there, and what must be done before each?",
        ),
        Slip(
            "only-middle-synchronised",
            "the device is waited for only between the models",
            "How many looks at the clock are there, and what must be done before each?",
        ),
        Slip(
            "own-clock",
            "you looked at a clock of your own",
            "By which of the arguments is the time of this device told?",
        ),
        Slip(
            "nothing-run",
            "the models did not run in every iteration",
            "What is measured if the work was done before the clock was looked at?",
        ),
        Slip(
            "started-once",
            "the first look at the clock is the same for all iterations",
            "When does an iteration begin?",
        ),
        Slip(
            "read-twice",
            "the mel was read twice in an iteration",
            "Which mel should the vocoder get, and what does a second call of `read` cost?",
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
            "first-thrown-away",
            "one run was thrown away, however many were to warm up",
            "How many runs come before those that count?",
        ),
        Slip(
            "warm-ups-alone-kept",
            "the warm-ups are reported, and nothing else",
            "Which runs should be thrown away?",
        ),
        Slip(
            "iterations-thrown-away",
            "as many runs were thrown away as should be kept",
            "How many runs are to warm up, and how many are to count?",
        ),
        Slip(
            "one-too-few",
            "one run more than the warm-ups was thrown away",
            "Which number does the first run that counts have, if the first of all has 0?",
        ),
        Slip(
            "wrong-end",
            "the warm-ups were taken away from the end of the list",
            "At which end of the list do the first runs stand?",
        ),
        Slip(
            "last-only",
            "only the last run is reported",
            "How many measurements were asked for?",
        ),
        Slip(
            "warm-ups-taken-away",
            "the warm-ups were taken away from the iterations",
            "How many runs must there be so that `n_iterations` are left?",
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
            "bands-of-one-sentence",
            "the bands of one sentence were counted instead of the frames of all",
            "Which axis of a mel is time, and which counts the sentences?",
        ),
        Slip(
            "sentences-counted",
            "sentences were counted instead of frames",
            "Which axis of a mel is time?",
        ),
        Slip(
            "sentences-for-samples",
            "sentences were counted instead of samples",
            "Which axis of the audio is time?",
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
            "throughput-of-reading",
            "the throughput leaves out the time of the vocoder",
            "How long does the listener wait: for one model, or for both?",
        ),
        Slip(
            "throughput-in-sentences",
            "the throughput counts runs instead of samples",
            "What comes out at the very end, and how many of it?",
        ),
        Slip(
            "throughput-in-both",
            "the throughput counts frames and samples together",
            "What comes out at the very end?",
        ),
        Slip(
            "throughput-in-frames",
            "the throughput counts frames instead of samples",
            "What comes out at the very end?",
        ),
        Slip(
            "items-by-latency",
            "items per second are counted over both models",
            "How long did the first model take for its frames, and the second for its samples?",
        ),
        Slip(
            "frames-by-latency",
            "frames per second are counted over both models",
            "How long did the first model take for its frames?",
        ),
        Slip(
            "samples-by-latency",
            "samples per second are counted over both models",
            "How long did the second model take for its samples?",
        ),
        Slip(
            "multiplied",
            "items were multiplied with seconds",
            "How does one come from a number and a time to a number in each second?",
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
            "mean-in-a-list",
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
    followed_by=("scoring-text", "## Additive or dot product, to be heard"),
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
