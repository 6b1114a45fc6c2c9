"""The recordings behind a number: all of the people who were tested, as far as they are known on this machine."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pandas as pd

from .. import corpora
from ..core.errors import EmovizError
from ..core.vocabulary import Emotion
from ..studies import behind, tables
from . import loaders, selected
from .cache import cached, kept

COLUMNS = ["speaker", "culture", "label"]
"""Columns that are known of every recording."""
HELD_OUT = ("predictions", "attention", "embeddings")
"""Tables of a checkpoint that name its held-out recordings."""
UNKNOWN = (
    "None of the recordings behind this number is known on this machine. Name the folder of the corpora by "
    "`EMOVIZ_DATA`, and a click selects them."
)


def choose_behind(study: str, protocol: str, system: str, test: str, output: str) -> None:
    """Select the recordings of the people on whom a system was tested for one of its scores.

    Args:
        study: name of the study.
        protocol: name of its protocol.
        system: name of the system.
        test: name of what the score is on.
        output: name of the output that it judges.
    """
    names = {"study": study, "protocol": protocol, "system": system}
    reports = [one for one in loaders.reports().found if (one["study"], one["protocol"]) == (study, protocol)]
    report = next(one for one in reports if names.items() <= one.items())
    score = dict(tables.find(tables.scores([report]), system, test, output).iloc[0])
    folds = behind.folds_behind(report, behind.tests_behind(report, score))
    people = {speaker for speakers in folds["tested_speakers"] for speaker in speakers}
    # A fusion of trained systems has no outputs of its own: they are those of the systems beside it.
    outputs = (set(one["config"].get("outputs") or ()) for one in [report, *reports])
    classes = next(filter(None, outputs), set()) & set(Emotion)
    known = of_speakers(people, classes)
    here = known["speaker"].nunique()
    lacking = f" ({here} of {len(people)} people are known here)" if here < len(people) else ""
    choose(list(known.index), f"on whom {system} was tested, {test}{lacking}")


def choose(ids: Sequence[str], words: str) -> None:
    """Select recordings behind a number, or say that none of them is known here."""
    if ids:
        selected.choose(ids, words)
    else:
        selected.tell(UNKNOWN)


def of_speakers(speakers: Collection[str], classes: Collection[str] = ()) -> pd.DataFrame:
    """Return the recordings of some speakers as far as they are known here: index id, sorted, and :data:`COLUMNS`.

    Args:
        speakers: names of speakers, which begin with their corpus.
        classes: labels that are asked for; none is all, and a recording without a label is asked for by all.
    """
    own = loaders.settings()
    names = sorted({speaker.partition("/")[0] for speaker in speakers})
    found = [_of_corpus(name, loaders.changed_at(own.imports / name)) for name in names]
    known = pd.concat([table if table is not None else _held_out() for table in found or [None]])
    wanted = known["speaker"].isin(speakers)
    if classes:
        wanted &= known["label"].isin(classes) | known["label"].isna()
    found_here = known[wanted]
    return found_here[~found_here.index.duplicated()].sort_index()


@cached(64, "Reading the corpora")
def _of_corpus(name: str, imported: int) -> pd.DataFrame | None:
    """The recordings of a corpus; None where it is not here."""
    try:
        corpus = corpora.load(name, loaders.settings().data, loaders.settings().imports)
    except EmovizError:
        return None
    labels = corpus.labels.get("emotion", pd.Series(dtype=object))
    return corpus.recordings.assign(label=labels.reindex(corpus.recordings.index))[COLUMNS]


def _held_out() -> pd.DataFrame:
    """The held-out recordings of all models here."""
    state = tuple((folder, folder.stat().st_mtime_ns) for folder in loaders.every_checkpoint().values())
    return kept(("held out", state), lambda: _read(folder for folder, _ in state))


def _read(folders: Iterable[Path]) -> pd.DataFrame:
    found = [pd.DataFrame(columns=COLUMNS)]
    for folder in folders:
        table = held_out(folder)
        if table is not None:
            found.append(table)
    every = pd.concat(found)
    return every[~every.index.duplicated()]


def held_out(folder: Path) -> pd.DataFrame | None:
    """Return the recordings on which a model was tested, with :data:`COLUMNS`; None where it names none."""
    for name in HELD_OUT:
        try:
            table = loaders.table(folder, name)
        except EmovizError:  # the pages of that table say so
            continue
        if table is not None:
            return table.reindex(columns=COLUMNS)
    return None


def of_cultures(folders: Iterable[Path], cultures: Collection[str]) -> list[str]:
    """Return the ids of the recordings of some cultures on which any of some models was tested, sorted."""
    tables = [table for folder in folders if (table := held_out(folder)) is not None]
    return sorted({str(one) for table in tables for one in table.index[table["culture"].isin(cultures)]})
