"""Lab 3: the named slips of a decoder step, and of the steps."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

# Names that say no more than where a step goes wrong come last, the narrower ones first: where all
# findings are behind a place, all before it is right.
_STEPS = r"^(frames|gates|alignments)[\[ ]"
_LAST = rf"^(in training mode )?(attention_weights_cum|processed_memory)[\[ ]|{_STEPS}"
_PROJECTED = rf"^(in training mode )?(mel|gate)_output[\[ ]|{_LAST}"
_SPOKEN = rf"^(in training mode )?decoder_(hidden|cell)[\[ ]|{_PROJECTED}"
_FOUND = rf"^(in training mode )?attention_(weights|context)[\[ ]|{_SPOKEN}"
_ASKED = rf"^(in training mode )?attention_(hidden|cell)[\[ ]|{_FOUND}"

STEP = read_slips(
    rf"""
previous-twice: the previous weights are in both channels
    What tells the attention that a symbol was read ten steps ago?
cumulative-twice: the cumulative weights are in both channels
    What tells the attention where it was one step ago?
channels-swapped: previous and cumulative weights changed places
    Which channel of attention_weights_cat comes first?
attention-input-order: context and frame changed places in the attention LSTM's input
    In which order were the sizes of the attention LSTM's input added up?
decoder-input-order: context and query changed places in the decoder LSTM's input
    In which order were the sizes of the decoder LSTM's input added up?
projection-input-order: context and hidden state changed places before the projections
    In which order were the sizes of the projections' input added up?
attention-forgets: the attention LSTM was not given its state
    What does an LSTMCell take for its memory if nobody hands it one?
decoder-forgets: the decoder LSTM was not given its state
    What does an LSTMCell take for its memory if nobody hands it one?
attention-cell-first: hidden and cell of the attention LSTM changed places
    Which of the two does an LSTMCell return first?
decoder-cell-first: hidden and cell of the decoder LSTM changed places
    Which of the two does an LSTMCell return first?
query-old: the attention was asked with the hidden state of the step before
    What has the attention LSTM just heard that the old state does not know?
query-decoder: the attention was asked with the decoder LSTM's state
    Two LSTMs: which of them asks, and which of them speaks?
memory-unprocessed: the attention got the memory in place of the processed memory
    Which part of the state was made for the attention, before the first step?
mask-missing: the attention was not told what is padding
    Where could the attention look in a short sentence of a long batch?
context-old-for-decoder: the decoder LSTM got the context of the step before
    The attention has just found something: who should hear of it first?
context-old-for-projection: the projections got the context of the step before
    Frame and gate belong to what is being read now: which context is that?
decoder-hears-frame: the decoder LSTM got the previous frame in place of the query
    Which of the two LSTMs listens to frames?
mel-from-query: the frame was made from the attention LSTM's state
    Two LSTMs: which of them asks, and which of them speaks?
gate-probability: the gate was returned as a probability
    The docstring promises a logit: is that before or behind the sigmoid?
state-unchanged: the state of the step before was handed on
    What would the next step know of this one?
weights-stale: the weights handed on are those of the step before
    Which weights will be the previous ones in the next step?
cumulative-stale: the cumulative weights were not added to
    Where does the attention keep account of what it has read?
cumulative-replaced: the cumulative weights were replaced by the last ones
    Cumulative means a sum: over which steps?
context-stale: the context handed on is that of the step before
    What will the attention LSTM hear about this step?
dropout-left-on: dropout is on although the module is not training
    `F.dropout` does not know in which mode your module is: who tells it?
prenet-dropout-off: the prenet's dropout is off although `prenet_dropout` is on
    What does `steps` know about dropout that the prenet should know, too?
prenet-dropout-on: the prenet's dropout is always on
    `prenet_dropout` may be False: who should be told?
generator-forgotten: the generator was not passed on to the prenet
    How can somebody hear the same sentence twice, with the very same dropout?
prenet-skipped: the frame did not go through the prenet
    `decode` wants the previous frame as the prenet hears it: who calls the prenet?
prenet-twice: the frame went through the prenet twice
    How many bottlenecks stand between a frame and the next step?
go-again: every step hears the go frame
    Free running: what should the second step listen to?
state-again: every step starts from the first state
    Which state should the second call of `decode` get?
mask-not-passed: `decode` was called without the mask
    The lines above the TODO made a mask: who needs it?
frame-before: the frame handed out is the one that the step heard
    A step hears one frame and makes the next: which of the two does `steps` promise?
state-before: the state handed out is the one before the step
    Which state does `steps` promise: that with which a step began, or that it left?
one-step: there is only one step
    The docstring says 'without end': what keeps the steps coming?
