"""``predict``: emotion over time in a clip."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..annotation.segments import endings as annotations
from ..core.errors import AnnotationError, CalibrationError, Cancelled, ConfigError, MediaError
from ..core.settings import Settings
from ..prediction.export import endings
from .command import argument, command
from .output import Bars, note

if TYPE_CHECKING:
    import pandas as pd

    from ..checkpoints.folder import Checkpoint
    from ..media import Choice

LONGEST_NAME = 200
"""Bytes of a clip's name that its table takes over: names have 255 at most, of which a draft needs some itself."""
ALL_SEGMENTS = "segments.csv"
"""Name of the table of the segments of several clips."""
FACE = argument("--face", type=int, metavar="N", help="number of the face to follow (default: the speaker's)")

TRACKS = (
    argument("--audio-track", type=int, metavar="N", help="number of the sound track to read (default: the file's)"),
    argument("--video-track", type=int, metavar="N", help="number of the picture track to read (default: the file's)"),
    argument(
        "--channel",
        default="",
        metavar="NAME",
        help="mix, left, right or the number of a channel (default: the mix, unless it weakens the speech)",
    ),
)


def choice_of(options: argparse.Namespace) -> "Choice":
    """Return the tracks and the channel that :data:`TRACKS` named."""
    from ..media import Choice

    return Choice(options.audio_track, options.video_track, options.channel)


@command(
    "predict",
    "emotion over time in a clip, or in several",
    argument("clips", type=Path, nargs="+", metavar="CLIP", help="video or sound files"),
    argument("--model", action="append", default=[], metavar="NAME", help="may be repeated (see `models`)"),
    FACE,
    *TRACKS,
    argument(
        "--calibrate",
        metavar="PEOPLE",
        help="fit the models to people without labels: a folder or file of recordings, corpus:NAME, a stretch of each "
        "clip (0:10-0:25), 'own' (all speech of each clip) or a saved profile (a file, or profile:NAME)",
    ),
    argument(
        "--segments",
        metavar="WHAT",
        help="a row per segment in place of one per frame: a number of seconds, 'speech' for where somebody speaks, or "
        f"an annotation file ({annotations()}); for several clips also one table of all, segments.csv",
    ),
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"table to write: {endings()} (default: CSV to the screen); for several clips a folder, with a CSV each",
    ),
)
def predict(options: argparse.Namespace, settings: Settings) -> None:
    """Write the prediction to a file, or print it as CSV, and say in words what it shows.

    Of several clips, one that cannot be read does not keep the others from being predicted.
    """
    import pandas as pd

    from ..prediction.export import format_of, write_table
    from ..prediction.segmented import require_known

    if options.segments is not None:
        require_known(options.segments)
    tables = [options.out]
    if len(options.clips) > 1:
        tables = _tables(options.clips, options.out)
    elif options.out:
        format_of(options.out)  # refuses other endings before the clip is analysed
    checkpoints, told = _models(options, settings)
    failed, summaries = [], []
    for clip, table in zip(options.clips, tables, strict=True):
        try:
            summary = _predict(clip, table, checkpoints, told, options, settings)
            summaries.append(summary.assign(clip=str(clip)))
        except Cancelled:
            raise
        except (MediaError, CalibrationError, AnnotationError) as error:
            if len(options.clips) == 1:
                raise
            note([f"{clip}: {error}"])
            failed.append(clip.name)
    if options.segments is not None and len(options.clips) > 1 and summaries:
        together = pd.concat(summaries, ignore_index=True)
        write_table(together[["clip", *together.columns.drop("clip")]], options.out / ALL_SEGMENTS)
    if failed:
        raise MediaError(
            f"{len(failed)} of {len(options.clips)} clips could not be predicted: {', '.join(failed[:5])}."
        )


def _models(options: argparse.Namespace, settings: Settings) -> "tuple[list[Checkpoint], list[str]]":
    """Load the models, and calibrate them where all clips have the same people, which are measured once.

    Returns:
        The models, and sentences that say which of them are not calibrated.
    """
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints
    from ..prediction.profiles import fitted_models, speaks_of_clip

    checkpoints = load_checkpoints(options.model, settings.checkpoints)
    if options.calibrate is None or speaks_of_clip(options.calibrate):
        return checkpoints, []
    with Bars() as bars:
        fitted = fitted_models(checkpoints, options.calibrate, store=FeatureStore(settings.store), progress=bars)
    return fitted.models, fitted.told


def _tables(clips: Sequence[Path], folder: Path | None) -> list[Path]:
    """The table of each of several clips.

    Raises:
        ConfigError: if no folder is named, or two clips have one name.
    """
    if folder is None or not os.path.isdir(folder):
        raise ConfigError("Several clips have a table each: name a folder that exists with --out.")
    tables = [folder / f"{os.fsencode(clip.name)[:LONGEST_NAME].decode(errors='ignore')}.csv" for clip in clips]
    if len(set(tables)) < len(tables):
        raise ConfigError("Two of the clips have the same name, so their tables would, too: predict them separately.")
    return tables


def _predict(
    clip: Path,
    table: Path | None,
    checkpoints: "Sequence[Checkpoint]",
    told: Sequence[str],
    options: argparse.Namespace,
    settings: Settings,
) -> "pd.DataFrame":
    """Predict one clip, by models that are calibrated to its own people where these are asked for.

    Returns:
        The rows of its segments; none unless segments are asked for.
    """
    import pandas as pd

    from ..evaluation.sentence import sentence
    from ..features.store import FeatureStore
    from ..media import ClipMedia
    from ..prediction.clip import predict_clip, require_size
    from ..prediction.export import write_prediction, write_table
    from ..prediction.formats import FORMATS
    from ..prediction.profiles import fitted_models, speaks_of_clip
    from ..prediction.segmented import segments_of, summed_up

    require_size(clip, settings.upload_limit_mb)
    media = ClipMedia(clip, face=options.face, choice=choice_of(options))
    store = FeatureStore(settings.store)
    with Bars() as bars:
        if options.calibrate is not None and speaks_of_clip(options.calibrate):
            checkpoints, told, _ = fitted_models(checkpoints, options.calibrate, clip=media, store=store, progress=bars)
        prediction = predict_clip(media, checkpoints, store=store, progress=bars)
    summary = pd.DataFrame()
    if options.segments is not None:
        summary = summed_up(prediction, segments_of(options.segments, prediction))
        if table:
            write_table(summary, table)
        else:
            sys.stdout.write(FORMATS["csv"].encode(summary).decode())
    elif table:
        write_prediction(prediction, table)
    else:
        sys.stdout.write(FORMATS["csv"].encode_prediction(prediction).decode())
    named = f"{clip}: " if len(options.clips) > 1 else ""
    said = dict.fromkeys((*told, *prediction.notes, sentence(prediction.table, prediction.outputs)))
    note([f"{named}{text}" for text in said])
    return summary
