"""Lab 1: mistakes that people make in ``Attention.forward``, by name."""

from __future__ import annotations

from grader.labs.base import Slip

LOOK_SLIPS = (
    Slip(
        "mask-missing",
        "the mask is not used",
        "How much weight do the padding symbols get now, and who pays for it?",
    ),
    Slip(
        "mask-inverted",
        "the mask is the wrong way round",
        "Does True mark a symbol or padding?",
    ),
    Slip(
        "mask-after-softmax",
        "the mask is applied after the softmax",
        "Do the weights of a padded sentence still sum to one?",
    ),
    Slip(
        "mask-with-zero",
        "padding got the energy 0 instead of minus infinity",
        "What is exp(0)? Which energy has the weight zero?",
    ),
    Slip(
        "softmax-over-batch",
        "the softmax runs over the batch",
        "Which numbers should sum to one: the symbols of a sentence, or the sentences?",
    ),
    Slip(
        "softmax-missing",
        "the energies were used as weights",
        "What turns any real numbers into weights that sum to one?",
    ),
    Slip(
        "log-softmax",
        "`log_softmax` was used",
        "Can a weight be negative?",
    ),
    Slip(
        "sigmoid",
        "a sigmoid was used instead of a softmax",
        "Does it matter to one symbol's weight how large the others are?",
    ),
    Slip(
        "processed-memory",
        "the context was built from processed_memory",
        "What should the decoder get: the memory, or what was made of it for scoring?",
    ),
    Slip(
        "context-unweighted",
        "the context is the plain mean of the memory",
        "Where do the weights enter the context?",
    ),
    Slip(
        "context-from-energies",
        "the context was built from energies, not from weights",
        "Which of the two sums to one?",
    ),
    Slip(
        "context-axis-left",
        "the context kept an axis of size one",
        "`bmm` returns three axes: which one is left over?",
    ),
    Slip(
        "swapped",
        "context and weights are returned in the wrong order",
        "What does the docstring promise first?",
    ),
    Slip(
        "mask-weak",
        "padding got an energy that is low, but not low enough",
        "Which energy has a weight of exactly zero, whatever the others are?",
        tells=r"is not zero on padding: up to \d(\.\d+)?e-\d\d",
    ),
    Slip(
        "mask-added",
        "the mask was added to the energies",
        "True counts as 1 in a sum: does that make padding less wanted?",
    ),
    Slip(
        "mask-plus-infinity",
        "padding got the energy plus infinity",
        "Which end of the energies means 'not wanted at all'?",
    ),
    Slip(
        "mask-large",
        "padding got a large energy",
        "Which end of the energies means 'not wanted at all'?",
    ),
    Slip(
        "mask-times-infinity",
        "infinity was multiplied with the mask",
        "What is 0 times infinity, and on which symbols does it happen?",
    ),
    Slip(
        "mask-none",
        "the mask may be None, and that is not handled",
        "What should happen if no mask is passed?",
        tells=r"NoneType",
    ),
    Slip(
        "softmax-of-one",
        "every weight is one, since the softmax ran over an axis of size one",
        "How many numbers stand along the axis of your softmax?",
    ),
    Slip(
        "softmax-over-all",
        "the softmax runs over the whole batch at once",
        "Should the weights of each sentence sum to one, or those of all together?",
    ),
    Slip(
        "exp-only",
        "`exp` was applied, but nothing divides by the sum",
        "What makes the weights of a sentence sum to one?",
    ),
    Slip(
        "normalised-only",
        "the energies were divided by their sum, without exp",
        "What does softmax do before it divides, so that no weight is negative?",
    ),
    Slip(
        "softmax-twice",
        "softmax was applied twice",
        "What does a softmax make of numbers that are weights already?",
    ),
    Slip(
        "softmin",
        "the least wanted symbol got the largest weight",
        "Does a larger energy mean more wanted, or less?",
    ),
    Slip(
        "hardmax",
        "only the strongest symbol was taken",
        "Is the answer of the attention soft or hard?",
    ),
    Slip(
        "scaled",
        "the energies were divided by the root of a size",
        "Which attention divides by the root of d, and why does this one not need it?",
    ),
    Slip(
        "energies-from-memory",
        "the energies were asked for with another memory than processed_memory",
        "Which of the two memories has the size in which energies are computed?",
    ),
    Slip(
        "past-changed",
        "the energies were asked for with another past",
        "Did anything have to be done to attention_weights_cat?",
    ),
    Slip(
        "context-averaged",
        "the weighted memory was averaged instead of added up",
        "The weights sum to one already: what would dividing by T_in do?",
    ),
    Slip(
        "context-not-summed",
        "the memory was weighted, but not added up",
        "How many vectors does a sentence have as its context?",
    ),
    Slip(
        "context-wrong-sum",
        "the weighted memory was added up along the wrong axis",
        "Along which axis of (B, T_in, embedding_dim) stand the symbols?",
    ),
    Slip(
        "context-crossed",
        "every sentence's weights met every sentence's memory",
        "What does `@` do with two and with three axes, and which product keeps to the batch?",
    ),
    Slip(
        "context-from-past",
        "the context was built from past weights",
        "Which weights say where to look now?",
    ),
    Slip(
        "context-unmasked",
        "the context was built from weights without the mask",
        "Which weights should fetch the context: those before or after padding is hidden?",
    ),
    Slip(
        "weights-unmasked",
        "weights without the mask were returned",
        "Which weights does the decoder keep: those before or after padding is hidden?",
    ),
    Slip(
        "weights-added-up",
        "the cumulative weights were returned or used instead of this step's",
        "Who adds the weights up, this class or the decoder that calls it?",
    ),
    Slip(
        "energies-returned",
        "energies were returned instead of weights",
        "What does the docstring promise as the second result?",
    ),
    Slip(
        "weights-axis-left",
        "the weights kept an axis of size one",
        "The row that `bmm` needs: does the decoder need it, too?",
    ),
    Slip(
        "weights-without-row",
        "`bmm` got the weights without an axis for the row",
        "`bmm` multiplies matrices: which axis makes a matrix of one row of weights?",
        tells=r"batch1 must be a 3D tensor",
    ),
    Slip(
        "weights-as-column",
        "the weights stand as a column where a row is needed",
        "(B, ?, T_in) times (B, T_in, embedding_dim): on which side of T_in does the new axis "
        "belong?",
        tells=r"batch2 tensor to be: \[\d+, 1\]",
    ),
    Slip(
        "weights-not-spread",
        "the weights were multiplied along the features, not along the symbols",
        "Weights are (B, T_in), memory is (B, T_in, embedding_dim): which axis do the weights "
        "lack?",
    ),
    Slip(
        "memory-first",
        "`bmm` got the memory before the weights",
        "In a product of matrices, the inner sizes meet: which of the two has T_in on its last "
        "axis?",
        tells=r"batch2 tensor to be: \[\d+, (?!1\])\d+\]",
    ),
    Slip(
        "one-result",
        "the number of results is not two",
        "What does the docstring promise to return, and in which order?",
        tells=r"2 values are expected",
    ),
)
