"""Recordings of the corpora of a config: read from the store, aligned to its grid, and joined with their labels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...checkpoints.description import FeatureSpec
from ...core.binary import shares_of
from ...core.errors import ConfigError, CorpusError, FeatureError
from ...core.progress import Progress, silent
from ...core.vocabulary import INTENSITIES, Dimension, intensity
from ...corpora.duplicates import joined, same
from ...corpora.inventory import Tables
from ...features.align import align
from ...features.base import MOST_NAMED, FeatureStream
from ...features.grid import on_grid
from ...features.store import FeatureStore
from ..config import TrainingConfig
from ..sentences import named_sentences, told_by_sentences
from .base import DATA
from .copies import Copies
from .on_disk import Streams, streams_of
from .people import TOLD
from .standardise import standardise


@dataclass(frozen=True)
class Recordings:
    """All recordings of the corpora of a config, on its grid.

    Attributes:
        table: one row per recording, index ``id``, with the columns ``speaker``, ``culture``, ``gender``, ``language``,
            ``session`` and ``sentence`` (unique across corpora), ``emotion``, ``label``, the class that the config
            predicts or else the emotion, and, where the corpus states it, ``intensity``.
        streams: raw features (T, D), float32, by the id of the recording and the name of the stream; those that would
            fill the memory stay on disk (:mod:`.on_disk`).
        traces: labels over time (T, dimensions) by the id of the recording; empty for corpora with labels per clip.
        features: description of each stream.
        note: limits of the corpora, for the model card.
        licences: licence of each corpus, by its title.
        copies: corrupted copies of the recordings, or None.
    """

    table: pd.DataFrame
    streams: Mapping[str, Streams]
    traces: Mapping[str, pd.DataFrame]
    features: tuple[FeatureSpec, ...]
    note: str
    licences: Mapping[str, str]
    copies: Copies | None = None


def extent(config: TrainingConfig) -> str:
    """Return over which stretch speech features are computed in use: sound as it was recorded is encoded as a whole."""
    apart = all(dict(choice.settings).get("sound") == "conditioned" for choice in config.inputs)
    return "each stretch of speech between pauses" if apart else "all of a recording"


def load_recordings(
    config: TrainingConfig,
    store: FeatureStore,
    progress: Progress = silent,
    speakers: Collection[str] | None = None,
    *,
    some_classes: bool = False,
) -> Recordings:
    """Read and align the recordings of a config's corpora, and standardise them as the config says.

    Args:
        config: config of the training.
        store: store that holds the features.
        progress: listener, told of every recording.
        speakers: speakers whose recordings are read and standardised; None for all.
        some_classes: whether classes that the config predicts may be missing, as in a test without training.

    Raises:
        CorpusError: if a corpus is not in the store, or no recording has a label that the config predicts.
        MissingWeightsError: if an encoder's weights are not on this machine.
        FeatureError: if a feature was not extracted.
        ConfigError: if the grid does not fit the traces, or an extractor has no such setting.
    """
    chosen = {i.feature: i.settings for i in config.inputs}
    identities = {name: store.identity(name, settings) for name, settings in chosen.items()}
    corpora = store.corpora(config.corpora)
    table = labelled(config, corpora, ["key", "speaker", "culture", "split", *TOLD], some_classes=some_classes)
    left_out = _left_out(config, corpora, table) if config.kind == "intensity" else ""
    table = with_names(table, {c.name: c for c in corpora})
    if speakers is not None:
        table = table[table["speaker"].isin(speakers)]
    traces = {str(i): rows for c in corpora if not c.traces.empty for i, rows in c.traces.groupby("id")}
    shipped = {name: streams for c in corpora for name, streams in c.shipped.items()}
    channels: dict[str, tuple[str, ...]] = {}

    def read(identity: str) -> Streams:
        key = table["key"][identity]
        found = {
            name: shipped[name][identity] if identity in shipped.get(name, {}) else _stored(store, key, name, settings)
            for name, settings in chosen.items()
        }
        channels.update({} if channels else {name: stream.channels for name, stream in found.items()})
        return _on_grid(config, found, traces.get(identity))

    def tell(number: int) -> None:
        progress("Reading features", number, len(table))

    streams = streams_of([*map(str, table.index)], read, tell, all_at_once=config.standardise_by != "none")
    if config.standardise_by != "none":
        progress(f"Standardising by {config.standardise_by}", 0, 1)
        streams = standardise(streams, table, config.standardise_by, config.speaker_weight)
    return Recordings(
        table=table,
        streams=streams,
        traces=traces,
        features=tuple(_spec(name, *identities[name], channels[name], chosen[name]) for name in chosen),
        note=" ".join(f"{c.title}: {c.limits}" for c in corpora) + left_out + told_by_sentences(table),
        licences={c.title: c.licence for c in corpora},
    )


def load_with_copies(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Recordings:
    """Read the recordings of a config's corpora as :func:`load_recordings` does, to train on their copies, too."""
    recordings = load_recordings(config, store, progress)
    copies = Copies(config, store, recordings.table["key"]) if config.copies else None
    return replace(recordings, copies=copies)


