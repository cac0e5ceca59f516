"""Mistakes that can be made in every task, known by what is said about them.

They are asked after a task's own slips, and only where every finding says the same.
"""

from __future__ import annotations

from grader.tasks.base import Slip

COMMON_SLIPS = (
    Slip(
        "return-missing",
        "nothing is returned",
        "Is there a `return`, and is it reached whatever comes in?",
        tells=r"returns None",
    ),
    Slip(
        "unknown-name",
        "a name is used that nothing has",
        "Is it spelt as where it was made? What belongs to the module begins with `self.`",
        tells=r"stopped with (NameError|AttributeError: '(?!None|tuple|list|Pack)\w+' object)",
    ),
    Slip(
        "not-set-yet",
        "a variable is used before it has a value",
        "Is the line that sets it reached in every case?",
        tells=r"UnboundLocalError",
    ),
    Slip(
        "truth-of-a-tensor",
        "a tensor of many values was asked whether it is true",
        "What did you want to know of it: whether it is there at all, or what it holds?",
        tells=r"Boolean value of Tensor",
    ),
    Slip(
        "none-used",
        "None was used as if it were a tensor",
        "What may be None here, and what should happen then?",
        tells=r"NoneType",
    ),
    Slip(
        "several-results",
        "several results were used as if they were one",
        "How many results does that call return, and which of them do you need?",
        tells=r"'tuple' object|tuple indices",
    ),
    Slip(
        "tuple-returned",
        "several results came back where one is wanted",
        "What does the docstring promise to return?",
        tells=r"must be a torch\.Tensor, not tuple",
    ),
    Slip(
        "wrong-arguments",
        "a call has too few, too many or other arguments",
        "Which arguments does its first line name, and in which order?",
        tells=r"required positional argument|positional arguments? but|unexpected keyword argument",
    ),
    Slip(
        "layer-as-tensor",
        "a layer was used as if it were a tensor",
        "How is a layer applied to its input?",
        tells=r"TypeError.*(LinearNorm|ConvNorm|LSTM|Sequential|ModuleList|LocationLayer)",
    ),
    Slip(
        "changed-in-place",
        "something was changed in place that is needed to go backward",
        "Which of your lines works in place (`+=`, a method that ends in `_`)?",
        tells=r"leaf Variable that requires grad|modified by an inplace operation",
    ),
    Slip(
        "outside-torch",
        "the numbers were taken out of torch",
        "Does every step stay inside torch, without detach, item, data or numpy?",
        tells=r"call numpy\(\) on Tensor that requires grad",
    ),
    Slip(
        "two-types",
        "numbers of two types met",
        "Which of your lines makes numbers of another type (double, half, int, bool)?",
        tells=r"same dtype|expected scalar type|Input type|dtype (Float|Double|Half)",
    ),
    Slip(
        "axis-missing",
        "an axis was asked for that is not there",
        "How many axes does the tensor have at this line, and how are they counted?",
        tells=r"Dimension out of range",
    ),
    Slip(
        "shapes-unfit",
        "two shapes do not fit together",
        "Which size has each axis at this line, and which two should be the same?",
        tells=r"cannot be multiplied|must match the size|must match except|to have \d+ channels"
        r"|batch[12] (must|tensor)|does not match the shape|invalid for input of size",
    ),
    Slip(
        "gradient-lost",
        "a gradient is cut off, or changed on its way",
        "Does every step stay inside torch, without detach, item, data, no_grad or numpy?",
        tells=r"no gradient reaches|the gradient of .* is not",
    ),
    Slip(
        "input-changed",
        "an input was changed",
        "Which of your lines works in place (`+=`, a method that ends in `_`)?",
        tells=r"changed its own input",
    ),
    Slip(
        "other-type",
        "the numbers are of another type",
        "Which of your lines makes numbers of another type?",
        tells=r"expected torch\.float32",
    ),
    Slip(
        "no-tensor",
        "no tensor came back",
        "What does the docstring promise to return?",
        tells=r"must be a torch\.Tensor",
    ),
    Slip(
        "all-times",
        "all numbers are too large or too small by one factor",
        "Which factor is that, and in which line does it enter?",
        tells=r"every number is \S+ times|has the other sign",
    ),
    Slip(
        "all-plus",
        "the same was added to all numbers",
        "Which of your lines adds it, and does the formula?",
        tells=r"every number is \S+ too (large|small)",
    ),
    Slip(
        "order-along-an-axis",
        "the numbers are right, but in another order",
        "Which of your lines changes the order along that axis?",
        tells=r"reversed along|one place (further|back) along|sentences are in another order",
    ),
)
