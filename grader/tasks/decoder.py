"""Lab 3: the decoder, from its go frame to its end, and the whole model around it."""

from __future__ import annotations

from grader.tasks.base import Lab, Output, Slip, Task
from grader.tasks.tacotron2 import TACOTRON2

_STATE = (
    Output("attention_hidden", ("B", "attention_rnn_dim")),
    Output("attention_cell", ("B", "attention_rnn_dim")),
    Output("decoder_hidden", ("B", "decoder_rnn_dim")),
    Output("decoder_cell", ("B", "decoder_rnn_dim")),
    Output("attention_weights", ("B", "T_in")),
    Output("attention_weights_cum", ("B", "T_in")),
    Output("attention_context", ("B", "encoder_embedding_dim")),
    Output("processed_memory", ("B", "T_in", "attention_dim")),
)

START = Task(
    id="decoder-1",
    title="Decoder.get_go_frame and initialize_decoder_states",
    points=20,
    defines="Decoder",
    methods=("get_go_frame", "initialize_decoder_states"),
    classic="DECODER",
    adapter="decoder",
    arguments=("memory",),
    outputs=(Output("go_frame", ("B", "r · n_mel_channels")), *_STATE),
    slips=(
        Slip(
            "go-ones",
            "the go frame is made of ones",
            "What does the decoder hear before anything was said?",
        ),
        Slip(
            "go-random",
            "the go frame is random",
            "Should a sentence begin differently each time that it is read?",
        ),
        Slip(
            "go-one-frame",
            "the go frame holds a single frame, whatever r is",
            "How many frames does one step predict, and how many does the next one hear?",
        ),
        Slip(
            "go-axis",
            "the go frame has an axis too many",
            "Which shape has a frame that `decode` returns? The go frame stands in for one.",
        ),
        Slip(
            "go-prenet",
            "the go frame has the size of the prenet's output",
            "Does the prenet come before or behind the go frame?",
        ),
        Slip(
            "batch-of-one",
            "there is one state for all sentences",
            "How many sentences does the memory hold? Does each have a state of its own?",
        ),
        Slip(
            "ones",
            "the states are made of ones",
            "What does an LSTM remember before its first step?",
        ),
        Slip(
            "sizes-swapped",
            "the two LSTMs' sizes changed places",
            "Which of the two LSTMs has the size decoder_rnn_dim?",
        ),
        Slip(
            "order",
            "the state's parts are in another order",
            "In which order does DecoderState name hidden and cell of the two LSTMs?",
        ),
        Slip(
            "weights-as-context",
            "weights and context changed places",
            "A weight belongs to each symbol; a context is one vector of the memory: which sizes "
            "follow?",
        ),
        Slip(
            "weights-uniform",
            "the first weights are spread over all symbols",
            "Has the attention looked at any symbol before the first step?",
        ),
        Slip(
            "weights-on-first",
            "the first weights point at the first symbol",
            "Has the attention looked at any symbol before the first step?",
        ),
        Slip(
            "cumulative-ones",
            "the cumulative weights begin at one",
            "What is the sum over no steps at all?",
        ),
        Slip(
            "context-mean",
            "the first context is the mean of the memory",
            "What has the decoder found in the memory before it looked?",
        ),
        Slip(
            "context-last",
            "the first context is the last memory vector",
            "This decoder has an attention: must it be handed a summary of the sentence?",
        ),
        Slip(
            "memory-unprocessed",
            "processed_memory is the memory itself",
            "In which space does the attention compare query and memory, and who brings the "
            "memory there?",
        ),
        Slip(
            "memory-processed-twice",
            "the memory went through memory_layer twice",
            "How often must a vector cross from one space to the other?",
        ),
        Slip(
            "query-layer",
            "the memory went through the layer for queries",
            "The attention has a layer for each of the two that it compares: which is which?",
        ),
        Slip(
            "memory-tanh",
            "a tanh stands on processed_memory",
            "Where in the attention's formula does the one tanh stand: on a term, or on the sum?",
        ),
        Slip(
            "place-ignored",
            "type or device of the memory are not followed",
            "On which device will `torch.zeros(2, 3)` lie, and of which type is it? Does that fit "
            "every memory?",
        ),
    ),
)

