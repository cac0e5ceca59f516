"""Lab 2: mistakes that people make in ``Encoder.forward``, by name."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

READ_SLIPS = read_slips(
    r"""
transpose-missing: the LSTM got its input untransposed
    With batch_first, which axis does the LSTM walk along: the second or the third?
reshaped: the axes were reshaped instead of transposed
    `view` and `reshape` keep the order of the numbers in memory: does that swap two axes, or cut
    the rows anew?
not-packed: the LSTM also ran through the padding
    At which symbol of a short sentence does the backward half begin?
masked-not-packed: the LSTM ran through the padding, which was set to zero only afterwards
    The backward half comes out of the padding into the sentence: what does it bring?
order-enforced: sentences must come sorted by length, because enforce_sorted was left on
    What does `pack_padded_sequence` take for granted unless you tell it otherwise?
    ~ sorted in decreasing order
order-sorted: the sentences come out sorted by length
    Which sentence does the caller expect in the first row?
pack-time-first: time and batch changed places when the sentences were packed
    Which axis is the batch, and who tells `pack_padded_sequence`?
unpack-time-first: time stands in the first axis, since unpacking was not told of the batch
    Which axis should come first in the memory, and who tells `pad_packed_sequence`?
time-first: the first axis was taken for time
    Packing and unpacking have a default order of axes: is it that of the LSTM?
not-unpacked: the packed numbers were returned
    In a packed sequence, what became of the axes of batch and time?
    ~ must be a torch.Tensor, not PackedSequence
total-length-missing: the memory is only as long as the longest sentence
    If T_in is longer than every sentence, what tells `pad_packed_sequence` so?
lengths-off-by-one: each sentence lost its last symbol
    Is a length the index of the last symbol, or the number of symbols?
final-state: the final state was returned instead of the outputs
    The attention wants one vector for each symbol: which of the LSTM's two results holds them?
forward-half: only the forward half was returned
    What does the second half of the LSTM's outputs know that the first does not?
backward-half: only the backward half was returned
    What does the first half of the LSTM's outputs know that the second does not?
halves-swapped: the two halves changed places
    Which direction does the LSTM put first, and did anything have to be moved?
halves-summed: the two halves were added
    How large is a memory vector, and how large is one half?
convolve-skipped: the convolutions were left out
    Where do the symbols meet their neighbours?
padding-forgotten: `convolve` was called without the padding
    The lines above the TODO made something: who needs it?
residual: what went into the LSTM was added to its outputs
    Is there a path around the LSTM in the picture of the encoder?
transposed-back: the result was transposed once too often
    Which axis should come second in the memory: the symbols or the features?
transposed-early: the axes were changed before convolve
    In which order does `convolve` want its axes, and in which do they come?
    ~ to have \d+ channels, but got|tensor b \(\d+\) at non-singleton dimension 2
wrong-axes: the axis of the sentences was moved
    Two axes must change places: is the batch one of them?
zeroed-not-packed: padding was set to zero, but the LSTM ran through it all the same
    Does an LSTM stand still while it reads zeros?
order-not-inverted: the sentences were put back with the order that sorted them, not with its inverse
    If `order` says which sentence came to which row, what brings each one back?
lengths-sorted: the lengths were sorted, but not the sentences
    Which length belongs to the first sentence?
two-results: two results came back where one is wanted
    The LSTM and `pad_packed_sequence` both return two things: which of them is the memory?
    ~ must be a torch.Tensor, not tuple
pair-unpacked: both results of the LSTM were handed on
    An LSTM returns its outputs and its last state: which of them can be unpacked?
    ~ no attribute 'batch_sizes'
still-packed: a packed sequence was treated like a tensor
    In a packed sequence there are no axes for batch and time: what makes a tensor of it?
    ~ 'PackedSequence' object
lengths-too-long: each length is one too long
    Is a length the number of symbols, or one more?
    ~ exceeds dimension size
last-output: only the last position was returned
    The attention wants one vector for each symbol: how many did you return?
halves-mixed: the numbers of both halves were mixed
    Where does the LSTM put its forward half, and where the backward one?
backward-flipped: the backward half was turned round
    The backward half comes out in the order of the symbols: who turned it?
convolve-twice: `convolve` was called twice
    How often do the symbols go through the convolutions?
padding-always: padding is hidden although mask_embeddings is off
    The lines above the TODO decide whether there is a mask: what do they leave if it is off?
padding-inverted: `convolve` got the mask the wrong way round
    Does True mark a symbol or padding?
padding-axis: `convolve` got a mask without its axis of size one
    The mask comes as (B, 1, T_in): does `convolve` want it otherwise?
    ~ must match the size of tensor b \(\d+\) at non-singleton dimension 1
padding-argument: `convolve` was called without its second argument
    What does `convolve` want beside x?
    ~ missing 1 required positional argument: 'padding'
lengths-as-padding: `convolve` got the lengths instead of the mask
    The lines above the TODO made a mask of the lengths: which of the two does `convolve` want?
    ~ boolean mask|at non-singleton dimension 2
lstm-skipped: the LSTM was left out
    What lets a symbol know how the sentence ends?
lstm-twice: the LSTM ran twice
    How often is the sentence read in each direction?
activation-added: a function stands on the LSTM's outputs
    Does the picture of the encoder show anything behind the LSTM?
padding-value: the padding of the memory is not zero
    What does `pad_packed_sequence` put there if it is left to itself?
reversed: the symbols are in reverse order
    Which symbol belongs to the first vector?
dropout-added: a dropout stands on the memory
    Where in the encoder is dropout, and is there one behind the LSTM?
    ~ ^in training mode
"""  # noqa: E501
)
