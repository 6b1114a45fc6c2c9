"""Absences of face and speech in a clip, with their reasons, and the limits that picture and sound set."""

from typing import TYPE_CHECKING

import numpy as np

from ..core.growing import blocks
from ..core.vocabulary import Source
from ..evaluation.gaps import Absence

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTimeline, Waveform

EDGE = 0.05
"""Seconds by which picture and sound may differ in start and end before a sentence says so."""
LITTLE = 1.0
"""Seconds of sound below which a sentence warns that predictions from speech mean little."""
NOTES_KEPT = 8
"""Largest number of sentences on one clip; a damaged file may have more."""


def absences_of_sound(media: "ClipMedia") -> tuple[Absence, ...]:
    """Return the stretches of a clip without speech, each with its reason."""
    duration = media.info.duration
    if media.info.audio is None:
        why = "nothing of the sound can be read" if media.info.audio_tracks else "the recording has no sound"
        return (Absence(Source.SPEECH, 0.0, duration, why),)
    sound = media.speech()
    if not len(sound.samples):
        return (Absence(Source.SPEECH, 0.0, duration, "the sound is empty"),)
    quiet = "nobody speaks" if _sounds(media) else "the sound is silence"
    found = [(start, end, quiet) for start, end in sound.unspoken]
    found += [(start, end, "the sound has a gap") for start, end in sound.gaps]
    found += _beyond("sound", sound.start, sound.end, duration)
    return tuple(Absence(Source.SPEECH, *stretch) for stretch in found)


def absences_of_face(media: "ClipMedia", faces: "FaceTimeline | None") -> tuple[Absence, ...]:
    """Return the stretches of a clip in which the face is not seen, each with its reason."""
    duration = media.info.duration
    if faces is None:
        return (Absence(Source.FACE, 0.0, duration, "the recording has no picture"),)
    track = media.face_track()
    if track is None or not len(faces.times):
        return (Absence(Source.FACE, 0.0, duration, "no face in the picture"),)
    step = float(np.median(np.diff(faces.times))) if len(faces.times) > 1 else 0.0
    hidden = f"face {track.id} is not in the picture" if len(faces.tracks) > 1 else "no face in the picture"
    ends = np.append(faces.times[1:], faces.times[-1] + step)
    edges = np.diff(np.concatenate(([False], ~track.present, [False])).astype(int))
    runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    found = [(float(faces.times[first]), float(ends[behind - 1]), hidden) for first, behind in runs]
    found += _beyond("picture", float(faces.times[0]), float(ends[-1]), duration)
    return tuple(Absence(Source.FACE, *stretch) for stretch in found)


def _beyond(what: str, start: float, end: float, duration: float) -> list[tuple[float, float, str]]:
    """Return the stretches of a clip before a track starts and after it ends."""
    found = [(0.0, start, f"the {what} starts at {start:.1f} s")] if start > EDGE else []
    if duration - end > EDGE:
        found.append((end, duration, f"the {what} ends at {end:.1f} s"))
    return found


def picture_notes(media: "ClipMedia", faces: "FaceTimeline | None") -> list[str]:
    """Say which limits the clip's pictures and faces set, one sentence each."""
    if faces is None:
        return ["The clip has no picture, so there is no prediction from the face."]
    notes = list(faces.notes[:NOTES_KEPT])
    track = media.face_track()
    if track is None:
        return [*notes, "No face was found in the clip, so there is no prediction from the face."]
    missing = 1 - float(track.present.mean())
    if missing > 0:
        notes.append(f"No face in {_percent(missing)} of the frames.")
    if len(faces.tracks) > 1:
        notes.append(f"{len(faces.tracks)} faces were found; the prediction is of face {track.id}.")
    return notes + _late_or_short(absences_of_face(media, faces), ("the picture starts", "the picture ends"))


def sound_notes(media: "ClipMedia") -> list[str]:
    """Say which limits the clip's sound sets, one sentence each."""
    if media.info.audio is None:
        return [f"{media.info.without_sound}, so there is no prediction from speech."]
    sound = media.speech()
    notes = list(sound.notes[:NOTES_KEPT])
    if not _sounds(media):
        return [*notes, "The clip's sound is silence, so there is no prediction from speech."]
    return notes + _spoken_notes(media, sound)


def _sounds(media: "ClipMedia") -> bool:
    """Return whether a sample of the recorded sound is not zero."""
    return any(block.any() for block in blocks(media.waveform().samples))


def _spoken_notes(media: "ClipMedia", sound: "Waveform") -> list[str]:
    notes = [f"The sound has a gap from {begin:.1f} s to {end:.1f} s." for begin, end in sound.gaps[:3]]
    spoken = sound.duration - sum(end - begin for begin, end in sound.unspoken)
    if sound.duration < LITTLE:
        notes.append(f"The clip has {sound.duration:.2g} s of sound; under one second speech says little.")
    if spoken < 1 / sound.rate:
        return [*notes, "Nobody speaks in the clip, so there is no prediction from speech."]
    notes += _late_or_short(absences_of_sound(media), ("the sound starts", "the sound ends"))
    if spoken < LITTLE <= sound.duration:
        notes.append(f"Somebody speaks for {spoken:.1g} s only; under one second speech says little.")
    elif spoken < 0.8 * sound.duration:
        notes.append(f"Nobody speaks in {_percent(1 - spoken / sound.duration)} of the sound.")
    return notes


def _late_or_short(absences: tuple[Absence, ...], starts: tuple[str, ...]) -> list[str]:
    """Say when a track starts late or ends early."""
    return [f"{one.reason.capitalize()}." for one in absences if one.reason.startswith(starts)]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"
