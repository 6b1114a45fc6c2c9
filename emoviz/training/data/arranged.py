"""Recordings that are split into parts and transformed by fits on the training part; most kinds of data start here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...core.vocabulary import Split
from ...models.inputs import Inputs
from ..config import TrainingConfig
from ..sentences import sentences_apart
from ..splits import check_disjoint, usual_split
from .base import Data, Part, Partition
from .channels import bundled_inputs
from .on_disk import OnDisk, size_of
from .people import people_in
from .recordings import Recordings


@dataclass(frozen=True)
class Arranged:
    """Recordings that are split, and their streams under transforms that were fitted on the training part.

    Attributes:
        recordings: recordings as they were read.
        inputs: transforms of the streams.
        partition: ids of the recordings of each part.
        transformed: transformed streams by the id of their recording and the number of the copy, kept from their first
            use on, unless the recordings stay on disk.
    """

    recordings: Recordings
    inputs: Inputs
    partition: Partition
    transformed: dict[tuple[str, int], Mapping[str, Tensor]] = field(default_factory=dict)

    def of(self, part: Split | None) -> pd.DataFrame:
        """Return the rows of one part, or all rows for None."""
        return self.recordings.table if part is None else self.recordings.table.loc[self.partition[part]]

    def streams(self, identity: str, copy: int = 0) -> Mapping[str, Tensor]:
        """Return the transformed streams of a recording, or of its corrupted copy with a number."""
        if (identity, copy) in self.transformed:
            return self.transformed[identity, copy]
        with torch.no_grad():
            raw = {name: torch.from_numpy(values) for name, values in self._raw(identity, copy).items()}
            streams: Mapping[str, Tensor] = self.inputs(raw)
        if not isinstance(self.recordings.streams, OnDisk):
            self.transformed[identity, copy] = streams
        return streams

    def _raw(self, identity: str, copy: int) -> Mapping[str, np.ndarray]:
        found = self.recordings.copies.read(identity, copy) if copy and self.recordings.copies else None
        return self.recordings.streams[identity] if found is None else found

    @property
    def copies(self) -> int:
        """The number of corrupted copies of each recording that is trained on."""
        return self.recordings.copies.count if self.recordings.copies else 0

    @property
    def copied(self) -> pd.Index:
        """The ids of the recordings whose copies are read: all but the tested ones."""
        parts = [ids for part, ids in self.partition.items() if part is not Split.TEST]
        return parts[0].append(parts[1:]) if parts else pd.Index([])

    def move(self, device: torch.device) -> None:
        """Put the transformed streams of all recordings and their copies on a device."""
        every = [(identity, 0) for identity in self.recordings.table.index]
        every += [(identity, copy) for copy in range(1, self.copies + 1) for identity in self.copied]
        for identity, copy in every:
            streams = self.streams(str(identity), copy)
            self.transformed[str(identity), copy] = {name: values.to(device) for name, values in streams.items()}

    @property
    def size(self) -> int:
        """The bytes of the streams before their transforms, which never enlarge them; copies count the same."""
        streams, table = self.recordings.streams, self.recordings.table
        if isinstance(streams, OnDisk):
            return streams.each * len(table) * (self.copies + 1)
        once = sum(size_of(streams[str(i)]) for i in table.index)
        return once * (self.copies + 1)

    def data(self, part_of: Callable[[Split | None, bool], Part], frames: bool) -> Data:
        """Gather everything that a training needs to know.

        Args:
            part_of: function that makes the samples of a part, cropped or not; None stands for all recordings.
            frames: whether targets are per frame.
        """
        return Data(
            features=self.recordings.features,
            inputs=self.inputs,
            parts={part: part_of(part, part is Split.TRAIN) for part in self.partition},
            whole={part: part_of(part, False) for part in self.partition},
            everyone=part_of(None, False),
            split={part: tuple(sorted(self.of(part)["speaker"].unique())) for part in self.partition},
            split_note="The parts share no speaker; `config.json` lists the speakers of each.",
            transformed=True,
            frames=frames,
            note=self.recordings.note,
            licences=self.recordings.licences,
            size=self.size,
            people=people_in(self.recordings.table, self.partition),
            move=self.move,
        )


def arrange(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Arranged:
    """Split recordings and transform their streams.

    Args:
        config: config of the training.
        recordings: recordings as :func:`load_recordings` returns them.
        partition: split of the recordings; by default that of :func:`~emoviz.training.splits.usual_split`.
        inputs: transforms that were fitted before, for a model that is trained further.

    Raises:
        SplitError: if a speaker stands in two parts, or a culture has too few speakers.
        FeatureError: if corrupted copies of recordings that are trained on were not extracted.
    """
    table = recordings.table
    if partition is None:
        partition = usual_parts(config, table)
    check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in partition.items()})
    arranged = Arranged(recordings, inputs or fit_inputs(config, recordings, partition[Split.TRAIN]), partition)
    if recordings.copies:
        recordings.copies.require(arranged.copied)
    return arranged


def usual_parts(config: TrainingConfig, table: pd.DataFrame) -> dict[Split, pd.Index]:
    """Return the ids of the recordings of each part of a config's own split.

    Args:
        config: config of the training.
        table: recordings as :class:`Recordings` has them.

    Raises:
        SplitError: if a culture has too few speakers, or sentences cannot be kept apart.
    """
    speakers = usual_split(table, config.validation_share, config.test_share, config.seed)
    parts = {part: table.index[table["speaker"].isin(names)] for part, names in speakers.items()}
    if not config.sentences_apart:
        return parts
    train, validation, test = (parts[part] for part in (Split.TRAIN, Split.VALIDATION, Split.TEST))
    (train, validation), (test,) = sentences_apart(table, [train, validation], [test], [config.seed])
    return {Split.TRAIN: train, Split.VALIDATION: validation, Split.TEST: test}


def fit_inputs(config: TrainingConfig, recordings: Recordings, ids: pd.Index) -> Inputs:
    """Fit the transforms of the inputs (PCA, standardisation) on the frames of some recordings.

    Where the config reads a bundled model's channels, its transforms are returned and nothing is fitted.
    Of recordings on disk, an evenly spaced sample is taken that fits in memory.
    """
    if config.channels:
        return bundled_inputs(config, recordings.features)
    inputs = Inputs(config.inputs, {spec.name: spec.width for spec in recordings.features})
    streams, names = recordings.streams, [*map(str, ids)]
    names = [*streams.some(names)] if isinstance(streams, OnDisk) else names
    for name in inputs:
        inputs[name].fit(np.concatenate([streams[i][name] for i in names]))  # type: ignore[operator]
    return inputs


def text(value: object) -> str | None:
    """Return a cell of a table as a text, or None where the table has no value."""
    return value if isinstance(value, str) else None


def group(row: "pd.Series[Any]", columns: Sequence[str]) -> str:
    """Return the group of a sample for balanced sampling, which is named after its values of the columns."""
    return "/".join(str(row[column]) for column in columns)
