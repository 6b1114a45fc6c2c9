"""Audio-video attention network of paper 5: all of it, its switches, and each modality alone."""

from typing import Any

SMALL: dict[str, Any] = {
    "bins": 20,
    "steps": 12,
    "colours": 1,
    "frames": 2,
    "side": 33,
    "depth": 18,
    "backbone_width": 2,
    "width": 6,
    "heads": 2,
}
AUDIO, VIDEO = {"spectrogram": 20 * 12}, {"snippets": 2 * 33 * 33}
EXAMPLES = {
    "av-attention": (
        {**SMALL, "streams": AUDIO | VIDEO},
        {**SMALL, "streams": AUDIO | VIDEO, "spatial_attention": False, "audio_attention": False},
        {**SMALL, "streams": AUDIO, "modalities": ["audio"]},
        {**SMALL, "streams": VIDEO, "modalities": ["video"], "channel_attention": False, "video_attention": False},
    )
}
