"""The text classifier, with both poolings, and with texts longer than it reads."""

from typing import Any

SMALL: dict[str, Any] = {
    "streams": {"text": 1}, "vocabulary": 5, "length": 32, "width": 8, "layers": 2, "heads": 2, "feedforward": 12,
}  # fmt: skip
EXAMPLES = {"distilbert": (SMALL, {**SMALL, "pooling": "mean", "length": 6})}
