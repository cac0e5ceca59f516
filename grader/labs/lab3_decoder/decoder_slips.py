"""Lab 3: the named slips at the decoder's beginning and at its end."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

# Names that say no more than where a fill goes wrong come last, the narrower ones first.
_ELSEWHERE = r"for a memory (of the type|on another device)"
_ENDLESS = r"a step was asked for after|expects a non-empty TensorList"
_KEPT = r"^(mel_outputs|gate_outputs|alignments)"

START = read_slips(
    rf"""
go-ones: the go frame is made of ones
    What does the decoder hear before anything was said?
go-random: the go frame is random
    Should a sentence begin differently each time that it is read?
go-one-frame: the go frame holds a single frame, whatever r is
    How many frames does one step predict, and how many does the next one hear?
go-axis: the go frame has an axis too many
    Which shape has a frame that `decode` returns? The go frame stands in for one.
go-prenet: the go frame has the size of the prenet's output
    Does the prenet come before or behind the go frame?
batch-of-one*: there is one state for all sentences
    How many sentences does the memory hold? Does each have a state of its own?
ones*: the state is made of ones
    What does an LSTM remember before its first step?
sizes-swapped: the two LSTMs' sizes changed places
    Which of the two LSTMs has the size decoder_rnn_dim?
order: the state's parts are in another order
    In which order does DecoderState name hidden and cell of the two LSTMs?
weights-as-context: weights and context changed places
    A weight belongs to each symbol; a context is one vector of the memory: which sizes follow?
weights-uniform: the first weights are spread over all symbols
    Has the attention looked at any symbol before the first step?
weights-on-first: the first weights point at the first symbol
    Has the attention looked at any symbol before the first step?
cumulative-ones: the cumulative weights begin at one
    What is the sum over no steps at all?
context-mean: the first context is the mean of the memory
    What has the decoder found in the memory before it looked?
context-last: the first context is the last memory vector
    This decoder has an attention: must it be handed a summary of the sentence?
memory-unprocessed: processed_memory is the memory itself
    In which space does the attention compare query and memory, and who brings the memory there?
memory-processed-twice: the memory went through memory_layer twice
    How often must a vector cross from one space to the other?
query-layer: the memory went through the layer for queries
    The attention has a layer for each of the two that it compares: which is which?
memory-tanh: a tanh stands on processed_memory
    Where in the attention's formula does the one tanh stand: on a term, or on the sum?
place-ignored: type or device of the memory are not followed
    On which device will `torch.zeros(2, 3)` lie, and of which type is it? Does that fit every
    memory?
    ~ {_ELSEWHERE}
go-apart: the go frame has its r frames on an axis of their own
    “One long row”: how many axes has a row for each sentence?
go-channels: the go frame has channels and frames on axes of their own
    “One long row”: how many axes has a row for each sentence?
go-alone: there is one go frame for all sentences, without an axis for them
    How many sentences does the memory hold? Does each hear a frame of its own?
go-as-memory: the go frame has the size of a memory vector
    Does the go frame stand in for something heard, or for something read?
go-by-symbols: there is a go frame for each symbol instead of each sentence
    Which axis of the memory counts sentences?
go-each-symbol: the go frame has an axis for the symbols
    A frame is heard at one step: which axes of the memory does it share?
go-of-one: there is one go frame for all sentences
    How many sentences does the memory hold? Does each hear a frame of its own?
go-time-axis: the go frame has an axis for time
    A frame is heard at one step: does a row of it need an axis for time?
batch-second: the memory's axes for sentences and symbols changed places
    Which axis of the memory counts sentences, which one symbols?
attention-size-twice: both LSTMs have the attention LSTM's size
    Which of the two LSTMs has the size decoder_rnn_dim?
decoder-size-twice: both LSTMs have the decoder LSTM's size
    Which of the two LSTMs has the size attention_rnn_dim?
layer-axis*: an LSTM's state has an axis for layers
    `nn.LSTM` has layers, and `nn.LSTMCell`? Which axes does the table name?
batch-last*: an LSTM's state has the sentences on its last axis
    Which axis comes first in every row of the table?
lstms-each-symbol*: there is an LSTM state for each symbol
    An LSTM at rest: does it know yet how many symbols it will read?
lstms-alone*: an LSTM's state has no axis for the sentences
    How many sentences does the memory hold? Does each have a state of its own?
lstms-as-memory*: an LSTM's state has the size of a memory vector
    Which sizes are `attention_rnn_dim` and `decoder_rnn_dim` for?
lstms-ones*: the two LSTMs begin with ones
    What does an LSTM at rest remember?
weights-axis*: the weights have an axis too many
    A weight belongs to a sentence and a symbol: how many axes is that?
