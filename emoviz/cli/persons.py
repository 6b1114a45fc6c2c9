"""``persons``: who is heard and seen in a recording, and who speaks when."""

import argparse
from pathlib import Path

from ..core.settings import Settings
from ..prediction.persons.export import file_endings
from .clips import TRACKS, opened
from .command import argument, command
from .output import JSON, Bars, note, print_table


@command(
    "persons",
    "who speaks when in a recording, and which face speaks",
    argument("clip", type=Path, metavar="CLIP", help="a video or sound file"),
    argument("--voices", type=int, metavar="N", help="number of voices (default: as many as are told apart)"),
    *TRACKS,
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"file to write, a row for each stretch in which one person speaks: {file_endings()} (default: a table of "
        "the persons to the screen); `predict CLIP --segments FILE` gives the emotions in each",
    ),
    JSON,
)
def persons(options: argparse.Namespace, settings: Settings) -> None:
    """Print the persons, or write who speaks when, and say what limits that."""
    from ..prediction.persons.export import person_table, writer_of
    from ..prediction.persons.known import Changes, persons_of

    write = writer_of(options.out) if options.out else None  # refuses other endings before the clip is analysed
    with Bars() as bars:
        media = opened(options, settings, bars)
        found = persons_of(media, options.voices, bars)
    found = Changes(media, options.voices).applied(found)  # names that were given in the app
    if write:
        write(found, media.path.stem)
    else:
        print_table(person_table(found), options.json)
    note(found.notes)
