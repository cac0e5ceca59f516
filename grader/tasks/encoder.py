"""Lab 2: the encoder, convolutions and a bidirectional LSTM."""

from __future__ import annotations

from grader.tasks.base import Given, Lab, Output, Slip, Task

CONVOLVE = Task(
    id="encoder-1",
    title="Encoder.convolve",
    points=30,
    defines="Encoder",
    methods=("convolve",),
    classic="ENCODER",
    arguments=("x", "padding"),
    outputs=(Output("convolved", ("B", "encoder_embedding_dim", "T_in")),),
    slips=(
        Slip(
            "relu-missing",
            "the ReLU is missing",
            "What are several convolutions worth if nothing bends between them?",
        ),
        Slip(
            "relu-before",
            "the ReLU stands before the convolution",
            "Can a number that leaves a layer be negative?",
        ),
        Slip(
            "relu-before-norm",
            "the ReLU stands between convolution and batch norm",
            "`convolution` holds two layers: after which of them does the ReLU come?",
        ),
        Slip(
            "relu-at-end",
            "only the last layer has a ReLU",
            "Is the ReLU something that each layer does, or something done once at the end?",
        ),
        Slip(
            "tanh",
            "a tanh stands where the ReLU belongs",
            "Which function bends the layers of the encoder, and what does it do to large numbers?",
        ),
        Slip(
            "dropout-left-on",
            "dropout is on although the module is not training",
            "`F.dropout` does not know in which mode your module is: who tells it?",
        ),
        Slip(
            "dropout-missing",
            "there is no dropout in training",
            "What keeps the layers from leaning on single channels while they learn?",
        ),
        Slip(
            "dropout-before",
            "dropout stands before the convolution",
            "What is dropped in training: what a layer is shown, or what it says?",
        ),
        Slip(
            "not-chained",
            "every layer got the embedded symbols, so only the last one counts",
            "What should the second layer look at: the input, or what the first one made of it?",
        ),
        Slip(
            "first-layer-only",
            "only the first layer was used",
            "Does your loop come to its second round?",
        ),
        Slip(
            "reversed",
            "the layers were used in reverse order",
            "Which layer sees the symbols themselves?",
        ),
        Slip(
            "batch-norm-skipped",
            "the batch norm was left out",
            "How many layers does each entry of `self.convolutions` hold?",
        ),
        Slip(
            "residual",
            "the input of a layer was added to its output",
            "Is there a path around the layers in the picture of the encoder?",
        ),
        Slip(
            "padding-inverted",
            "the sentence was set to zero instead of the padding",
            "Does True mark a symbol or padding?",
        ),
        Slip(
            "padding-ignored",
            "padding is not set to zero",
            "What does the last symbol of a short sentence see to its right?",
        ),
        Slip(
            "padding-once",
            "padding is set to zero before the first layer only",
            "What stands in the padding after a layer with biases has run over it?",
        ),
        Slip(
            "padding-after",
            "padding is set to zero after each layer instead of before it",
            "What does the first layer see behind the end of a sentence?",
        ),
        Slip(
            "padding-also-after",
            "padding is set to zero after the last layer, too",
            "Before which layers must the padding be zero, and is there a layer after the last?",
        ),
        Slip(
            "padding-minus-infinity",
            "padding was filled with minus infinity",
            "In a softmax, minus infinity means 'nothing here': which number means it in a sum?",
        ),
        Slip(
            "padding-none",
            "padding may be None, and that is not handled",
            "What should happen where the caller passes None for the padding?",
        ),
        Slip(
            "transposed",
            "the result was transposed",
            "Which axis should come second here, according to the docstring?",
        ),
        Slip(
            "batch-squeezed",
            "a squeeze also removed the batch axis",
            "What does `squeeze()` do to a batch of one?",
        ),
    ),
)

