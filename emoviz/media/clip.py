"""A clip that is decoded lazily and once, for all parts of the program that need it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import asdict, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import MediaError
from ..core.kept import Kept, KeptBlocks
from ..core.keys import key_of_copy
from ..core.progress import Progress, held, silent
from ..core.vocabulary import Modality
from .bounds import BOUNDS, Bounds
from .channels import chosen_mixing
from .condition import speech_of
from .container import DEFAULT, Choice, content_key
from .corruptions import corrupted_copy
from .faces import Following, track_with_faces
from .frames import Frame, iterate_frames
from .info import ClipInfo, probe
from .kept_faces import keep_faces, kept_faces, known_by
from .part import key_of_part, part_of_faces, part_of_pictures, part_of_sound
from .tracks import FaceTimeline, FaceTrack
from .waveform import Waveform, read_waveform


class ClipMedia:
    """A clip with its decoded parts, which threads may share.

    Args:
        path: path of the clip.
        face: id of the track that belongs to the speaker; by default the longest and largest.
        choice: choice of tracks and channel; of several picture tracks the default one is read, unless only another has
            faces.
        bounds: the largest recording that is accepted.
        kept: folder in which known facts about recordings are looked up, and new ones are kept.
        progress: listener, told while the file is opened, which takes long if its length has to be counted.

    Raises:
        MediaError: if there is no such file, it is not a clip that can be read, or it exceeds the bounds.
    """

    def __init__(
        self,
        path: Path | str,
        face: int | None = None,
        choice: Choice = DEFAULT,
        bounds: Bounds = BOUNDS,
        *,
        kept: Kept | None = None,
        progress: Progress = silent,
    ) -> None:
        self.face = face
        self._decoded = _Decoded(Path(path), choice, bounds, kept, progress)

    @property
    def path(self) -> Path:
        """The clip's file."""
        return self._decoded.path

    @property
    def info(self) -> ClipInfo:
        """The tracks, pictures and sound of the clip."""
        return self._decoded.info

    @property
    def choice(self) -> Choice:
        """The tracks and the channel that are read."""
        return self._decoded.choice

    @property
    def asked(self) -> Choice:
        """The tracks and the channel that were chosen; the open ones are chosen by the content of the recording."""
        return self._decoded.asked

    @property
    def kept(self) -> Kept | None:
        """The folder in which the facts about the recording are kept for another visit."""
        return self._decoded.kept

    @property
    def known_faces(self) -> FaceTimeline | None:
        """The faces in the picture if they were looked for before; nothing is decoded."""
        return self._decoded.known_faces

    @property
    def content(self) -> str:
        """The sha256 of the file's content, hex."""
        return self._decoded.content

    @property
    def key(self) -> str:
        """Return the sha256 of the file's content, hex, or a key of content and choice for other tracks or channels."""
        return self._decoded.key

    def waveform(self, progress: Progress = silent) -> Waveform:
        """Return the sound of the clip, 16 kHz mono.

        Raises:
            MediaError: if the clip has no sound.
        """
        return self._decoded.waveform(progress)

    def speech(self, progress: Progress = silent) -> Waveform:
        """Return the conditioned sound with the stretches in which nobody speaks (:mod:`emoviz.media.condition`).

        Raises:
            MediaError: if the clip has no sound.
            MissingWeightsError: if the network that tells speech is not on this machine.
        """
        return self._decoded.speech(progress)

    def pictures(self, progress: Progress = silent) -> Iterator[Frame]:
        """Yield the pictures at the times of :meth:`faces`, decoded anew at each call to save memory.

        Raises:
            MediaError: if the clip has no picture.
        """
        return self._decoded.pictures(progress)

    def faces(self, progress: Progress = silent) -> FaceTimeline:
        """Return the faces in the picture.

        Raises:
            MediaError: if the clip has no picture.
            MissingWeightsError: if the face networks' weights are not there.
        """
        return self._decoded.faces(progress)

    def face_track(self, progress: Progress = silent) -> FaceTrack | None:
        """Return the speaker's face, or None when no face is seen.

        Raises:
            MediaError: if the clip has no picture, or no face of the chosen id.
        """
        timeline = self.faces(progress)
        face = timeline.speaker if self.face is None else self.face
        return None if face is None else timeline.track(face)

    def track_in(self, timeline: FaceTimeline) -> FaceTrack | None:
        """Return the speaker's face among the faces that are known so far, or None if it is not yet known."""
        face = timeline.speaker if self.face is None else self.face
        return next((track for track in timeline.tracks if track.id == face), None)

    def faces_so_far(self, progress: Progress = silent) -> Iterator[FaceTimeline]:
        """Yield the faces repeatedly while they are followed, at last those of the whole clip.

        A caller that stops early loses nothing: the next call continues from there.

        Raises:
            MediaError: if the clip has no picture.
            MissingWeightsError: if the face networks' weights are not there.
        """
        return self._decoded.faces_so_far(progress)

    def face_blocks(self, kind: str, made_of: Mapping[str, Any]) -> KeptBlocks | None:
        """Return the place where results from the faces are kept during the work; None where nothing is kept.

        Args:
            kind: kind of the blocks.
            made_of: all values, except the faces, on which the results depend.
        """
        return self._decoded.face_blocks(kind, made_of)

    def beginning(self, seconds: float) -> "ClipMedia":
        """Return the clip's first seconds of sound, as if the recording ended there and had no picture."""
        other = ClipMedia.__new__(ClipMedia)
        other.face, other._decoded = None, self._decoded.beginning(seconds)
        return other

    def part(self, start: float, end: float) -> "ClipMedia":
        """Return the part from ``start`` to ``end``, in seconds, as if it were the whole recording."""
        other = ClipMedia.__new__(ClipMedia)
        other.face, other._decoded = None, _Part(self._decoded, start, end)
        return other

    def corrupted(self, number: int, others: Sequence[Callable[[], np.ndarray]] = ()) -> "ClipMedia":
        """Return the clip with corrupted sound and without the picture (:mod:`emoviz.media.corruptions`).

        Args:
            number: number of the copy, from 1; the same clip and number always give the same copy.
            others: functions that read the sound of other recordings, which may be heard beside it.
        """
        key = key_of_copy(self.key, number)
        return self.changed(key, partial(corrupted_copy, modality=Modality.AUDIO, key=key, others=others))

    def changed(self, key: str, change: Callable[[np.ndarray], np.ndarray]) -> "ClipMedia":
        """Return the clip with changed sound and without the picture.

        Args:
            key: key of the changed clip, unlike that of any other clip.
            change: function from the samples, float32 (N,), to those of the changed clip.
        """
        other = ClipMedia.__new__(ClipMedia)
        other.face, other._decoded = None, _Changed(self._decoded, key, change)
        return other

    def with_face(self, face: int | None) -> "ClipMedia":
        """Return the same clip with another speaker's face; both share the decoded parts."""
        other = ClipMedia.__new__(ClipMedia)
        other.face, other._decoded = face, self._decoded
        return other


