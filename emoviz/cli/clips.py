"""``predict``: emotion over time in a clip."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..annotation.segments import endings as annotations
from ..core.errors import ConfigError, MediaError
from ..core.settings import Settings
from ..prediction.export import endings
from .command import argument, command
from .output import Bars, note

if TYPE_CHECKING:
    from ..core.progress import Progress
    from ..media import Choice, ClipMedia
    from ..prediction.request import Request

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


def opened(options: argparse.Namespace, settings: Settings, progress: "Progress") -> "ClipMedia":
    """Return the recording ``clip`` of the options; what is found in it is kept for later runs.

    Raises:
        MediaError: if it cannot be read, or is too large.
    """
    from ..prediction import clip

    return clip.opened(
        options.clip, settings, face=vars(options).get("face"), choice=choice_of(options), progress=progress
    )


MODELS = argument("--model", action="append", default=[], metavar="NAME", help="may be repeated (see `models`)")
ASKED = (
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
        f"an annotation file ({annotations()}); of several recordings also one table of all, segments.csv",
    ),
    argument(
        "--persons",
        action="store_true",
        help="tell who speaks: a row per turn of a person with the emotions of the own face, or, with --segments, who "
        "speaks in each; of several recordings also a table of the persons of each, and one of all, persons.csv",
    ),
    argument("--voices", type=int, metavar="N", help="with --persons: number of voices (default: as many as are told)"),
    argument(
        "--pattern",
        action="append",
        default=[],
        metavar="PATTERN",
        help="take only files of folders that fit, e.g. '*.mp4' or 'session1/*'; may be repeated",
    ),
)


CLIPS = argument(
    "clips",
    type=Path,
    nargs="+",
    metavar="CLIP",
    help="a video or sound file; or several, a folder, at any depth, or a CSV with a column 'file'",
)
PREDICTION = (CLIPS, MODELS, FACE, *TRACKS, *ASKED)


@command(
    "predict",
    "emotion over time in a clip, or in all of a folder",
    *PREDICTION,
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"table to write: {endings()} (default: CSV to the screen); of several recordings a folder, with a CSV "
        "each and one of all problems; run again, it goes on where it was stopped",
    ),
)
def predict(options: argparse.Namespace, settings: Settings) -> None:
    """Write the prediction to a file, or print it as CSV, and say in words what it shows.

    Of several recordings, one that cannot be read does not keep the others from being predicted, and one that an
    earlier run predicted in the same way is left as it is.
    """
    from ..prediction.bulk.listing import holds_several

    if len(options.clips) > 1 or holds_several(options.clips[0]):
        _predict_all(options, settings)
    else:
        _predict_one(options, settings)


def request_of(options: argparse.Namespace, settings: Settings) -> "Request":
    """Return what the options ask of each recording."""
    from ..features.store import FeatureStore
    from ..prediction.request import Request

    if options.voices is not None and not options.persons:
        raise ConfigError("--voices is the number of voices that --persons tells apart: give both.")
    asked = {name: getattr(options, name) for name in ("calibrate", "segments", "persons", "voices", "face")}
    with Bars() as bars:
        return Request.made(
            options.model,
            settings.checkpoints,
            store=FeatureStore(settings.store),
            progress=bars,
            choice=choice_of(options),
            **asked,
        )


def _predict_one(options: argparse.Namespace, settings: Settings) -> None:
    from ..features.clip_store import kept_recordings
    from ..features.store import FeatureStore
    from ..prediction.export import format_of, write_prediction, write_table
    from ..prediction.formats import FORMATS

    if not options.clips[0].exists():
        raise MediaError(f"There is no file or folder '{options.clips[0]}'.")
    if options.out:
        format_of(options.out)  # refuses other endings before the clip is analysed
    request = request_of(options, settings)
    with Bars() as bars:
        answer = request.answer(
            options.clips[0],
            limit_mb=settings.upload_limit_mb,
            store=FeatureStore(settings.store),
            kept=kept_recordings(settings.store, settings.kept_mb),
            progress=bars,
        )
    segments, form = answer.segments, FORMATS["csv"]
    if options.out and segments is not None:
        write_table(segments, options.out)
    elif options.out:
        write_prediction(answer.prediction, options.out)
    else:
        content = form.encode_prediction(answer.prediction) if segments is None else form.encode(segments)
        sys.stdout.write(content.decode())
    note(answer.said)


def _predict_all(options: argparse.Namespace, settings: Settings) -> None:
    from ..features.clip_store import kept_features
    from ..prediction.bulk.listing import find
    from ..prediction.bulk.run import predict_all
    from ..prediction.formats import FORMATS
    from ..prediction.library.known import known_recordings

    if options.out is None:
        raise ConfigError("Several recordings have a table each: name a folder with --out.")
    if not options.out.is_dir() and (options.out.exists() or options.out.suffix.lower()[1:] in FORMATS):
        raise ConfigError(f"Several recordings have a table each: --out names a folder, and '{options.out}' is none.")
    listing = find(options.clips, options.pattern)
    request = request_of(options, settings)
    with Bars() as bars:
        outcome = predict_all(
            listing,
            request,
            options.out,
            limit_mb=settings.upload_limit_mb,
            store=kept_features(settings.store, settings.kept_mb),
            library=known_recordings(settings.store, settings.kept_mb),
            progress=bars,
            tell=bars.tell,
        )
    outcome.require_all()
