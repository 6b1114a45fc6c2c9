"""HCAM."""

from ..streams import STREAMS

_SMALL = {"streams": STREAMS, "hidden": 4, "heads": 2, "feedforward": 6, "dense": 5}
EXAMPLES = {"hcam": (_SMALL, {**_SMALL, "pooling": "mean"})}
