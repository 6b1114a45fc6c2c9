"""FER+: the pictures of FER2013 with ten raters' votes each.

Source: E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang, "Training deep networks for facial expression
recognition with crowd-sourced label distribution", ICMI 2016 (arXiv:1608.01041). Read are the folders
that the authors' script fills with pictures (``FER2013Train/``, ``FER2013Valid/``, ``FER2013Test/``, each with
its ``label.csv``) and one parquet file with a row per picture: ``file``, ``split``, ``image`` (encoded bytes)
and the ten vote columns.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import FER_EMOTIONS, Emotion, Split
from .base import READERS, Corpus
from .layout import locate, read_table, recordings_table, require_counts, require_none_missing

NAME = "ferplus"
TITLE = "FER+"
PICTURES: Mapping[str, int] = {Split.TRAIN: 28558, Split.VALIDATION: 3579, Split.TEST: 3573}
"""Number of pictures in each part of the published split."""
FOLDERS = {Split.TRAIN: "FER2013Train", Split.VALIDATION: "FER2013Valid", Split.TEST: "FER2013Test"}
VOTES = {
    "neutral": Emotion.NEUTRAL,
    "happiness": Emotion.HAPPY,
    "surprise": Emotion.SURPRISED,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "disgust": Emotion.DISGUSTED,
    "fear": Emotion.FEARFUL,
    "contempt": Emotion.CONTEMPTUOUS,
    "unknown": "unknown",
    "not_a_face": "not_a_face",
}
"""Vote columns of the file, and their names here."""
VOTE_COLUMNS = tuple(f"votes.{vote}" for vote in (*FER_EMOTIONS, "unknown", "not_a_face"))


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read FER+ in either layout; ``session`` is the published split.

    Labels are the raters' ``votes.<answer>``, ``emotion`` as :func:`majority` gives it and
    ``share.<emotion>`` as :func:`vote_shares` gives it (both NaN where there is none).

    Raises:
        CorpusError: if the corpus is missing or damaged, or lacks columns or pictures.
    """
    place = locate(data_folder, TITLE, "faces/ferplus.parquet", "ferplus.parquet", "FERPlus/data")
    table = _read_parquet(place) if place.suffix == ".parquet" else _read_folders(place)
    require_counts(TITLE, place, "split", table["split"], PICTURES)
    rows = [
        {"id": Path(file).stem, "session": split} for file, split in zip(table["file"], table["split"], strict=True)
    ]
    recordings = recordings_table(NAME, rows)
    labels = table[list(VOTES)].rename(columns={old: f"votes.{new}" for old, new in VOTES.items()})
    labels = labels.set_axis(recordings.index)[list(VOTE_COLUMNS)]
    shares = {f"share.{emotion}": column for emotion, column in zip(FER_EMOTIONS, vote_shares(labels).T, strict=True)}
    return Corpus(
        name=NAME,
        title="FER+: facial expressions with ten votes per picture",
        licence="FER+ MIT; pictures of FER2013 research only",
        recordings=recordings,
        labels=labels.assign(emotion=majority(labels), **shares),
        limits="Pictures of 48x48 pixels, posed and spontaneous, which a web search found for emotion words joined to "
        "words of gender, age or ethnicity (Goodfellow et al. 2013). Who is on them was not recorded: persons, ages, "
        "origins and cultures are unknown, and the published split may show one person on both sides. The ten raters "
        "of each picture were crowd workers, whose cultures are unknown too. Rare in training are contempt (120 "
        "pictures by majority), disgust (116) and fear (536).",
        pictures=pd.Series(list(table["image"]), index=recordings.index, name="image", dtype=object),
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    columns = ["file", "split", "image", *VOTES]
    try:
        return pd.read_parquet(path, columns=columns)
    except (ValueError, KeyError, OSError) as error:
        raise CorpusError(f"{TITLE}: {path} is not a parquet file with the columns {', '.join(columns)}.") from error


def _read_folders(folder: Path) -> pd.DataFrame:
    parts = []
    for split, name in FOLDERS.items():
        votes = _read_votes(folder / name / "label.csv")
        paths = [folder / name / file for file in votes["file"]]
        require_none_missing(TITLE, folder, [f"{name}/{path.name}" for path in paths if not path.is_file()])
        parts.append(votes.assign(split=split.value, image=[path.read_bytes() for path in paths]))
    return pd.concat(parts, ignore_index=True)


def _read_votes(path: Path) -> pd.DataFrame:
    """File name and ten votes; between them the repository's lists have a box, the script's have none."""
    table = read_table(TITLE, path, (), header=None)
    columns = ["file", *VOTES]
    try:
        votes = table.iloc[:, [0, *range(-len(VOTES), 0)]].set_axis(columns, axis=1)
        return votes.astype(dict.fromkeys(VOTES, "int64"))
    except (ValueError, IndexError) as error:
        raise CorpusError(f"{TITLE}: {path} is not a list of {', '.join(columns)}.") from error


def majority(labels: pd.DataFrame) -> pd.Series:
    """Return the emotion on which the raters agree, as in the test of the FER+ paper.

    Single votes are dropped as noise, over all ten answers. The answer with more than half of the votes
    that remain is the majority; so a tie has none. A picture without a majority, or whose majority is
    unknown or not-a-face, is left out.

    Args:
        labels: N rows with the columns :data:`VOTE_COLUMNS`.

    Returns:
        ``Emotion`` values, for the rows of ``labels`` that have one.
    """
    votes = _without_single_votes(labels)
    winner = votes.argmax(axis=1)
    kept = (votes.max(axis=1) > votes.sum(axis=1) / 2) & (winner < len(FER_EMOTIONS))
    names = np.array([emotion.value for emotion in FER_EMOTIONS], dtype=object)
    return pd.Series(names[winner[kept]], index=labels.index[kept], name="emotion")


def vote_shares(labels: pd.DataFrame) -> np.ndarray:
    """Return the training targets: the shares of the raters' votes for the eight emotions.

    Single votes are dropped as noise. Votes for unknown and not-a-face do not count, but where one of
    them has as many votes as the first emotion or more, the picture has no target.

    Args:
        labels: N rows with the columns :data:`VOTE_COLUMNS`.

    Returns:
        Shares (N, 8), float32, in the order of ``FER_EMOTIONS``; rows sum to 1, or are NaN without a target.
    """
    votes = _without_single_votes(labels)
    emotions, others = votes[:, : len(FER_EMOTIONS)], votes[:, len(FER_EMOTIONS) :]
    known = emotions.max(axis=1) > others.max(axis=1)
    shares = np.full(emotions.shape, np.nan, dtype=np.float32)
    shares[known] = emotions[known] / emotions[known].sum(axis=1, keepdims=True)
    return shares


def _without_single_votes(labels: pd.DataFrame) -> np.ndarray:
    votes = labels[list(VOTE_COLUMNS)].to_numpy(dtype=np.float64)
    return np.where(votes > 1, votes, 0.0)
