"""Lab 4: the named slips of its first two tasks, for students to read."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

READ_SLIPS = read_slips(
    r"""
training-mode: the model reads in training mode
    What do dropout and batch norm do in training, and which call ends it?
training-in-parts: the model left training, and its parts did not
    `training` is a flag of one module: which call passes it on to all modules below?
gradients-on: the model reads with gradients on
    Who will ever call `backward` on this mel, and what is kept in memory until then?
training-and-gradients: the model reads in training mode and with gradients on
    Two things are to be said before a trained model is used: which one ends what?
as-it-came: the model was used just as it came
    Where is the model, in which mode is it, and who keeps what for a backward pass?
model-not-moved: the model stayed where it was
    Where must the weights be when numbers on `device` meet them?
ids-not-moved: the ids stayed where they were
    On which device must the ids be when the model there looks them up?
lengths-not-moved: the lengths stayed where they were
    The ids have company: what else does the model get?
inputs-not-moved: the model was moved, ids and lengths were not
    `tensor.to(device)` leaves the tensor where it is: what does it return?
nothing-moved: nothing was moved to the device
    What is the argument `device` for?
moved-back: the result was taken away from the device
    Who needs the mel next, and where will the vocoder be?
seed-dropped: the seed does not reach the model
    Who draws the prenet's dropout, and how would it know your seed?
zero-seed-dropped: a seed of zero was taken for no seed
    Is `0` the same as `None`? What does `if seed` say to each?
seed-made-up: a seed was made up where none was given
    What should happen twice in a row if nobody gave a seed?
seed-changed: the model got another seed than `read`
    Where does the caller's seed go on its way to the model?
dropout-off: the prenet's dropout was turned off
    What does the paper say about dropout of the prenet at inference?
first-only: only the first sentence was read
    How many sentences are in `ids`?
read-one-by-one: the sentences were read one by one
    How many sentences can `infer` read at once, and which random numbers does each get?
lengths-full: the model was told that no sentence is padded
    What are the lengths for, if not for this?
cut-early: the mel was cut to the longest sentence
    Whose task is it to cut: that of this function, or of the next?
transposed: the mel was transposed
    Which axis of a mel does every vocoder of the kit expect second?
swapped: lengths and alignments are returned in the wrong order
    What does the docstring promise second?
results-moved: the results were moved to the device, and not what they are made of
    Where did the model compute? What must lie there before it begins?
model-changed: the model came back as another one than it was
    Who else uses this model, and in which type, with or without gradients? Which of your lines
    decides that for all of them?
logarithm-undone: the mel is no longer a logarithm
    In which scale does the docstring promise the mel?
results-missing: not all three results came back
    What does `infer` return besides the mel, and who needs it?
    ~ 3 values are expected \(mel, mel_lengths, alignments\)
lengths-do-not-fit: ids and lengths do not fit each other
    Which of your lines changes one of them and leaves the other?
    ~ InputError: lengths
ids-of-no-batch: the model was given something else than a batch of ids
    Which argument comes first, and which shape has it?
    ~ InputError: ids must have the shape
ids-not-whole: the ids are no longer whole numbers
    Which of your lines changes the type of the ids?
    ~ InputError: ids must be whole numbers
"""
)

SPEAK_SLIPS = read_slips(
    r"""
gradients-on: the vocoder runs with gradients on
    What held for `read`: who will ever learn from this audio?
denoised-after-the-cut: the audio was denoised after it was cut
    The denoiser looks at what stands around a sample: what does it miss at the end of a sentence?
left-on-device: the samples stayed on the device
    Who hears and saves them, and where must they be for that?
not-cut: the sentences were not cut to their lengths
    What does a batch hold behind the end of its shorter sentences?
end-kept: the sentences were cut at their beginnings
    At which end of a batch's rows does the padding lie?
silenced-not-cut: what lies behind the sentences was made silent, and not cut
    How long should the tensor be that the caller gets?
list-not-cut: the files are cut, and what you return is not
    Does the caller get what you saved?
