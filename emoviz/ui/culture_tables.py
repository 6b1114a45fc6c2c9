"""Tables for the Cultures page, computed once for every state of the files that they are read from."""

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..analysis import culture_comparison, cultures, microphones, replicates, similarity, top_channels
from ..analysis.culture_comparison import Comparison
from ..checkpoints.folder import CONFIG, PER_CULTURE, WEIGHTS, read_description
from ..checkpoints.metrics import METRICS
from ..checkpoints.tables import read_table
from ..core.errors import CheckpointError
from ..core.vocabulary import Weighting
from ..explain.faithful import faithful_in_words
from . import loaders
from .cache import cached, kept

GROUP = "one model per culture"
"""Name under which the bundled models of one culture each are chosen together; other sets have names of their own."""
State = tuple[tuple[Path, int], ...]
"""Files and when they changed."""


def sources() -> dict[str, tuple[Path, ...]]:
    """Return the sources of channel weights by name: the models of one culture each, and models of several."""
    sets = _sets()
    found = {**sets, **{both: sets[own] + sets[GROUP] for both, own in _beside(sets).items()}}
    for name, folder in loaders.checkpoints().items():
        table = loaders.table(folder, "attention")
        if table is not None and "culture" in table and table["culture"].nunique() > 1:
            found[name] = (folder,)
    return found


def _sets() -> dict[str, tuple[Path, ...]]:
    """The models of one culture each, by the name of their set."""
    found = {source_of(name): tuple(members.values()) for name, members in loaders.sets().items()}
    return {
        name: folders
        for name, folders in found.items()
        if any((folder / "attention.parquet").exists() for folder in folders)
    }


def query_of(name: str) -> dict[str, str]:
    """Return the query by which the page shows a set; it shows the bundled one unless it is asked for another."""
    return {} if name == PER_CULTURE else {"weights": name}


def _beside(sets: Iterable[str]) -> dict[str, str]:
    """The sets of one's own by the names under which they stand beside the bundled one, where that is here."""
    return {f"{name} beside the bundled set": name for name in sets if name != GROUP and GROUP in sets}


def source_of(name: str) -> str:
    """Return the name of the source of channel weights that a set is."""
    return GROUP if name == PER_CULTURE else name


def weights(name: str, folders: tuple[Path, ...], weighting: Weighting) -> cultures.Weights:
    """Return the channel weights of a source.

    Args:
        name: name of the source.
        folders: its checkpoints.
        weighting: the kind of weights.

    Raises:
        AnalysisError: if the models cannot be compared.
        CheckpointError: if the only checkpoint is damaged.
    """
    return _read_weights(name, weighting, changed(folders), heard(name))


@cached(8, "Reading channel weights")
def _read_weights(name: str, weighting: Weighting, state: State, heard: State) -> cultures.Weights:
    folders, sets = _folders(state), _sets()
    if own := _beside(sets).get(name):
        first, second = (cultures.weights(sets[one], weighting) for one in (own, GROUP))
        return cultures.beside(first, second, (own, GROUP))
    if name not in sets:
        return cultures.weights_by_speaker(folders[0], weighting)
    found = cultures.weights(folders, weighting)
    if weighting is not Weighting.ATTENTION:
        return found
    try:
        return found._replace(moved=microphones.read_all(file for file, _ in heard))
    except CheckpointError as error:
        return found._replace(left_out=(*found.left_out, str(error)))


def heard(name: str) -> State:
    """Return the files of the pseudo-cultures of a source, and the times of their changes."""
    files = microphones.files(loaders.settings().checkpoints, PER_CULTURE if name == GROUP else name)
    return tuple((file, file.stat().st_mtime_ns) for file in files)


def missing(name: str, weights: cultures.Weights, weighting: Weighting) -> str:
    """Say which models of a source are not weighed by a witness yet, and the command that does it.

    Args:
        name: name of the source.
        weights: its weights, of which some are missing.
        weighting: the witness.
    """
    asked = PER_CULTURE if name == GROUP else _beside(_sets()).get(name, name)
    return cultures.missing(weights, weighting, asked)


def faithful(folders: tuple[Path, ...], dimension: str) -> str:
    """Say which weightings of some models are faithful; empty where it was measured of none.

    Args:
        folders: the checkpoints.
        dimension: task of the models.
    """
    return _faithful(dimension, _state(folders, CONFIG, "deletion.parquet"))


@cached(16, "Reading deletion curves")
def _faithful(dimension: str, state: State) -> str:
    tables = []
    for folder in _folders(state):
        try:
            if cultures.dimension(read_description(folder)) != dimension:
                continue
            deletion, attention = read_table(folder, "deletion"), read_table(folder, "attention")
        except CheckpointError:  # the weights of the same folder say so
            continue
        if deletion is not None and attention is not None:
            heard = attention["culture"].dropna().unique()
            tables.append((str(heard[0]) if len(heard) == 1 else folder.name, deletion))
    return faithful_in_words(tables)


def changed(folders: tuple[Path, ...]) -> State:
    """Return the files of the channel weights of a source, and the times of their changes."""
    return _state(folders, CONFIG, WEIGHTS, "attention.parquet", "importance.parquet")


