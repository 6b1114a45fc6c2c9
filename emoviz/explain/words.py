"""Explanations in plain words, and the moment that is explained first."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core.vocabulary import CLASS_KINDS, Emotion
from ..core.words import number
from ..evaluation.sentence import LEAST_PEAK
from .faces import FaceExplanation
from .sanity import Sanity
from .sound import SoundExplanation
from .streams import MISSED, Method, StreamExplanation

NAMES: dict[Method, str] = {Method.GRADIENTS: "integrated gradients", Method.OCCLUSION: "occlusion"}
"""Names of the methods for people."""
NAMED_CHANNELS = 3


class Peak(NamedTuple):
    """The highest point of an output: the name of the output, and the second of the clip."""

    output: str
    time: float


def strongest(probabilities: pd.DataFrame, times: np.ndarray) -> Peak | None:
    """Return the emotion that stands out most; neutral only if no other emotion is seen.

    Args:
        probabilities: probabilities with one column per emotion, NaN in gaps.
        times: seconds (T,) of the rows.

    Returns:
        The peak, or None where all is a gap.
    """
    peaks = probabilities.max().dropna()
    if peaks.empty:
        return None
    marked = peaks.drop(Emotion.NEUTRAL, errors="ignore")
    output = str(marked.idxmax() if len(marked) and marked.max() >= LEAST_PEAK else peaks.idxmax())
    return Peak(output, peak_of(probabilities[output], times))


def peak_of(probability: pd.Series, times: np.ndarray) -> float:
    """Return the second at which an output is highest; 0 where all is a gap."""
    return float(times[int(np.nanargmax(probability))]) if probability.notna().any() else 0.0


def lower_share(heat: np.ndarray) -> float:
    """Return the share of a face's heat (H, W) in its lower half, with mouth and chin; NaN without any heat."""
    total = float(heat.sum())
    return float(heat[heat.shape[0] // 2 :].sum()) / total if total else float("nan")


def face_words(found: FaceExplanation, output: str) -> str:
    """Return the Grad-CAM of the first picture in words, without its time."""
    share = lower_share(found.heat[0])
    said = f"The face is {output} with a probability of {number(found.values[0])}"
    if np.isnan(share):
        return f"{said}; nothing in the picture speaks for it."
    half = "lower" if share >= 0.5 else "upper"
    return f"{said}; {max(share, 1 - share) * 100:.0f} % of the heat lies in its {half} half."


def stream_words(found: StreamExplanation, kind: str) -> str:
    """Return the largest contributions in words.

    Args:
        found: the explanation.
        kind: kind of the model's outputs.
    """
    what = "score" if kind in CLASS_KINDS else "mean"
    top = found.channels.sort_values("contribution", ascending=False, key=abs, kind="stable").head(NAMED_CHANNELS)
    names = ", ".join(f"{row.channel} {number(row.contribution, sign='+')}" for row in top.itertuples())
    best = found.times.loc[found.times["magnitude"].idxmax()]
    return (
        f"The {what} of {found.output} is {number(found.value)} here, and {number(found.baseline)} where all channels "
        f"are at their training mean; the largest parts of this difference are {names}, and most of it arises at "
        f"{best['time']:.1f} s."
    )


def sound_words(found: SoundExplanation) -> str:
    """Return Grad-CAM of the spectrogram in words."""
    said = f"{found.output.capitalize()} has a probability of {number(found.value)} on the whole"
    moments, bands = found.moments, found.bands
    if not moments["heat"].max() > 0:
        return f"{said}; nothing in the sound speaks for it."
    time = moments.loc[moments["heat"].idxmax(), "time"]
    band = bands.loc[bands["heat"].idxmax()]
    return (
        f"{said}; most heat lies at {time:.1f} s, and over the whole from {band['low'] / 1000:g} to "
        f"{band['high'] / 1000:g} kHz."
    )


def limits_words(found: StreamExplanation) -> str:
    """Return in words how far contributions add up, and the notes that a reader must know."""
    difference = abs(found.value - found.baseline)
    if found.method == Method.OCCLUSION:
        own = "Occluded parts are hidden one at a time, so their contributions need not add up."
    elif found.completeness_error > MISSED * difference:  # the notes say by how much
        own = "Read the order of the contributions rather than their size."
    else:
        own = f"The contributions add up to the difference of {difference:.2g} within {found.completeness_error:.2g}."
    return " ".join([*found.notes, own])


def check_words(check: Sanity | None) -> str:
    """Return the sentence of a sanity check, marked if the explanation does not change; empty without a check."""
    if check is None:
        return ""
    return check.sentence if check.changes else f":material/warning: **{check.sentence}**"
