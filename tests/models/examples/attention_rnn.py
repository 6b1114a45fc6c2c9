"""Attention RNNs: the paper's frame rate and whole-clip attention, and coarser steps."""

from typing import Any

from ..streams import STREAMS

COARSE: dict[str, Any] = {"streams": STREAMS, "hidden": 4, "step": 2}
PAPER: dict[str, Any] = {"streams": STREAMS, "hidden": 4, "step": 1}
EXAMPLES = {
    "eaf": (COARSE, {**PAPER, "scale": True}),
    "aed": ({**COARSE, "window": 4}, {**PAPER, "window": None, "aligned": False, "layers": 2}),
    "emafn": ({**COARSE, "window": 2, "aligned": False}, {**PAPER, "window": None, "scale": True}),
}
