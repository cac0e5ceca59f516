"""Mistakes behind errors that Python and torch raise, known by what these always mean.

A size that does not fit says which operation met which shapes, whatever was meant: such names are
the same for every task.
"""

from __future__ import annotations

from grader.labs.slip_text import read_slips

ERROR_SLIPS = read_slips(
    r"""
linear-size: a linear layer, or a product of matrices, met another size than it is made for
    Which axis does it work on, how large is that axis here, and how large should it be?
    ~ mat1 and mat2 shapes cannot be multiplied|size mismatch, got input
channels: a convolution met another number of channels than it is made for
    A convolution wants (batch, channels, length): which axis is which here?
    ~ to have \d+ channels, but got \d+ channels|channels instead
axes-of-a-layer: an operation met another number of axes than it works on
    How many axes does your tensor have at that line, and which one is missing or too many?
    ~ stopped with \w+: (Expected [234]D|expected .*[234]-?D
    ~ |Expected .* input .* to conv)|batch1 must be a 3D|must be 3D
    ~ |only supports? (batched )?[23]D|expects? (a )?[234]-?D
    ~ |Expected \d-dimensional
batched-product: the matrices of a batched product do not fit each other
    `bmm` makes (B, n, p) of (B, n, m) and (B, m, p): what are n, m and p here?
    ~ Expected size for first two dimensions of batch2|batch1 and batch2 must have
broadcast: two tensors are combined whose axes do not face each other
    Write both shapes below each other, flush right: where should there be a 1?
    ~ The size of tensor a \(\d+\) must match the size of tensor b
    ~ |must be broadcastable|shape mismatch
    ~ |output with shape .* doesn't match the broadcast shape
joined: tensors are joined whose other axes differ
    Along which axis do you join them, and do all the other axes agree?
    ~ Sizes of tensors must match except in dimension
    ~ |Tensors must have same number of dim
    ~ |stack expects each tensor to be equal size
recurrent-input: a recurrent layer was given another number of features than it is made for
    Of which parts is its input made, and how large is each?
    ~ input has inconsistent input_size
    ~ |input\.size\(-1\) must be equal to input_size
recurrent-state: a recurrent layer was given a state of another size than it is made for
    Which state belongs to which layer, and in which order are hidden and cell handed over?
    ~ hidden\d? has inconsistent hidden_size|Expected hidden\[?\d?\]? size
    ~ |hidden batch size
reshape: numbers are laid out in a shape that does not hold as many
    How many numbers are there, and do you mean to lay them out anew or to swap axes?
    ~ shape '.*' is invalid for input of size|view size is not compatible
    ~ |unflatten: Provided sizes
no-such-axis: an axis is named that the tensor does not have
    How many axes does the tensor have at that line?
    ~ Dimension out of range|dimension specified as -?\d+ but
    ~ |[Nn]umber of dimensions |dims\) must match|too many indices for tensor
lengths-of-packing: the lengths that were handed to the packing are none that it takes
    Which order, device and size does `pack_padded_sequence` want of its lengths?
    ~ lengths array has to be a non-empty|enforce_sorted
    ~ |`lengths` array must be sorted|lengths.*should be (a 1D CPU|on CPU)
    ~ |Length of all samples has to be greater
packed: a packed sequence was used like a tensor
    What makes an ordinary tensor of it again?
    ~ PackedSequence
mask-kind: what was used as a mask is none that fits
    Which type and shape has a mask, and which shape has what it hides?
    ~ boolean mask|mask.* must be bool|expected scalar type Bool|ByteTensor or BoolTensor
    ~ |The shape of the mask
truth-of-a-tensor: a whole tensor was asked for one truth
    Of which number do you want to know, or do you mean any of them, or all?
    ~ ambiguous
in-place: a tensor is changed in place that others still need as it was
    Which of your lines ends in `_` or is `+=`, and what would make a new tensor?
    ~ leaf Variable that requires grad is being used in an in-place
    ~ |modified by an inplace|view (of|and|is|was) .*in-?place
numbers-out-of-a-graph: numbers are taken out of a tensor that still remembers how it was made
    Who will need its gradients, and which context does without them?
    ~ Can't call numpy\(\) on Tensor that requires grad|requires_grad
devices: tensors on two devices meet
    Where does each of them lie, and which of them should move?
    ~ on the same device|Expected all tensors|different device
    ~ |convert .* tensor to numpy|is on \S+, the (vocoder|denoiser)
types: numbers of two types meet
    Which type has each of the tensors at that line, and where does it come from?
    ~ expected m1 and m2 to have the same dtype|expected scalar type|same dtype
    ~ |[Tt]ensors? .* (Long|Int|Float|Double|Half)(Tensor)?|must be of type
    ~ |result type \w+ can't be cast
wrong-arguments: something is called with other arguments than it takes
    What does its signature say: which arguments, how many, in which order?
    ~ TypeError: .*(takes (from )?\d+ |missing \d+ required|unexpected keyword
    ~ |got multiple values|required positional)
unpacking: a result is taken apart into another number of parts than it has
    How many values does that call return, and in which order?
    ~ unpack
index: an index points behind the end
    How long is that axis, and where does your index begin to count?
    ~ index .* out of (range|bounds)|IndexError|list index
list-of-modules-called: a list of modules was called as if it were one
    Who goes through the modules of a `ModuleList`, one after the other?
    ~ forward\" function|missing the required
syntax: Python cannot read the cell
    What is missing or too much at that line or the one above it?
    ~ SyntaxError|IndentationError|TabError
calls-itself: the code calls itself without end
    Which call leads back to where it came from?
    ~ RecursionError
"""
)
