"""The equations of the networks once more, in plain numpy and one row at a time."""

from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[np.float64]]


def weights(module: torch.nn.Module) -> dict[str, Array]:
    """Its weights in float64."""
    return {name: value.detach().double().numpy() for name, value in module.state_dict().items()}


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


def softmax(values: Array) -> Array:
    raised = np.exp(values - values.max())
    return np.asarray(raised / raised.sum())


def elu(values: Array) -> Array:
    return np.where(values > 0, values, np.exp(np.minimum(values, 0)) - 1)


def layer_norm(values: Array, scale: Array, shift: Array) -> Array:
    return np.asarray((values - values.mean()) / np.sqrt(values.var() + 1e-5) * scale + shift)


def gated_linear(values: Array, weight: Array, bias: Array) -> Array:
    """Equation 5: the first half of the rows of the weights makes the gates."""
    half = len(weight) // 2
    return np.asarray(sigmoid(weight[:half] @ values + bias[:half]) * (weight[half:] @ values + bias[half:]))


def gated_residual(a: Array, w: dict[str, Array]) -> Array:
    """Equations 2 to 4 for one vector."""
    eta2 = elu(w["first.weight"] @ a + w["first.bias"])
    eta1 = w["second.weight"] @ eta2 + w["second.bias"]
    skipped = w["around.weight"] @ a + w["around.bias"] if "around.weight" in w else a
    gated = gated_linear(eta1, w["join.gate.both.weight"], w["join.gate.both.bias"])
    return layer_norm(skipped + gated, w["join.norm.weight"], w["join.norm.bias"])


def interpretable_attention(asked: Array, series: Array, heads: int, w: dict[str, Array]) -> tuple[Array, Array]:
    """Equations 13 to 16 for one query: the answer, and the weights of the candles."""
    size = len(w["query.weight"]) // heads
    values = series @ w["value.weight"].T + w["value.bias"]
    weighed, found = np.zeros(len(series)), np.zeros(size)
    for head in range(heads):
        mine = slice(head * size, (head + 1) * size)
        query = w["query.weight"][mine] @ asked + w["query.bias"][mine]
        keys = series @ w["key.weight"][mine].T + w["key.bias"][mine]
        each = softmax(keys @ query / np.sqrt(size))
        weighed += each / heads
        found += each @ values / heads
    return w["out.weight"] @ found, weighed


def window_attention(series: Array, summary: Array, w: dict[str, Array]) -> Array:
    """Multi-head attention with one query, keys and values made for every candle."""
    heads, size, _ = w["key"].shape
    asked = (w["query.weight"] @ summary + w["query.bias"]).reshape(heads, size)
    joined = []
    for head in range(heads):
        keys, values = series @ w["key"][head].T, series @ w["value"][head]
        joined.append(softmax(keys @ asked[head] / np.sqrt(size) + np.sqrt(len(summary)) * w["age"][head]) @ values)
    return np.asarray(w["out.weight"] @ np.concatenate(joined) + w["out.bias"])
