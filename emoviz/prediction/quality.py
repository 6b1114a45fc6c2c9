"""The quality of picture and sound, moment by moment, with a sentence where it makes predictions less sure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.growing import blocks
from ..media.condition import OFFSET
from ..media.voices import CHUNK, THRESHOLD
from .shown import shown_face

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTimeline, Waveform

PREFIX = "quality."
LEVEL, CLIPPED, SNR, VOICE = (f"{PREFIX}{name}" for name in ("sound_level", "clipped", "signal_to_noise", "speech"))
SIZE, SHARPNESS, TURN, PRESENCE = (f"{PREFIX}face_{name}" for name in ("size", "sharpness", "turn", "presence"))

AROUND = 0.1
"""Seconds around a row over which sound is measured: a few periods of any voice."""
NOISE_AROUND = 10.0
"""Seconds around a row in which noise and offset are measured, so that a change of room is followed."""
NOISE = 10
"""Percentile of the power that is taken as the level of the noise."""
FULL = 0.99
"""Share of full scale from which a sample is clipped."""
SILENCE = 1e-10
"""Smallest mean power: -100 dB, the floor of 16-bit sound."""


@dataclass(frozen=True)
class Limit:
    """A bound of quality from which predictions are less sure.

    Attributes:
        column: column of the measure.
        bound: bound beyond which a row is bad.
        above: whether bad rows are those above the bound; else those below.
        share: smallest share of bad rows, among those that count, for which a sentence is shown.
        sentence: sentence about the ``{share}`` of bad rows and the ``{bound}``.
    """

    column: str
    bound: float
    above: bool
    share: float
    sentence: str


LIMITS = (
    # One sample in a hundred at full scale is heard as distortion, and changes the spectrum that models read.
    Limit(CLIPPED, 0.01, True, 0.05, "The sound is clipped in {share} of the speech"),
    # From 10 dB down, the error of speech emotion models grows fast in published tests with added noise.
    Limit(SNR, 10.0, False, 0.5, "The speech is less than {bound} dB above the noise in {share} of its time"),
    # Below -55 dB of full scale 16-bit sound has fewer than 7 bits left for a voice.
    Limit(LEVEL, -55.0, False, 0.5, "The speech is weaker than {bound} dB of full scale in {share} of its time"),
    # Networks of faces read crops of 48 pixels: a smaller face is enlarged, and has no more detail for it.
    Limit(SIZE, 48.0, False, 0.2, "The face is smaller than {bound} pixels in {share} of its frames"),
    # An open face has .3 and more; a Gaussian blur of a thirtieth of its crop brings it to this (tests/prediction).
    Limit(SHARPNESS, 0.02, False, 0.2, "The face is blurred in {share} of its frames"),
    # FER+ and AffectNet hold few faces that are turned further, and one eye is hidden from there on.
    Limit(TURN, 45.0, True, 0.2, "The face is turned away by more than {bound} degrees in {share} of its frames"),
    # The landmark network is this sure of nearly every open face; below it a hand, hair or the edge covers a part.
    Limit(PRESENCE, 0.9, False, 0.2, "The face is partly covered or hard to see in {share} of its frames"),
)
"""Every bound in one place, each with the reason for it."""


def sound_quality(media: "ClipMedia", times: np.ndarray) -> dict[str, np.ndarray]:
    """Measure a clip's sound around each row.

    Args:
        media: the clip.
        times: regular times (T,) of the rows, in seconds of the clip.

    Returns:
        Columns, float32 (T,), NaN where there is no sound; the signal-to-noise ratio only where somebody speaks:
        ``quality.sound_level`` (dB of full scale), ``quality.clipped`` (share of the samples),
        ``quality.signal_to_noise`` (dB) and ``quality.speech`` (probability).
    """
    if media.info.audio is None or not len(media.waveform().samples):
        return {}
    sound = media.waveform()
    rows = _rows(sound.start, sound.end, times)
    begin, end = (np.clip(np.round((times + side * AROUND / 2 - sound.start) * sound.rate), 0, len(sound.samples))
                  for side in (-1, 1))  # fmt: skip
    count = np.maximum(end - begin, 1)
    power = _sums(sound.samples, np.square, begin, end) / count
    power = _without_offset(power, sound, (begin, end), count)
    clipped = _sums(sound.samples, lambda samples: np.abs(samples) >= FULL, begin, end) / count
    chunk = ((times - sound.start) * sound.rate / CHUNK).astype(int)
    voice = media.speech().voice
    spoken = voice[np.clip(chunk, 0, len(voice) - 1)] if len(voice) else np.zeros(len(times), np.float32)
    level = 10 * np.log10(np.maximum(power, SILENCE))
    ratio = np.where(spoken >= THRESHOLD, level - _noise(level, times), np.nan)
    absent = ~rows | np.any([(times > a) & (times < b) for a, b in sound.gaps] or [np.zeros(len(times), bool)], axis=0)
    found = {LEVEL: level, CLIPPED: clipped, SNR: ratio, VOICE: spoken}
    return {name: np.where(absent, np.nan, values).astype(np.float32) for name, values in found.items()}


def face_quality(media: "ClipMedia", faces: "FaceTimeline | None", times: np.ndarray) -> dict[str, np.ndarray]:
    """Measure the chosen face in each row.

    Args:
        media: the clip.
        faces: all faces of it.
        times: regular times (T,) of the rows, in seconds of the clip.

    Returns:
        Columns, float32 (T,), NaN where the face is not seen: ``quality.face_size`` (side of its box in pixels),
        ``quality.face_sharpness`` (variance of the Laplacian of the crop over that of the crop), ``quality.face_turn``
        (degrees that yaw and pitch turn it away) and ``quality.face_presence`` (how sure the network is of a face).
    """
    shown = shown_face(media, faces, times)
    if shown is None:
        return {}
    track = shown.track
    turn = np.hypot(track.seen_pose[:, 0], track.seen_pose[:, 1])
    size = np.sqrt(track.seen_boxes[:, 2] * track.seen_boxes[:, 3])
    found = {SIZE: size, SHARPNESS: sharpness(track.seen_crops), TURN: turn, PRESENCE: track.seen_presence}
    return {name: shown.rows(values) for name, values in found.items()}


def sharpness(crops: np.ndarray) -> np.ndarray:
    """Return the variance of the Laplacian of grey crops (N, H, W) over their own variance: (N,), 0 for plain ones."""
    import cv2

    found = np.zeros(len(crops))
    for number, crop in enumerate(crops):
        spread = float(crop.var())
        found[number] = cv2.Laplacian(crop, cv2.CV_64F).var() / spread if spread > 1 else 0.0
    return found


def quality_notes(quality: Mapping[str, np.ndarray]) -> list[str]:
    """Return one sentence for each limit that enough of the rows with speech, or with a face, exceed."""
    notes = []
    for limit in LIMITS:
        values = quality.get(limit.column)
        if values is None:
            continue
        counted = ~np.isnan(values)
        if VOICE in quality:
            counted &= quality[VOICE] >= THRESHOLD
        bad = values[counted] > limit.bound if limit.above else values[counted] < limit.bound
        if len(bad) and bad.mean() >= limit.share:
            about = limit.sentence.format(share=f"{100 * bad.mean():.0f} %", bound=f"{limit.bound:g}")
            of = "face" if limit.column.startswith(f"{PREFIX}face") else "speech"
            notes.append(f"{about}, so what is said of the {of} is less sure.")
    return notes


def _rows(start: float, end: float, times: np.ndarray) -> np.ndarray:
    """Return which rows lie within a track, bool (T,)."""
    return np.asarray((times >= start) & (times < end))


def _sums(
    samples: np.ndarray, of: Callable[[np.ndarray], np.ndarray], begin: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Return the sum of a function of the samples from each beginning to each end: (T,); they are read in blocks."""
    edges = np.stack([begin, end]).astype(int)
    totals, first, done = np.zeros(edges.shape), 0, 0.0
    for block in blocks(samples):
        running = done + np.concatenate([[0.0], np.cumsum(of(block), dtype=np.float64)])
        within = (edges > first) & (edges <= first + len(block))
        totals[within] = running[edges[within] - first]
        first, done = first + len(block), float(running[-1])
    return np.asarray(totals[1] - totals[0])


def _without_offset(
    power: np.ndarray, sound: "Waveform", edges: tuple[np.ndarray, np.ndarray], count: np.ndarray
) -> np.ndarray:
    """Return the mean power (T,) between the edges without that of an offset, which is heard by nobody."""
    around = round(NOISE_AROUND * sound.rate)
    wide = np.maximum(edges[0] - around, 0), np.minimum(edges[1] + around, len(sound.samples))
    offset = _sums(sound.samples, np.asarray, *wide) / np.maximum(wide[1] - wide[0], 1)
    offset = np.where(np.abs(offset) >= OFFSET, offset, 0)
    mean = _sums(sound.samples, np.asarray, *edges) / count
    return np.asarray(np.maximum(power - 2 * offset * mean + offset**2, 0))


def _noise(level: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the level of the noise around each row: (T,) dB."""
    hop = float(times[1] - times[0]) if len(times) > 1 else 1.0
    around, step = round(NOISE_AROUND / hop), max(1, round(1 / hop))
    places = np.arange(0, len(level) + step, step)
    lowest = [np.percentile(level[max(0, place - around) : place + around + 1], NOISE) for place in places]
    return np.asarray(np.interp(np.arange(len(level)), places, lowest))
