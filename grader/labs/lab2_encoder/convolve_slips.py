"""Lab 2: mistakes that people make in ``Encoder.convolve``, by name."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

CONVOLVE_SLIPS = read_slips(
    r"""
relu-missing: the ReLU is missing
    What are several convolutions worth if nothing bends between them?
relu-before: the ReLU stands before the convolution
    Can a number that leaves a layer be negative?
relu-before-norm: the ReLU stands between convolution and batch norm
    `convolution` holds two layers: after which of them does the ReLU come?
relu-at-end: only the last layer has a ReLU
    Is the ReLU something that each layer does, or something done once at the end?
tanh: a tanh stands where the ReLU belongs
    Which function bends the layers of the encoder, and what does it do to large numbers?
dropout-left-on: dropout is on although the module is not training
    `F.dropout` does not know in which mode your module is: who tells it?
dropout-missing: there is no dropout in training
    What keeps the layers from leaning on single channels while they learn?
dropout-before: dropout stands before the convolution
    What is dropped in training: what a layer is shown, or what it says?
not-chained: every layer got the embedded symbols, so only the last one counts
    What should the second layer look at: the input, or what the first one made of it?
first-layer-only: only the first layer was used
    Does your loop come to its second round?
reversed: the layers were used in reverse order
    Which layer sees the symbols themselves?
batch-norm-skipped: the batch norm was left out
    How many layers does each entry of `self.convolutions` hold?
residual: the input of a layer was added to its output
    Is there a path around the layers in the picture of the encoder?
padding-inverted: the sentence was set to zero instead of the padding
    Does True mark a symbol or padding?
padding-ignored: padding is not set to zero
    What does the last symbol of a short sentence see to its right?
padding-once: padding is set to zero before the first layer only
    What stands in the padding after a layer with biases has run over it?
padding-after: padding is set to zero after each layer instead of before it
    What does the first layer see behind the end of a sentence?
padding-also-after: padding is set to zero after the last layer, too
    Before which layers must the padding be zero, and is there a layer after the last?
padding-minus-infinity: padding was filled with minus infinity
    In a softmax, minus infinity means 'nothing here': which number means it in a sum?
padding-none: padding may be None, and that is not handled
    What should happen where the caller passes None for the padding?
    ~ NoneType
transposed: the result was transposed
    Which axis should come second here, according to the docstring?
relu-not-last: the last layer has no ReLU
    Does the last layer do anything else than those before it?
other-activation: another function stands where the ReLU belongs
    Which function bends the layers of the encoder, and what does it do to negative numbers?
dropout-inverted: dropout is on when the module is not training, and off when it is
    What does `self.training` say, and what does the third argument of `F.dropout` want?
dropout-between: dropout stands between convolution and batch norm
    `convolution` holds two layers: after which of them does dropout come?
dropout-once: not every layer has its dropout
    After which of the layers comes dropout: after one of them, or after each?
    ~ ^in training mode \((two layers|the last of two layers)\)
dropout-kept-share: dropout got the share to keep instead of the share to drop
    Does `p` of `F.dropout` say how much is dropped, or how much is kept?
dropout-unscaled: what dropout keeps is not made larger
    How large is the mean of many numbers, before and after dropout?
    ~ ^in training mode .*what is kept is multiplied by 1;
dropout-share: dropout drops another share than it was told to
    Where does the module keep the share to be dropped, and how often is it applied to each layer?
    ~ ^in training mode \((one|the last .*) layers?\) ((?!0%).*is dropped|what is kept)
dropout-together: numbers are dropped together instead of one by one
    Does each number have a die of its own, whatever its neighbours throw?
    ~ dropped together
last-layer-skipped: the last layer was left out
    How often does your loop go round, and how many layers are there?
first-layer-skipped: the first layer was left out
    Which index has the first layer?
same-layer: the same layer was used again and again
    Each round should use a layer of its own: what changes from round to round in your loop?
three-layers: the number of layers is taken to be three
    `encoder_n_convolutions` is an argument: who tells your code how many layers there are?
    ~ index \d is out of range|values to unpack
list-called: the list of layers was called as if it were a layer
    `self.convolutions` is a list: how does one go through a list?
    ~ ModuleList
norm-before: the batch norm came before its convolution
    In which order does each entry of `self.convolutions` hold its two layers, and who calls them?
padding-at-end: padding is set to zero at the end only
    What did the layers see in the padding, before you set it to zero?
padding-not-first: the first layer sees the padding
    What do the embedded symbols hold where a sentence was filled up?
padding-filled: padding was filled with another number than zero
    What does a convolution see beyond the edge of a sentence that is read alone?
padding-subtracted: the mask was subtracted from 1, which booleans cannot do
    Which operator turns True into False?
    ~ Subtraction, the `-` operator, with a bool
padding-axis: the mask lost its axis of size one
    The mask comes as (B, 1, T_in): what is its middle axis good for?
    ~ must match the size of tensor b \(\d+\) at non-singleton dimension 1
transposed-early: the axes were changed before the convolution
    Which axis does a convolution take for its channels, and in which order does x come?
    ~ to have \d+ channels, but got|tensor b \(\d+\) at non-singleton dimension 2
"""
)
