"""Lab 1: mistakes that people make in ``LocationLayer.forward``, by name."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

LOCATION_SLIPS = read_slips(
    r"""
transpose-missing: the convolution's output went into the dense layer untransposed
    A linear layer works on the last axis: which axis holds the filters after the convolution?
reshaped: the axes were reshaped instead of transposed
    `view` and `reshape` keep the order of the numbers in memory: does that swap two axes, or cut
    the rows anew?
dense-missing: the dense layer was left out
    The energies live in attention_dim dimensions: which layer brings the filters there?
transposed-back: the result was transposed once too often
    Which axis should come second: the symbols or the features?
channels-swapped: previous and cumulative weights changed places
    Which channel of attention_weights_cat does the first filter tap see?
previous-only: only the previous weights were used
    What would tell the layer that a symbol was read ten steps ago?
cumulative-only: only the cumulative weights were used
    What would tell the layer where the attention was one step ago?
relu-added: a ReLU stands after the convolution
    Does the formula bend the location features before they enter the sum?
tanh-added: a tanh stands on the location features
    The formula has one tanh: around what?
tap-shifted: the features are shifted by one symbol
    With an odd kernel and symmetric padding, which symbol does the middle tap see?
transposed-late: the axes were put in order after the dense layer instead of before it
    Which axis does a linear layer mix, and what stands on it after the convolution?
transposed-early: the axes were changed before the convolution
    Which axis does a convolution take for its channels: the second or the last?
    ~ to have 2 channels, but got (?!1 )
wrong-axes: the axis of the sentences was moved
    Two axes must change places after the convolution: is the batch one of them?
dense-twice: the features went through the dense layer twice
    How often does U stand in the formula?
conv-missing: the dense layer got the two channels, not what the convolution makes of them
    What lets a symbol see the weights of its neighbours?
    ~ cannot be multiplied \(\d+x2 and
weight-transposed: the dense layer's weights were used untransposed
    A linear layer holds its weights as (out, in): what does it multiply with?
channels-mixed: previous and cumulative weights were added up before the convolution
    The convolution has a filter for each channel: what is left of the difference between them?
channel-taken: the convolution got only one of the two channels
    How many channels does attention_weights_cat have, and how many does the convolution want?
    ~ to have 2 channels, but got 1[ ]
sigmoid-added: a sigmoid stands on the location features
    Does the formula bend the location features before they enter the sum?
softmax-added: a softmax stands in the location layer
    Are location features weights that sum to one, or a term of an energy?
scaled: the features were divided by a size or its root
    Is there a division in the formula of the location features?
weights-normalised: the past weights were normalised before the convolution
    What does the sum of the cumulative weights tell that is lost when it is made one?
causal: the filter looks to one side only
    A symbol should see its neighbours on both sides: where must the zeros be added?
rolled: what belongs to the last symbol came round to the first
    What does `roll` do with what falls off the end?
padding-missing: the features are shorter than the text, since the filter was used without padding
    What does location_conv add at both ends so that the length stays?
filter-flipped: the filter was turned round
    A convolution of torch reads its filter from left to right: did anything have to be flipped?
reversed: the symbols are in reverse order
    Which symbol belongs to the first vector?
first-sentence: only the first sentence was used
    What does an index without a colon do to the axis of the batch?
summed-up: an axis was summed up or averaged
    How many axes should the features have, and which one did you lose?
negated: the features have the wrong sign
    Is there a minus in the formula?
"""
)
