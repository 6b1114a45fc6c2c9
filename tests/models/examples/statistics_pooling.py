"""Statistics pooling."""

from ..streams import STREAMS

EXAMPLES = {"statistics-pooling": ({"streams": STREAMS, "hidden": 6},)}