attention-state-swapped: the attention LSTM was given (cell, hidden)
    In which order does an LSTMCell take its two states?
decoder-state-swapped: the decoder LSTM was given (cell, hidden)
    In which order does an LSTMCell take its two states?
attention-state-of-other: the attention LSTM was given the decoder LSTM's state
    Each LSTM remembers for itself: which two fields belong to this one?
decoder-state-of-other: the decoder LSTM was given the attention LSTM's new state
    Each LSTM remembers for itself: which two fields belong to this one?
decoder-state-of-other-old: the decoder LSTM was given the attention LSTM's old state
    Each LSTM remembers for itself: which two fields belong to this one?
query-cell: the attention was asked with the cell instead of the hidden state
    An LSTM keeps its cell to itself: which of its two states is its output?
query-tanh: a tanh stands on the query
    The output of an LSTM already went through a tanh: is another one asked for?
query-context: the attention was asked with the last context
    Who asks the attention: what was found, or the attention LSTM?
context-of-processed: the context was made of the processed memory
    The attention compares in one space and collects from another: which memory does it need for
    what?
memories-swapped: memory and processed memory changed places
    In which order does the attention take its five arguments?
mask-inverted: the mask is inverted
    What does True mark in the mask: symbols, or padding?
results-swapped: context and weights changed places
    Which of the two does the attention return first?
previous-counted-twice: the attention was told cumulative weights that hold the last step twice
    The sum over all steps so far: does it hold the previous step already?
decoder-hears-cell: the decoder LSTM got the attention LSTM's cell in place of the query
    An LSTM keeps its cell to itself: which of its two states is its output?
decoder-hears-old-query: the decoder LSTM got the query of the step before
    Which of the two is newer: `state.attention_hidden`, or what the attention LSTM has just
    returned?
projections-from-cell: frame and gate were made from the decoder LSTM's cell
    An LSTM keeps its cell to itself: which of its two states is its output?
projections-from-old: frame and gate were made from the decoder LSTM's state before the step
    Which of the two is newer: `state.decoder_hidden`, or what the decoder LSTM has just
    returned?
projections-from-query: frame and gate were made from the query
    Two LSTMs: which of them asks, and which of them speaks?
gate-from-query: the gate was made from the query
    Two LSTMs: which of them asks, and which of them speaks?
mel-tanh: a tanh stands on the frame
    A log-mel may be any number: what does a tanh leave of it?
mel-sigmoid: a sigmoid stands on the frame
    A log-mel may be any number: what does a sigmoid leave of it?
mel-relu: a ReLU stands on the frame
    Most log-mels are negative: what does a ReLU leave of them?
gate-negated: the gate has the wrong sign
    Is the gate high when a sentence ends, or when it goes on?
gate-decided: the gate was decided already
    Who compares the gate with a threshold, `decode` or `infer`?
gate-flat: the gate lost its axis of size one
    Which shape does the table give gate_output?
gate-first: frame and gate changed places
    Which of the two does the docstring of `decode` name first?
cumulative-one-behind: the old weights were added to the cumulative ones
    The sum must hold this step, too: which weights are this step's?
cumulative-of-two: the cumulative weights are the sum of the last two steps
    Cumulative means a sum: over which steps?
cumulative-twice-added: the weights were added to the cumulative ones twice
    How often does each step count in the sum?
cumulative-mean: the cumulative weights are a mean
    Where have all steps looked, *summed up*: is anything divided?
weights-exchanged: previous and cumulative weights changed places in the new state
    In which order does DecoderState name the two kinds of weights?
attention-pair-exchanged: hidden and cell of the attention LSTM changed places in the new state
    In which order does DecoderState name its parts?
decoder-pair-exchanged: hidden and cell of the decoder LSTM changed places in the new state
    In which order does DecoderState name its parts?
lstms-exchanged: the two LSTMs changed places in the new state
    In which order does DecoderState name its parts?
attention-hidden-stale: the hidden state of the attention LSTM is handed on as it came
    What will the attention LSTM know of this step?
attention-cell-stale: the cell of the attention LSTM is handed on as it came
    What will the attention LSTM know of this step?
decoder-hidden-stale: the hidden state of the decoder LSTM is handed on as it came
    What will the decoder LSTM know of this step?
decoder-cell-stale: the cell of the decoder LSTM is handed on as it came
    What will the decoder LSTM know of this step?
attention-lstm-stale: the attention LSTM's state is handed on as it came
    What will the attention LSTM know of this step?
decoder-lstm-stale: the decoder LSTM's state is handed on as it came
    What will the decoder LSTM know of this step?
memory-handed-on: the memory is handed on in place of the processed memory
    With what will the attention compare its query in the next step?
