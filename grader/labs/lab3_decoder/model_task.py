"""Lab 3's last task: the whole way from symbols to a spectrogram."""

from __future__ import annotations

from grader.labs.base import Output, make_task
from grader.labs.slip_text import read_slips

TACOTRON2 = make_task(
    "tacotron2-1",
    classic="TACOTRON2",
    adapter="grader.labs.lab3_decoder.model_adapter:TACOTRON2",
    arguments=("ids", "lengths"),
    # in the order in which they are made: what is told first is where it went wrong
    outputs=(
        Output("alignments", ("B", "T / r", "T_in")),
        Output("gate", ("B", "T / r")),
        Output("mel_lengths", ("B",)),
        Output("mel_postnet", ("B", "n_mel_channels", "T")),
    ),
    returns="4 values are expected (mel_postnet, mel_lengths, alignments, gate)",
    slips=read_slips(
        r"""
residual-missing: the postnet's correction was returned without what it corrects
    The postnet predicts what to add: to what?
residual-twice: the decoder's mel was added twice
    Does the postnet's output already hold the mel, or only a correction?
postnet-skipped: the mel was returned as the decoder left it
    Who takes a second look at the finished spectrogram?
postnet-twice: the postnet was applied twice
    How many corrections does the paper's figure add to the mel?
padding-missing: the postnet sees the frames behind a sentence's end
    What does `hidden_frames` return, and who should be told?
padding-of-text: the frames to hide were computed from the lengths of the text
    Does `hidden_frames` count in symbols or in frames? Which of your lengths is which?
transpose-missing: the embedding went into the encoder untransposed
    On which axis does a convolution expect its channels?
reshaped: the embedding was reshaped instead of transposed
    `view` and `reshape` keep the order of the numbers in memory: does that swap two axes, or
    cut the rows anew?
embedding-scaled: the embedding was multiplied by the root of its size
    Another model scales its embeddings like this: does this one?
encoder-skipped: the decoder was given the embedding itself
    Which part lets a symbol know its neighbours?
lengths-full: the encoder was told that no sentence is padded
    Where does the backward LSTM of a short sentence begin?
decoder-lengths-full: the decoder was told that no sentence is padded
    What keeps the attention from looking at padding?
memory-transposed: the memory was transposed before it was decoded
    Which axis of the memory holds the symbols, as the encoder returns it?
decoder-order: the outputs are returned in the decoder's order
    In which order does the docstring of `predict` name them?
gate-probability: the gate was returned as a probability
    Is the gate that the decoder returns a logit, and what is promised here?
correction-subtracted: the correction was subtracted
    The postnet says what to *add*: is that what your line does?
mel-subtracted: the mel was subtracted from its correction
    The postnet says what to *add*: to what?
correction-multiplied: mel and correction were multiplied
    The postnet says what to *add*: is that what your line does?
correction-halved: the sum of mel and correction was halved
    A correction, or a second opinion: is anything averaged?
mel-tanh: a tanh stands on the corrected mel
    A log-mel may be any number: what does a tanh leave of it?
mel-exponential: the mel is no longer a logarithm
    Log-mel goes in: what is promised to come out?
correction-joined: mel and correction stand one above the other
    The postnet says what to *add*: how many bands has the mel afterwards?
padding-step-short: the firing step was hidden from the postnet, too
    What does `hidden_frames` want to be told: the lengths as they are, or something else?
padding-step-long: a step too many was shown to the postnet
    What does `hidden_frames` want to be told: the lengths as they are, or something else?
padding-always: frames are hidden although the model's configuration says that none are
    Who knows whether anything is to be hidden: `hidden_frames`, or you?
padding-inverted: the postnet sees only what it should not
    What does True mark in what `hidden_frames` returns?
frames-silenced: frames behind a sentence's end were set to zero
    Who cuts a sentence: `predict`, or whoever reads its length?
frames-cut: the last frames were cut off
    Who cuts a sentence: `predict`, or whoever reads its length?
embedding-masked: padding was set to zero before the encoder
    The encoder is told the lengths: who decides what becomes of padding?
encoder-residual: the embedding was added to the memory
    Which tensor is added to another one in the paper's figure, and where?
decode-twice: the sentences were decoded twice
    With dropout no two readings are the same: how many are wanted?
decode-for-each: the sentences were decoded anew for each result
    With dropout no two readings are the same: do your four results belong together?
unpacked-as-returned: the decoder's results were unpacked in the order of `predict`
    In which order does `decode` return its four results?
lengths-of-text: the lengths are those of the text
    Which lengths does a listener need: of the text, or of the sound?
lengths-in-steps: the lengths count steps instead of frames
    The decoder's lengths count frames already: what became of them?
lengths-of-mel: every sentence got the length of the whole spectrogram
    Which result of `decode` says where each sentence ends?
mel-transposed: the mel has time before channels
    Which axis of a spectrogram comes first after the batch: channels or time?
alignments-transposed: the alignments have symbols before steps
    As the decoder returned them: is anything left to do?
last-two-exchanged: alignments and gate changed places
    In which order does the docstring of `predict` name its results?
gate-decided: the gate was decided already
    Is the gate that the decoder returns a logit, and what is promised here?
embedding-relu: a ReLU stands on the embedding
    What stands between a symbol's vector and the encoder in the paper's figure?
embedding-tanh: a tanh stands on the embedding
    What stands between a symbol's vector and the encoder in the paper's figure?
memory-tanh: a tanh stands on the memory
    Is anything done with the encoder's output before it is decoded?
memory-reversed: the memory was turned round
    In which direction does the decoder read?
mel-of-second-reading: mel and the other results come from different readings
    With dropout no two readings are the same: do your four results belong together?
padding-frame-long: a frame too many was shown to the postnet
    What does `hidden_frames` want to be told: the lengths as they are, or something else?
padding-always-short: the frames to hide were computed by hand, and too many
    What does `hidden_frames` do that your line does not? Look at its docstring.
mel-hidden: frames were set to zero before the postnet, and stay so
    Who hides frames, and from whom: is the mel itself to change?
postnet-of-postnet: the postnet corrected its own correction
    The postnet looks at a spectrogram: is its output one?
postnet-of-exponential: the postnet was not given the logarithm
    Log-mel comes out of the decoder: what does the postnet expect?
correction-tanh: a tanh stands on the correction
    The postnet's last layer may give any number: what does a tanh leave of it?
correction-twice: the correction was added twice
    The postnet says what to *add*: how often?
lengths-times-r: the lengths were multiplied by r
    The decoder's lengths count frames already: what became of them?
lengths-plus-one: every length is one frame too long
    As the decoder returned them: is anything left to do?
lengths-plus-step: the firing step was counted
    As the decoder returned them: is anything left to do?
alignments-second: lengths and alignments changed places
    In which order does the docstring of `predict` name its results?
both-mels: both mels are returned, and no lengths
    Which four results does the docstring of `predict` promise?
alignments-decided: the alignments are positions instead of weights
    As the decoder returned them: is anything left to do?
gate-axis: the gate has an axis too many
    As the decoder returned it: is anything left to do?
sorted: the sentences were sorted and not put back
    In which order does the caller expect the sentences?
ids-shifted: the ids were shifted before they were looked up
    The embedding has a row for each id: is the row of this id another one?
embedding-normalised: the embedding was normalised
    What stands between a symbol's vector and the encoder in the paper's figure?
embedding-reversed: the symbols were turned round
    In which order should the sentence be read?
memory-relu: a ReLU stands on the memory
    Is anything done with the encoder's output before it is decoded?
memory-normalised: the memory was normalised
    Is anything done with the encoder's output before it is decoded?
encoder-lengths-short: the encoder was told lengths that are one too short
    `lengths` counts the symbols of each sentence: is anything left to do?
decoder-lengths-short: the decoder was told lengths that are one too short
    `lengths` counts the symbols of each sentence: is anything left to do?
correction-relu: a ReLU stands on the correction
    The postnet's last layer may give any number: what does a ReLU leave of it?
correction-part: half of the correction was added
    The postnet says what to *add*: all of it?
mel-relu: a ReLU stands on the corrected mel
    Most log-mels are negative: what does a ReLU leave of them?
mel-limited: the mel was limited
    A log-mel may be any number: what does a limit leave of it?
mel-maximum: the larger one of mel and correction was returned
    The postnet says what to *add*: is that what your line does?
alignments-softmax: a softmax stands on the alignments
    As the decoder returned them: is anything left to do?
results-otherwise: another number of results is returned
    Which four results does the docstring of `predict` promise?
    ~ ^4 values are expected
own-decoder: the model's own decoder was asked instead of `decode`
    Which of your arguments decodes, and how many options has the caller set in it already?
    ~ own decoder was asked
corrected-otherwise: all that the decoder said is right, and the corrected mel is not
    What does the postnet get, and what is done with its correction?
    ~ ^mel_postnet[\[ ]
decoded-otherwise: what comes out is not what the decoder says of these sentences
    Which memory and which lengths should `decode` get, and are its results returned as they came?
    ~ ^(alignments|gate|mel_lengths|mel_postnet)[\[ ]
"""
    ),
)