STEP = Task(
    id="decoder-2",
    title="Decoder.decode and steps",
    points=20,
    defines="Decoder",
    methods=("decode", "steps"),
    classic="DECODER",
    adapter="decoder",
    arguments=("decoder_input", "memory", "memory_lengths", "mask"),
    outputs=(
        Output("mel_output", ("B", "r · n_mel_channels")),
        Output("gate_output", ("B", "1")),
        *_STATE,
        Output("frames", ("B", "steps", "r · n_mel_channels")),
        Output("gates", ("B", "steps", "1")),
        Output("alignments", ("B", "steps", "T_in")),
    ),
    slips=(
        Slip(
            "previous-twice",
            "the previous weights are in both channels",
            "What tells the attention that a symbol was read ten steps ago?",
        ),
        Slip(
            "cumulative-twice",
            "the cumulative weights are in both channels",
            "What tells the attention where it was one step ago?",
        ),
        Slip(
            "channels-swapped",
            "previous and cumulative weights changed places",
            "Which channel of attention_weights_cat comes first?",
        ),
        Slip(
            "attention-input-order",
            "context and frame changed places in the attention LSTM's input",
            "In which order were the sizes of the attention LSTM's input added up?",
        ),
        Slip(
            "decoder-input-order",
            "context and query changed places in the decoder LSTM's input",
            "In which order were the sizes of the decoder LSTM's input added up?",
        ),
        Slip(
            "projection-input-order",
            "context and hidden state changed places before the projections",
            "In which order were the sizes of the projections' input added up?",
        ),
        Slip(
            "attention-forgets",
            "the attention LSTM was not given its state",
            "What does an LSTMCell take for its memory if nobody hands it one?",
        ),
        Slip(
            "decoder-forgets",
            "the decoder LSTM was not given its state",
            "What does an LSTMCell take for its memory if nobody hands it one?",
        ),
        Slip(
            "attention-cell-first",
            "hidden and cell of the attention LSTM changed places",
            "Which of the two does an LSTMCell return first?",
        ),
        Slip(
            "decoder-cell-first",
            "hidden and cell of the decoder LSTM changed places",
            "Which of the two does an LSTMCell return first?",
        ),
        Slip(
            "query-old",
            "the attention was asked with the hidden state of the step before",
            "What has the attention LSTM just heard that the old state does not know?",
        ),
        Slip(
            "query-decoder",
            "the attention was asked with the decoder LSTM's state",
            "Two LSTMs: which of them asks, and which of them speaks?",
        ),
        Slip(
            "memory-unprocessed",
            "the attention got the memory in place of the processed memory",
            "Which part of the state was made for the attention, before the first step?",
        ),
        Slip(
            "mask-missing",
            "the attention was not told what is padding",
            "Where could the attention look in a short sentence of a long batch?",
        ),
        Slip(
            "context-old-for-decoder",
            "the decoder LSTM got the context of the step before",
            "The attention has just found something: who should hear of it first?",
        ),
        Slip(
            "context-old-for-projection",
            "the projections got the context of the step before",
            "Frame and gate belong to what is being read now: which context is that?",
        ),
        Slip(
            "decoder-hears-frame",
            "the decoder LSTM got the previous frame in place of the query",
            "Which of the two LSTMs listens to frames?",
        ),
        Slip(
            "mel-from-query",
            "the frame was made from the attention LSTM's state",
            "Two LSTMs: which of them asks, and which of them speaks?",
        ),
        Slip(
            "gate-probability",
            "the gate was returned as a probability",
            "The docstring promises a logit: is that before or behind the sigmoid?",
        ),
        Slip(
            "state-unchanged",
            "the state of the step before was handed on",
            "What would the next step know of this one?",
        ),
        Slip(
            "weights-stale",
            "the weights handed on are those of the step before",
            "Which weights will be the previous ones in the next step?",
        ),
        Slip(
            "cumulative-stale",
            "the cumulative weights were not added to",
            "Where does the attention keep account of what it has read?",
        ),
        Slip(
            "cumulative-replaced",
            "the cumulative weights were replaced by the last ones",
            "Cumulative means a sum: over which steps?",
        ),
        Slip(
            "context-stale",
            "the context handed on is that of the step before",
            "What will the attention LSTM hear about this step?",
        ),
        Slip(
            "dropout-left-on",
            "dropout is on although the module is not training",
            "`F.dropout` does not know in which mode your module is: who tells it?",
        ),
        Slip(
            "prenet-dropout-off",
            "the prenet's dropout is always off",
            "What does `steps` know about dropout that the prenet should know, too?",
        ),
        Slip(
            "prenet-dropout-on",
            "the prenet's dropout is always on",
            "`prenet_dropout` may be False: who should be told?",
        ),
        Slip(
            "generator-forgotten",
            "the generator was not passed on to the prenet",
            "How can somebody hear the same sentence twice, with the very same dropout?",
        ),
        Slip(
            "prenet-skipped",
            "the frame did not go through the prenet",
            "`decode` wants the previous frame as the prenet hears it: who calls the prenet?",
        ),
        Slip(
            "prenet-twice",
            "the frame went through the prenet twice",
            "How many bottlenecks stand between a frame and the next step?",
        ),
        Slip(
            "go-again",
            "every step hears the go frame",
            "Free running: what should the second step listen to?",
        ),
        Slip(
            "state-again",
            "every step starts from the first state",
            "Which state should the second call of `decode` get?",
        ),
        Slip(
            "mask-not-passed",
            "`decode` was called without the mask",
            "The lines above the TODO made a mask: who needs it?",
        ),
        Slip(
            "frame-before",
            "the frame handed out is the one that the step heard",
            "A step hears one frame and makes the next: which of the two does `steps` promise?",
        ),
        Slip(
            "state-before",
            "the state handed out is the one before the step",
            "Which state does `steps` promise: that with which a step began, or that it left?",
        ),
        Slip(
            "one-step",
            "there is only one step",
            "The docstring says 'without end': what keeps the steps coming?",
        ),
    ),
)

