"""AVEC 2019 cross-cultural emotion sub-challenge: traces of the development partition, without media.

Source: F. Ringeval et al., "AVEC 2019 workshop and challenge: state-of-mind, detecting depression with
AI, and cross-cultural affect recognition", AVEC 2019; recordings from SEWA. Files: ``Devel_DE_01.csv``
with quoted names, ``;`` between fields, one row per 100 ms.

How labels and predictions align, found by comparing them: label files have 974 to 1768 rows, prediction
files always 1768 (0.0 to 176.7 s), all of them every 100 ms from 0. Rows of the same time belong
together, and predictions after a recording's last label are not scored. The annotators' delay is
already undone: moving either series by 2 s lowers the pooled CCC of arousal by about .1. So aligned,
``svr`` gives the challenge's row in every score but one: liking on the German recordings is .167 here
and .048 in the paper, while the Hungarian (.260) and joint (.222) scores agree. (.048 is what
``visual-vgg`` gives there.)
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..core.errors import CorpusError, UnknownNameError
from ..core.vocabulary import Dimension
from .base import READERS, Corpus
from .layout import locate, read_table, recordings_table, require_none_missing

NAME = "avec2019_ces"
TITLE = "AVEC 2019 CES"
CULTURES = {"DE": ("German", "deu"), "HU": ("Hungarian", "hun")}
"""Culture and language per country code."""
RECORDINGS = tuple(f"Devel_{country}_{number:02d}" for country in CULTURES for number in range(1, 15))
CONVERSATIONS = {
    "DE": ((1, 12), (2, 5), (3, 8), (4, 6), (7, 13), (9, 14), (10, 11)),
    "HU": ((1, 14), (2, 8), (3, 5), (4, 10), (6, 11), (7, 13), (9, 12)),
}
"""Recordings of the two people of each conversation, found by their lengths, which pair up within .1 s.

Partners react to each other: their labels correlate by .47 (valence), .34 (liking) and .32 (arousal), other pairs' by
about .04."""
DIMENSIONS = (Dimension.AROUSAL.value, Dimension.VALENCE.value, Dimension.LIKING.value)
UNIMODAL_SYSTEMS = (
    "deepspectrum",
    "egemaps-func_STD",
    "egemaps-xbow",
    "mfcc-func_STD",
    "mfcc-xbow",
    "visual-func",
    "visual-resnet",
    "visual-vgg",
    "visual-xbow",
)
"""The organisers' systems on one stream each: five of sound, four of the picture."""
SYSTEMS = (*UNIMODAL_SYSTEMS, "svr")
"""``svr`` fuses the others; its weights were fitted on this same partition, so its scores are optimistic."""
SHIPPED = {
    "avec2019-audio": tuple(s for s in UNIMODAL_SYSTEMS if not s.startswith("visual")),
    "avec2019-video": tuple(s for s in UNIMODAL_SYSTEMS if s.startswith("visual")),
    "avec2019-svr": ("svr",),
}
"""Shipped feature -> the systems whose predictions are its channels, e.g. ``visual-vgg.arousal``."""


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read the labelled development partition: 14 German and 14 Hungarian recordings.

    Raises:
        CorpusError: if the folder or a recording's labels are missing, or a file is not such a table.
    """
    traces = _read_all(_folder(data_folder) / "labels_devel")
    sessions = {
        f"Devel_{country}_{number:02d}": f"{country} {pair[0]:02d}-{pair[1]:02d}"
        for country, pairs in CONVERSATIONS.items()
        for pair in pairs
        for number in pair
    }
    rows = []
    for recording in RECORDINGS:
        culture, language = CULTURES[recording.split("_")[1]]
        about = {"culture": culture, "language": language, "session": sessions[recording]}
        rows.append({"id": recording, "speaker": recording, **about})
    return Corpus(
        name=NAME,
        title="AVEC 2019 cross-cultural emotion sub-challenge (SEWA), development partition",
        licence="public challenge material",
        recordings=recordings_table(NAME, rows),
        traces=traces,
        shipped={
            name: _channels(data_folder, systems)
            for name, systems in SHIPPED.items()
            if all(_predictions_folder(data_folder, system).is_dir() for system in systems)
        },
        limits="Labels without media: spontaneous video chats about advertisements, annotated by several people of the "
        "speaker's own culture. Gold standard at 10 Hz. Two people each talk with each other, and stay on one side of "
        "every split.",
    )


def predictions(data_folder: Path, system: str) -> pd.DataFrame:
    """Return the predictions of one of the organisers' systems for the development partition.

    Args:
        data_folder: folder of the corpora, as for :func:`read`.
        system: name of the system, one of :data:`SYSTEMS`.

    Returns:
        Columns ``id``, ``time`` (s), ``arousal``, ``valence`` and ``liking``, as :attr:`Corpus.traces`
        has them; merge the two on ``id`` and ``time``.

    Raises:
        UnknownNameError: if there is no such system.
        CorpusError: if the system's files are missing or damaged.
    """
    if system not in SYSTEMS:
        raise UnknownNameError("AVEC 2019 system", system, SYSTEMS)
    return _read_all(_predictions_folder(data_folder, system))


def _predictions_folder(data_folder: Path, system: str) -> Path:
    return _folder(data_folder) / "baseline_predictions" / f"predictions_{system}"


def _channels(data_folder: Path, systems: Sequence[str]) -> pd.DataFrame:
    """Return the predictions of several systems: ``id``, ``time`` and one column per system and dimension."""
    keys = ["id", "time"]
    named = [predictions(data_folder, system).set_index(keys).add_prefix(f"{system}.") for system in systems]
    return pd.concat(named, axis=1).reset_index()


def _folder(data_folder: Path) -> Path:
    return locate(data_folder, TITLE, NAME)


def _read_all(folder: Path) -> pd.DataFrame:
    missing = [f"{recording}.csv" for recording in RECORDINGS if not (folder / f"{recording}.csv").is_file()]
    require_none_missing(TITLE, folder, missing)
    return pd.concat([_read_series(folder / f"{recording}.csv") for recording in RECORDINGS], ignore_index=True)


def _read_series(path: Path) -> pd.DataFrame:
    columns = ("timestamp", *DIMENSIONS)
    table = read_table(TITLE, path, columns, sep=";", quotechar="'", dtype=dict.fromkeys(columns, "float64"))
    if table[list(columns)].isna().any(axis=None):
        raise CorpusError(f"{TITLE}: {path} has a row that is cut off.")
    series = table[list(columns)].rename(columns={"timestamp": "time"})
    series.insert(0, "id", f"{NAME}/{path.stem}")
    return series
