"""Recurrent baselines."""

from typing import Any

from ..streams import STREAMS

RECURRENT: tuple[dict[str, Any], ...] = tuple(
    {"streams": STREAMS, "hidden": 4, "pooling": pooling} for pooling in ("none", "mean", "attention")
)
EXAMPLES = dict.fromkeys(("rnn", "lstm", "lstm-attention", "bi-lstm", "bi-gru"), RECURRENT)
