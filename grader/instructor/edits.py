"""Slips as changes of the reference's own text: one mistake is one line."""

from __future__ import annotations

import inspect
import sys
import textwrap
from typing import Any

from torch import nn

Change = tuple[str, str, str]  # method, what stands there, what stands there instead


def edited(cls: type[nn.Module], *changes: Change) -> type[nn.Module]:
    """Return a class like the reference, with these changes in its methods.

    Args:
        cls: the reference.
        changes: each must change something.

    Raises:
        ValueError: a text is not in its method.
    """
    sources: dict[str, str] = {}
    for method, old, new in changes:
        source = sources.get(method) or textwrap.dedent(inspect.getsource(getattr(cls, method)))
        if old not in source:
            raise ValueError(f"{cls.__name__}.{method} does not hold {old!r}")
        sources[method] = source.replace(old, new)
    namespace: dict[str, Any] = dict(vars(sys.modules[cls.__module__]))
    for source in sources.values():
        exec(source, namespace)
    methods = {name: namespace[name] for name in sources}
    return type(f"{cls.__name__}Slip", (cls,), methods)
