"""Explanations in plain words, and where a first look goes."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..define import Emotion
from ..summary import LEAST_PEAK, number
from .clip import FaceExplanation, Method, StreamExplanation
from .sanity import Sanity

NAMES: dict[Method, str] = {Method.GRADIENTS: "integrated gradients", Method.OCCLUSION: "occlusion"}
"""Of the methods, as people say them."""
NAMED_CHANNELS = 3


class Peak(NamedTuple):
    """Where an output is highest: its name, and seconds of the clip."""

    output: str
    time: float


def strongest(probabilities: pd.DataFrame, times: np.ndarray) -> Peak | None:
    """The emotion that stands out most, which is not neutral where another is seen at all.

    Args:
        probabilities: one column per emotion, NaN in gaps.
        times: (T,) seconds of its rows.

    Returns:
        None where all is a gap.
    """
    peaks = probabilities.max().dropna()
    if peaks.empty:
        return None
    marked = peaks.drop(Emotion.NEUTRAL, errors="ignore")
    output = str(marked.idxmax() if len(marked) and marked.max() >= LEAST_PEAK else peaks.idxmax())
    return Peak(output, peak_of(probabilities[output], times))


def peak_of(probability: pd.Series, times: np.ndarray) -> float:
    """The second at which an output is highest; 0 where all is a gap."""
    return float(times[int(np.nanargmax(probability))]) if probability.notna().any() else 0.0


def lower_share(heat: np.ndarray) -> float:
    """How much of a face's heat (H, W) lies in its lower half, with mouth and chin; NaN without any heat."""
    total = float(heat.sum())
    return float(heat[heat.shape[0] // 2 :].sum()) / total if total else float("nan")


def face_words(found: FaceExplanation, output: str) -> str:
    """What Grad-CAM of a first picture shows."""
    share = lower_share(found.heat[0])
    said = f"At {found.times[0]:.2f} s the face is {output} with a probability of {number(found.values[0])}"
    if np.isnan(share):
        return f"{said}; nothing in the picture speaks for it."
    place = "lower half (mouth, cheeks)" if share >= 0.5 else "upper half (eyes, brows)"
    return f"{said}; {max(share, 1 - share) * 100:.0f} % of the heat lies in its {place}."


def stream_words(found: StreamExplanation, kind: str) -> str:
    """What contributed most, and from where to where.

    Args:
        found: the explanation.
        kind: of the model's outputs.
    """
    what = "score" if kind == "emotion" else "mean"
    top = found.channels.head(NAMED_CHANNELS)
    names = ", ".join(f"{row.channel} ({row.contribution:+.2g})" for row in top.itertuples())
    best = found.times.loc[found.times["magnitude"].idxmax()]
    return (
        f"The {what} of {found.output} is {found.value:.2f}; of the training mean in all channels "
        f"{found.baseline:.2f}. Most between the two: {names}, and the sound near {best['time']:.1f} s."
    )


def completeness_words(found: StreamExplanation) -> str:
    """How far contributions add up to what is explained."""
    if found.method == Method.OCCLUSION:
        return "Occluded parts are hidden one at a time, so their contributions need not add up."
    difference = abs(found.value - found.baseline)
    share = f" ({found.completeness_error / difference * 100:.0f} %)" if difference else ""
    return (
        f"The contributions add up to the difference from the training mean within {found.completeness_error:.2g} of "
        f"{difference:.2g}{share}."
    )


def check_words(check: Sanity | None) -> str:
    """The sanity check's sentence, flagged when the explanation does not change; empty while it is not known."""
    if check is None:
        return ""
    return check.sentence if check.changes else f":material/warning: **{check.sentence}**"