FORWARD = Task(
    id="encoder-2",
    title="Encoder.forward",
    points=30,
    defines="Encoder",
    methods=("forward",),
    classic="ENCODER",
    adapter="encoder",
    arguments=("x", "input_lengths"),
    outputs=(Output("memory", ("B", "T_in", "encoder_embedding_dim")),),
    given=Given("convolve", "convolved"),
    slips=(
        Slip(
            "transpose-missing",
            "the LSTM got its input untransposed",
            "With batch_first, which axis does the LSTM walk along: the second or the third?",
        ),
        Slip(
            "reshaped",
            "the axes were reshaped instead of transposed",
            "`view` and `reshape` keep the order of the numbers in memory: does that swap two "
            "axes, or cut the rows anew?",
        ),
        Slip(
            "not-packed",
            "the LSTM also ran through the padding",
            "At which symbol of a short sentence does the backward half begin?",
        ),
        Slip(
            "masked-not-packed",
            "the LSTM ran through the padding, which was set to zero only afterwards",
            "The backward half comes out of the padding into the sentence: what does it bring?",
        ),
        Slip(
            "order-enforced",
            "sentences must come sorted by length, because enforce_sorted was left on",
            "What does `pack_padded_sequence` take for granted unless you tell it otherwise?",
        ),
        Slip(
            "order-sorted",
            "the sentences come out sorted by length",
            "Which sentence does the caller expect in the first row?",
        ),
        Slip(
            "pack-time-first",
            "pack_padded_sequence took the first axis for time",
            "Which axis is the batch, and who tells `pack_padded_sequence`?",
        ),
        Slip(
            "unpack-time-first",
            "pad_packed_sequence put time into the first axis",
            "Which axis should come first in the memory, and who tells `pad_packed_sequence`?",
        ),
        Slip(
            "time-first",
            "the first axis was taken for time",
            "Packing and unpacking have a default order of axes: is it that of the LSTM?",
        ),
        Slip(
            "not-unpacked",
            "the packed numbers were returned",
            "In a packed sequence, what became of the axes of batch and time?",
        ),
        Slip(
            "total-length-missing",
            "the memory is only as long as the longest sentence",
            "If T_in is longer than every sentence, what tells `pad_packed_sequence` so?",
        ),
        Slip(
            "lengths-off-by-one",
            "each sentence lost its last symbol",
            "Is a length the index of the last symbol, or the number of symbols?",
        ),
        Slip(
            "final-state",
            "the final state was returned instead of the outputs",
            "The attention wants one vector for each symbol: which of the LSTM's two results "
            "holds them?",
        ),
        Slip(
            "forward-half",
            "only the forward half was returned",
            "What does the second half of the LSTM's outputs know that the first does not?",
        ),
        Slip(
            "backward-half",
            "only the backward half was returned",
            "What does the first half of the LSTM's outputs know that the second does not?",
        ),
        Slip(
            "halves-swapped",
            "the two halves changed places",
            "Which direction does the LSTM put first, and did anything have to be moved?",
        ),
        Slip(
            "halves-summed",
            "the two halves were added",
            "How large is a memory vector, and how large is one half?",
        ),
        Slip(
            "convolve-skipped",
            "the convolutions were left out",
            "Where do the symbols meet their neighbours?",
        ),
        Slip(
            "padding-forgotten",
            "convolve was called without the padding",
            "The lines above the TODO made something: who needs it?",
        ),
        Slip(
            "residual",
            "what went into the LSTM was added to its outputs",
            "Is there a path around the LSTM in the picture of the encoder?",
        ),
        Slip(
            "transposed-back",
            "the result was transposed once too often",
            "Which axis should come second in the memory: the symbols or the features?",
        ),
        Slip(
            "batch-squeezed",
            "a squeeze also removed the batch axis",
            "What does `squeeze()` do to a batch of one?",
        ),
    ),
)

ENCODER = Lab(
    name="lab2_encoder",
    notebook="encoder",
    title="Lab 2: the encoder",
    setup=(
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "from labkit.tacotron2.layers import ConvNorm\n"
        "from labkit.tacotron2.masking import padding_mask\n"
    ),
    tasks=(CONVOLVE, FORWARD),
)
