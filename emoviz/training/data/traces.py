"""Traces as training data: recordings whose labels change over time, in windows while a model is trained."""

import numpy as np
import torch
from torch import Tensor

from ...core.errors import ConfigError, CorpusError
from ...core.vocabulary import Dimension, Split
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .arranged import arrange, group, text
from .base import DATA, Data, DataKind, Part, Partition, Sample, take_no
from .recordings import Recordings, load_recordings, trace_step


def check_traces(config: TrainingConfig) -> None:
    """Refuse outputs that are not traced dimensions.

    Raises:
        ConfigError: if an output is not a traced dimension.
    """
    if not set(config.outputs) <= set(Dimension):
        raise ConfigError(f"Training on traces predicts {', '.join(Dimension)}, not {list(config.outputs)}.")
    take_no(config, "copies", "voices")


def traces(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make samples of recordings with labels over time: random windows in training, whole recordings otherwise.

    With a label delay, a training window's labels are those that raters gave that much later. On a grid that is
    coarser than that of the traces, labels are averaged over each frame, and scores are computed on the traces' grid.

    Raises:
        ConfigError: if an output is not a traced dimension, or the label delay is as long as a recording.
        CorpusError: if a recording has no trace.
    """
    check_traces(config)
    missing = [i for i in recordings.table.index if i not in recordings.traces]
    if missing:
        raise CorpusError(f"The recording '{missing[0]}' has no trace of labels; train on corpora that have.")
    arranged = arrange(config, recordings, partition, inputs)
    targets, finer = _trace_targets(config, recordings)
    window, delay = round(config.window / config.hop), round(config.label_delay / config.hop)
    if delay >= min(map(len, targets.values())):
        raise ConfigError(f"'label_delay' is shorter than each recording, unlike {config.label_delay:g} s.")

    def part_of(part: Split | None, cropped: bool) -> Part:
        rows = arranged.of(part)
        lengths = [len(targets[str(i)]) for i in rows.index]
        clips = [k for k, n in enumerate(lengths) for _ in range(max(1, n // window) if cropped else 1)]

        def make(epoch: int, number: int) -> Sample:
            row = rows.iloc[clips[number]]
            streams, target, trace = arranged.streams(str(row.name)), targets[str(row.name)], finer[str(row.name)]
            if cropped:
                usable = len(target) - delay
                random = np.random.default_rng([config.seed, epoch, number])
                first = int(random.integers(0, max(1, usable - window + 1)))
                last = min(first + window, usable)
                streams = {name: values[first:last] for name, values in streams.items()}
                target, trace = target[first + delay : last + delay], None
            who = row["speaker"], row["culture"], text(row["session"])
            return Sample(str(row.name), *who, "", streams, target, trace)

        return Part(len(clips), make, [group(rows.iloc[k], config.balance) for k in clips])

    return arranged.data(part_of, frames=True)


def _trace_targets(
    config: TrainingConfig, recordings: Recordings
) -> tuple[dict[str, Tensor], dict[str, Tensor | None]]:
    """Return the targets (T, K) of each recording on the grid, and its labels at their own rate where that is finer."""
    targets: dict[str, Tensor] = {}
    finer: dict[str, Tensor | None] = {}
    for identity in map(str, recordings.table.index):
        trace = recordings.traces[identity]
        step = trace_step(config, trace)
        labels = torch.from_numpy(trace[list(config.outputs)].to_numpy(np.float32, copy=True))
        labels = labels[: len(labels) // step * step]
        targets[identity] = labels.reshape(-1, step, len(config.outputs)).mean(1)
        finer[identity] = labels if step > 1 else None
    return targets, finer


DATA.register("traces")(DataKind(load_recordings, traces, check_traces, frames=True, traced=True))
