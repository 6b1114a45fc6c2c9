"""What the prediction of a clip says, in one line of plain words."""

import numpy as np
import pandas as pd

from ..core.vocabulary import Dimension, Emotion, Source
from ..core.words import number
from .findings import leading_source
from .gaps import spans

DISAGREEMENT = 0.5
"""Face and speech disagree where a dimension differs by more than this, a quarter of its range ..."""
SHORTEST = 0.5
"""... for at least this many seconds."""
LEAST_PEAK = 0.25
"""Probability below which the peak of an emotion is not worth a word."""
SMOOTHING = 0.5
"""Seconds over which the extremes are averaged, so that one frame is not taken for a moment of the clip."""


def sentence(table: pd.DataFrame, outputs: pd.DataFrame) -> str:
    """One line of plain words: what emotion prevails, where it peaks, where face and speech disagree.

    Args:
        table: ``time`` and one column per output, on a regular grid.
        outputs: one row per column (``emoviz.prediction.clip.ClipPrediction.outputs``).
    """
    parts = [
        part for part in (_emotions(table, outputs), _extremes(table, outputs), _disagreement(table, outputs)) if part
    ]
    if not parts:
        return "Nothing could be predicted for this clip."
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _emotions(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``mostly neutral; happiest at 6.2 s (face .81, speech .44)``."""
    source = leading_source(outputs, "emotion")
    if source is None:
        return None
    named = outputs[(outputs.kind == "emotion") & (outputs.source == source)].drop_duplicates("output")
    probabilities = _smoothed(table, list(named.column))
    if probabilities.isna().all(axis=None):
        return None
    winners = probabilities.dropna(how="all").idxmax(axis=1)
    share = winners.value_counts(normalize=True)
    name_of = dict(zip(named.column, named.output, strict=True))
    most = name_of[share.index[0]]
    text = f"{'mostly' if share.iloc[0] >= 0.5 else 'most often'} {most}"
    peaks = probabilities.drop(columns=[c for c, name in name_of.items() if name in (most, Emotion.NEUTRAL)]).max()
    if not peaks.max() >= LEAST_PEAK:  # nor where there is none
        return text
    peak = str(peaks.idxmax())
    row = int(probabilities[peak].idxmax())
    return f"{text}; most {name_of[peak]} at {table.time[row]:.1f} s ({_by_source(table, outputs, name_of[peak], row)})"


def _extremes(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``most pleasant at 6.2 s``; only where no emotion classes say it already."""
    source = leading_source(outputs, "dimension")
    if source is None or leading_source(outputs, "emotion") is not None:
        return None
    found = outputs[(outputs.source == source) & outputs.output.str.startswith(Dimension.VALENCE)]
    if found.empty:
        return None
    valence = _smoothed(table, [found.column.iloc[0]]).iloc[:, 0]
    if valence.isna().all():
        return None
    low, high = int(valence.idxmin()), int(valence.idxmax())
    return (
        f"most pleasant at {table.time[high]:.1f} s (valence {number(valence[high])}), "
        f"least at {table.time[low]:.1f} s ({number(valence[low])})"
    )


def _disagreement(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``the two disagree from 9.0 to 11.0 s``, the longest such span."""
    first = outputs[outputs.kind == "dimension"].drop_duplicates(["source", "output"])
    face, speech = (first[first.source == source].set_index("output").column for source in (Source.FACE, Source.SPEECH))
    shared = [name for name in face.index if name in speech.index]
    if not shared:
        return None
    smooth = _smoothed(table, [*face[shared], *speech[shared]])
    distance = np.abs(smooth[list(face[shared])].to_numpy() - smooth[list(speech[shared])].to_numpy())
    apart = np.nan_to_num(distance).max(axis=1) > DISAGREEMENT
    long = [(start, end) for start, end in spans(table.time.to_numpy(), apart) if end - start >= SHORTEST]
    if not long:
        return "face and speech agree throughout" if not np.isnan(distance).all() else None
    start, end = max(long, key=lambda span: span[1] - span[0])
    return f"face and speech disagree from {start:.1f} to {end:.1f} s"


def _by_source(table: pd.DataFrame, outputs: pd.DataFrame, emotion: str, row: int) -> str:
    """The emotion's probability from each model that knows it, e.g. ``face .81, speech .44``."""
    known = outputs[(outputs.output == emotion) & (outputs.source != Source.FUSED)]
    smooth = _smoothed(table, list(known.column)).loc[row]
    values = [(source, smooth[column]) for source, column in zip(known.source, known.column, strict=True)]
    return ", ".join(f"{source} {number(value)}" for source, value in values if not np.isnan(value))


def _smoothed(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Centred running mean over :data:`SMOOTHING`; gaps stay gaps."""
    hop = float(table.time.iloc[1] - table.time.iloc[0]) if len(table) > 1 else SMOOTHING
    values = table[columns]
    return values.rolling(max(1, round(SMOOTHING / hop)), center=True, min_periods=1).mean().where(values.notna())
