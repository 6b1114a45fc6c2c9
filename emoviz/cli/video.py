"""``video``: a clip with its prediction burnt in."""

import argparse
from pathlib import Path

from ..core.settings import Settings
from .clips import FACE, MODELS, TRACKS, opened
from .command import argument, command
from .output import Bars, note

LOOKS = ("shown", "blurred", "mesh")


@command(
    "video",
    "a clip with faces, curves and emotions burnt in, as an MP4",
    argument("clip", type=Path, metavar="CLIP", help="a video or sound file"),
    argument("--out", type=Path, required=True, metavar="FILE.mp4", help="file to write"),
    argument("--faces", choices=LOOKS, default="shown", help="how faces look: as they are, blurred, or as their mesh"),
    MODELS,
    FACE,
    *TRACKS,
)
def video(options: argparse.Namespace, settings: Settings) -> None:
    """Write the video, with the names that persons of the clip have, and say what limits the prediction in it."""
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints, predict_clip
    from ..prediction.persons.known import persons_found_before
    from ..prediction.video import LIMITS, Faces, require_mp4, write_video

    require_mp4(options.out)  # before the clip is analysed
    checkpoints = load_checkpoints(options.model, settings.checkpoints)
    with Bars() as bars:
        media = opened(options, settings, bars)
        prediction = predict_clip(media, checkpoints, store=FeatureStore(settings.store), progress=bars)
        write_video(options.out, media, prediction, Faces(options.faces), bars, persons_found_before(media))
    note([*prediction.notes, *([LIMITS] if options.faces != "shown" else [])])
