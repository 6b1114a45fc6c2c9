"""``predict``: emotion over time in a clip."""

import argparse
import sys
from pathlib import Path

from ..core.settings import Settings
from ..prediction.export import endings
from .command import argument, command
from .output import Bars, note

CLIP = argument("clip", type=Path, metavar="CLIP", help="a video or sound file")
FACE = argument("--face", type=int, metavar="N", help="number of the face to follow (default: the speaker's)")


@command(
    "predict",
    "emotion over time in a clip",
    CLIP,
    argument("--model", action="append", default=[], metavar="NAME", help="may be repeated (see `models`)"),
    FACE,
    argument("--out", type=Path, metavar="FILE", help=f"table to write: {endings()} (default: CSV to the screen)"),
)
def predict(options: argparse.Namespace, settings: Settings) -> None:
    """Write the prediction to a file, or print it as CSV, and say in words what it shows."""
    from ..evaluation.sentence import sentence
    from ..features.store import FeatureStore
    from ..media import ClipMedia
    from ..prediction.clip import load_checkpoints, predict_clip, require_size
    from ..prediction.export import format_of, write_prediction
    from ..prediction.formats import FORMATS

    if options.out:
        format_of(options.out)  # refuses other endings before the clip is analysed
    require_size(options.clip, settings.upload_limit_mb)
    media = ClipMedia(options.clip, face=options.face)
    checkpoints = load_checkpoints(options.model, settings.checkpoints)
    with Bars() as bars:
        prediction = predict_clip(media, checkpoints, store=FeatureStore(settings.store), progress=bars)
    if options.out:
        write_prediction(prediction, options.out)
    else:
        sys.stdout.write(FORMATS["csv"].encode_prediction(prediction).decode())
    note([*prediction.notes, sentence(prediction.table, prediction.outputs)])
