"""CATS-Transformer: rollouts, switches, and the paper's training."""

from typing import Any

from emoviz.models.cats import PAPER

from ..streams import STREAMS

SMALL: dict[str, Any] = {"streams": STREAMS, "reduction": 2, "width": 8, "heads": 2, "feedforward": 16, "step": 4}
LIVE = {**SMALL, "channel_attention": False, "causal_memory": True}
EXAMPLES = {"cats": (SMALL, LIVE, {**SMALL, **PAPER}, {**SMALL, "channel_form": "gates"})}
