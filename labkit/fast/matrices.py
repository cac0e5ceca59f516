"""A weight matrix made ready to be multiplied with a few vectors, thousands of times.

A decoder step multiplies two large matrices with one vector per sentence. Each weight is used
once per step, so a step takes as long as reading the weights from memory does: what counts is how
few bytes they have and in which order they lie. oneDNN and FBGEMM, which come with PyTorch, keep
them in the order in which their kernels read them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch.nn import functional as F

from labkit.errors import ConfigError
from labkit.tacotron2.formats import Precision

Product = Callable[[torch.Tensor], torch.Tensor]
"""Maps x: (B, in) float32 to (B, out) float32."""


def prepare(
    weight: torch.Tensor, bias: torch.Tensor | None = None, precision: Precision = "float32"
) -> Product:
    """Make a matrix ready.

    Args:
        weight: (out, in) float32.
        bias: (out,) float32, or None.
        precision: how the weights are kept. ``int8`` has one scale for each output, and the
            vectors are rounded to 8 bits in every call, with one scale for each call.

    Returns:
        ``x: (B, in) -> x @ weight.T + bias: (B, out)``, float32 on both sides.
    """
    if precision == "int8":
        return _int8(weight, bias)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    packed = _packed(weight, dtype)
    if packed is None:
        weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
        if dtype is torch.float32:
            return lambda x: F.linear(x, weight, bias)
        return lambda x: F.linear(x.to(dtype), weight, bias).float()

    linear = torch.ops.mkldnn._linear_pointwise
    if dtype is torch.float32:
        return lambda x: linear(x, packed, bias, "none", [], "")
    half_bias = None if bias is None else bias.to(dtype)
    return lambda x: linear(x.to(dtype), packed, half_bias, "none", [], "").float()


def _packed(weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor | None:
    """The weight in oneDNN's own order; None where oneDNN cannot do it.

    These two functions are what PyTorch's compiler calls; they have no public name.
    """
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return None
    try:
        packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(
            weight.to(dtype).contiguous(), 1
        )
        probe = weight.new_zeros(1, weight.size(1), dtype=dtype)
        torch.ops.mkldnn._linear_pointwise(probe, packed, None, "none", [], "")
    except (AttributeError, RuntimeError):
        return None
    return packed


def _int8(weight: torch.Tensor, bias: torch.Tensor | None) -> Product:
    """FBGEMM on x86, QNNPACK on ARM: both are chosen by PyTorch itself."""
    if weight.device.type != "cpu":
        raise ConfigError(
            f"int8 decoding runs on the CPU only, but the model is on {weight.device}; "
            "use float32 or bfloat16 there"
        )
    largest = torch.maximum(weight.amax(dim=1), -weight.amin(dim=1))  # (out,)
    scale = largest.clamp(min=1e-12).double() / 127  # (out,)
    zero_point = torch.zeros_like(scale, dtype=torch.int64)  # (out,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a deprecation whose replacement has no such kernels
        whole = torch.quantize_per_channel(weight, scale, zero_point, 0, torch.qint8)  # (out, in)
        packed = torch.ops.quantized.linear_prepack(whole, bias)
    linear_dynamic = torch.ops.quantized.linear_dynamic
    # 7 bits for the vectors: on processors without VNNI, 8 would overflow FBGEMM's 16-bit sums.
    return lambda x: linear_dynamic(x, packed, True)
