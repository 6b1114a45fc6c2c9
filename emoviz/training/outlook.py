"""A look ahead at a training before it starts: its size, its split and its gaps, and errors that forbid it.

The checks are those of the training itself, made on tables alone: no feature is read.
"""

import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from .. import corpora
from ..checkpoints.folder import Predictor
from ..core.errors import CorpusError, FeatureError, UnknownNameError
from ..core.keys import key_of_copy
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..core.words import CONFOUND
from ..corpora.inventory import Holding, holding
from ..features import EXTRACTORS, make
from ..features.estimate import lacking
from ..features.store import FeatureStore
from ..features.stored_corpus import SIDE, WHOLE
from ..models.inputs import InputConfig, Inputs
from ..models.losses import LOSSES
from .config import TrainingConfig
from .data import DATA, labelled
from .data.recordings import named_sessions
from .module import build_model
from .splits import usual_split

FEW = 3
"""Number of tested speakers of a culture below which its scores say little."""
HEARD = 8
"""Number of recordings whose length is looked up to estimate the length of all."""


@dataclass(frozen=True)
class Outlook:
    """The size, the split and the gaps of a training.

    Attributes:
        parts: table with the columns ``culture``, ``part``, ``recordings`` and ``speakers`` (0 where unknown).
        parameters: number of trained values.
        widths: number of channels of each stream after its transform.
        lacking: number of recordings from which a feature has to be extracted first, by corpus and feature.
        warnings: limits of the scores, one sentence each.
    """

    parts: pd.DataFrame
    parameters: int
    widths: Mapping[str, int]
    lacking: Mapping[str, Mapping[str, int]]
    warnings: tuple[str, ...]

    @property
    def samples(self) -> int:
        """The number of recordings in the training part."""
        return int(self.parts.loc[self.parts["part"] == Split.TRAIN, "recordings"].sum())


def outlook(config: TrainingConfig, found: Iterable[Holding], store: FeatureStore) -> Outlook:
    """Tell split, size and gaps of a training.

    Args:
        config: config of the training.
        found: corpora that are here.
        store: store that holds the features with settings of their own; the others are counted in ``found``.

    Raises:
        UnknownNameError: if a corpus, kind of data, loss or model is unknown.
        ConfigError: if settings contradict each other.
        CorpusError: if a corpus is not here, or no recording has a label that the config predicts.
        FeatureError: if a feature can neither be read nor extracted.
        SplitError: if a culture has too few speakers.
    """
    DATA[config.data].check(config)
    LOSSES[config.loss]
    known = {one.name: one for one in found}
    for name in config.corpora:
        if name not in known:
            raise UnknownNameError("corpus", name, known)
        if known[name].tables is None:
            raise CorpusError(f"The corpus '{name}' is not on this machine: {known[name].missing}")
    chosen = [known[name] for name in config.corpora]
    widths = stream_widths(config, chosen)
    model = build_model(config, widths)
    parts = split_table(config, chosen)
    gaps = {one.name: gap for one in chosen if (gap := _gap(config, one, store))}
    for one in chosen:
        if one.name in gaps and one.missing:
            what = ", ".join(gaps[one.name])
            raise FeatureError(f"The store lacks {what} of '{one.name}', whose files are not here: {one.missing}")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Outlook(parts, parameters, widths, gaps, tuple(_warnings(config, parts)))


def stream_widths(config: TrainingConfig, found: Sequence[Holding]) -> dict[str, int]:
    """Return the number of channels of each stream after its transform.

    Raises:
        FeatureError: if a feature cannot be extracted, and not every corpus comes with it.
        ConfigError: if a stream has fewer channels than the config wants components.
    """
    raw = {}
    for entry in config.inputs:
        bundled = [stream for one in found if (stream := _shipped(one, entry.feature)) is not None]
        if found and _pictures(found[0]):
            raw[entry.feature] = SIDE * SIDE
        elif bundled and (len(bundled) == len(found) or entry.feature not in EXTRACTORS):
            if len(bundled) < len(found):
                without = ", ".join(one.name for one in found if _shipped(one, entry.feature) is None)
                raise FeatureError(f"'{entry.feature}' came with some corpora only, not with {without}.")
            raw[entry.feature] = bundled[0]
        elif entry.feature in EXTRACTORS:
            raw[entry.feature] = len(make(entry.feature, entry.settings).channels)
        else:
            raise FeatureError(
                f"'{entry.feature}' comes with none of the chosen corpora and cannot be extracted; "
                f"extracted can be {', '.join(EXTRACTORS)}."
            )
    return Inputs(config.inputs, raw).widths


def split_table(config: TrainingConfig, found: Sequence[Holding]) -> pd.DataFrame:
    """Count recordings and speakers of each culture in each part.

    Raises:
        CorpusError: if no recording has a label that the config predicts.
        SplitError: if a culture has too few speakers.
    """
    tables = {one.name: one.tables for one in found if one.tables is not None}
    table = labelled(config, list(tables.values()), ["speaker", "culture", "session", "split"])
    if any(_pictures(one) for one in found):
        part = table["session"]
        table = table.assign(culture="unknown", speaker=None)
    else:
        table = table.assign(session=pd.concat([named_sessions(name, one.recordings) for name, one in tables.items()]))
        split = usual_split(table, config.validation_share, config.test_share, config.seed)
        part = table["speaker"].map({speaker: str(p) for p, speakers in split.items() for speaker in speakers})
    grouped = table.assign(part=part).groupby(["culture", "part"], sort=False)
    rows = grouped.agg(recordings=("part", "size"), speakers=("speaker", "nunique")).reset_index()
    order = {str(p): number for number, p in enumerate(Split)}

    def in_order(column: "pd.Series[Any]") -> "pd.Series[Any]":
        return column.map(order).fillna(column) if column.name == "part" else column

    return rows.sort_values(["culture", "part"], key=in_order, ignore_index=True)


