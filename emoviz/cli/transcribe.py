"""``transcribe``: the words of a recording, with their times and language."""

import argparse
from pathlib import Path

from ..core.settings import Settings
from ..features.transcripts import RECOGNISER
from ..prediction.transcript import endings
from .clips import TRACKS, opened
from .command import argument, command
from .output import JSON, Bars, note, print_table


@command(
    "transcribe",
    "the words of a recording with their times, or their English translation",
    argument("clip", type=Path, metavar="CLIP", help="a video or sound file"),
    argument("--translate", action="store_true", help="translate what is said to English"),
    argument(
        "--language",
        default="auto",
        metavar="CODE",
        help="language that is spoken, e.g. de (default: as the recogniser finds)",
    ),
    argument(
        "--recogniser",
        default=RECOGNISER,
        metavar="NAME",
        help="weights of Whisper in the form of CTranslate2: a name on the Hugging Face Hub or a folder (default: "
        "%(default)s)",
    ),
    *TRACKS,
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"file to write, a row for each word, of subtitles a caption: {endings()} (default: a table of the "
        "captions to the screen); `predict CLIP --segments FILE` gives the emotions at each",
    ),
    JSON,
)
def transcribe(options: argparse.Namespace, settings: Settings) -> None:
    """Print the captions, or write the words, and say which language was found."""
    from ..features import transcripts
    from ..prediction.transcript import caption_table, said, writer_of

    write = writer_of(options.out) if options.out else None  # refuses other endings before the clip is read
    with Bars() as bars:
        media = opened(options, settings, bars)
        weights = transcripts.recogniser(options.recogniser)
        found = transcripts.transcribe(
            media, weights, options.language, translate=options.translate, feature="words", progress=bars
        )
    if write:
        write(found, media.path.stem)
    else:
        print_table(caption_table(found), options.json)
    note([said(found, media.path.name)])
