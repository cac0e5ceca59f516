"""A flow's network at inference: the same numbers as :class:`WN`, in fewer and larger steps.

Columns of the waveform are rows of a matrix here, (B, T, channels). Conditioning and all taps of
the dilated filter lie side by side, so that each layer is two matrix products. Two of WN's linear
layers vanish into their neighbours, because nothing stands between them: ``start`` into the first
dilated layer, ``end`` into every skip connection, which then carries a handful of channels instead
of hundreds. The weights are arranged anew in every call: about a tenth of the time for a second
of audio, less for longer speech, and nothing can be out of date or kept in memory twice.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from labkit.vocoders.waveglow.flow import WN, at_least_float32
from labkit.vocoders.weight_norm import NormedConv1d

# Enough for a matrix product to run at full speed, few enough to stay in the processor's cache.
_COLUMNS = 2048


@torch.no_grad()
def run(wn: WN, audio: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
    """Predict shift and scale from half of the channels.

    Matrix products are in the type of ``cond``, which is that of the weights; everything between
    them is in float32 at least.

    Args:
        wn: the network.
        audio: (B, T, n_in_channels), float32 at least.
        cond: (B, T, n_cond_channels), in the type of the weights.

    Returns:
        (B, T, 2 · n_in_channels) shift, then logarithm of the scale, in the type of ``audio``.
    """
    n_channels, wide = wn.n_channels, at_least_float32(cond.dtype)
    n_batch, n_columns, _ = audio.shape
    step = max(1, _COLUMNS // n_batch)
    start_weight, start_bias = _matrix(wn.start)  # (n_channels, n_in_channels), (n_channels,)
    end_weight = wn.end.weight.squeeze(2).to(wide)  # (2 · n_in_channels, n_channels)
    assert wn.end.bias is not None
    output = wn.end.bias.to(wide).repeat(n_batch, n_columns, 1)  # (B, T, 2 · n_in_channels)

    # The last channel is 1 and carries the bias of `start`, which must not reach into the padding.
    hidden = F.pad(audio, (0, 1), value=1.0)  # (B, T, n_in_channels + 1)
    start = torch.cat([start_weight, start_bias[:, None]], dim=1)  # (n_channels, n_in_channels + 1)
    layers = zip(wn.in_layers, wn.cond_layers, wn.res_skip_layers, strict=True)
    for i, (in_layer, cond_layer, res_skip_layer) in enumerate(layers):
        assert isinstance(in_layer, NormedConv1d)
        taps = in_layer.product().to(wide).transpose(1, 2)  # (2 · n_channels, kernel, n_channels)
        if i == 0:
            taps = taps @ start  # (2 · n_channels, kernel, n_in_channels + 1)
        cond_weight, cond_bias = _matrix(cond_layer)  # (2 · n_channels, n_cond_channels)
        in_weight = torch.cat([cond_weight, taps.flatten(1)], dim=1)
        assert in_layer.bias is not None
        in_bias = in_layer.bias + cond_bias
        # tanh(x) = 2 · sigmoid(2x) - 1, and sigmoid is ten times as fast.
        in_weight[:n_channels] *= 2
        in_bias[:n_channels] *= 2
        in_weight, in_bias = in_weight.to(cond.dtype), in_bias.to(cond.dtype)

        weight, bias = _matrix(res_skip_layer)
        n_residual = len(weight) - n_channels  # none in the last layer
        skip_weight, skip_bias = weight[n_residual:], bias[n_residual:]
        out_weight = torch.cat([weight[:n_residual], end_weight @ skip_weight])
        out_bias = torch.cat([bias[:n_residual], end_weight @ skip_bias])
        out_weight *= 2  # the other half of that formula
        out_weight, out_bias = out_weight.to(cond.dtype), out_bias.to(cond.dtype)

        dilation, reach = in_layer.dilation[0], int(in_layer.padding[0])
        padded = F.pad(hidden, (0, 0, reach, reach)).to(cond.dtype)  # (B, T + 2 · reach, channels)
        if i == 0:
            hidden = hidden @ start.T  # (B, T, n_channels)
        for begin in range(0, n_columns, step):
            end = min(begin + step, n_columns)
            shifts = range(0, 2 * reach + 1, dilation)
            read = [padded[:, begin + shift : end + shift] for shift in shifts]
            together = torch.cat([cond[:, begin:end], *read], dim=2)
            gates = linear(together, in_weight, in_bias).to(wide).sigmoid_()
            acts = (gates[..., :n_channels] - 0.5).mul_(gates[..., n_channels:])
            outputs = linear(acts.to(cond.dtype), out_weight, out_bias).to(wide)
            if n_residual:
                hidden[:, begin:end] += outputs[..., :n_residual]
            output[:, begin:end] += outputs[..., n_residual:]
    return output


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Do what ``F.linear`` does, on an AMD processor in half the time.

    In float32 PyTorch gives matrix products to MKL, which uses half of the vector width of an AMD
    processor; it gives convolutions over channels-last tensors to oneDNN, which uses all of it. The
    dilation has no meaning for a filter of width 1, but without it one thread alone goes to MKL.

    Args:
        x: (..., in_features), contiguous.
        weight: (out_features, in_features).
        bias: (out_features,).

    Returns:
        (..., out_features).
    """
    if x.dtype != torch.float32 or x.device.type != "cpu":
        return F.linear(x, weight, bias)
    image = x.reshape(1, 1, -1, x.size(-1)).permute(0, 3, 1, 2)  # (1, in_features, 1, rows)
    image = F.conv2d(image, weight[:, :, None, None], bias, dilation=2)  # (1, out, 1, rows)
    return image.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)  # (..., out_features)


def _matrix(convolution: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight (out_channels, in_channels) and bias of a 1×1 convolution, in float32 at least."""
    assert isinstance(convolution, NormedConv1d) and convolution.bias is not None
    weight = convolution.product().squeeze(2)  # (out_channels, in_channels)
    wide = at_least_float32(weight.dtype)
    return weight.to(wide), convolution.bias.to(wide)
