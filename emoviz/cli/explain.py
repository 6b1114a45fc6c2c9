"""``explain``: the reasons of a model's prediction, and tests of its channel attention."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ConfigError
from ..core.settings import Settings
from ..core.vocabulary import CLASS_KINDS
from ..core.words import number
from .clips import FACE, TRACKS, choice_of
from .command import argument, command
from .output import JSON, Bars, note, print_table

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint
    from ..features.store import FeatureStore
    from ..media import ClipMedia

MOMENTS = 5
"""Number of pictures of a face that are shown unless ``--at`` says which."""
TOP_CHANNELS = 20
"""Number of channels that are printed for people; the JSON has all of them."""


@command(
    "explain",
    "explanation of a prediction, or a test of a model's channel attention",
    argument(
        "subject",
        metavar="CLIP",
        help="a video or sound file; with --deletion the name of a trained model, or of a group as `per-culture`",
    ),
    argument("--model", metavar="NAME", help="the model whose prediction of the clip is explained (see `models`)"),
    argument("--output", metavar="NAME", help="default: the most probable class, or the first dimension"),
    FACE,
    *TRACKS,
    argument(
        "--method",
        choices=["integrated-gradients", "occlusion"],
        help="for speech models (default: integrated-gradients, or Grad-CAM for a network that sees the sound as "
        "pictures)",
    ),
    argument(
        "--by",
        choices=["channel", "time"],
        default="channel",
        help="rows of the table (default: %(default)s); the channels of Grad-CAM are frequency bands",
    ),
    argument("--start", type=float, default=0.0, metavar="S", help="first second to explain"),
    argument("--end", type=float, metavar="S", help="last second to explain"),
    argument(
        "--at",
        type=float,
        action="append",
        default=[],
        metavar="S",
        help="for face models: a second of the clip to show; may be repeated",
    ),
    argument("--out", type=Path, metavar="FOLDER", help="for face models: folder for the pictures with their heat"),
    JSON,
    argument(
        "--deletion",
        action="store_true",
        help="weigh the channels of a model by integrated gradients and permutation importance, too, and test which of "
        "these and its channel attention are faithful; this writes importance.parquet and deletion.parquet into the "
        "model's folder and needs its corpora in the store",
    ),
    argument(
        "--recordings",
        type=int,
        default=40,
        metavar="N",
        help="held-out recordings to test on (default: %(default)s)",
    ),
)
def explain(options: argparse.Namespace, settings: Settings) -> None:
    """Explain a prediction of a clip, or with ``--deletion`` test a model's channel attention."""
    if options.deletion:
        judge_attention(options, settings)
    else:
        explain_clip(options, settings)


def judge_attention(options: argparse.Namespace, settings: Settings) -> None:
    """Print the files of the tables of each model's deletion test, and say in words what the tests found."""
    from ..checkpoints.folder import find
    from ..checkpoints.tables import write_table
    from ..explain.faithful import deletion_table, verdicts_of
    from ..explain.weightings import weigh
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints

    names = list(find(settings.checkpoints, options.subject)) or [options.subject]
    for name in names:
        (checkpoint,) = load_checkpoints([name], settings.checkpoints)
        with Bars() as bars:
            weighed = weigh(checkpoint, FeatureStore(settings.store), most=options.recordings, progress=bars)
            table = deletion_table(checkpoint, weighed, progress=bars)
        print(write_table(checkpoint.folder, "importance", weighed.importance))
        print(write_table(checkpoint.folder, "deletion", table))
        note(f"{weighting.capitalize()}: {found.sentence}" for weighting, found in verdicts_of(table).items())


def explain_clip(options: argparse.Namespace, settings: Settings) -> None:
    """Show how much each channel or time added to an output, or where in the face the network looked."""
    from ..features.store import FeatureStore
    from ..media import ClipMedia
    from ..prediction.clip import load_checkpoints, require_size
    from ..prediction.inputs import PICTURES

    if options.model is None:
        raise ConfigError("Say whose prediction to explain: --model NAME (see `models`).")
    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    clip = Path(options.subject)
    require_size(clip, settings.upload_limit_mb)
    media = ClipMedia(clip, face=options.face, choice=choice_of(options))
    if any(feature.name == PICTURES for feature in checkpoint.description.features):
        _explain_face(options, checkpoint, media)
    else:
        _explain_sound(options, checkpoint, media, FeatureStore(settings.store))


def _explain_face(options: argparse.Namespace, checkpoint: "Checkpoint", media: "ClipMedia") -> None:
    """Write pictures with heat over them, and print a table of them."""
    import pandas as pd

    from ..explain import blend, colours_of, explain_face, main_output
    from ..features.align import frame_middles
    from ..prediction.export import write_picture
    from ..prediction.model import HOP, predict_pictures

    if options.out is None or not options.out.is_dir():
        raise ConfigError("Where the network looked is written as pictures: name a folder for them, --out FOLDER.")
    duration = media.info.duration
    with Bars() as bars:
        output = options.output or main_output(
            checkpoint, predict_pictures(checkpoint, media, frame_middles(duration, HOP), bars).values
        )
        moments = 1 if media.info.still else MOMENTS
        seconds = options.at or [duration * (i + 0.5) / moments for i in range(moments)]
        found = explain_face(checkpoint, media, output, seconds, progress=bars)
    rows = []
    pictures = blend(found.pictures, colours_of(found.heat))
    for time, value, picture in zip(found.times, found.values, pictures, strict=True):
        when = "" if media.info.still else f"-{time:07.2f}s"
        path = options.out / f"{media.path.stem}-{output}{when}.png"
        write_picture(picture, path)
        rows.append({"time": time, "output": output, "probability": value, "picture": str(path)})
    print_table(pd.DataFrame(rows).round({"time": 3, "probability": 4}), options.json)


def _explain_sound(
    options: argparse.Namespace, checkpoint: "Checkpoint", media: "ClipMedia", store: "FeatureStore"
) -> None:
    """Print a row per channel, frequency band or time, and the prediction in words."""
    from ..explain import Method, explain_sound, explain_streams, main_output, sees_sound
    from ..explain.words import sound_words
    from ..features.align import frame_middles
    from ..prediction.inputs import require_people, streams_of
    from ..prediction.model import HOP, predict_streams

    require_people(checkpoint)
    duration, stretch = media.info.duration, {"start": options.start, "end": options.end}
    with Bars() as bars:
        streams = streams_of(checkpoint, media, store=store, progress=bars)
        output = options.output or main_output(
            checkpoint, predict_streams(checkpoint, streams, frame_middles(duration, HOP))[0]
        )
        if options.method is None and sees_sound(checkpoint):
            seen = explain_sound(checkpoint, media, streams, output, **stretch, progress=bars)
            channels, times, said = seen.bands, seen.moments, [sound_words(seen)]
        else:
            method = Method(options.method or Method.GRADIENTS)
            found = explain_streams(checkpoint, streams, duration, output, method=method, **stretch, progress=bars)
            channels, times = found.channels, found.times
            value = "score" if checkpoint.description.kind in CLASS_KINDS else "mean"
            baseline = f"{number(found.baseline, 3)} where all channels are at their training mean"
            said = [f"The {value} of {output} is {number(found.value, 3)} here, and {baseline}.", *found.notes]
    table = channels if options.by == "channel" else times
    if not options.json:
        table = table.round(4) if options.by == "time" or "low" in table else table.head(TOP_CHANNELS).round(4)
    print_table(table, options.json)
    note(said)