cut-in-frames: the samples were cut at the number of frames
    How many samples does one frame stand for?
hop-fixed: the hop length was written down as 256
    Who knows how many samples this vocoder makes of a frame?
cut-to-longest: all sentences were cut to the longest one
    Does every sentence have its own length?
cut-to-first: all sentences were cut to the length of the first
    Does every sentence have its own length?
cut-in-windows: the samples were counted in windows
    A window is longer than the step from one frame to the next: which of the two counts?
firing-frame-kept: every sentence is one frame too long
    Do `mel_lengths` count the frame at which the gate fired? Should it be heard?
last-frame-lost: every sentence is one frame too short
    Is the last frame that counts heard, too?
mel-silenced: the mel was changed behind the ends of the sentences
    What does a vocoder make of zeros in a mel of logarithms, and was it asked for?
denoiser-skipped: the audio was not denoised
    The vocoder adds a faint tone to everything: which argument takes it away?
strength-ignored: the denoiser was used with its own strength, not with yours
    What does the denoiser take besides the audio?
denoised-twice: the audio was denoised twice
    What is left of speech if more and more of the spectrum is subtracted?
hum-kept: what the denoiser takes away was kept, and the speech was not
    What does the denoiser return: the hum, or what is left without it?
not-saved: no file stands at the paths that were given
    Which of the functions in the table writes one, and where does the caller look for it?
file-not-denoised: the files were saved before the audio was denoised
    Does the listener hear what you return, or what you saved?
file-not-cut: the files were saved before the audio was cut
    Does the listener hear what you return, or what you saved?
files-swapped: the sentences are saved in each other's files
    Which path belongs to which sentence?
same-file: every sentence was saved under the same name
    What is left of a file when another is written under its name?
rate-fixed: the files say 22050 Hz whatever the vocoder says
    Who knows how many samples make a second of this voice?
normalised: the audio was scaled to full loudness
    Should a whisper and a shout be saved equally loud? Was it asked for?
scaled-to-integers: the samples were multiplied for whole numbers
    In which range does the kit keep samples, and who turns them into 16 bits?
transposed: the mel was transposed before it was made audible
    Which axis of a mel does the vocoder expect second?
first-only: only the first sentence came back
    How many sentences are in the batch, and how often does your loop run?
mel-cut: the mels were cut, and not the audio
    A vocoder hears the frames around each frame: what does the last one miss when you cut before
    it?
strength-changed: the denoiser got another strength than `speak`
    Who decides how much is taken away?
returned-in-other-order: the sentences came back in another order
    Which sentence does the caller expect first?
no-list: no list of sentences came back
    What does your loop collect, and what is returned?
    ~ a list with the samples of each sentence is expected
axis-kept: the samples of a sentence still have the axis of the batch
    Which shape does the docstring promise for one sentence?
one-sample-short: every sentence is one sample too short
    Is the end of a slice still part of it?
one-sample-long: every sentence is one sample too long
    Is the end of a slice still part of it?
hop-from-longest: the samples of a frame were counted by the longest sentence
    May the mel be longer than its longest sentence? Who knows the hop length?
nothing-left: nothing is left of a sentence to be saved
    In which unit does your cut count: frames, samples or seconds?
    ~ and not empty, got \(0,\)
batch-axis-lost: the axis of the batch was lost
    How many axes has your audio when there is only one sentence?
    ~ 0-dim tensor|0-d tensor|too many indices for tensor of dimension 1
too-loud: what was to be saved is louder than a file can hold
    As they come, the samples of this vocoder fit: which line makes mel or audio larger?
    ~ is outside \[-1, 1\]
whole-numbers-saved: samples were made whole numbers before they were saved
    In which range does the kit keep samples, and who turns them into 16 bits?
    ~ audio holds u?int\d+ samples
denoiser-without-a-batch: what the denoiser got is no batch of audio
    What does the denoiser take first, and which shape has it?
    ~ AudioError: audio must be of shape \(B, N\)
"""
)
