"""Sources of labels for a user's own clips: a CSV, an audformat database or a folder of traces, beside the clips.

What the texts mean, and whether that is right, :mod:`emoviz.corpora.importing` decides.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ..core.errors import ConfigError, CorpusError
from .audformat_database import read_audformat
from .table import Source, read_csv
from .traces import read_traces

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
VIDEO_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv")
"""Endings of clips, in lower case."""


@dataclass(frozen=True)
class Material:
    """The clips, the table and the traces of which a corpus is made.

    Attributes:
        source: source of the clips and of the facts about each.
        clips: files of the clips by their path inside the folder; None for traces without media.
        traces: labels over time: ``file`` (the recording's name), ``time`` and one column per dimension; or None.
    """

    source: Source
    clips: Mapping[str, Path] | None
    traces: pd.DataFrame | None = None


def gather(
    clips: Path | None = None, table: Path | None = None, traces: Path | None = None, database: Path | None = None
) -> Material:
    """Read what there is: clips and a table, traces (with a table, clips, both or neither), or an audformat database.

    Args:
        clips: folder of clips.
        table: path of a CSV.
        traces: folder of traces.
        database: folder of an audformat database, which holds its clips.

    Raises:
        ConfigError: if none of the three kinds of sources is given.
        CorpusError: if a file cannot be read.
    """
    if database and not (clips or table or traces):
        return Material(read_audformat(database), find_clips(database))
    if database or not (traces or (clips and table)):
        raise ConfigError(
            "A corpus is imported from a folder of clips and a table, from a folder of traces, or from an audformat "
            "database, which stands alone."
        )
    found = find_clips(clips) if clips else None
    if not traces:
        assert table is not None
        return Material(read_csv(table), found)
    source, labels = read_traces(traces)
    if table:
        listed = read_csv(table)
        source = replace(listed, problems=source.problems + listed.problems)
    return Material(source, found, labels)


def find_clips(folder: Path) -> dict[str, Path]:
    """Find every clip under a folder, by its path inside the folder (with ``/``).

    Raises:
        CorpusError: if there is no clip.
    """
    endings = SOUND_ENDINGS + VIDEO_ENDINGS
    if not os.path.isdir(folder):  # false for names that no folder can have, too
        raise CorpusError(f"'{folder}' is no folder on this machine; name the one that holds the clips.")
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and path.name[0] != "." and path.is_file()
    }
    if not found:
        kinds = ", ".join(ending[1:] for ending in endings)
        raise CorpusError(f"There are no clips in '{folder}'; they end in {kinds}.")
    return found
