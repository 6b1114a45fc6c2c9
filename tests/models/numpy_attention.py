"""Paper 5's self-attention in NumPy, for the tests of both networks that have it."""

import numpy as np
from torch import Tensor, nn


def array(values: Tensor) -> np.ndarray:
    return values.detach().double().numpy()


def linear(layer: nn.Linear, x: np.ndarray) -> np.ndarray:
    return x @ array(layer.weight).T + (0 if layer.bias is None else array(layer.bias))


def softmax(scores: np.ndarray, axis: int) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def self_attention(layer: nn.Module, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(S, width) -> (S, out) and the weights (heads, S, S), one head after the other."""
    queries, keys, values = np.split(array(layer.query_key_value.weight), 3)
    units = len(queries) // layer.heads
    gathered, weights = [], []
    for head in range(layer.heads):
        part = slice(head * units, (head + 1) * units)
        scores = (x @ queries[part].T) @ (x @ keys[part].T).T / np.sqrt(units)
        weights.append(softmax(scores, axis=-1))
        gathered.append(weights[-1] @ (x @ values[part].T))
    return np.concatenate(gathered, axis=1) @ array(layer.out.weight).T, np.stack(weights)
