"""The prediction of a recording while it is made, from its newest pictures and its last seconds of sound.

It is a preview: a picture that comes while another is looked at is left out, and speech is judged by the last seconds
alone. The whole recording is predicted anew once it is there.
"""

import threading
import wave
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..checkpoints.folder import Checkpoint
from ..core.errors import Cancelled
from ..core.growing import GrowingArray
from ..core.progress import Progress, silent, stoppable
from ..core.vocabulary import Source
from ..evaluation.confidence import tempered
from ..features.align import frame_middles
from ..media import ClipMedia, FaceTimeline, Frame
from ..media.live import RATE, Sound, follow
from ..media.networks import face_networks
from ..media.tracker import Tracker
from ..media.tracks import FACE_SIZE
from .assembly import ClipPrediction, assemble, with_derived
from .inputs import PICTURES, reads_clips
from .model import HOP
from .source import predict_source

PICTURES_PER_SECOND = 10.0
WINDOW = 3.0
"""Seconds of sound from which speech is judged: as many as the models of emotions read at a time."""
STEP = 0.25
"""Step in seconds between the values of speech."""
SHORTEST = 0.5
"""Smallest number of seconds of new sound that are read."""
WATCHING = "Watching"
"""Stage that is reported while the recording is followed."""
DETECT_EVERY = 10
"""Number of pictures after which new faces are looked for."""


@dataclass(frozen=True)
class Moment:
    """The prediction of one source for one moment.

    Attributes:
        source: face or speech.
        time: time in seconds of the recording.
        values: value of each output by its name; nothing where no face is seen, or nobody speaks.
    """

    source: Source
    time: float
    values: Mapping[str, float]


