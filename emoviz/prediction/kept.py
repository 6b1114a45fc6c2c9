"""Predictions of a recording, kept on disk from one visit to the next, with the facts about its sources."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..checkpoints.folder import Checkpoint
from ..core.kept import Entry
from ..core.progress import Progress, silent
from ..core.vocabulary import Source
from ..evaluation.gaps import Absence
from .model import Predicted

if TYPE_CHECKING:
    from ..media import ClipMedia

VERSION = 4
"""Version of the way from a recording to a prediction; results that another version kept are not used."""


class Said(NamedTuple):
    """The prediction of a whole recording by one model.

    Attributes:
        predicted: the prediction.
        notes: limits of the features that the model reads.
    """

    predicted: Predicted
    notes: tuple[str, ...]


class Held(NamedTuple):
    """The facts about the sound or the pictures of a whole recording as a source of predictions.

    Attributes:
        notes: limits, one sentence each.
        absences: stretches in which there is no face, or nobody speaks.
        measures: measures of picture or sound, each column float32 (T,).
    """

    notes: tuple[str, ...]
    absences: tuple[Absence, ...]
    measures: dict[str, np.ndarray]


def kept_prediction(media: "ClipMedia", checkpoint: Checkpoint) -> Said | None:
    """Return the prediction of a recording by a model, or None where it was not kept."""
    found = media.kept.read("prediction", _of_model(media, checkpoint)) if media.kept else None
    if found is None:
        return None
    weights = None
    if "weight" in found.arrays:
        weights = pd.DataFrame({**found.about["channels"], "weight": np.asarray(found.arrays["weight"])})
    unlike = np.asarray(found.arrays["unlike"]) if "unlike" in found.arrays else None
    return Said(Predicted(np.asarray(found.arrays["values"]), weights, unlike), tuple(found.about["notes"]))


def keep_prediction(media: "ClipMedia", checkpoint: Checkpoint, said: Said, progress: Progress = silent) -> None:
    """Keep the prediction of a recording by a model, if the recording keeps anything."""
    if media.kept is None:
        return
    values, weights, unlike = said.predicted
    arrays, about = {"values": values}, {"notes": said.notes, "channels": {}}
    if unlike is not None:
        arrays["unlike"] = unlike
    if weights is not None:
        arrays["weight"] = weights["weight"].to_numpy()
        about["channels"] = weights.drop(columns="weight").to_dict("list")
    media.kept.write("prediction", _of_model(media, checkpoint), Entry(arrays, about), progress)


def kept_source(media: "ClipMedia", source: Source) -> Held | None:
    """Return the facts about a source of a recording, or None where they were not kept."""
    found = media.kept.read("source", _of_source(media, source)) if media.kept else None
    if found is None:
        return None
    absences = tuple(Absence(Source(name), *stretch) for name, *stretch in found.about["absences"])
    measures = {name: np.asarray(values) for name, values in found.arrays.items()}
    return Held(tuple(found.about["notes"]), absences, measures)


def keep_source(media: "ClipMedia", source: Source, held: Held, progress: Progress = silent) -> None:
    """Keep the facts about a source of a recording, if the recording keeps anything."""
    if media.kept is not None:
        about = {"notes": held.notes, "absences": held.absences}
        media.kept.write("source", _of_source(media, source), Entry(held.measures, about), progress)


def _of_model(media: "ClipMedia", checkpoint: Checkpoint) -> dict[str, Any]:
    """All that a prediction depends on."""
    return {**_of_source(media, checkpoint.description.source), "model": checkpoint.fingerprint}


def _of_source(media: "ClipMedia", source: Source) -> dict[str, Any]:
    """The recording with its tracks, channel and face, and the way to predictions."""
    face = media.face if source == Source.FACE else None
    return {"content": media.content, "recording": media.key, "source": source, "face": face, "version": VERSION}