def labelled(
    config: TrainingConfig, corpora: Sequence[Tables], columns: Sequence[str], *, some_classes: bool = False
) -> pd.DataFrame:
    """Join recordings with their labels, and keep those with an emotion or a rating that the config predicts.

    Args:
        config: config of the training.
        corpora: corpora of the config.
        columns: columns of their recordings that are kept; None where a corpus has no such column.
        some_classes: whether classes that the config predicts may be missing.

    Returns:
        One row per recording, index ``id``, with those columns, ``emotion``, ``label``, ``intensity`` and one column
        per dimension, NaN where a value is unknown.

    Raises:
        CorpusError: if no recording is left, or none shows one of the emotions, or is of one of the cultures, that the
            config names.
    """
    labels = ["emotion", "intensity", *Dimension]
    table = pd.concat(
        [c.recordings.reindex(columns=list(columns)).join(c.labels.reindex(columns=labels)) for c in corpora]
    )
    table = table[_of_cultures(config, corpora).to_numpy()]
    shown = sorted(set(table["emotion"].dropna()))
    if config.kind == "emotion":
        table = table[table["emotion"].isin(config.outputs)]
    elif config.kind == "intensity":
        table = _with_intensity(config, table)
    elif config.kind == "dimension" and not DATA[config.data].frames and not DATA[config.data].traced:
        table = table.dropna(subset=list(config.outputs), how="all")
    elif config.kind == "binary" and not DATA[config.data].traced:
        return in_classes(config, table, some_classes=some_classes)
    if table.empty:
        raise CorpusError(f"No recording of {', '.join(config.corpora)} has one of the outputs as its label.")
    if config.kind == "emotion" and not some_classes and (lacking := set(config.outputs) - set(table["emotion"])):
        raise CorpusError(
            f"The config predicts {', '.join(sorted(lacking))}, but no recording of {', '.join(config.corpora)} is "
            f"that; they are {', '.join(shown)}."
        )
    return table.assign(label=table["emotion"])


def in_classes(config: TrainingConfig, table: pd.DataFrame, *, some_classes: bool = False) -> pd.DataFrame:
    """Keep the recordings with a high or low rating, if the config predicts high and low.

    Args:
        config: config of the training.
        table: recordings with a column per dimension.
        some_classes: whether one of the two may be missing.

    Raises:
        CorpusError: if no recording is high, or none is low.
    """
    if config.kind != "binary":
        return table
    shares = binary_shares(config, table)
    high = pd.Series(shares[:, 1], table.index).dropna()
    kept = table.loc[high.index].assign(label=np.array(config.outputs, object)[high.astype(int)])
    lacking = [name for name, count in zip(config.outputs, np.nansum(shares, axis=0), strict=True) if not count]
    if lacking and not some_classes:
        rated = table[config.rated].notna().sum()
        if not rated:
            raise CorpusError(
                f"No recording of {', '.join(config.corpora)} has a rating of {config.rated}, of which "
                f"'{lacking[0]}' would be told: import the corpus with a column of {config.rated}."
            )
        raise CorpusError(
            f"No recording of {', '.join(config.corpora)} is '{lacking[0]}': of {rated} whose "
            f"{config.rated} is rated, {len(kept)} lie beyond {config.threshold:g} ± {config.neutral:g}; change "
            "'threshold' or 'neutral'."
        )
    return kept


def binary_shares(config: TrainingConfig, table: pd.DataFrame) -> np.ndarray:
    """Return the one-hot classes (N, 2) of recordings with a column per dimension; NaN for those that are neither."""
    return shares_of(table[config.rated].to_numpy(float), config.threshold, config.neutral)


