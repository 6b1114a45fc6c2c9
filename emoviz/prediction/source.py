"""The models of one source, face or speech, on a clip, with curves of a long clip that grow during the work."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..checkpoints.folder import Checkpoint
from ..core.progress import Progress
from ..core.vocabulary import Source
from ..evaluation.gaps import Absence
from ..features import FeatureStream, make
from ..features.expression import read_faces
from .absence import absences_of_face, absences_of_sound, picture_notes, sound_notes
from .assembly import Branch, ModelPrediction
from .inputs import PICTURES, identity_of, streams_of
from .kept import Held, Said, keep_prediction, keep_source, kept_prediction, kept_source
from .model import predict_pictures, predict_streams
from .quality import face_quality, quality_notes, sound_quality
from .shown import action_units

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia, FaceTimeline

SHORT = 20.0
"""Length of a clip in seconds above which curves are shown before all of it is analysed."""
FIRST, LONGER = 10.0, 4.0
"""Seconds of sound that are predicted first, and the factor by which the next beginning is longer."""
EVERY = 2.0
"""Seconds of work on the face after which its curve grows."""
NOT_YET = "not analysed yet"


def predict_growing(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
    tell: Callable[[Branch], None] | None,
) -> Branch:
    """Apply all models of one source, and report the parts of a long clip that are ready before the whole."""
    if not all(kept_prediction(media, one) for one in checkpoints):
        told = tell if media.info.duration > SHORT else None
        if checkpoints[0].description.source == Source.SPEECH:
            if told:
                _tell_beginnings(media, checkpoints, times, store, progress, told)
        elif media.info.video:
            _read_faces(media, checkpoints, times, progress, told)
    return predict_source(media, checkpoints, times, store, progress)


def predict_source(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
) -> Branch:
    """Apply all models of one source, for which each feature is extracted once."""
    extracted: dict[str, FeatureStream] = {}
    predictions = []
    for checkpoint in checkpoints:
        said = kept_prediction(media, checkpoint)
        if said is None:
            said = _predict(checkpoint, media, times, store, extracted, progress)
            keep_prediction(media, checkpoint, said, progress)
        predictions.append(ModelPrediction(checkpoint, *said))
    source = checkpoints[0].description.source
    faces = media.faces(progress) if source == Source.FACE and media.info.video else None
    held = kept_source(media, source)
    if held is None:
        held = _look_at_face(media, faces, times) if source == Source.FACE else _listen_to_sound(media, times)
        keep_source(media, source, held, progress)
    return Branch(tuple(predictions), faces, held.notes, held.absences, measures=held.measures)


def _predict(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    times: np.ndarray,
    store: "FeatureStore | None",
    extracted: dict[str, FeatureStream],
    progress: Progress,
) -> Said:
    """Apply one model; what it has extracted is added to ``extracted``."""
    features = checkpoint.description.features
    if any(feature.name == PICTURES for feature in features):
        return Said(predict_pictures(checkpoint, media, times, progress), ())
    streams = streams_of(checkpoint, media, store=store, extracted=extracted, progress=progress)
    told = dict.fromkeys(note for feature in features for note in streams[feature.name].notes)
    return Said(predict_streams(checkpoint, streams, times, progress), tuple(told))


def _look_at_face(media: "ClipMedia", faces: "FaceTimeline | None", times: np.ndarray) -> Held:
    quality = face_quality(media, faces, times)
    measures = quality | action_units(media, faces, times)
    return Held((*picture_notes(media, faces), *quality_notes(quality)), absences_of_face(media, faces), measures)


def _listen_to_sound(media: "ClipMedia", times: np.ndarray) -> Held:
    quality = sound_quality(media, times)
    return Held((*sound_notes(media), *quality_notes(quality)), absences_of_sound(media), quality)


def _tell_beginnings(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
    tell: Callable[[Branch], None],
) -> None:
    """Predict the beginning of a clip, then a longer one, while there is more to come, which costs a third at most."""
    features = {identity_of(f): f for checkpoint in checkpoints for f in checkpoint.description.features}
    if media.info.audio is None or store and all(store.holds(make(f.name, f.chosen), media) for f in features.values()):
        return
    seconds = FIRST
    while LONGER / 2 * seconds < media.info.duration:
        branch = predict_source(media.beginning(seconds), checkpoints, times, None, progress)
        later = Absence(Source.SPEECH, seconds, media.info.duration, NOT_YET)
        tell(dataclasses.replace(branch, notes=(), absences=(*branch.absences, later), until=seconds))
        seconds *= LONGER


def _read_faces(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    progress: Progress,
    tell: Callable[[Branch], None] | None,
) -> None:
    """Read the expression of the faces that are known so far, while they are followed, and tell of it now and then."""
    models = [c for c in checkpoints if any(f.name == PICTURES for f in c.description.features)]
    due = time.monotonic()  # what another process has found is there at once
    for faces in media.faces_so_far(progress) if models else ():
        began = time.monotonic()
        track = media.track_in(faces)
        if track is None:
            continue
        for one in models:
            read_faces(one, media, track, progress)
        if tell is None or began < due:
            continue
        until = float(faces.times[-1])
        values = [predict_pictures(one, media, times, progress, faces) for one in models]
        tell(
            Branch(
                tuple(ModelPrediction(one, own, ()) for one, own in zip(models, values, strict=True)),
                faces,
                (),
                (Absence(Source.FACE, until, media.info.duration, NOT_YET),),
                until,
            )
        )
        due = time.monotonic() + max(EVERY, 10 * (time.monotonic() - began))
