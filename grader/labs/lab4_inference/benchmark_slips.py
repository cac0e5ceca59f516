"""Lab 4: the named slips of its third task, for students to read."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

BENCHMARK_SLIPS = read_slips(
    """
never-synchronised: the device is never waited for
    A device may still compute when `read` returns: what does your clock show then?
clock-before-waiting: the clock is looked at before the device is waited for
    Which comes first: that all work is done, or that you look at the clock?
clock-before-waiting-between: between and behind the models the clock is looked at before the device is waited for
    Which comes first: that all work is done, or that you look at the clock?
start-not-synchronised: the first clock is read while the device is still busy with something else
    Whose work is measured if the device had something to do before you came?
middle-not-synchronised: the clock between the models is read while the device still computes the mel
    Which of the two models pays now for the end of the reading?
end-not-synchronised: the last clock is read while the device still computes the audio
    Is the audio there when `vocode` returns?
only-end-synchronised: the device is waited for only at the very end
    How many looks at the clock are there, and what must be done before each?
only-middle-synchronised: the device is waited for only between the models
    How many looks at the clock are there, and what must be done before each?
own-clock: you looked at a clock of your own
    By which of the arguments is the time of this device told?
nothing-run: the models did not run in every iteration
    What is measured if the work was done before the clock was looked at?
started-once: the first look at the clock is the same for all iterations
    When does an iteration begin?
read-twice: the mel was read twice in an iteration
    Which mel should the vocoder get, and what does a second call of `read` cost?
warm-ups-kept: the warm-ups are reported, too
    Why is the first run of a model slower than the others, and should it count?
last-thrown-away: the first runs are reported, and were to warm up
    How many runs come before those that count, and at which end of the list do they stand?
first-thrown-away: one run was thrown away, however many were to warm up
    How many runs come before those that count?
warm-ups-alone-kept: the warm-ups are reported, and nothing else
    Which runs should be thrown away?
iterations-thrown-away: as many runs were thrown away as should be kept
    How many runs are to warm up, and how many are to count?
one-too-few: one run more than the warm-ups was thrown away
    Which number does the first run that counts have, if the first of all has 0?
wrong-end: the warm-ups were taken away from the end of the list
    At which end of the list do the first runs stand?
last-only: only the last run is reported
    How many measurements were asked for?
warm-ups-taken-away: the warm-ups were taken away from the iterations
    How many runs must there be so that `n_iterations` are left?
one-sentence: frames and samples are those of one sentence
    How many sentences are in the batch, and who else waited for them?
frames-of-one-sentence: the frames are those of one sentence
    How many sentences does the mel hold?
samples-of-one-sentence: the samples are those of one sentence
    How many sentences does the audio hold?
bands-counted: the bands of the mel were counted instead of its frames
    Which axis of a mel is time?
bands-of-one-sentence: the bands of one sentence were counted instead of the frames of all
    Which axis of a mel is time, and which counts the sentences?
sentences-counted: sentences were counted instead of frames
    Which axis of a mel is time?
sentences-for-samples: sentences were counted instead of samples
    Which axis of the audio is time?
numbers-counted: every number of the mel was counted as a frame
    How many frames are in a mel of 80 bands?
throughput-of-vocoder: the throughput leaves out the time of the reading
    How long does the listener wait: for one model, or for both?
throughput-of-reading: the throughput leaves out the time of the vocoder
    How long does the listener wait: for one model, or for both?
throughput-in-sentences: the throughput counts runs instead of samples
    What comes out at the very end, and how many of it?
throughput-in-both: the throughput counts frames and samples together
    What comes out at the very end?
throughput-in-frames: the throughput counts frames instead of samples
    What comes out at the very end?
items-by-latency: items per second are counted over both models
    How long did the first model take for its frames, and the second for its samples?
frames-by-latency: frames per second are counted over both models
    How long did the first model take for its frames?
samples-by-latency: samples per second are counted over both models
    How long did the second model take for its samples?
multiplied: items were multiplied with seconds
    How does one come from a number and a time to a number in each second?
latency-of-vocoder: the whole latency is that of the vocoder alone
    At which moment does the whole begin?
milliseconds: the times are in milliseconds
    Which unit does the docstring promise?
mean: the mean was returned instead of every measurement
    Could a reader still find the 95th percentile in your numbers?
mean-in-a-list: the mean was returned as the only measurement
    Could a reader still find the 95th percentile in your numbers?
upside-down: seconds were divided by items
    Should a faster model have the larger number here, or the smaller one?
vocoded-in-part: the vocoder got another mel than the one that was read
    What did `read` give, and what did you hand on?
one-too-many: one warm-up is reported, too
    Which number does the first run that counts have, if the first of all has 0?
as-many-as-warm-ups: as many runs were kept as there are warm-ups
    How many runs are to be kept, and at which end of the list do they stand?
three-thrown-away: three runs were thrown away, however many were to warm up
    Which argument says how many runs come before those that count?
thrown-away-twice: the warm-ups were thrown away twice
    In how many places does your code leave runs out?
one-for-all: one measurement was taken for the list of them
    What is the difference between `steps[n]` and `steps[n:]`?
    ~ KeyError: 0
sorted: the measurements are sorted
    Could a reader still see when each was made?
samples-by-fixed-hop: the samples were counted as 256 for a frame
    How many samples did `vocode` really give?
rates-added: the throughput is the sum of two rates
    Frames and samples are different things: may their rates be added?
sentences-per-second: the throughput counts sentences instead of samples
    What comes out at the very end, and how many of it?
by-a-moment: items were divided by a moment, and not by a time
    What does `clock` tell: how long something took, or when it is?
names-swapped: two names have each other's numbers
    Which number belongs to which name?
middle-before-reading: the middle was measured before the mel was read
    What lies between start and middle in your loop, and what should?
middle-behind-vocoding: the middle was measured when both models were done
    What lies between middle and end in your loop, and what should?
rounded: the rates are rounded
    What does `//`, `int` or `round` leave of a number?
key-missing: a name is missing in what is returned, or spelt otherwise
    Which six names does the docstring promise, letter by letter?
    ~ TypeError: the key .* is missing in what is returned
tensor-called: a tensor was called as if it were a function
    Who had that name before you gave it to a tensor?
    ~ 'Tensor' object is not callable
"""  # noqa: E501
)