def steps_per_epoch(config: TrainingConfig, view: Outlook, found: Iterable[Holding], store: FeatureStore) -> int:
    """Estimate the training steps of one epoch, from the length of a few recordings where samples are windows."""
    samples = float(view.samples)
    if DATA[config.data].frames:
        lengths = [length for one in found if one.name in config.corpora for length in _lengths(config, one, store)]
        samples *= sum(lengths) / len(lengths) / config.window if lengths else 1
    return max(1, round(samples / config.batch_size))


def step_seconds(config: TrainingConfig, widths: Mapping[str, int]) -> float:
    """Time one training step on this machine's processor, on noise in the shape of a full batch."""
    inputs = Inputs([], {})
    predictor = Predictor(inputs, build_model(config, widths)).train()
    optimiser = torch.optim.AdamW(predictor.parameters(), fused=True)
    data = DATA[config.data]
    frames = max(1, round(config.window / config.hop)) if data.windows else 1
    generator = torch.Generator().manual_seed(0)
    streams = {
        name: torch.randn(config.batch_size, frames, width, generator=generator) for name, width in widths.items()
    }
    mask = torch.ones(config.batch_size, frames, dtype=torch.bool)
    shape = (
        (config.batch_size, frames, len(config.outputs)) if data.frames else (config.batch_size, len(config.outputs))
    )
    target = torch.rand(shape, generator=generator)
    seconds = 0.0
    for _ in range(2):  # the first one pays for what is set up once
        began = time.perf_counter()
        output = predictor.model(streams, mask, target)
        LOSSES[config.loss](output.prediction, target, mask).backward()
        optimiser.step()
        optimiser.zero_grad()
        seconds = time.perf_counter() - began
    return seconds


def complete(
    config: TrainingConfig, data_folder: Path | None, imports: Path, store: FeatureStore, progress: Progress = silent
) -> None:
    """Put the features into the store that a training needs and the store lacks.

    Raises:
        EmovizError: if a corpus cannot be read, or a feature cannot be extracted from a recording.
    """
    for name in config.corpora:
        gap = _gap(config, holding(name, data_folder, imports, store), store)
        if gap:
            features = [feature for feature in gap if feature in EXTRACTORS]
            settings = {entry.feature: entry.settings for entry in config.inputs}
            corpus = corpora.load(name, data_folder, imports)
            store.add_corpus(corpus, features, progress, settings=settings, copies=config.copies)


def _gap(config: TrainingConfig, one: Holding, store: FeatureStore) -> dict[str, int]:
    """Count the recordings from which each feature has to be extracted first."""
    if one.tables is None or (one.stored and _pictures(one)):
        return {}
    count = len(one.tables.recordings)
    if _pictures(one):
        return {"pictures": count}
    wanted = [entry for entry in config.inputs if _shipped(one, entry.feature) is None]
    if one.stored:
        keys = [key for key in one.tables.recordings["key"] if isinstance(key, str)]
        own = {e.feature: _stored(e, keys, config.copies, store) for e in wanted if e.settings or config.copies}
        one = dataclasses.replace(one, features={**one.features, **own})
    gap = lacking(one, [entry.feature for entry in wanted])
    return gap or ({} if one.stored else {"tables": count})


def _stored(entry: InputConfig, keys: Sequence[str], copies: int, store: FeatureStore) -> int:
    """Count the recordings of which a feature is stored, those left out whose corrupted copies are not there."""
    every = [keys, *([key_of_copy(key, number) for key in keys] for number in range(1, copies + 1))]
    return min(store.count(some, entry.feature, entry.settings) for some in every)


def _pictures(one: Holding) -> bool:
    return one.tables is not None and one.tables.pictures is not None


def _shipped(one: Holding, feature: str) -> int | None:
    """Return the number of channels of a feature that came with a corpus, None where it did not."""
    if one.tables is None or feature not in one.tables.shipped:
        return None
    streams = one.tables.shipped[feature]
    if isinstance(streams, pd.DataFrame):
        return len(streams.columns.drop(["id", "time"], errors="ignore"))
    return len(next(iter(streams.values())).channels)


def _lengths(config: TrainingConfig, one: Holding, store: FeatureStore) -> list[float]:
    """Return the seconds of a few recordings, from a stored feature."""
    if one.tables is None or not one.stored:
        return []
    if not one.tables.traces.empty:
        return [float(rows["time"].iloc[-1]) for _, rows in one.tables.traces.groupby("id")]
    feature = next((e.feature for e in config.inputs if one.features.get(e.feature) and e.feature in EXTRACTORS), None)
    if feature is None:
        return []
    keys = [key for key in one.tables.recordings["key"] if isinstance(key, str)]
    streams = []
    for key in keys[:: max(1, len(keys) // HEARD)][:HEARD]:
        try:
            streams.append(store.stream(key, feature))
        except FeatureError:
            continue
    return [len(stream.values) * stream.hop for stream in streams if stream.hop < WHOLE]


def _warnings(config: TrainingConfig, parts: pd.DataFrame) -> Iterable[str]:
    tested = parts[(parts["part"] == Split.TEST) & (parts["speakers"] > 0)]
    few = tested.loc[tested["speakers"] < FEW, "culture"]
    if len(few):
        yield f"Fewer than {FEW} speakers are tested of {', '.join(few)}: the intervals there will be wide."
    if parts["culture"].nunique() > 1 and len(config.corpora) > 1:
        yield CONFOUND
    if config.standardise_by != "none" or config.adapt_norm:
        yield "Recordings that are tested, though not their labels, are looked at for the adaptation."