class _Decoded:
    """The decoded parts of one file."""

    def __init__(self, path: Path, choice: Choice, bounds: Bounds, kept: Kept | None, progress: Progress) -> None:
        self.path = path
        self.bounds = bounds
        self.asked = choice
        self.kept = kept
        info = probe(path, choice, bounds, progress)
        if choice.video is None and len(info.video_tracks) > 1:
            choice = replace(choice, video=track_with_faces(info, choice, bounds, progress))
            info = probe(path, choice, bounds, progress)
        if info.audio is not None:
            chosen_mixing(choice.channel, info.audio.channels)  # refuses a channel that is not there
        self.choice, self.info = choice, info
        self._waveform: Waveform | None = None
        self._speech: Waveform | None = None
        self._faces: FaceTimeline | None = None
        self._following: Following | None = None  # the faces up to where the work was last stopped
        self._blocks: KeptBlocks | None = None  # of them, on disk
        self._until: float | None = None
        # One lock per part: sound and picture may be decoded at the same time.
        self._waveform_lock = threading.Lock()
        self._speech_lock = threading.Lock()
        self._faces_lock = threading.Lock()

    @property
    def known_faces(self) -> FaceTimeline | None:
        return self._faces

    @cached_property
    def content(self) -> str:
        return content_key(self.path)

    @property
    def key(self) -> str:
        return self.asked.key(self.content)

    def beginning(self, seconds: float) -> "_Decoded":
        other = copy(self)
        other.info = replace(self.info, duration=min(seconds, self.info.duration), video=None)
        other._until, other._waveform, other._speech, other.kept = seconds, None, None, None
        other._waveform_lock, other._speech_lock = threading.Lock(), threading.Lock()
        return other

    def pictures(self, progress: Progress) -> Iterator[Frame]:
        return iterate_frames(self.path, progress, choice=self.choice, bounds=self.bounds)

    def waveform(self, progress: Progress) -> Waveform:
        if self.info.audio is None:
            raise MediaError(f"'{self.path.name}' has no sound that can be read.")
        with held(self._waveform_lock, progress):
            if self._waveform is None:
                self._waveform = read_waveform(
                    self.path, progress=progress, choice=self.choice, bounds=self.bounds, until=self._until
                )
            return self._waveform

    def speech(self, progress: Progress) -> Waveform:
        with held(self._speech_lock, progress):
            if self._speech is None:
                self._speech = speech_of(self.waveform(progress), progress)
            return self._speech

    def faces(self, progress: Progress) -> FaceTimeline:
        if self.info.video is None:
            raise MediaError(f"'{self.path.name}' has no picture.")
        with held(self._faces_lock, progress):
            while self._faces is None:
                self._follow(progress)
            return self._faces

    def faces_so_far(self, progress: Progress) -> Iterator[FaceTimeline]:
        if self.info.video is None:
            raise MediaError(f"'{self.path.name}' has no picture.")
        with ThreadPoolExecutor(1, "faces") as pool:
            ahead = pool.submit(self._faces_now, progress)
            while True:
                known, whole = ahead.result()
                if not whole:  # they are followed on while others work with what is known
                    ahead = pool.submit(self._faces_now, progress)
                yield known
                if whole:
                    return

    def _faces_now(self, progress: Progress) -> tuple[FaceTimeline, bool]:
        """Follow the faces for a moment; what there is of them then, and whether that is all."""
        with held(self._faces_lock, progress):
            known = self._faces or self._follow(progress)
            return known, self._faces is not None

    def _follow(self, progress: Progress) -> FaceTimeline:
        """Follow the faces for a moment; what there is of them then."""
        if self._following is None:
            if self.kept and (known := kept_faces(self.kept, self._faces_made_of)):
                self._faces = known
                return known
            self._blocks = self.face_blocks("following", {})
            self._following = Following(self.path, choice=self.choice, bounds=self.bounds, blocks=self._blocks)
        try:
            ended = self._following.go_on(progress, seconds=_MOMENT)
        except MediaError:
            self._following = None
            raise
        timeline = self._following.timeline()
        if ended:
            if self.kept:
                keep_faces(self.kept, self._faces_made_of, timeline, progress)
            if self._blocks:
                self._blocks.drop()
            self._faces, self._following = timeline, None
        return timeline

    def face_blocks(self, kind: str, made_of: Mapping[str, Any]) -> KeptBlocks | None:
        return KeptBlocks(self.kept, kind, {**known_by(self._faces_made_of), **made_of}) if self.kept else None

    @property
    def _faces_made_of(self) -> dict[str, Any]:
        """All that the faces depend on."""
        assert self.info.video is not None
        return {"content": self.content, "track": self.info.video.track, "bounds": asdict(self.bounds)}


