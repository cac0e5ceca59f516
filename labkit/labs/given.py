"""The classes that a notebook fills, with all that a lab gives away, and what puts methods in.

``from labkit.labs.given import Decoder, method_of`` brings a class of its own for the notebook: it
has the layers of labkit's, and in place of each method that a lab asks for one that says so. As
the class is imported and not made in a cell, the cells that fill it may be run again in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from pkgutil import resolve_name
from typing import Any

from torch import nn

from labkit.labs.curriculum import Exercise, exercises

_Function = Callable[..., Any]


def method_of(owner: type) -> Callable[[_Function], _Function]:
    """Put the function below into a class, as its method of that name.

    In a notebook::

        @method_of(Decoder)
        def get_go_frame(self, memory):
            ...

    Running such a cell again replaces the method, in objects that are there already, too.

    Args:
        owner: the class.

    Returns:
        A decorator that leaves the function as it is.

    Raises:
        TypeError: this is no class, or one of the kit's own, which stay as they are.
    """
    if not isinstance(owner, type):
        raise TypeError(
            f"@method_of needs the class that the method belongs to, such as @method_of(Decoder); "
            f"it got {getattr(owner, '__name__', type(owner).__name__)}"
        )
    if owner.__module__.startswith("labkit.") and owner.__module__ != __name__:
        raise TypeError(
            f"{owner.__module__}.{owner.__name__} is the kit's own class and stays as it is: run "
            f"the notebook's first cell, which imports the {owner.__name__} that you fill"
        )

    def put(function: _Function) -> _Function:
        if not callable(function):
            raise TypeError("@method_of stands directly above the `def` of a method")
        function.__qualname__ = f"{owner.__name__}.{function.__name__}"  # as errors call it
        setattr(owner, function.__name__, function)
        return function

    return put


def fresh_classes() -> dict[str, type[nn.Module]]:
    """Make every class that a lab fills anew, by name, with nothing filled in."""
    made: dict[str, type[nn.Module]] = {}
    for lesson, exercise in exercises():
        name = exercise.owner
        if not name:
            continue
        if name not in made:
            reference = resolve_name(f"labkit.{exercise.module}:{name}")
            parts = [made[e.owner] for e in lesson.exercises if e.owner in made]
            made[name] = _class_of(reference, parts)
        for method in (*exercise.writes, *exercise.repeats):
            setattr(made[name], method, _unwritten(exercise, method))
    return made


def _class_of(reference: type[nn.Module], parts: list[type[nn.Module]]) -> type[nn.Module]:
    """Derive a class; what it is made of and the same lab fills is of the filled class, too."""

    @wraps(reference.__init__)
    def build(self: nn.Module, *sizes: Any, **named: Any) -> None:
        reference.__init__(self, *sizes, **named)
        for module in self.modules():
            for part in parts:
                if type(module) is part.__base__:
                    module.__class__ = part

    about = {"__module__": __name__, "__doc__": reference.__doc__, "__init__": build}
    return type(reference.__name__, (reference,), about)


def _unwritten(exercise: Exercise, method: str) -> _Function:
    why = "is not written yet"
    if method in exercise.repeats:
        why = "is left out, because it says what this task asks for"

    def unwritten(self: nn.Module, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"{exercise.id}: {exercise.owner}.{method} {why}")

    unwritten.__code__ = unwritten.__code__.replace(co_name=method)  # as tracebacks call it
    unwritten.__name__, unwritten.__qualname__ = method, f"{exercise.owner}.{method}"
    return unwritten


@cache
def _classes() -> dict[str, type[nn.Module]]:
    return fresh_classes()


def __getattr__(name: str) -> Any:
    if name == "__all__":  # what a star brings
        return [*_classes(), "method_of"]
    if not name.startswith("_") and name in _classes():
        return _classes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
