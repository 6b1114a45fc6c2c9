"""The lanes of the timeline that explain: faces with heat, the sound as a picture, and what each moment added."""

import pandas as pd

from ..core.vocabulary import CLASS_KINDS
from ..explain import FaceFilm, SoundExplanation, StreamExplanation, heated
from ..plots.explain import in_stretches
from ..plots.lanes import Gap, Lane, contribution_lane, emotion_lanes, prediction_lanes, strip_lane
from ..plots.sound_lane import spectrogram_lane
from ..prediction.assembly import ClipPrediction
from . import explanations
from .explanation_requests import FaceQuestion, StreamQuestion

Explained = StreamExplanation | SoundExplanation
"""The answer to a question of the sound or of other features."""


def face_lanes(asked: FaceQuestion, film: FaceFilm | None) -> list[Lane]:
    """Return the lane of faces with heat; none while they are not known."""
    if film is None:
        return []
    pictures = list(heated(film.strip.pictures, film.strip.heat))
    return [strip_lane("faces", f"Heat for “{asked.output}” (whole clip)", pictures, film.strip.times)]


def sound_lanes(asked: StreamQuestion, found: Explained | None) -> list[Lane]:
    """Return the lanes of the spectrogram and of what each moment added, which is left out while it is not known."""
    heat = (found.times, found.frequencies, found.heat) if isinstance(found, SoundExplanation) else None
    sound = explanations.sound_of(asked.media)
    lanes = [] if sound is None else [spectrogram_lane(sound, heat)]
    moments = moments_of(found)
    if moments is None or moments.empty:
        return lanes
    unit = "mean heat" if heat else f"added to the {unit_of(asked)}"
    title = f"Each moment and “{asked.output}” ({asked.when})"
    return [*lanes, contribution_lane(in_stretches(moments), title, unit, _outside(asked))]


def said_lanes(prediction: ClipPrediction, sources: list[str]) -> list[Lane]:
    """Return the lanes of the explained models' own predictions.

    Args:
        prediction: prediction of the recording by these models.
        sources: sources of the models.
    """
    told = prediction.table, prediction.outputs, prediction.gaps
    own = dict.fromkeys(sources)
    return [*prediction_lanes(*told, None), *(lane for source in own for lane in emotion_lanes(*told, source))]


def moments_of(found: Explained | None) -> pd.DataFrame | None:
    """Return the table of what each moment added, or of its heat; None while it is not known."""
    if found is None:
        return None
    return found.moments if isinstance(found, SoundExplanation) else found.times


def unit_of(asked: StreamQuestion) -> str:
    """Return the name of the sum to which contributions add."""
    return "score" if asked.model.description.kind in CLASS_KINDS else "mean"


def _outside(asked: StreamQuestion) -> list[Gap]:
    if asked.span is None:
        return []
    start, end = asked.span
    sides = ((0.0, start), (end, float(asked.media.info.duration)))
    return [Gap(*side, "outside the span that is explained") for side in sides if side[1] > side[0]]