class _Part(_Decoded):
    """The seconds from ``start`` to ``end`` of a decoded file, which is decoded once for all its parts."""

    def __init__(self, whole: _Decoded, start: float, end: float) -> None:
        vars(self).update(vars(whole))
        self.whole, self.start, self.end = whole, start, end
        self.info = replace(whole.info, duration=end - start)
        self._speech, self._faces, self.kept = None, None, None
        self._speech_lock = threading.Lock()

    @property
    def key(self) -> str:
        return key_of_part(self.whole.key, self.start, self.end)

    def beginning(self, seconds: float) -> "_Decoded":
        shorter = _Part(self.whole, self.start, min(self.end, self.start + seconds))
        shorter.info = replace(shorter.info, video=None)
        return shorter

    def pictures(self, progress: Progress) -> Iterator[Frame]:
        return part_of_pictures(self.whole.pictures(progress), self.start, self.end)

    def waveform(self, progress: Progress) -> Waveform:
        return part_of_sound(self.whole.waveform(progress), self.start, self.end)

    def faces(self, progress: Progress) -> FaceTimeline:
        self._faces = part_of_faces(self.whole.faces(progress), self.start, self.end)
        return self._faces

    def faces_so_far(self, progress: Progress) -> Iterator[FaceTimeline]:
        yield self.faces(progress)


class _Changed(_Decoded):
    """The sound of a decoded clip, changed by a function."""

    def __init__(self, whole: _Decoded, key: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        vars(self).update(vars(whole))
        self.own_key = key
        self.info = replace(whole.info, video=None)
        if self.info.audio is not None:
            sound = whole.waveform(silent)
            self._waveform = Waveform(change(sound.samples), sound.rate, sound.start)
            self.info = replace(self.info, duration=self._waveform.end)
        self._speech, self.kept = None, None
        self._waveform_lock, self._speech_lock = threading.Lock(), threading.Lock()

    @property
    def key(self) -> str:
        return self.own_key


_MOMENT = 0.5
"""Seconds of work on faces, after which others may look at what is known of them: by then a network of pictures has a
whole batch of them to read, and reads few that are not full."""
