"""Lab 1: mistakes that people make in ``Attention.get_alignment_energies``, by name."""

from __future__ import annotations

from grader.labs.slip_text import read_slips

ENERGY_SLIPS = read_slips(
    r"""
tanh-missing: the tanh is missing
    Without a nonlinearity, can the energy say 'this query with this symbol'?
tanh-outside: the tanh stands outside of v
    Is an energy a bounded number? What does v add up?
tanh-each: `tanh` was applied to each term instead of to their sum
    Where in the formula does the bracket of tanh open and close?
sigmoid: a sigmoid stands where the tanh belongs
    Which function does the formula name, and what is its value at zero?
relu: a ReLU stands where the tanh belongs
    Which function does the formula name, and what does it do to negative sums?
query-missing: the query does not enter the energies
    If the decoder's wish is not in the sum, how can two steps differ?
memory-missing: the memory does not enter the energies
    How would the attention know what each symbol is?
location-missing: the location features do not enter the energies
    This is attention by content only: what happens at a word that stands there twice?
memory-projected-twice: the memory was sent through memory_layer a second time
    What does the word 'processed' in processed_memory say?
query-not-projected: the query was added without its layer
    Query and memory meet in a common space: who brings the query there?
query-along-time: the query was laid along the symbols instead of along the batch
    Which axis should be new, so that each sentence keeps its own query?
multiplied: query and memory were multiplied instead of added
    Is this additive or multiplicative attention?
axis-left: the last axis of size one was left in
    `v` leaves one number per symbol: should it stand in an axis of its own?
softmax-early: softmax was already applied here
    What would a mask of minus infinity do to weights, after the softmax?
tanh-twice: `tanh` was applied a second time
    How often does tanh stand in the formula?
tanh-early: the bracket of tanh closed too early: a term was added behind it
    Which three terms stand inside the bracket of tanh?
one-term: only one of the three terms enters the energies
    Which three things does the formula add up?
location-twice: the location features were added twice
    How often does each of the three terms stand in the sum?
layers-swapped: a layer was used for the wrong input
    Which layer belongs to the query, and who has projected the memory already?
query-axis-last: the query's new axis is in the wrong place
    The query should be the same for every symbol: which axis of (B, T_in, attention_dim) is that of
    the symbols?
    ~ cannot be multiplied \(\d+x1 and
first-query: every sentence got the same query
    Does each sentence keep its own query?
dot-product: query and memory were compared by a dot product
    Is this additive or multiplicative attention, and where is v?
scaled: the energies were divided by a size or its root
    Which attention divides by the root of d, and why does this one not need it?
averaged: the three terms were averaged instead of added
    Is there a division in the formula?
subtracted: a minus stands where the formula has a plus
    Which signs stand in the bracket of tanh?
v-missing: `v` was left out
    After the tanh there are attention_dim numbers for each symbol: which layer makes one of them?
v-not-called: `v` was used as if it were a tensor
    `v` is a layer: how is a layer used?
    ~ (operand type|must be Tensor).*LinearNorm
v-not-summed: `v` was multiplied in, and nothing was added up
    `v` leaves one number for each symbol: what does a layer do after it has multiplied?
concatenated: the three terms were put side by side instead of added
    What does the formula do with the three terms: put them side by side, or add them?
    ~ cannot be multiplied \(\d+x(15 and 5|12 and 4)x1\)|must match except
summed-up: the energies were added up over symbols or sentences
    How many energies does a sentence of T_in symbols have?
transposed: the axes of sentences and symbols changed places
    Which axis comes first: the sentences or the symbols?
channels-swapped: previous and cumulative weights changed places
    In which order does attention_weights_cat come, and did anything have to be done to it?
channel-missing: the location layer got only the previous or only the cumulative weights
    What does the location layer want to know: the last step, all steps, or both?
weights-transposed: attention_weights_cat was transposed before the location layer
    In which order does the location layer want its axes, and in which do they come?
    ~ to have 2 channels, but got (?!1 )
location-untouched: the past did not go through all of the location layer
    Which layer brings the past to attention_dim, as your own first task does?
    ~ tensor [ab] \(2\) .*at non-singleton dimension 2
features-transposed: the symbols' axis of one term lies along the others' features
    All three terms are (B, T_in, attention_dim) when they meet: did one of them have to be
    transposed?
"""
)
