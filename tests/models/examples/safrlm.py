"""SA-FRLM."""

from ..streams import STREAMS

_SMALL = {"streams": STREAMS, "width": 4, "heads": 2, "feedforward": 6, "dense": 5}
EXAMPLES = {"safrlm": (_SMALL, {**_SMALL, "layers": 2, "pooling": "mean"})}
