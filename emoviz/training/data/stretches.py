"""Stretches of traced recordings as training data: one per sample, with the mean of the trace as its target.

A stretch is as long as the config's window; the rest at a recording's end is left out. Otherwise stretches are
utterances: those of a recording share its speaker and its session, stand on one side of every split, and count as one
person.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from ...core.errors import ConfigError, CorpusError
from ...core.progress import Progress, silent
from ...core.vocabulary import Dimension
from ...features.store import FeatureStore
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .base import DATA, Data, DataKind, Partition, take_no
from .on_disk import Streams
from .recordings import Recordings, in_classes, load_recordings, trace_step
from .utterances import check_utterances, utterances


def check_stretches(config: TrainingConfig) -> None:
    """Refuse outputs without traces, and windows that are not a whole number of frames.

    Raises:
        ConfigError: if the config is refused.
    """
    check_utterances(config)
    if config.kind not in ("binary", "dimension"):
        raise ConfigError(f"Training on stretches predicts dimensions, or high and low, not {list(config.outputs)}.")
    take_no(config, "copies", "voices")
    if abs(config.window / config.hop - round(config.window / config.hop)) > 1e-6:
        raise ConfigError(
            f"A stretch has a whole number of frames, not {config.window:g} s with a frame every {config.hop:g} s."
        )


def load_stretches(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Recordings:
    """Read the recordings of a config's corpora and cut them into stretches.

    Raises:
        CorpusError: if a corpus is not in the store or has no traces, no recording is as long as a stretch, or all
            stretches are high, or low.
        FeatureError: if a feature was not extracted.
        ConfigError: if the grid does not fit the traces.
    """
    return stretches_of(config, load_recordings(config, store, progress))


def stretches_of(config: TrainingConfig, recordings: Recordings, *, some_classes: bool = False) -> Recordings:
    """Cut recordings into stretches, each named after its recording and its number in it, e.g. ``talk#3``.

    Args:
        config: config of the training.
        recordings: recordings with traces.
        some_classes: whether all stretches may be high, or all low.

    Raises:
        CorpusError: if a recording has no trace, none is as long as a stretch, or all stretches are high, or low.
    """
    rows: dict[str, pd.Series[Any]] = {}
    streams: dict[str, Streams] = {}
    for identity in map(str, recordings.table.index):
        if identity not in recordings.traces:
            raise CorpusError(f"The recording '{identity}' has no trace of labels; train on corpora that have.")
        for number, (means, own) in enumerate(_cut(config, recordings, identity)):
            rows[f"{identity}#{number}"] = pd.concat([recordings.table.loc[identity].drop(list(Dimension)), means])
            streams[f"{identity}#{number}"] = own
    if not rows:
        raise CorpusError(f"No recording of {', '.join(config.corpora)} lasts {config.window:g} s.")
    table = in_classes(config, pd.DataFrame(rows).T.rename_axis("id"), some_classes=some_classes)
    return replace(recordings, table=table, streams={name: streams[name] for name in table.index}, traces={})


def stretches(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make one sample per stretch; its target is whether it is high or low, or its mean ratings.

    Args:
        config: config of the training.
        recordings: stretches, as :func:`load_stretches` returns them.
        partition: ids of the stretches of each part; None splits them by the config.
        inputs: fitted transforms; None fits them.

    Raises:
        ConfigError: if the config is refused.
    """
    check_stretches(config)
    return utterances(config, recordings, partition, inputs)


def _cut(config: TrainingConfig, recordings: Recordings, identity: str) -> "Iterator[tuple[pd.Series[Any], Streams]]":
    """Yield the mean ratings and the streams of each stretch of a recording."""
    trace, streams = recordings.traces[identity], recordings.streams[identity]
    step, frames = trace_step(config, trace), round(config.window / config.hop)
    ratings = trace.reindex(columns=list(Dimension))
    for first in range(0, len(trace) // step - frames + 1, frames):
        own = {name: values[first : first + frames] for name, values in streams.items()}
        yield ratings.iloc[first * step : (first + frames) * step].mean(), own


DATA.register("stretches")(
    DataKind(load_stretches, stretches, check_stretches, frames=False, traced=True, cut=stretches_of)
)
