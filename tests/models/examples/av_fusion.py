"""Feature-level fusion of paper 5: both modalities, without attention, and each alone."""

from typing import Any

from ..streams import STREAMS

SMALL: dict[str, Any] = {"streams": STREAMS, "segments": 3, "width": 8, "heads": 2}
EXAMPLES = {
    "av-fusion": (
        SMALL,
        {**SMALL, "statistics": False, "audio_attention": False, "video_attention": False},
        {**SMALL, "streams": {"speech": 5}, "modalities": ["audio"], "segments": 12},
        {**SMALL, "streams": {"face": 3}, "modalities": ["video"]},
    )
}