@cached(64, "Comparing cultures")
def compare(
    of: tuple[Hashable, ...], _weights: pd.DataFrame, _moved: pd.DataFrame, replicates: str, measure: str, k: int
) -> Comparison:
    """Compare the cultures of one dimension.

    Args:
        of: name of these weights; to look through all of them would take longer than to draw them.
        _weights: weights of one dimension.
        _moved: weights of its pseudo-cultures; may be empty.
        replicates: name of the rows of a culture.
        measure: measure of similarity.
        k: number of channels of the measure ``top-k``.

    Raises:
        AnalysisError: if this is no table of weights.
    """
    return culture_comparison.compare(_weights, _moved, replicates, measure, k)


class Pair(NamedTuple):
    """The channel weights of two cultures against each other, or those of one culture.

    Attributes:
        names: names of the cultures; that of a pseudo-culture names its culture, too.
        table: table of every channel (:func:`emoviz.analysis.top_channels.pair`).
        shown: names of the channels that a figure has room for.
        points: weights of these channels, replicate by replicate.
    """

    names: list[str]
    table: pd.DataFrame
    shown: list[str]
    points: pd.DataFrame


def pair(
    of: Hashable, weights: pd.DataFrame, moved: pd.DataFrame, replicates: str, names: tuple[str, str], most: int
) -> Pair:
    """Compare two cultures channel by channel.

    Args:
        of: name of these weights.
        weights: weights of one dimension.
        moved: weights of its pseudo-cultures; may be empty.
        replicates: name of the rows of a culture.
        names: names of the cultures, of which the second may be :data:`emoviz.analysis.microphones.BY_TELEPHONE`.
        most: number of channels that a figure has room for.
    """

    def make() -> Pair:
        first, second, both_weights = *names, weights
        if second == microphones.BY_TELEPHONE:
            both_weights, second = microphones.beside(weights, microphones.heard(weights, moved), first)
        both = list(dict.fromkeys((first, second)))
        table = top_channels.pair(both_weights, first, second)
        order = table if len(both) == 2 else table.sort_values("first", ascending=False)
        shown = list(order["channel"].iloc[:most])
        own = both_weights.loc[both_weights.index.get_level_values("culture").isin(both), shown]
        points = own.melt(ignore_index=False, var_name="channel", value_name="weight").reset_index()
        return Pair(both, table, shown, points.rename(columns={replicates: "replicate"}))

    return kept(("pair", of, names, most), make)


def groups(of: Hashable, weights: pd.DataFrame) -> pd.DataFrame:
    """Return the weights of groups of channels (:func:`emoviz.analysis.replicates.by_group`).

    Args:
        of: name of these weights.
        weights: weights of one dimension.
    """
    return kept(("grouped", of), lambda: replicates.by_group(weights))


def frequent(of: Hashable, weights: pd.DataFrame, most: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the highest channels of each culture and task, and the frequency of each among them.

    Args:
        of: name of these weights.
        weights: weights of all dimensions.
        most: number of channels that count as high.
    """

    def make() -> tuple[pd.DataFrame, pd.DataFrame]:
        own = pd.concat([similarity.without_flat(some)[0] for _, some in weights.groupby(level="dimension")])
        top = top_channels.top_channels(own, min(most, weights.shape[1]))
        return top, top_channels.frequencies(top)

    return kept(("frequent", of, most), make)


def scores() -> tuple[pd.DataFrame, State]:
    """Return held-out scores per culture of all checkpoints (:func:`emoviz.analysis.cultures.scores`).

    Returns:
        Its rows; ``scored`` names the models that stand in one figure: a set, or one of several cultures. And
        the files that they are read from.
    """
    states = {name: _state(folders, CONFIG, METRICS) for name, folders in scored().items()}

    def make() -> pd.DataFrame:
        return pd.concat([_scores(state).assign(scored=name) for name, state in states.items()], ignore_index=True)

    state = tuple(file for files in states.values() for file in files)
    return kept(("scores", state), make), state


def scored() -> dict[str, tuple[Path, ...]]:
    """Return the folders of the models that stand in one figure of scores, by its name: a set, or a model."""
    return _sets() | {name: (folder,) for name, folder in loaders.checkpoints().items()}


@cached(256)
def _scores(state: State) -> pd.DataFrame:
    return cultures.scores(_folders(state))


def collapsed(name: str, dimension: str) -> str:
    """Return in words how many models of each culture collapsed, by each of their scores; empty if none did.

    Args:
        name: name of the source of channel weights.
        dimension: task of the models.
    """
    table, _ = scores()
    own_set = _beside(_sets()).get(name)
    own = table[table["scored"].isin([own_set, GROUP] if own_set else [name]) & (table["dimension"] == dimension)]
    by_model = own.groupby(["scored", "culture", "model"])["collapsed"].all()
    found = by_model.groupby(["scored", "culture"]).agg(["sum", "size"])
    counts = [f"{row.sum} of {row.size} of {row.Index[1]}" for row in found[found["sum"] > 0].itertuples()]
    if not counts:
        return ""
    return f"Collapsed models, which tell little: {', '.join(counts)}."


def transfer() -> tuple[pd.DataFrame, loaders.Reports]:
    """Return scores from one culture to another (:func:`emoviz.analysis.cultures.transfer`), and their reports."""
    reports = loaders.reports()
    return kept(("transfer", reports.state), lambda: cultures.transfer(reports.found)), reports


def _folders(state: State) -> list[Path]:
    return list(dict.fromkeys(path.parent for path, _ in state))


def _state(folders: tuple[Path, ...], *names: str) -> State:
    files = [folder / name for folder in folders for name in names]
    return tuple((file, file.stat().st_mtime_ns if file.exists() else 0) for file in files)
