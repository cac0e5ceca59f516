"""Mistakes that can be made in every task, known by what is said about them.

They are asked after a task's own slips, and only where every finding says the same.
"""

from __future__ import annotations

from grader.labs.slip_text import read_slips

COMMON_SLIPS = read_slips(
    r"""
gradients-left-off: gradients are left switched on or off for all that comes after
    Which way to turn gradients off ends by itself?
    ~ RuntimeError: the call left gradients switched
function-not-called: a function was used where its result is wanted
    What stands behind a function's name when it is called?
    ~ unsupported operand type\(s\) for .*'(function|method|builtin_function_or_method)'
    ~ |'type' object does not support the context manager
device-not-there: a device was asked for that this machine does not have
    Who says where to compute: you, or the caller?
    ~ not compiled with CUDA|No CUDA GPUs|NVIDIA driver
return-missing: nothing is returned
    Is there a `return`, and is it reached whatever comes in?
    ~ returns None
unknown-name: a name is used that nothing has
    Is it spelt as where it was made? What belongs to the module begins with `self.`
    ~ stopped with (NameError|AttributeError: '(?!None|tuple|list|Pack)\w+' object)
not-set-yet: a variable is used before it has a value
    Is the line that sets it reached in every case?
    ~ UnboundLocalError
none-used: None was used as if it were a tensor
    What may be None here, and what should happen then?
    ~ NoneType
several-results: several results were used as if they were one
    How many results does that call return, and which of them do you need?
    ~ 'tuple' object|tuple indices
tuple-returned: several results came back where one is wanted
    What does the docstring promise to return?
    ~ must be a torch\.Tensor, not tuple
layer-as-tensor: a layer was used as if it were a tensor
    How is a layer applied to its input?
    ~ TypeError(?!.*argument).*(LinearNorm|ConvNorm|LSTM|Sequential|ModuleList|LocationLayer)
gradient-lost: a gradient is cut off, or changed on its way
    Does every step stay inside torch, without detach, item, data, no_grad or numpy?
    ~ no gradient reaches|the gradient of .* is not
input-changed: an input was changed
    Which of your lines works in place (`+=`, a method that ends in `_`)?
    ~ changed its own input
other-type: the numbers are of another type
    Which of your lines makes numbers of another type?
    ~ expected torch\.float32
no-tensor: no tensor came back
    What does the docstring promise to return?
    ~ must be a torch\.Tensor
all-times: all numbers are too large or too small by one factor
    Which factor is that, and in which line does it enter?
    ~ every number is \S+ times|has the other sign
all-plus: the same was added to all numbers
    Which of your lines adds it, and does the formula?
    ~ every number is \S+ too (large|small)
order-along-an-axis: the numbers are right, but in another order
    Which of your lines changes the order along that axis?
    ~ reversed along|one place (further|back) along|sentences are in another order
"""
)
