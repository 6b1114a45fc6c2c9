"""The registry of floors, the samples that they are fitted to, and the results that they give."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from ...core.errors import ConfigError
from ...core.registry import Registry
from ...core.vocabulary import CLASS_KINDS, Split
from ...evaluation.scores import Result
from ...features.align import refined
from ...models.inputs import channel_names
from ..config import TrainingConfig
from ..data import Data, Part, Sample

Predict = Callable[[Part], list[Result]]
"""Function from a part to the results of a fitted system on its recordings, in their order."""

FLOORS: Registry[Callable[[TrainingConfig, Data], Predict]] = Registry("floor", home="emoviz.training.floors")


def training_samples(data: Data) -> list[Sample]:
    """Return all samples for training, those of validation speakers too, as a floor selects no epoch."""
    return [s for part in (Split.TRAIN, Split.VALIDATION) if part in data.whole for s in data.whole[part]]


def pooling(config: TrainingConfig, data: Data) -> Callable[[Sequence[Sample]], np.ndarray]:
    """Return a function from N samples to the (N, 2 D) means and spreads of their channels.

    Both are standardised: on the recordings that train, or, where the config adapts to cultures or speakers, within
    each of them over all recordings, without labels. A channel that a recording lacks stands at the mean of the others.

    Raises:
        ConfigError: if the outputs are no classes.
    """
    from sklearn.preprocessing import StandardScaler

    if config.kind not in CLASS_KINDS:
        raise ConfigError(f"The floor '{config.model}' predicts classes; for dimensions take 'shrinkage'.")
    pools: dict[str, list[np.ndarray]] = {}
    for sample in training_samples(data) if config.standardise_by == "none" else data.everyone:
        pools.setdefault(_group(sample, config.standardise_by), []).append(_pooled(sample))
    scalers = {group: StandardScaler().fit(np.stack(pooled)) for group, pooled in pools.items()}

    def pooled(samples: Sequence[Sample]) -> np.ndarray:
        groups = [_group(s, config.standardise_by) for s in samples]
        scaled = [scalers[g].transform(_pooled(s)[None])[0] for g, s in zip(groups, samples, strict=True)]
        return np.asarray(np.nan_to_num(np.stack(scaled)))

    return pooled


def _group(sample: Sample, by: str) -> str:
    """The culture or speaker within which a sample is standardised; one for all where there is no adaptation."""
    return {"none": "", "culture": sample.culture or "", "speaker": sample.speaker or ""}[by]


def require_positive(name: str, values: Sequence[float]) -> None:
    """Refuse an option that has no values, or a value that is not positive.

    Raises:
        ConfigError: if there is no value, or one that is not positive.
    """
    if not values or min(values) <= 0:
        raise ConfigError(f"'{name}' has at least one entry, all positive, not {list(values)}.")


def columns_of(config: TrainingConfig, data: Data, output: str, only: str = "") -> list[int]:
    """Return the positions of the channels that predict a dimension.

    Args:
        config: config of the training.
        data: data of the training.
        output: name of the dimension; the names of its channels end in ``.<output>``.
        only: prefix of the names of the channels.

    Raises:
        ConfigError: if there is no such channel.
    """
    names = [n for c, f in zip(config.inputs, data.features, strict=True) for n in channel_names(c, f.names)]
    columns = [i for i, n in enumerate(names) if n.startswith(only) and n.endswith(f".{output}")]
    if not columns:
        raise ConfigError(f"No channel '{only}*.{output}' predicts '{output}'; there are {', '.join(names[:9])} ...")
    return columns


def frames_of(sample: Sample) -> np.ndarray:
    """Return the streams of a sample side by side, (T, D)."""
    return np.concatenate([values.numpy() for values in sample.streams.values()], axis=1)


def _pooled(sample: Sample) -> np.ndarray:
    """(2 D,): mean and spread over time, NaN where no frame is known."""
    frames = frames_of(sample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a channel without a single known frame
        return np.concatenate([np.nanmean(frames, axis=0), np.nanstd(frames, axis=0)])


def result_of(sample: Sample, prediction: np.ndarray) -> Result:
    """Return the result of a floor on a recording, on the times of its labels."""
    truth = sample.target.numpy()
    if sample.trace is not None:
        truth, prediction = sample.trace.numpy(), refined(prediction, len(sample.trace))
    return Result(
        sample.id, sample.culture, sample.speaker, sample.label, truth, prediction, np.empty(0), session=sample.session
    )
