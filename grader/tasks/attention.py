"""Lab 1: location-sensitive attention."""

from __future__ import annotations

from grader.tasks.base import Given, Lab, Output, Slip, Task

_SHARED = (
    Slip(
        "batch-squeezed",
        "a squeeze without an axis also removed the batch axis",
        "What does `squeeze()` do to a batch of one? Which axis did you mean to remove?",
    ),
)

LOCATION = Task(
    id="attention-1",
    title="LocationLayer.forward",
    points=20,
    defines="LocationLayer",
    methods=("forward",),
    classic="TEST_ATTEN",
    arguments=("attention_weights_cat",),
    outputs=(Output("processed_attention", ("B", "T_in", "attention_dim")),),
    slips=(
        Slip(
            "transpose-missing",
            "the convolution's output went into the dense layer untransposed",
            "A linear layer works on the last axis: which axis holds the filters after the "
            "convolution?",
        ),
        Slip(
            "reshaped",
            "the axes were reshaped instead of transposed",
            "`view` and `reshape` keep the order of the numbers in memory: does that swap two "
            "axes, or cut the rows anew?",
        ),
        Slip(
            "dense-missing",
            "the dense layer was left out",
            "The energies live in attention_dim dimensions: which layer brings the filters there?",
        ),
        Slip(
            "transposed-back",
            "the result was transposed once too often",
            "Which axis should come second: the symbols or the features?",
        ),
        Slip(
            "channels-swapped",
            "previous and cumulative weights changed places",
            "Which channel of attention_weights_cat does the first filter tap see?",
        ),
        Slip(
            "previous-only",
            "only the previous weights were used",
            "What would tell the layer that a symbol was read ten steps ago?",
        ),
        Slip(
            "cumulative-only",
            "only the cumulative weights were used",
            "What would tell the layer where the attention was one step ago?",
        ),
        Slip(
            "relu-added",
            "a ReLU stands after the convolution",
            "Does the formula bend the location features before they enter the sum?",
        ),
        Slip(
            "tanh-added",
            "a tanh stands on the location features",
            "The formula has one tanh: around what?",
        ),
        Slip(
            "tap-shifted",
            "the features are shifted by one symbol",
            "With an odd kernel and symmetric padding, which symbol does the middle tap see?",
        ),
        *_SHARED,
    ),
)

ENERGIES = Task(
    id="attention-2",
    title="Attention.get_alignment_energies",
    points=20,
    defines="Attention",
    methods=("get_alignment_energies",),
    classic="TEST_ATTEN",
    arguments=("query", "processed_memory", "attention_weights_cat"),
    outputs=(Output("energies", ("B", "T_in")),),
    given=Given("location_layer", "location"),
    slips=(
        Slip(
            "tanh-missing",
            "the tanh is missing",
            "Without a nonlinearity, can the energy say 'this query with this symbol'?",
        ),
        Slip(
            "tanh-outside",
            "the tanh stands outside of v",
            "Is an energy a bounded number? What does v add up?",
        ),
        Slip(
            "tanh-each",
            "tanh was applied to each term instead of to their sum",
            "Where in the formula does the bracket of tanh open and close?",
        ),
        Slip(
            "sigmoid",
            "a sigmoid stands where the tanh belongs",
            "Which function does the formula name, and what is its value at zero?",
        ),
        Slip(
            "relu",
            "a ReLU stands where the tanh belongs",
            "Which function does the formula name, and what does it do to negative sums?",
        ),
        Slip(
            "query-missing",
            "the query does not enter the energies",
            "If the decoder's wish is not in the sum, how can two steps differ?",
        ),
        Slip(
            "memory-missing",
            "the memory does not enter the energies",
            "How would the attention know what each symbol is?",
        ),
        Slip(
            "location-missing",
            "the location features do not enter the energies",
            "This is attention by content only: what happens at a word that stands there twice?",
        ),
        Slip(
            "memory-projected-twice",
            "the memory was sent through memory_layer a second time",
            "What does the word 'processed' in processed_memory say?",
        ),
        Slip(
            "query-not-projected",
            "the query was added without its layer",
            "Query and memory meet in a common space: who brings the query there?",
        ),
        Slip(
            "query-along-time",
            "the query was laid along the symbols instead of along the batch",
            "Which axis should be new, so that each sentence keeps its own query?",
        ),
        Slip(
            "multiplied",
            "query and memory were multiplied instead of added",
            "Is this additive or multiplicative attention?",
        ),
        Slip(
            "axis-left",
            "the last axis of size one was left in",
            "v leaves one number per symbol: should it stand in an axis of its own?",
        ),
        Slip(
            "softmax-early",
            "softmax was already applied here",
            "What would a mask of minus infinity do to weights, after the softmax?",
        ),
        *_SHARED,
    ),
)

FORWARD = Task(
    id="attention-3",
    title="Attention.forward",
    points=20,
    defines="Attention",
    methods=("forward",),
    classic="TEST_ATTEN",
    arguments=("query", "memory", "processed_memory", "attention_weights_cat", "mask"),
    outputs=(
        Output("attention_context", ("B", "embedding_dim")),
        Output("attention_weights", ("B", "T_in")),
    ),
    given=Given("get_alignment_energies", "energies"),
    weights=("attention_weights",),
    slips=(
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
            "log_softmax was used",
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
            "bmm returns three axes: which one is left over?",
        ),
        Slip(
            "swapped",
            "context and weights are returned in the wrong order",
            "What does the docstring promise first?",
        ),
        *_SHARED,
    ),
)

ESSAY = Task(
    id="attention-4",
    title="Additive or multiplicative?",
    points=10,
    manual=True,
    followed_by=("end", "## What you have now"),
)

ATTENTION = Lab(
    name="lab1_attention",
    notebook="attention",
    title="Lab 1: location-sensitive attention",
    setup=(
        "import torch\n"
        "from torch import nn\n"
        "from torch.nn import functional as F\n"
        "from labkit.tacotron2.layers import ConvNorm, LinearNorm\n"
    ),
    tasks=(LOCATION, ENERGIES, FORWARD, ESSAY),
)
