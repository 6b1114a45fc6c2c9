"""Requests for predictions of one or several recordings: models, whether fitted to people, and segments."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core import words
from ..core.errors import MediaError
from ..core.kept import Kept
from ..core.progress import Progress, silent
from ..evaluation.sentence import sentence
from ..media import Choice, ClipMedia
from .clip import load_checkpoints, predict_clip, require_size
from .kept import VERSION
from .persons.emotions import emotion_table, with_other_faces, with_speakers
from .persons.found import VERSION as PERSONS_VERSION
from .persons.found import Persons, require_voices
from .persons.known import Changes, persons_of
from .profiles import fitted_models, speaks_of_clip
from .segmented import annotation_of, require_known, segments_of, summed_up

if TYPE_CHECKING:
    import pandas as pd

    from ..checkpoints.folder import Checkpoint
    from ..features.store import FeatureStore
    from .assembly import ClipPrediction


class Answer(NamedTuple):
    """The answer to a request for one recording.

    Attributes:
        prediction: prediction of the recording.
        segments: table of its segments; None where none are asked for.
        persons: persons of the recording; None where nobody asks for them.
        said: sentences on the people to whom models are fitted, on limits of the prediction, and on its result.
        content: key of the recording's content and of the choice of its tracks.
    """

    prediction: "ClipPrediction"
    segments: "pd.DataFrame | None"
    said: tuple[str, ...]
    content: str
    persons: Persons | None = None


@dataclass(frozen=True)
class Request:
    """A request for predictions.

    Attributes:
        checkpoints: models to apply.
        calibrate: text that names people to whom the models are fitted (:mod:`emoviz.prediction.profiles`), or None.
        segments: text that names segments (:func:`emoviz.prediction.segmented.segments_of`), or None.
        persons: whether persons are looked for. Each segment then names who speaks in it; where no segments are named,
            they are the turns of the persons, each with the values of the speaker's own face.
        voices: number of voices; None finds it.
        face: number of the face to follow; None is the speaker's.
        choice: choice of tracks and channel.
        told: sentences that say to whom the models are fitted that all recordings share.
    """

    checkpoints: "Sequence[Checkpoint]"
    calibrate: str | None = None
    segments: str | None = None
    persons: bool = False
    voices: int | None = None
    face: int | None = None
    choice: Choice = field(default_factory=Choice)
    told: tuple[str, ...] = ()

    @classmethod
    def made(
        cls,
        models: Sequence[str],
        folders: Sequence[Path],
        *,
        store: "FeatureStore | None" = None,
        progress: Progress = silent,
        **asked: Any,
    ) -> "Request":
        """Return a request for named models; people whom all recordings share are measured once, here.

        Args:
            models: names of models, by default the default ones.
            folders: folders in which they are searched.
            store: store of corpora and profiles that may be named.
            progress: listener.
            asked: further attributes.

        Raises:
            UnknownNameError: if there is no such model.
            CheckpointError: if a model is damaged.
            CalibrationError: if the people cannot be measured.
            AnnotationError: if the segments are impossible.
            ConfigError: if no recording has so many voices.
        """
        request = cls(load_checkpoints(models, folders), **asked)
        require_voices(request.voices)
        if request.segments is not None:
            require_known(request.segments)
        if request.calibrate is None or speaks_of_clip(request.calibrate):
            return request
        fitted = fitted_models(request.checkpoints, request.calibrate, store=store, progress=progress)
        return replace(request, checkpoints=fitted.models, told=tuple(fitted.told))

    def answer(
        self,
        recording: Path,
        *,
        limit_mb: int,
        store: "FeatureStore | None" = None,
        kept: Kept | None = None,
        progress: Progress = silent,
    ) -> Answer:
        """Predict one recording, with models fitted to its own people if the request says so.

        Args:
            recording: path of its file.
            limit_mb: largest file that is accepted, in MB.
            store: store that keeps extracted features; None extracts them anew.
            kept: place in which persons are kept, and found again by the names that people gave them.
            progress: listener.

        Raises:
            MediaError: if it cannot be read, is too large, or lacks the picture or the sound that all models read, or
                if persons are asked for and there are none.
            CalibrationError: if too little of its people is heard.
            AnnotationError: if its own segments are impossible.
            Cancelled: if ``progress`` raises it.
        """
        require_size(recording, limit_mb)
        media = ClipMedia(recording, face=self.face, choice=self.choice, kept=kept if self.persons else None)
        checkpoints, told = self.checkpoints, list(self.told)
        if self.calibrate is not None and speaks_of_clip(self.calibrate):
            fitted = fitted_models(checkpoints, self.calibrate, clip=media, store=store, progress=progress)
            checkpoints, told = fitted.models, fitted.told
        prediction = predict_clip(media, checkpoints, store=store, progress=progress)
        if prediction.of_clip.empty:
            names = words.listed(checkpoint.name for checkpoint in checkpoints)
            lacks = "picture" if prediction.info.video is None else "sound"
            raise MediaError(
                f"'{recording.name}' has no {lacks}, without which {names} can say nothing: choose another model."
            )
        persons = self._persons_of(media, progress)
        limits = persons.notes if persons else ()
        said = dict.fromkeys((*told, *prediction.notes, *limits, sentence(prediction.table, prediction.outputs)))
        segments = None
        if self.segments is not None:
            segments = summed_up(prediction, segments_of(self.segments, prediction))
        elif persons:
            face = prediction.faces.speaker if prediction.faces and self.face is None else self.face

            def predict(other: int) -> "ClipPrediction":
                return predict_clip(media.with_face(other), checkpoints, store=store, progress=progress)

            segments = with_other_faces(emotion_table(prediction, persons, face), persons, face, predict)
        if segments is not None and persons:
            segments = with_speakers(segments, persons)
        return Answer(prediction, segments, tuple(said), media.key, persons)

    def _persons_of(self, media: ClipMedia, progress: Progress) -> Persons | None:
        if not self.persons:
            return None
        return Changes(media, self.voices).applied(persons_of(media, self.voices, progress))

    def facts(self) -> dict[str, Any]:
        """Return all values, except the recording, on which an answer depends, as JSON can hold them."""
        annotation = annotation_of(self.segments) if self.segments is not None else None
        return {
            "models": {one.name: one.fingerprint for one in self.checkpoints},
            "people": self.calibrate,
            "segments": [self.segments, annotation and sha256(annotation.read_bytes()).hexdigest()],
            "persons": [self.voices, PERSONS_VERSION] if self.persons else None,
            "face": self.face,
            "tracks": [self.choice.audio, self.choice.video, self.choice.channel],
            "version": VERSION,
        }