both-uniform: previous and cumulative weights are spread over all symbols
    Has the attention looked at any symbol before the first step?
both-on-first: previous and cumulative weights point at the first symbol
    Has the attention looked at any symbol before the first step?
cumulative-uniform: the cumulative weights are spread over all symbols
    What is the sum over no steps at all?
cumulative-on-first: the cumulative weights point at the first symbol
    What is the sum over no steps at all?
context-axis: the context has an axis too many
    A context is one vector for each sentence: how many axes is that?
context-each-symbol: there is a context for each symbol
    How many vectors does one step find, however long the sentence is?
context-as-query: the context has the attention LSTM's size
    A context is made of memory vectors: which size have those?
context-as-decoder: the context has the decoder LSTM's size
    A context is made of memory vectors: which size have those?
context-first: the first context is the first memory vector
    What has the decoder found in the memory before it looked?
context-sum: the first context is the sum of the memory
    What has the decoder found in the memory before it looked?
context-before-weights: the context comes before the weights
    In which order does DecoderState name its parts?
memory-transposed: processed_memory has symbols and numbers exchanged
    Which axes does the table give processed_memory, and in which order?
memory-zeros: processed_memory is zero
    One part of the first state is not zero: which, and who makes it?
memory-mean: processed_memory is a mean over the symbols
    The attention compares the query with each symbol: how many vectors does it need?
context-as-cumulative: context and cumulative weights changed places
    A weight belongs to each symbol; a context is one vector of the memory: which sizes follow?
weights-turned*: the weights have symbols before sentences
    Which axis comes first in every row of the table?
context-ones: the first context is made of ones
    What has the decoder found in the memory before it looked?
context-max: the first context is the maximum of the memory
    What has the decoder found in the memory before it looked?
memory-normalised: the memory was normalised before it was processed
    What stands between the encoder's output and `memory_layer`?
memory-softmax: a softmax stands on processed_memory
    Where in the attention is the one softmax, and over what?
memory-relu: a ReLU stands on processed_memory
    What stands behind `memory_layer` in lab 1's formula?
memory-reversed: processed_memory was turned round
    In which order does the memory hold the symbols?
go-shape: the go frame has another shape
    How many sentences are there, and how many numbers has the row that `decode` predicts of each?
    ~ ^go_frame has|{_ELSEWHERE}