attention-dropout-missing: the dropout of the query is missing
    Two lines with `F.dropout` are given: what became of the first one?
decoder-dropout-missing: the dropout of the decoder LSTM's output is missing
    Two lines with `F.dropout` are given: what became of the second one?
prenet-dropout-inverted: the prenet's dropout is on when it should be off, and off when on
    What does `prenet_dropout=True` ask for, and what did the prenet get?
yield-order: gate and frame are handed out in the wrong order
    In which order does the docstring of `steps` name what it yields?
heard-handed-out: the prenet's output is handed out in place of the frame
    A step hears one thing and makes another: which of the two does `steps` promise?
ends-at-limit: `steps` ends by itself
    It has no end: who decides how long?
ends-at-gate: `steps` ends when the gates fire
    It has no end: who listens to the gate, `steps` or `infer`?
frame-added: the frame before was added to each frame
    Does a step predict the next frame, or the difference to it?
go-handed-out: the go frame is handed out at every step, and heard again
    To which name does your line give the new frame, and which one is handed out?
first-state-handed-out: the first state is handed out at every step, and used again
    To which name does your line give the new state, and which one is handed out?
prenet-alone: the prenet was told nothing of dropout and generator
    `steps` was told about dropout and a generator: who else should know?
generator-new: the prenet draws from a generator of its own
    How can somebody hear the same sentence twice, with the very same dropout?
first-step-missing: the first step is not handed out
    How many steps are taken before the first `yield`?
steps-mask-inverted: `decode` was given the inverted mask
    The lines above the TODO made a mask: what does True mark in it?
query-undropped: the attention was asked with the query before its dropout
    Which line stands between the attention LSTM and the attention?
decoder-hears-undropped: the decoder LSTM got the query before its dropout
    Which line stands between the attention LSTM and all who use its output?
query-and-decoder-undropped: attention and decoder LSTM got the query before its dropout
    Which line stands between the attention LSTM and all who use its output?
projections-undropped: frame and gate were made before the decoder LSTM's dropout
    Which line stands between the decoder LSTM and the projections?
projections-dropped: a dropout more stands before the projections
    Two lines with `F.dropout` are given: is there a third one in the picture?
cumulative-max: the cumulative weights are a maximum
    Cumulative means a sum: is that what your line makes?
cumulative-capped: the cumulative weights were limited
    How large may a sum of many weights become?
cumulative-kept: the cumulative weights are remembered outside of the state
    A pure function remembers nothing: where does it find what it needs from the past?
context-not-heard: the attention LSTM was not told what the last step found
    Of which two parts is the attention LSTM's input made?
frame-not-heard: the attention LSTM was not told the last frame
    Of which two parts is the attention LSTM's input made?
context-not-spoken: the decoder LSTM was not told what was found
    Of which two parts is the decoder LSTM's input made?
context-not-projected: frame and gate were made without what was found
    Of which two parts is the projections' input made?
previous-not-seen: the attention was not told where the last step looked
    Which two channels has attention_weights_cat?
gate-log: the gate was returned as the logarithm of a probability
    The docstring promises a logit: is that before or behind the sigmoid?
context-last: context and processed memory changed places in the new state
    In which order does DecoderState name its parts?
gates-of-steps-probability: `steps` makes probabilities of the gates
    As `decode` returned it: is anything left to do?
frames-limited: the frames were limited
    A log-mel may be any number: what does a limit leave of it?
yields-otherwise: `steps` hands out something else than three things one by one
    What does the docstring of `steps` promise of each step, and in which order?
    ~ steps must yield
no-state: something else stands in the place of a DecoderState
    Which of your names holds the whole state, and which one a part of it?
    ~ must be a DecoderState
only-steps: a single step is right, and what `steps` makes of it is not
    What does each step hear, with which state and mask does it begin, and what is handed out?
    ~ {_STEPS}
end-of-step: all that this step says is right, and what it hands on is not
    Which two fields of DecoderState are left, and what should they hold after this step?
    ~ {_LAST}
projected-otherwise: all up to the decoder LSTM is right, and frame or gate is not
    Of what are frame and gate made, and are they returned as they came?
    ~ {_PROJECTED}
spoken-otherwise: all up to the attention is right, and the decoder LSTM's new state is not
    What goes into the decoder LSTM, in which order, with which state, and what becomes of it?
    ~ {_SPOKEN}
found-otherwise: the attention LSTM is right, and what the attention says is not
    With which five things is the attention asked, and are its two answers kept as they came?
    ~ {_FOUND}
heard-otherwise: the attention LSTM's new state is not right
    What goes into the attention LSTM, in which order, with which state, and what becomes of it?
    ~ {_ASKED}
"""
)