def _of_cultures(config: TrainingConfig, corpora: Sequence[Tables]) -> "pd.Series[Any]":
    """Say of each recording whether it is of a culture that the config reads."""
    cultures = pd.concat([c.recordings["culture"] for c in corpora])
    if lacking := set(config.cultures) - set(cultures):
        raise CorpusError(
            f"No recording of {', '.join(config.corpora)} is of the culture '{min(lacking)}'; they are of "
            f"{', '.join(sorted(cultures.dropna().unique()))}."
        )
    return cultures.isin(config.cultures) | (not config.cultures)


def _with_intensity(config: TrainingConfig, table: pd.DataFrame) -> pd.DataFrame:
    """Keep recordings whose intensity is stated, and those of an emotion that is not predicted, which have none of it.

    Where no intensity that is predicted is stated, nothing is kept.
    """
    predicted = table["emotion"].dropna().map(intensity).isin(config.outputs).reindex(table.index, fill_value=False)
    stated = table["intensity"].map(INTENSITIES).notna()
    kept = table["emotion"].notna() & (stated | ~predicted)
    return table[kept & (predicted & stated).any()]


def _left_out(config: TrainingConfig, corpora: Sequence[Tables], table: pd.DataFrame) -> str:
    """Say how many recordings no intensity can be learnt from."""
    count = sum(len(c.recordings) for c in corpora) - len(table)
    return f" {count} recordings do not state their intensity and are left out." * bool(count)


def with_names(table: pd.DataFrame, corpora: Mapping[str, Tables]) -> pd.DataFrame:
    """Join recordings with their sessions and sentences, under names that no other corpus has."""
    sessions = pd.concat([named_sessions(name, one.recordings) for name, one in corpora.items()])
    sentences = pd.concat([named_sentences(name, one.recordings) for name, one in corpora.items()])
    return table.assign(session=sessions, sentence=sentences)


def named_sessions(corpus: str, recordings: pd.DataFrame) -> "pd.Series[Any]":
    """Return the session of each recording under a name that no other corpus has.

    Speakers under whom the same recording stands, byte for byte, share a session.
    """
    twice = same(recordings["key"], recordings["speaker"]) if "key" in recordings else []
    sessions = pd.Series(joined(recordings["session"].to_dict(), twice), recordings.index, dtype=object, name="session")
    return sessions.map(lambda session: f"{corpus}/{session}", na_action="ignore")


def _spec(
    name: str, version: str, settings: Mapping[str, Any], channels: tuple[str, ...], chosen: Mapping[str, Any]
) -> FeatureSpec:
    """Describe a stream, with the names of its channels unless they are too many."""
    return FeatureSpec(name, version, settings, channels if len(channels) <= MOST_NAMED else (), len(channels), chosen)


def _stored(store: FeatureStore, key: str | None, name: str, settings: Mapping[str, Any]) -> FeatureStream:
    if not isinstance(key, str):
        raise FeatureError(
            f"'{name}' neither comes with a recording nor can be extracted from it, as its media are missing."
        )
    return store.stream(key, name, settings)


def _on_grid(config: TrainingConfig, found: Mapping[str, FeatureStream], trace: pd.DataFrame | None) -> Streams:
    """Bring the streams of a recording onto the grid of the config, or of its trace."""
    if trace is None:
        return on_grid(found, config.hop, config.resample).values
    times = _trace_times(config, trace)
    return {name: align(stream, times, config.resample) for name, stream in found.items()}


def _trace_times(config: TrainingConfig, trace: pd.DataFrame) -> np.ndarray:
    """Return the grid of a recording with traces: their times, or the mean time of the labels within each hop."""
    step = trace_step(config, trace)
    times = trace["time"].to_numpy()
    middles: np.ndarray = times[: len(times) // step * step].reshape(-1, step).mean(1)
    return middles


def trace_step(config: TrainingConfig, trace: pd.DataFrame) -> int:
    """Return the number of labels that a frame of the grid spans.

    Raises:
        ConfigError: if the number is not whole.
    """
    hop = float(np.diff(trace["time"]).mean())
    step = round(config.hop / hop)
    if step < 1 or abs(config.hop - step * hop) > 1e-3 * hop:
        raise ConfigError(
            f"The traces have a value every {hop:.3g} s, so 'hop' is a multiple of that, not {config.hop:g}."
        )
    return step
