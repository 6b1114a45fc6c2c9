"""Tables of channel weights whose rows are replicates of a culture: models, or speakers whom one model heard.

A table of channel weights has one row per replicate and one column per channel, named
``<modality>.<channel>``. Its index has the levels ``culture``, ``dimension`` (the task) and one more that tells
replicates apart: the models that were trained from several seeds (:func:`of_models`), or, where there is one model
only, the speakers whom it heard (:func:`of_speakers`). Channels of one name must be the same channel in every
row; principal components are so only where one PCA was fitted for all models.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..core.channel_groups import GROUPS, group_of
from ..core.errors import AnalysisError, ConfigError, UnknownNameError

KEYS = ("culture", "dimension")
"""First levels of the index of a table of weights."""
DESCRIPTIVE = ("culture", "speaker", "label", "session", "weighting", "recordings")
"""Columns of ``attention.parquet`` and ``importance.parquet`` that are not channels."""


def of_models(attention: Mapping[str, pd.DataFrame], dimensions: Mapping[str, str]) -> pd.DataFrame:
    """Return weights whose replicates are models: a model's mean over the held-out clips of each culture.

    Args:
        attention: channel weights per held-out clip (``attention.parquet``) of each model.
        dimensions: name of each model's output.

    Returns:
        A table of weights; the last level of its index is ``model``.

    Raises:
        AnalysisError: if there are no models, clips lack a culture, or models weigh different channels.
    """
    if not attention:
        raise AnalysisError("Cultures are compared by the channel weights of at least one model; none was given.")
    means: list[pd.DataFrame] = []
    reference = next(iter(attention))
    channels = _channels_of(attention[reference], reference).columns
    for name, table in attention.items():
        values = _channels_of(table, name)
        odd = sorted(set(values.columns) ^ set(channels))
        if odd:
            raise AnalysisError(
                f"'{name}' and '{reference}' weigh different channels, e.g. only one of them has '{odd[0]}'; weights "
                "are compared between models of the same inputs."
            )
        mean = values[channels].groupby(table["culture"].to_numpy()).mean()
        keys = [mean.index, [dimensions[name]] * len(mean), [name] * len(mean)]
        means.append(mean.set_axis(pd.MultiIndex.from_arrays(keys, names=[*KEYS, "model"])))
    return pd.concat(means)


def of_speakers(attention: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Return weights of one model whose replicates are speakers: the mean over each one's held-out clips.

    Clips of one speaker are alike for reasons that are not their culture's, so they count once. A clip whose
    speaker is unknown stands for itself.

    Args:
        attention: channel weights per held-out clip (``attention.parquet``), the clips' ids in the index.
        dimension: name of the model's output.

    Returns:
        A table of weights; the last level of its index is ``speaker``.

    Raises:
        AnalysisError: if clips lack a culture, or there are no channels.
    """
    values = _channels_of(attention, "this model")
    speakers = attention["speaker"].where(attention["speaker"].notna(), attention.index.to_series())
    mean = values.groupby([attention["culture"].to_numpy(), speakers.to_numpy()]).mean()
    cultures, names = mean.index.get_level_values(0), mean.index.get_level_values(1)
    keys = [cultures, [dimension] * len(mean), names]
    return mean.set_axis(pd.MultiIndex.from_arrays(keys, names=[*KEYS, "speaker"]))


def modality(channel: str) -> str:
    """Return the text before a channel's first dot.

    Examples:
        >>> modality("egemaps.Loudness_sma3")
        'egemaps'
    """
    return channel.partition(".")[0]


def modalities(weights: pd.DataFrame) -> list[str]:
    """Return the modalities of the channels, in the order of the columns."""
    return list(dict.fromkeys(modality(channel) for channel in weights.columns))


def restrict(weights: pd.DataFrame, to: str) -> pd.DataFrame:
    """Return the weights of one modality's channels.

    Raises:
        UnknownNameError: if no channel belongs to the modality.
    """
    chosen = [channel for channel in weights.columns if modality(channel) == to]
    if not chosen:
        raise UnknownNameError("modality", to, modalities(weights))
    return weights[chosen]


def by_group(weights: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weight of the channels of each group (:mod:`emoviz.core.channel_groups`) in each culture.

    Args:
        weights: a table of weights.

    Returns:
        One row per dimension, culture and group that has channels, in the groups' order: ``dimension``, ``culture``,
        ``group``, ``weight``, ``spread`` (standard deviation over replicates, NaN with one), the number of
        ``channels``, and the ``highest`` of them. Channels of no group are left out.

    Raises:
        AnalysisError: if this is no table of weights.
    """
    require_weights(weights)
    groups = {channel: group_of(channel) for channel in weights.columns}
    rows = []
    for (dimension, culture), own in weights.groupby(level=["dimension", "culture"]):
        for group in GROUPS:
            channels = [channel for channel, found in groups.items() if found == group]
            if channels:
                values, mean = own[channels].mean(axis=1), own[channels].mean()
                about = len(channels), str(mean.idxmax())
                rows.append((dimension, culture, group, values.mean(), values.std(), *about))
    columns = ["dimension", "culture", "group", "weight", "spread", "channels", "highest"]
    return pd.DataFrame(rows, columns=columns)


def require_weights(weights: pd.DataFrame) -> None:
    """Refuse a table that is not a table of weights.

    Raises:
        AnalysisError: if it lacks the levels of the index, rows or channels, or if a value is missing or repeated.
    """
    if tuple(weights.index.names[:2]) != KEYS or weights.index.nlevels != 3:
        names = ", ".join(map(str, weights.index.names))
        raise AnalysisError(f"A table of weights is indexed by culture, dimension and replicate, not by {names}.")
    if weights.empty:
        raise AnalysisError("The table of weights has no rows or no channels.")
    if not weights.index.is_unique or not weights.columns.is_unique:
        raise AnalysisError("A row or a channel stands in the table of weights twice.")
    if not np.isfinite(weights.to_numpy(np.float64)).all():
        raise AnalysisError("The table of weights has missing or infinite values; a weight is a finite number.")


def require_count(count: int, channels: int, what: str) -> None:
    """Refuse a number of channels that is larger than the number of existing ones.

    Args:
        count: number that is asked for.
        channels: number of channels.
        what: name of the number in the message.

    Raises:
        ConfigError: if the number is not from 1 to all of them.
    """
    if not 1 <= count <= channels:
        raise ConfigError(f"The number of {what} is from 1 to {channels}, all there are, not {count}.")


def _channels_of(attention: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns of ``attention.parquet`` that are channels."""
    missing = [column for column in ("culture", "speaker") if column not in attention]
    values = attention.drop(columns=[column for column in DESCRIPTIVE if column in attention])
    if missing or values.shape[1] == 0 or attention.empty:
        raise AnalysisError(
            f"The channel weights of {name} have clips, the columns culture and speaker, and one column per channel; "
            f"here {missing[0] if missing else 'clips or channels'} are missing."
        )
    if attention["culture"].isna().any():
        raise AnalysisError(f"{int(attention['culture'].isna().sum())} clips of {name} have no culture to compare.")
    return values.astype(np.float64)
