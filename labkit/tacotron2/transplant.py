"""Other classes for the parts of a model, with the weights that it has.

So a student's own code comes to speak with a trained voice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from labkit.errors import ConfigError
from labkit.tacotron2.attention import Attention, LocationLayer
from labkit.tacotron2.decoder import Decoder
from labkit.tacotron2.encoder import Encoder
from labkit.tacotron2.model import Tacotron2

# Where each class stands in the model; an outer one is built before what it holds.
PARTS: dict[str, tuple[str, type[nn.Module]]] = {
    "Encoder": ("encoder", Encoder),
    "Decoder": ("decoder", Decoder),
    "Attention": ("decoder.attention_layer", Attention),
    "LocationLayer": ("decoder.attention_layer.location_layer", LocationLayer),
}


def transplant(model: Tacotron2, classes: Mapping[str, Any]) -> Tacotron2:
    """Build a model anew with other classes for some of its parts, and give it the same weights.

    Args:
        model: where configuration and weights come from; left as it is.
        classes: by the names ``LocationLayer``, ``Attention``, ``Encoder``, ``Decoder`` and
            ``Tacotron2``; their constructors take what those of :mod:`labkit.tacotron2` take.
            What is not named stays labkit's.

    Returns:
        The new model, in eval mode and on the model's device.

    Raises:
        ConfigError: a name is none of those, or a part has other parameters than labkit's.
    """
    for name in classes:
        if name not in ("Tacotron2", *PARTS):
            known = ", ".join(["Tacotron2", *PARTS])
            raise ConfigError(f"no part of a Tacotron 2 is called {name!r}: {known}")
    config = model.config
    new = classes.get("Tacotron2", Tacotron2)(config)
    for name, (place, own) in PARTS.items():
        if name in classes:
            whole, _, attribute = place.rpartition(".")
            part = classes[name](**config.arguments_of(own))
            setattr(new.get_submodule(whole), attribute, part)
    try:
        new.load_state_dict(model.state_dict())
    except RuntimeError as error:
        reasons = [line.strip() for line in str(error).splitlines()[1:]]
        raise ConfigError(
            f"the weights do not fit the classes {', '.join(classes)}: {'; '.join(reasons)}"
        ) from None
    return new.to(model.embedding.weight.device).eval()
