"""One clip, decoded lazily and once, for all who need a part of it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .condition import speech_of
from .faces import track_faces, track_with_faces
from .frames import Frame, iterate_frames
from .info import DEFAULT, Choice, ClipInfo, content_key, probe
from .tracks import FaceTimeline, FaceTrack
from .waveform import Waveform, read_waveform


class ClipMedia:
    """A clip and what was decoded of it. Threads may share it.

    Args:
        path: the clip.
        face: id of the track that belongs to the speaker; by default the longest and largest.
        choice: of tracks and channel; of several picture tracks the default one is read, unless only another has faces.
        bounds: the largest recording that is accepted.

    Raises:
        MediaError: if there is no such file, it is not a clip that can be read, or it exceeds the bounds.
    """

    def __init__(
        self,
        path: Path | str,
        face: int | None = None,
        choice: Choice = DEFAULT,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self.face = face
        self._decoded = _Decoded(Path(path), choice, bounds)

    @property
    def path(self) -> Path:
        """The clip's file."""
        return self._decoded.path

    @property
    def info(self) -> ClipInfo:
        """The tracks, pictures and sound of the clip."""
        return self._decoded.info

    @property
    def key(self) -> str:
        """sha256 of the file's content, hex; with another choice of tracks or channel a key of both."""
        return self._decoded.key

    def waveform(self, progress: Progress = silent) -> Waveform:
        """The sound, 16 kHz mono.

        Raises:
            MediaError: if the clip has no sound.
        """
        return self._decoded.waveform(progress)

    def speech(self, progress: Progress = silent) -> Waveform:
        """The sound, conditioned, with the stretches in which nobody speaks (:mod:`emoviz.media.condition`).

        Raises:
            MediaError: if the clip has no sound.
            MissingWeightsError: if the network that tells speech is not on this machine.
        """
        return self._decoded.speech(progress)

    def pictures(self, progress: Progress = silent) -> Iterator[Frame]:
        """The pictures, whose times are those of :meth:`faces`; decoded anew at each call, as they would fill memory.

        Raises:
            MediaError: if the clip has no picture.
        """
        return iterate_frames(self.path, progress, choice=self._decoded.choice, bounds=self._decoded.bounds)

    def faces(self, progress: Progress = silent) -> FaceTimeline:
        """The faces in the picture.

        Raises:
            MediaError: if the clip has no picture.
            MissingWeightsError: if the face networks' weights are not there.
        """
        return self._decoded.faces(progress)

    def face_track(self, progress: Progress = silent) -> FaceTrack | None:
        """The speaker's face, or None when no face is seen.

        Raises:
            MediaError: if the clip has no picture, or no face of the chosen id.
        """
        timeline = self.faces(progress)
        face = timeline.speaker if self.face is None else self.face
        return None if face is None else timeline.track(face)

    def with_face(self, face: int | None) -> "ClipMedia":
        """The same clip with another speaker's face; what is decoded is shared."""
        other = ClipMedia.__new__(ClipMedia)
        other.face, other._decoded = face, self._decoded
        return other


class _Decoded:
    """The decoded parts of one file."""

    def __init__(self, path: Path, choice: Choice, bounds: Bounds) -> None:
        self.path = path
        self.bounds = bounds
        self._asked = choice
        info = probe(path, choice, bounds)
        if choice.video is None and len(info.video_tracks) > 1:
            choice = replace(choice, video=track_with_faces(info, choice, bounds))
            info = probe(path, choice, bounds)
        self.choice, self.info = choice, info
        self._waveform: Waveform | None = None
        self._speech: Waveform | None = None
        self._faces: FaceTimeline | None = None
        # One lock per part: sound and picture may be decoded at the same time.
        self._waveform_lock = threading.Lock()
        self._speech_lock = threading.Lock()
        self._faces_lock = threading.Lock()

    @cached_property
    def key(self) -> str:
        return self._asked.key(content_key(self.path))

    def waveform(self, progress: Progress) -> Waveform:
        if self.info.audio is None:
            raise MediaError(f"'{self.path.name}' has no sound.")
        with self._waveform_lock:
            if self._waveform is None:
                self._waveform = read_waveform(self.path, progress=progress, choice=self.choice, bounds=self.bounds)
            return self._waveform

    def speech(self, progress: Progress) -> Waveform:
        with self._speech_lock:
            if self._speech is None:
                self._speech = speech_of(self.waveform(progress), progress)
            return self._speech

    def faces(self, progress: Progress) -> FaceTimeline:
        if self.info.video is None:
            raise MediaError(f"'{self.path.name}' has no picture.")
        with self._faces_lock:
            if self._faces is None:
                self._faces = track_faces(self.path, progress, choice=self.choice, bounds=self.bounds)
            return self._faces
