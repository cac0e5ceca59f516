"""Lab 1: mistakes that people make in ``Attention.forward``, by name."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

LOOK_SLIPS = read_slips(
    r"""
mask-missing: the mask is not used
    How much weight do the padding symbols get now, and who pays for it?
mask-inverted: the mask is the wrong way round
    Does True mark a symbol or padding?
mask-after-softmax: the mask is applied after the softmax
    Do the weights of a padded sentence still sum to one?
mask-with-zero: padding got the energy 0 instead of minus infinity
    What is exp(0)? Which energy has the weight zero?
softmax-over-batch: the softmax runs over the batch
    Which numbers should sum to one: the symbols of a sentence, or the sentences?
softmax-missing: the energies were used as weights
    What turns any real numbers into weights that sum to one?
log-softmax: `log_softmax` was used
    Can a weight be negative?
sigmoid: a sigmoid was used instead of a softmax
    Does it matter to one symbol's weight how large the others are?
processed-memory: the context was built from processed_memory
    What should the decoder get: the memory, or what was made of it for scoring?
context-unweighted: the context is the plain mean of the memory
    Where do the weights enter the context?
context-from-energies: the context was built from energies, not from weights
    Which of the two sums to one?
context-axis-left: the context kept an axis of size one
    `bmm` returns three axes: which one is left over?
swapped: context and weights are returned in the wrong order
    What does the docstring promise first?
mask-weak: padding got an energy that is low, but not low enough
    Which energy has a weight of exactly zero, whatever the others are?
    ~ is not zero on padding: up to \d(\.\d+)?e-\d\d
mask-added: the mask was added to the energies
    True counts as 1 in a sum: does that make padding less wanted?
mask-plus-infinity: padding got the energy plus infinity
    Which end of the energies means 'not wanted at all'?
mask-large: padding got a large energy
    Which end of the energies means 'not wanted at all'?
mask-times-infinity: infinity was multiplied with the mask
    What is 0 times infinity, and on which symbols does it happen?
mask-none: the mask may be None, and that is not handled
    What should happen if no mask is passed?
    ~ NoneType
softmax-of-one: every weight is one, since the softmax ran over an axis of size one
    How many numbers stand along the axis of your softmax?
softmax-over-all: the softmax runs over the whole batch at once
    Should the weights of each sentence sum to one, or those of all together?
exp-only: `exp` was applied, but nothing divides by the sum
    What makes the weights of a sentence sum to one?
normalised-only: the energies were divided by their sum, without exp
    What does softmax do before it divides, so that no weight is negative?
softmax-twice: softmax was applied twice
    What does a softmax make of numbers that are weights already?
softmin: the least wanted symbol got the largest weight
    Does a larger energy mean more wanted, or less?
hardmax: only the strongest symbol was taken
    Is the answer of the attention soft or hard?
scaled: the energies were divided by the root of a size
    Which attention divides by the root of d, and why does this one not need it?
energies-from-memory: the energies were asked for with another memory than processed_memory
    Which of the two memories has the size in which energies are computed?
past-changed: the energies were asked for with another past
    Did anything have to be done to attention_weights_cat?
context-averaged: the weighted memory was averaged instead of added up
    The weights sum to one already: what would dividing by T_in do?
context-not-summed: the memory was weighted, but not added up
    How many vectors does a sentence have as its context?
context-wrong-sum: the weighted memory was added up along the wrong axis
    Along which axis of (B, T_in, embedding_dim) stand the symbols?
context-crossed: every sentence's weights met every sentence's memory
    What does `@` do with two and with three axes, and which product keeps to the batch?
context-from-past: the context was built from past weights
    Which weights say where to look now?
context-unmasked: the context was built from weights without the mask
    Which weights should fetch the context: those before or after padding is hidden?
weights-unmasked: weights without the mask were returned
    Which weights does the decoder keep: those before or after padding is hidden?
weights-added-up: the cumulative weights were returned or used instead of this step's
    Who adds the weights up, this class or the decoder that calls it?
energies-returned: energies were returned instead of weights
    What does the docstring promise as the second result?
weights-axis-left: the weights kept an axis of size one
    The row that `bmm` needs: does the decoder need it, too?
weights-without-row: `bmm` got the weights without an axis for the row
    `bmm` multiplies matrices: which axis makes a matrix of one row of weights?
    ~ batch1 must be a 3D tensor
weights-as-column: the weights stand as a column where a row is needed
    (B, ?, T_in) times (B, T_in, embedding_dim): on which side of T_in does the new axis belong?
    ~ batch2 tensor to be: \[\d+, 1\]
weights-not-spread: the weights were multiplied along the features, not along the symbols
    Weights are (B, T_in), memory is (B, T_in, embedding_dim): which axis do the weights lack?
memory-first: `bmm` got the memory before the weights
    In a product of matrices, the inner sizes meet: which of the two has T_in on its last axis?
    ~ batch2 tensor to be: \[\d+, (?!1\])\d+\]
one-result: the number of results is not two
    What does the docstring promise to return, and in which order?
    ~ 2 values are expected
"""
)
