"""Faces of voices: a voice belongs to the face whose mouth moves as the voice is heard.

How strongly a mouth moves and how loud a voice is are correlated over the time in which the face is seen; while
somebody else speaks, or nobody, the voice is silent. A voice belongs to the face with the highest correlation, and a
face to one voice, if hardly any shift of the mouth against the sound gives as high a one: a voice whose speaker is not
seen moves no mouth, and stays without a face.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .diarisation import Turn
from .faces import Face

if TYPE_CHECKING:
    from ...media import Waveform

HOP = 0.04
"""Step in seconds between the values of a mouth or a voice."""
AROUND = 0.12
"""Seconds on either side of a moment over which its movement and its loudness are taken."""
SHIFTS = 200
"""Shifts of a mouth against the sound with which a correlation is compared."""
CHANCE = 0.05
"""Largest share of shifts with an equal or higher correlation at which a voice is given to a face."""
FEWEST = 1.0
"""Smallest number of seconds for which a face is seen while somebody speaks, to be given a voice."""
QUIET = 40.0
"""Decibels below the loudest moment at which a voice counts as silent."""
ACTIONS = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthLowerDownRight")
"""Facial actions that move when a mouth speaks."""


def speaking_faces(
    turns: Sequence[Turn], sound: "Waveform", faces: Sequence[Face], times: np.ndarray
) -> dict[int, int]:
    """Return the face of each voice whose speaker is seen.

    Args:
        turns: stretches in which one voice speaks.
        sound: sound in which they speak.
        faces: faces.
        times: seconds (F,) of the frames in which they may be seen.

    Returns:
        The id of the face by the number of the voice.
    """
    from scipy.optimize import linear_sum_assignment

    voices = sorted({turn.voice for turn in turns})
    if not voices or not faces:
        return {}
    grid = np.arange(sound.start, sound.end, HOP)
    loud = _loudness(sound, grid)
    mouths = [_movement(face, times, grid) for face in faces]
    spoken = [np.where(_within(grid, [turn for turn in turns if turn.voice == voice]), loud, 0.0) for voice in voices]
    likeness = np.array([[_likeness(voice, mouth) for mouth in mouths] for voice in spoken])
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    return {
        voices[row]: faces[column].id
        for row, column in zip(rows, columns, strict=True)
        if likeness[row, column] > 0 and _chance(spoken[row], mouths[column]) <= CHANCE
    }


def _loudness(sound: "Waveform", grid: np.ndarray) -> np.ndarray:
    """Return how loud the sound is around each time (T,), from 0 at QUIET decibels below the loudest moment to 1."""
    step = round(HOP * sound.rate)
    padded = np.pad(np.asarray(sound.samples, np.float64), (0, -len(sound.samples) % step)).reshape(-1, step)
    power = _smooth((padded**2).mean(1))[: len(grid)]
    level = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-12), 1e-12))
    return np.maximum(1 + level / QUIET, 0)


def _movement(face: Face, times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how strongly a mouth moves at each time (T,): the speed of its actions; NaN where it is not seen."""
    from ...media import BLENDSHAPES

    actions = np.asarray(face.seen_blendshapes)[:, [BLENDSHAPES.index(name) for name in ACTIONS]]
    seen = times[face.frames]
    if len(seen) < 2:
        return np.full(len(grid), np.nan)
    values = np.stack([np.interp(grid, seen, action) for action in actions.T])
    speed = _smooth(np.abs(np.gradient(values, HOP, axis=1)).sum(0))
    nearest = np.clip(np.searchsorted(seen, grid), 1, len(seen) - 1)
    away = np.minimum(np.abs(grid - seen[nearest - 1]), np.abs(seen[nearest] - grid))
    return np.where(away <= 2 * max(HOP, float(np.median(np.diff(seen)))), speed, np.nan)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Return means over :data:`AROUND` on either side."""
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(values, 2 * round(AROUND / HOP) + 1, mode="nearest"))


def _within(grid: np.ndarray, turns: Sequence[Turn]) -> np.ndarray:
    inside = np.zeros(len(grid), bool)
    for turn in turns:
        inside |= (grid >= turn.start) & (grid < turn.end)
    return inside


def _likeness(voice: np.ndarray, mouth: np.ndarray) -> float:
    """Return the correlation of a voice and a mouth where the face is seen; -1 where that is too short to tell."""
    seen = ~np.isnan(mouth)
    if (seen & (voice > 0)).sum() * HOP < FEWEST:
        return -1.0
    one, other = voice[seen] - voice[seen].mean(), mouth[seen] - mouth[seen].mean()
    length = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / length if length > 0 else -1.0


def _chance(voice: np.ndarray, mouth: np.ndarray) -> float:
    """Return the share of shifts of a mouth against the sound, round its end, that are at least as like as no shift."""
    own = _likeness(voice, mouth)
    least = round(1 / HOP)
    shifts = np.unique(np.linspace(least, len(voice) - least, SHIFTS).astype(int)) if len(voice) > 2 * least else [0]
    return float(np.mean([_likeness(np.roll(voice, shift), mouth) >= own for shift in shifts]))
