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
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..core.words import CONFOUND
from ..corpora.inventory import Holding, holding
from ..features import EXTRACTORS, make
from ..features.base import described
from ..features.estimate import Estimate, estimate, lacking
from ..features.picture_faces import SIDE
from ..features.store import FeatureStore
from ..features.stored_corpus import WHOLE
from ..models.inputs import Inputs
from ..models.losses import LOSSES
from ..prediction.inputs import PICTURES
from .config import TrainingConfig
from .data import DATA, labelled
from .data.arranged import usual_parts
from .data.channels import check_channels
from .data.recordings import with_names
from .untrained import build_model

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
    """Return the split, the size and the gaps of a training.

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
    check_channels(config)
    chosen = here(config, found)
    widths = stream_widths(config, chosen)
    model = build_model(config, widths)
    parts = split_table(config, chosen)
    missing = gaps(config, chosen, store)
    for one in chosen:
        if one.name in missing and one.missing:
            what = ", ".join(missing[one.name])
            raise FeatureError(f"The store lacks {what} of '{one.name}', whose files are not here: {one.missing}")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Outlook(parts, parameters, widths, missing, tuple(_warnings(config, parts)))


def here(config: TrainingConfig, found: Iterable[Holding]) -> list[Holding]:
    """Return the corpora of a config, which must all be on this machine.

    Raises:
        UnknownNameError: if there is no such corpus.
        CorpusError: if a corpus is not on this machine.
    """
    known = {one.name: one for one in found}
    for name in config.corpora:
        if name not in known:
            raise UnknownNameError("corpus", name, known)
        if known[name].tables is None:
            raise CorpusError(f"The corpus '{name}' is not on this machine: {known[name].missing}")
    return [known[name] for name in config.corpora]


def gaps(config: TrainingConfig, found: Iterable[Holding], store: FeatureStore) -> dict[str, dict[str, int]]:
    """Count the recordings from which a feature has to be extracted before a training, by corpus and feature."""
    return {one.name: gap for one in found if one.name in config.corpora and (gap := _gap(config, one, store))}


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
            if entry.feature != PICTURES:
                raise FeatureError(
                    f"'{found[0].name}' is a corpus of pictures, from which '{entry.feature}' cannot be extracted; the "
                    "preset face-expression trains on pictures."
                )
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
    table = labelled(config, list(tables.values()), ["speaker", "culture", "split"])
    if any(_pictures(one) for one in found):
        part = pd.concat([one.recordings["session"] for one in tables.values()]).loc[table.index]
        table = table.assign(culture="unknown", speaker=None)
    else:
        parts = usual_parts(config, with_names(table, tables))
        part = pd.Series({i: str(part) for part, ids in parts.items() for i in ids}, dtype=object).reindex(table.index)
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
    """Extract into the store the features that a training needs and the store lacks.

    Raises:
        EmovizError: if a corpus cannot be read, or a feature cannot be extracted from a recording.
    """
    found = [holding(name, data_folder, imports, store) for name in config.corpora]
    for name, gap in gaps(config, found, store).items():
        features = [feature for feature in gap if feature in EXTRACTORS]
        corpus = corpora.load(name, data_folder, imports)
        store.add_corpus(corpus, features, progress, settings=settings_of(config), copies=config.copies)


def extractions(
    config: TrainingConfig,
    view: Outlook,
    data_folder: Path | None,
    imports: Path,
    store: FeatureStore,
    progress: Progress = silent,
) -> list[Estimate]:
    """Estimate the time and space of :func:`complete` per corpus from a few recordings, whose features are kept.

    A corrupted copy is taken to last as long as its recording.

    Raises:
        EmovizError: if a corpus cannot be read, or a feature cannot be extracted from a recording.
    """
    wanted = {name: [feature for feature in gap if feature in EXTRACTORS] for name, gap in view.lacking.items()}
    found = [
        estimate(corpora.load(name, data_folder, imports), features, store, progress, settings_of(config))
        for name, features in wanted.items()
        if features
    ]
    return [dataclasses.replace(one, seconds=one.seconds * (config.copies + 1)) for one in found]


def in_words(parts: pd.DataFrame) -> str:
    """Say how much is learnt from and on how much the model is tested, by the parts of an :class:`Outlook`."""

    def counted(part: Split) -> str:
        own = parts[parts["part"] == part]
        people = int(own["speakers"].sum())
        return f"{own['recordings'].sum():,} recordings" + (f" of {people:,} people" if people else "")

    whom = " whom it never hears or sees" if parts["speakers"].any() else ""
    return f"The model learns from **{counted(Split.TRAIN)}** and is tested once on **{counted(Split.TEST)}**{whom}."


def told_gaps(config: TrainingConfig, view: Outlook) -> str:
    """Say which features of which corpora have to be extracted first, with the settings that are not defaults."""
    settings = settings_of(config)
    return "; ".join(
        f"{name}: {', '.join(described(feature, settings.get(feature, {})) for feature in gap)}"
        for name, gap in view.lacking.items()
    )


def settings_of(config: TrainingConfig) -> dict[str, Mapping[str, Any]]:
    """Return the settings of each feature of a config that are not its defaults."""
    return {entry.feature: entry.settings for entry in config.inputs}


def _gap(config: TrainingConfig, one: Holding, store: FeatureStore) -> dict[str, int]:
    """Count the recordings from which each feature has to be extracted first."""
    if one.tables is None or (one.stored and _pictures(one)):
        return {}
    count = len(one.tables.recordings)
    if _pictures(one):
        return {"pictures": count}
    wanted = {entry.feature: entry.settings for entry in config.inputs if _shipped(one, entry.feature) is None}
    gap = lacking(one, wanted, store, config.copies)
    return gap or ({} if one.stored else {"tables": count})


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
    keys = [key for key in one.tables.recordings["key"] if isinstance(key, str)]
    extracted = (e for e in config.inputs if e.feature in EXTRACTORS and store.count(keys, e.feature, e.settings))
    entry = next(extracted, None)
    if entry is None:
        return []
    streams = []
    for key in keys[:: max(1, len(keys) // HEARD)][:HEARD]:
        try:
            streams.append(store.stream(key, entry.feature, entry.settings))
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
