"""Fusion of the table of a clip's predictions."""

import numpy as np
import pandas as pd

from ...core.errors import ConfigError
from ...core.vocabulary import FUSED_SOURCES, Source
from .base import FUSIONS, VIDEO_WEIGHT, Rule

BLOCK = 10_000
"""Rows that are fused at a time."""


def fuse(
    table: pd.DataFrame, outputs: pd.DataFrame, method: str = "weighted", video_weight: float = VIDEO_WEIGHT
) -> pd.DataFrame:
    """Return the table with the columns ``fused.*`` added, or renewed.

    The first of them, :data:`~emoviz.core.vocabulary.FUSED_SOURCES`, is the number of sources that count in the fused
    values of a frame: where it is 1, they are those of one source alone.

    The outputs that both face and speech predict are fused, and the emotions as soon as both predict any.
    Where several models of one source predict the same output, the first one counts.

    Args:
        table: table with ``time`` and one column per output (``emoviz.prediction.assembly.ClipPrediction.table``).
        outputs: descriptions of the columns (``ClipPrediction.outputs``).
        method: name of a rule in :data:`FUSIONS`.
        video_weight: weight of the face, on [0, 1].

    Raises:
        UnknownNameError: if there is no such rule.
        ConfigError: if the weight is outside [0, 1].
    """
    if not 0 <= video_weight <= 1:
        raise ConfigError(f"The weight of the video is between 0 and 1, not {video_weight}.")
    fusion = FUSIONS[method]
    weights = np.array([video_weight, 1 - video_weight])
    fused = fused_outputs(outputs)
    counts: list[np.ndarray] = []
    joined: dict[str, np.ndarray] = {}
    table = table.drop(columns=[c for c in table.columns if c.startswith(f"{Source.FUSED}.")])
    for kind, rule in (("dimension", fusion.dimensions), ("emotion", fusion.emotions)):
        names = fused.loc[fused.kind == kind, "output"]
        if names.empty:
            continue
        values, count = _fused(table, list(names), weights, rule)
        joined |= {f"{Source.FUSED}.{name}": own for name, own in zip(names, values.T, strict=True)}
        counts.append(count)
    if counts:
        # Of emotions and dimensions the fewer sources, where both have any.
        fewest = np.min([np.where(count > 0, count, np.inf) for count in counts], axis=0)
        table[FUSED_SOURCES] = np.where(np.isfinite(fewest), fewest, 0).astype(np.float32)
        table[list(joined)] = np.stack(list(joined.values()), axis=1)
    return table


def _fused(table: pd.DataFrame, names: list[str], weights: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Fuse outputs block by block, as a rule takes several times the memory of what it reads.

    Returns:
        The fused values, float32 (T, K), and the number (T,) of sources that have a say.
    """
    values, counts = [], []
    for first in range(0, max(1, len(table)), BLOCK):
        part = table.iloc[first : first + BLOCK]
        layers = [part.reindex(columns=[f"{s}.{name}" for name in names]) for s in (Source.FACE, Source.SPEECH)]
        known = np.stack([layer.to_numpy(float) for layer in layers])
        values.append(rule(known, weights).astype(np.float32))
        counts.append(_counting(known, weights, rule))
    return np.concatenate(values), np.concatenate(counts)


def _counting(values: np.ndarray, weights: np.ndarray, rule: Rule) -> np.ndarray:
    """Return how many sources have a say in each frame: those that would have one if they were alone."""
    count = np.zeros(values.shape[1], int)
    for source in range(len(values)):
        alone = np.full_like(values, np.nan)
        alone[source] = values[source]
        count += ~np.isnan(rule(alone, weights)).all(1)
    return count


def fused_outputs(outputs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``outputs`` that describe the columns that :func:`fuse` makes."""
    owned = outputs[outputs.column == outputs.source + "." + outputs.output]
    face, speech = (owned[owned.source == source] for source in (Source.FACE, Source.SPEECH))
    shared = face[(face.kind == "dimension") & face.output.isin(speech.output)]
    emotions = [part[part.kind == "emotion"] for part in (face, speech)]
    if not any(part.empty for part in emotions):
        shared = pd.concat([shared, pd.concat(emotions).drop_duplicates("output")])
    return shared.assign(
        column=str(Source.FUSED) + "." + shared.output, source=str(Source.FUSED), model="late fusion", rmse=np.nan
    ).reset_index(drop=True)