go-not-zero: the go frame is not made of zeros
    What does the decoder hear before anything was said?
    ~ ^go_frame\[|{_ELSEWHERE}
state-shape: a part of the state has another shape than its field in DecoderState
    In which order does DecoderState name its parts, and which sizes stand in that row of the
    table?
    ~ ^(attention|decoder)_\w+ has|{_ELSEWHERE}
state-not-zero: a part of the state that should be zero is not
    What does the decoder know, and where has it looked, before its first step?
    ~ ^(attention|decoder)_\w+\[|{_ELSEWHERE}
memory-shape: processed_memory has another shape
    Which axes does the table give processed_memory, and in which order?
    ~ ^processed_memory has
memory-otherwise: processed_memory is not what memory_layer makes of the memory as it came
    What stands between the memory and its layer, and what behind it?
    ~ ^processed_memory\[
"""
)

END = read_slips(
    rf"""
logit-as-probability: the gate's logit was compared with a probability
    The threshold is a probability: what turns a logit into one?
at-threshold: a gate exactly at the threshold ended its sentence
    Does the gate end a sentence above the threshold, or also at it?
inverted: the gate is read the wrong way round
    Does a high probability of the gate mean 'go on' or 'this was the last one'?
threshold-ignored: the threshold is always one half
    `gate_threshold` may be another number: where should it be used?
firing-counted: the frame at which the gate fires was counted
    The firing frame is produced: does it belong to the sentence, too?
all-counted: every step was counted for every sentence
    A short sentence of a batch has ended: do the frames behind its end count?
revives: a sentence that had ended went on
    A gate may fall again after it fired: should the sentence come back to life?
one-ends-all: decoding stopped with the first sentence that ended
    How many sentences must have ended before the loop may stop?
first-decides: only the first sentence of the batch decides when to stop
    What about the other sentences of the batch?
lengths-in-steps*: the lengths count steps instead of frames
    How many frames does one step make?
never-stops: decoding goes on to the limit although all sentences have ended
    What does `early_stopping` ask for, and who leaves the loop?
stops-always: decoding stops early even if it should not
    `early_stopping` may be False: what should happen then?
stops-late: one step too many was taken
    When is it known that all sentences have ended: before or behind the next step?
last-dropped: the step at which the last gate fires was thrown away
    The firing frame is not counted: is it produced?
limit-one-short: the limit is one step short
    How many steps are max_decoder_steps steps?
limit-one-long: the limit is one step long
    How many steps are max_decoder_steps steps?
limit-ignored: there is no limit to the number of steps
    What if no gate ever fires?
mel-not-transposed*: the mel has time before channels
    Which axis of a spectrogram comes first after the batch: channels or time?
mel-reshaped*: the mel was reshaped instead of transposed
    `view` and `reshape` keep the order of the numbers in memory: does that swap two axes, or
    cut the rows anew?
frames-interleaved: the r frames of a step were taken apart along the wrong axis
    A step's numbers are r frames one after the other: which of the two axes varies faster,
    frame or channel?
frames-by-step: the first frames of all steps come before the second ones
    Which frame follows the first frame of a step: the second frame of the same step, or the
    first one of the next?
steps-first*: steps come before sentences
    Along which axis should single steps be stacked, so that the batch stays first?
alignments-transposed*: the alignments have symbols before steps
    In which order does the docstring name the axes of the alignments?
alignments-cumulative*: the alignments are the cumulative weights
    An alignment says where a step looked: which part of the state is that?
gate-axis*: the gates kept an axis of size one
    A gate is one number for each step: should it stand in an axis of its own?
gate-probability*: the gates were returned as probabilities
    The docstring promises logits: are those before or behind the sigmoid?
lengths-plus-one: every length is one frame too long
    Each step adds its frames to a length: is anything added beside them?
lengths-minus-one: every length is one frame too short
    Each step adds its frames to a length: is anything taken off afterwards?
lengths-step-short: every length is one step too short
    The firing step is not counted: is the one before it?
lengths-step-long: every length is one step too long
    When does counting begin, and which step is the last to be counted?
lengths-of-longest: every sentence got the length of the longest one
    The sentences end at different times: how many lengths are there?
lengths-of-shortest: every sentence got the length of the shortest one
    The sentences end at different times: how many lengths are there?
lengths-of-text: the lengths are those of the text
    What is counted here: symbols that were read, or frames that were made?
finished-counted: the steps after a sentence's end were counted instead of those before
    Is `not_finished` true before the end, or after it?
ends-only-if-early: without early stopping no sentence ends
    Without early stopping the loop goes on: do the lengths go on, too?
one-gate-for-all: the first gate that fires ends every sentence
    There is a gate for each sentence: whose end does each one decide?
last-gate-for-all: no sentence ends before all gates fire at once
    There is a gate for each sentence: whose end does each one decide?
first-gate-for-all: the first sentence's gate ends every sentence
    There is a gate for each sentence: whose end does each one decide?
last-decides: only the last sentence of the batch decides when to stop
    What about the other sentences of the batch?
stops-at-once: decoding stops while there are sentences that go on
    Is `not_finished` true before the end, or after it: which of them must be left to go on?
nothing-counted: the lengths were not counted
    Who adds the frames of each step to the lengths?
first-step-skipped: the first step was thrown away
    What does the second of three arguments tell `islice`?
last-step-only*: only the last step was kept
    A list grows with each step: what does yours do?
steps-reversed*: the steps come in reverse order
    Does a new step go before or behind those that are there?
ended-silenced: frames of sentences that had ended were set to zero
    “Kept in the outputs, and not counted”: who cuts a sentence, `infer` or who reads its length?
threshold-of-decoder: the threshold that was asked for is not used
    Which of the two holds what the caller asked for: `gate_threshold`, or
    `self.gate_threshold`?
limit-of-decoder: the limit that was asked for is not used
    Which of the two holds what the caller asked for: `max_decoder_steps`, or
    `self.max_decoder_steps`?
limit-in-frames: the limit counts frames instead of steps
    Does `max_decoder_steps` count steps or frames?
softmax: a softmax stands where the sigmoid should
    What is the softmax of a single number?
alignments-context: the alignments are the contexts
    An alignment says where a step looked: which part of the state is that?
frames-silenced: frames behind a sentence's end were set to zero
    “Kept in the outputs, and not counted”: who cuts a sentence, `infer` or whoever reads its
    length?
frames-cut: the firing step was cut off
    The firing frame is not counted: is it produced?
order-gate-last: alignments and gates are returned in the wrong order
    In which order does the docstring of `infer` name its results?
order-of-predict: the results are in the order of `predict`
    In which order does the docstring of `infer` name its results?
frames-not-split: the r frames of a step were left in one row
    How many mel bands has a frame, and how many frames has a step?
mel-as-stacked*: the mel was left as it was stacked
    Which axes has a spectrogram, and how many frames has a step?
mel-flat*: all steps of a sentence are in one row
    `torch.cat` joins along an axis that is there, `torch.stack` makes a new one: which of them
    is wanted?
mel-below*: the steps were joined along the sentences
    `torch.cat` joins along an axis that is there, `torch.stack` makes a new one: which of them
    is wanted?
mel-steps-first*: the mel was left with steps before sentences
    Along which axis should single steps be stacked, so that the batch stays first?
mel-split-steps-last: the r frames were taken apart after the steps were put last
    A row holds its first frame, then its second one: must it be taken apart before or after
    time comes last?
gate-steps-first*: the gates have steps before sentences
    Along which axis should single steps be joined, so that the batch stays first?
gate-axis-middle*: the gates kept an axis of size one in their middle
    A gate is one number for each step: should it stand in an axis of its own?
gate-below*: the gates were joined along the sentences
    Along which axis should single steps be joined, so that the batch stays first?
alignments-steps-first*: the alignments have steps before sentences
    Along which axis should single steps be stacked, so that the batch stays first?
alignments-flat*: the alignments of all steps are in one row
    `torch.cat` joins along an axis that is there, `torch.stack` makes a new one: which of them
    is wanted?
parse-order: `parse_decoder_outputs` returns alignments and gates in the wrong order
    In which order does the docstring of `parse_decoder_outputs` name its results?
restarts: each step is the first one of new `steps`
    `steps` was made once, above your lines: what does the next step need to know of this one?
last-counted: the last step was counted for everyone
    Which sentences are unfinished after the step at which the loop ends?
early-inverted: the loop ends early where it should not, and only there
    What does `early_stopping` being True ask for?
early-or: the loop ends at its first step if early stopping is on
    Both must be true before the loop ends: which two?
lengths-of-last-step: the lengths hold the last step only
    Is what was counted before still there after your line?
lengths-by-bands: the lengths count mel bands
    A length is in frames: how many frames has a step?
lengths-float: the lengths are no whole numbers
    The lengths were laid out as whole numbers: which of your lines makes others of them?
    ~ ^mel_lengths is torch\.(float|half|double)
gate-broadcast: the gates are compared with each other's sentences
    `gate_output` is (B, 1) and `not_finished` is (B,): what comes out if the two meet?
    ~ ^mel_lengths has 1 axis too many
gates-step-first*: the gates were stacked with steps first, and reshaped
    `view` and `reshape` keep the order of the numbers in memory: whose gates stand side by side?
gates-squeezed: the gates lost an axis where there is one sentence or one step
    Which axes does `squeeze` without a number take away?
    ~ ^gate_outputs has 2 axes too few
gates-each-frame*: there is a gate for each frame instead of each step
    How many gates does a step have, whatever r is?
newest-first*: the newest step comes first
    In which order do the lists hold the steps, and in which should they be heard?
one-frame-of-step*: one frame of each step was kept
    How many frames has a step?
mel-step-first*: the frames were stacked with steps first
    Along which axis should single steps be stacked, so that the batch stays first?
alignments-softmax*: a softmax stands on the alignments
    Are the attention's weights energies still?
alignments-summed*: the alignments were summed up over the steps
    Does an alignment say where one step looked, or all so far?
results-otherwise: another number of results is returned
    Which results does the docstring promise, and in which order?
    ~ ^[34] values are expected
alignments-state: a whole state stands in the place of an alignment
    An alignment says where a step looked: which part of the state is that?
    ~ but got (DecoderState|tuple)
loop-lengths: everything was kept, and the lengths were counted otherwise
    After which steps is a sentence still unfinished, and how many frames does each of them add?
    ~ ^mel_lengths[\[ ]
loop-end: `infer` keeps another number of steps
    When have all sentences ended, how many steps are there then, and is each of them kept?
    ~ ^mel_lengths\[|{_KEPT} has the shape [^:]*$|{_ENDLESS}
loop-kept: what `infer` returns is not what the steps made
    What does your loop do with a step between taking it and putting it into the list?
    ~ ^mel_lengths\[|{_KEPT}[\[ ]|{_ENDLESS}
parse-mel: `parse_decoder_outputs` makes something else of the frames
    Write down the shapes line by line: where do r frames become one row, and back?
    ~ ^(parse_decoder_outputs: the mel|mel_outputs)[\[ ]
parse-gates: `parse_decoder_outputs` makes something else of the gates
    Which shape has a gate of one step, and which axis should count the steps?
    ~ ^(parse_decoder_outputs: the gates|gate_outputs)[\[ ]
parse-alignments: `parse_decoder_outputs` makes something else of the alignments
    Which shape has an alignment of one step, and which axis should count the steps?
    ~ ^(parse_decoder_outputs: the alignments|alignments)[\[ ]
"""
)
