"""MDAT: its modules together and alone, one stream, the paper's equations; and its baseline."""

from typing import Any

from emoviz.models.mdat import PAPER

from ..streams import STREAMS

SMALL: dict[str, Any] = {"streams": STREAMS, "width": 4, "heads": 2, "feedforward": 6, "dense": 5}
EXAMPLES = {
    "mdat": (
        SMALL,
        {**SMALL, **PAPER, "graph_over": "concatenation"},
        {**SMALL, "streams": {"speech": 5}, "co_attention": False, "pooling": "mean"},
        {**SMALL, "graph": False, "co_attention": False, "transformer": False},
    ),
    "mdat-baseline": (
        {"streams": STREAMS, "hidden": 3, "dense": 5},
        {"streams": {"speech": 5}, "hidden": 3, "dense": 5, "pooling": "mean"},
    ),
}
