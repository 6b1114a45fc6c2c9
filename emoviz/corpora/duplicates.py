"""Recordings that are byte for byte the same under two speakers: they become one session, which no split separates.

Such a recording has a wrong name, or two people are one; the file cannot tell which.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .base import clips_of


def with_doubles_together(recordings: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Put recordings of two speakers into one session if their files are byte for byte the same.

    Returns:
        The recordings, and a sentence on those that were put together, or an empty text.
    """
    groups = same_files(recordings)
    sessions = pd.Series(joined(recordings["session"].to_dict(), groups), recordings.index, dtype=object)
    return recordings.assign(session=sessions), told(groups)


def same_files(recordings: pd.DataFrame) -> list[list[str]]:
    """Return the ids of recordings with the same file, byte for byte, for each file of two or more speakers.

    Only files of equal size are read.
    """
    from ..media.container import content_key  # takes the time of PyAV, for which lists of corpora should not wait

    clips = clips_of(recordings).dropna()
    sizes = clips.map(lambda clip: Path(clip.file).stat().st_size)
    likely = clips[(sizes > 0) & sizes.duplicated(keep=False)]
    contents = {file: content_key(file) for file in sorted({clip.file for clip in likely})}
    return same(likely.map(lambda clip: (contents[clip.file], clip.part)), recordings["speaker"])


def same(contents: "pd.Series[Any]", speakers: "pd.Series[Any]") -> list[list[str]]:
    """Return the ids of recordings with the same content, for each content of two or more speakers.

    Args:
        contents: key of the content of each recording, by its id; None where it is unknown.
        speakers: speaker of each recording, by its id.
    """
    known = contents.dropna()
    groups = known[known.duplicated(keep=False)].groupby(known, sort=False).groups.values()
    return [list(map(str, ids)) for ids in groups if speakers.loc[ids].nunique() > 1]


def joined(sessions: Mapping[str, Any], groups: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the session of each recording after the sessions of each group of recordings were joined.

    Args:
        sessions: session of each recording by its id, None where it has none.
        groups: ids of recordings that belong together.
    """
    found = dict(sessions)
    for ids in groups:
        met = {found[i] for i in ids if isinstance(found[i], str)}
        one = min(met, default=f"same as {ids[0].partition('/')[2]}")
        chosen = {*ids} | {i for i, session in found.items() if session in met}
        found |= dict.fromkeys(chosen, one)
    return found


def told(groups: Sequence[Sequence[str]]) -> str:
    """Return a sentence on recordings that are the same under two speakers, or an empty text."""
    if not groups:
        return ""
    example = " and ".join(i.partition("/")[2] for i in groups[0][:2])
    return (
        f"{len(groups)} times the same recording, byte for byte, stands under two speakers, first {example}: correct "
        "the table if a name is wrong; splits and folds keep these speakers on one side."
    )
