"""ViPER: as in the paper (fewer and more tokens than frames), and with its switches."""

from typing import Any

from ..streams import STREAMS

SMALL: dict[str, Any] = {"streams": STREAMS, "tokens": 4, "latents": 3, "width": 8, "layers": 2, "heads": 2}
EXAMPLES = {"viper": (SMALL, {**SMALL, "tokens": 14}, {**SMALL, "projection": 6, "positions": True})}