END = Task(
    id="decoder-3",
    title="Decoder.infer and parse_decoder_outputs",
    points=20,
    defines="Decoder",
    methods=("infer", "parse_decoder_outputs"),
    classic="DECODER",
    adapter="decoder",
    arguments=("memory", "memory_lengths"),
    outputs=(
        Output("mel_outputs", ("B", "n_mel_channels", "T")),
        Output("gate_outputs", ("B", "T / r")),
        Output("alignments", ("B", "T / r", "T_in")),
        Output("mel_lengths", ("B",)),
    ),
    slips=(
        Slip(
            "logit-as-probability",
            "the gate's logit was compared with a probability",
            "The threshold is a probability: what turns a logit into one?",
        ),
        Slip(
            "at-threshold",
            "a gate exactly at the threshold ended its sentence",
            "Does the gate end a sentence above the threshold, or also at it?",
        ),
        Slip(
            "inverted",
            "the gate is read the wrong way round",
            "Does a high probability of the gate mean 'go on' or 'this was the last one'?",
        ),
        Slip(
            "threshold-ignored",
            "the threshold is always one half",
            "`gate_threshold` may be another number: where should it be used?",
        ),
        Slip(
            "firing-counted",
            "the frame at which the gate fires was counted",
            "The firing frame is produced: does it belong to the sentence, too?",
        ),
        Slip(
            "all-counted",
            "every step was counted for every sentence",
            "A short sentence of a batch has ended: do the frames behind its end count?",
        ),
        Slip(
            "revives",
            "a sentence that had ended went on",
            "A gate may fall again after it fired: should the sentence come back to life?",
        ),
        Slip(
            "one-ends-all",
            "decoding stopped with the first sentence that ended",
            "How many sentences must have ended before the loop may stop?",
        ),
        Slip(
            "first-decides",
            "only the first sentence of the batch decides when to stop",
            "What about the other sentences of the batch?",
        ),
        Slip(
            "lengths-in-steps",
            "the lengths count steps instead of frames",
            "How many frames does one step make?",
        ),
        Slip(
            "never-stops",
            "decoding goes on to the limit although all sentences have ended",
            "What does `early_stopping` ask for, and who leaves the loop?",
        ),
        Slip(
            "stops-always",
            "decoding stops early even if it should not",
            "`early_stopping` may be False: what should happen then?",
        ),
        Slip(
            "stops-late",
            "one step too many was taken",
            "When is it known that all sentences have ended: before or behind the next step?",
        ),
        Slip(
            "last-dropped",
            "the step at which the last gate fires was thrown away",
            "The firing frame is not counted: is it produced?",
        ),
        Slip(
            "limit-one-short",
            "the limit is one step short",
            "How many steps are max_decoder_steps steps?",
        ),
        Slip(
            "limit-one-long",
            "the limit is one step long",
            "How many steps are max_decoder_steps steps?",
        ),
        Slip(
            "limit-ignored",
            "there is no limit to the number of steps",
            "What if no gate ever fires?",
        ),
        Slip(
            "mel-not-transposed",
            "the mel has time before channels",
            "Which axis of a spectrogram comes first after the batch: channels or time?",
        ),
        Slip(
            "mel-reshaped",
            "the mel was reshaped instead of transposed",
            "`view` and `reshape` keep the order of the numbers in memory: does that swap two "
            "axes, or cut the rows anew?",
        ),
        Slip(
            "frames-interleaved",
            "the r frames of a step were taken apart along the wrong axis",
            "A step's numbers are r frames one after the other: which of the two axes varies "
            "faster, frame or channel?",
        ),
        Slip(
            "frames-by-step",
            "the first frames of all steps come before the second ones",
            "Which frame follows the first frame of a step: the second frame of the same step, "
            "or the first one of the next?",
        ),
        Slip(
            "steps-first",
            "steps come before sentences",
            "Along which axis should single steps be stacked, so that the batch stays first?",
        ),
        Slip(
            "alignments-transposed",
            "the alignments have symbols before steps",
            "In which order does the docstring name the axes of the alignments?",
        ),
        Slip(
            "alignments-cumulative",
            "the alignments are the cumulative weights",
            "An alignment says where a step looked: which part of the state is that?",
        ),
        Slip(
            "gate-axis",
            "the gates kept an axis of size one",
            "A gate is one number for each step: should it stand in an axis of its own?",
        ),
        Slip(
            "gate-probability",
            "the gates were returned as probabilities",
            "The docstring promises logits: are those before or behind the sigmoid?",
        ),
    ),
)

DECODER = Lab(
    name="lab3_decoder",
    notebook="decoder",
    title="Lab 3: the decoder",
    setup=(
        "from collections.abc import Iterator\n"
        "from itertools import islice\n"
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from labkit.tacotron2 import Attention, DecoderState, Prenet, Tacotron2\n"
        "from labkit.tacotron2.layers import LinearNorm\n"
        "from labkit.tacotron2.masking import padding_mask\n"
        "from labkit.tacotron2.model import Decode\n"
    ),
    tasks=(START, STEP, END, TACOTRON2),
)
