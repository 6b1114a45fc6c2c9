"""Fusion of the table of a clip's predictions."""

import numpy as np
import pandas as pd

from ...core.errors import ConfigError
from ...core.vocabulary import Source
from .base import FUSIONS, VIDEO_WEIGHT


def fuse(
    table: pd.DataFrame, outputs: pd.DataFrame, method: str = "weighted", video_weight: float = VIDEO_WEIGHT
) -> pd.DataFrame:
    """Return the table with the columns ``fused.*`` added, or renewed.

    Fused are the outputs that both face and speech predict, and the emotions as soon as both predict any.
    Where several models of one source predict the same output, the first one counts.

    Args:
        table: ``time`` and one column per output (``emoviz.prediction.clip.ClipPrediction.table``).
        outputs: what the columns are (``ClipPrediction.outputs``).
        method: a name in :data:`FUSIONS`.
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
    table = table.drop(columns=[c for c in table.columns if c.startswith(f"{Source.FUSED}.")])
    for kind, rule in (("dimension", fusion.dimensions), ("emotion", fusion.emotions)):
        names = fused.loc[fused.kind == kind, "output"]
        if names.empty:
            continue
        layers = [table.reindex(columns=[f"{s}.{name}" for name in names]) for s in (Source.FACE, Source.SPEECH)]
        values = rule(np.stack([layer.to_numpy(float) for layer in layers]), weights)
        table[[f"{Source.FUSED}.{name}" for name in names]] = values.astype(np.float32)
    return table


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