class Live:
    """The moments of one recording; :meth:`watch` adds to them while it runs.

    Args:
        checkpoints: models; those that read neither pictures of the face nor speech are left out, as are those that
            have to be fitted to people first.
        folder: folder for the last seconds of sound.

    Attributes:
        faces: model that looks at the face, or none.
        speech: models that listen.
    """

    def __init__(self, checkpoints: Sequence[Checkpoint], folder: Path) -> None:
        able = [one for one in checkpoints if reads_clips(one.description)]
        self.faces = [one for one in able if any(f.name == PICTURES for f in one.description.features)][:1]
        self.speech = [one for one in able if one.description.source == Source.SPEECH]
        self._sound_file = folder / "live.wav"
        self._moments: list[Moment] = []
        self._changed = threading.Condition()
        self._picture: Frame | None = None
        self._sound, self._heard_from = GrowingArray((), np.float32), 0.0
        self._over = False

    def moments(self, since: int) -> list[Moment]:
        """Return the known moments from a given number on."""
        with self._changed:
            return self._moments[since:]

    def watch(self, path: Path, whole: Callable[[], bool], progress: Progress) -> None:
        """Follow the pictures and the sound until the recording is whole.

        Args:
            path: file of the recording, which grows.
            whole: function that returns whether the recording has ended.
            progress: listener.

        Raises:
            MediaError: if the recording cannot be read.
            Cancelled: if ``progress`` raises it.
        """
        listener = stoppable(silent, lambda: self._over)
        try:
            with ThreadPoolExecutor(2, "live", torch.set_num_threads, (1,)) as pool:
                parts = [pool.submit(part, listener) for part in (self._look, self._listen)]

                def ended() -> bool:
                    return whole() or any(part.done() and part.exception() is not None for part in parts)

                try:
                    for one in follow(path, ended, PICTURES_PER_SECOND):
                        progress(WATCHING, 0, 0)
                        self._take(one)
                finally:
                    with self._changed:
                        self._over = True
                        self._changed.notify_all()
            for part in parts:
                part.result()
        finally:
            self._sound_file.unlink(missing_ok=True)

    def _take(self, one: Frame | Sound) -> None:
        with self._changed:
            if isinstance(one, Frame):
                self._picture = one
            else:
                self._heard_from = self._heard_from if len(self._sound) else one.time
                self._sound.extend(one.samples)
            self._changed.notify_all()

    def _look(self, progress: Progress) -> None:
        """Say what the face shows in the newest picture, again and again."""
        if not self.faces:
            return
        (model,) = self.faces
        tracker, times = Tracker(face_networks(), DETECT_EVERY), []
        while (picture := self._next_picture()) is not None:
            tracker.follow(picture.image, picture.time)
            times.append(picture.time)
            height, width = picture.image.shape[:2]
            faces = FaceTimeline(np.array(times), (width, height), tracker.tracks(1.0), ())
            track = None if faces.speaker is None else faces.track(faces.speaker)
            values: dict[str, float] = {}
            if track is not None and track.frames[-1] == len(times) - 1:
                names, columns = with_derived(model, _read(model, track.seen_crops[-1:]), self.faces)
                values = {str(name): float(column[0]) for name, column in zip(names, columns, strict=True)}
            self._tell([Moment(Source.FACE, picture.time, values)])

    def _listen(self, progress: Progress) -> None:
        """Say what is heard in the last seconds, again and again."""
        if not self.speech:
            return
        known = 0.0
        while (sound := self._next_sound(known)) is not None:
            start, samples = sound
            known = max(known, start)  # where speech took long to look at, a stretch is left out
            try:
                said = _predicted(samples, self._sound_file, self.speech, progress)
            except (Cancelled, OSError):  # the folder goes with a recording that is not wanted
                if self._over:
                    return
                raise
            own = said.outputs[said.outputs.column.str.startswith(f"{Source.SPEECH}.")]
            found = []
            while known + STEP <= start + len(samples) / RATE:
                row = said.table.iloc[int(np.abs(said.table.time - (known - start)).argmin())]
                values = {
                    one.output: float(row[one.column]) for one in own.itertuples() if np.isfinite(row[one.column])
                }
                found.append(Moment(Source.SPEECH, known, values))
                known += STEP
            self._tell(found)

    def _next_picture(self) -> Frame | None:
        """Wait for a picture that was not looked at; None where there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._picture is not None)
            picture, self._picture = self._picture, None
            return None if self._over else picture

    def _next_sound(self, known: float) -> tuple[float, np.ndarray] | None:
        """Wait for sound behind a time, and return when the last seconds begin, and their samples; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._heard() >= known + SHORTEST)
            if self._over:
                return None
            samples = self._sound.array[-round(WINDOW * RATE) :].copy()
            return self._heard() - len(samples) / RATE, samples

    def _heard(self) -> float:
        """Seconds of the recording up to which there is sound."""
        return self._heard_from + len(self._sound) / RATE if len(self._sound) else -np.inf

    def _tell(self, moments: Sequence[Moment]) -> None:
        with self._changed:
            self._moments.extend(moments)


def prepare(checkpoints: Sequence[Checkpoint], folder: Path) -> None:
    """Load all networks that a preview needs, by applying them to an empty picture and to silence.

    Args:
        checkpoints: models of the preview.
        folder: folder for a moment of silence.
    """
    live = Live(checkpoints, folder)
    for model in live.faces:
        face_networks()
        _read(model, np.zeros((1, FACE_SIZE, FACE_SIZE), np.uint8))
    if live.speech:
        silence = folder / "silence.wav"
        _predicted(np.zeros(RATE, np.float32), silence, live.speech, silent)
        silence.unlink(missing_ok=True)


def _read(model: Checkpoint, crops: np.ndarray) -> np.ndarray:
    """Return what a model of pictures says of crops of a face, (N, K)."""
    (stream,) = model.streams
    probabilities, _ = model.read({stream: crops.reshape(len(crops), -1).astype(np.float32) / 255})
    return tempered(probabilities, model.predictor.temperature)


def _predicted(samples: np.ndarray, file: Path, models: Sequence[Checkpoint], progress: Progress) -> ClipPrediction:
    """Predict some sound, which is written to a file for that."""
    with file.open("wb") as opened, wave.open(opened, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    media = ClipMedia(file)
    times = frame_middles(media.info.duration, HOP)
    return assemble(media.info, [predict_source(media, models, times, None, progress)])
