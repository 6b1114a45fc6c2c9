"""Turns of voices, by the sound alone: each stretch of speech is given to one of several voices.

Speech is cut into overlapping windows, each of which the speaker encoder brings to a point
(:mod:`emoviz.features.speaker_encoder`). Points that lie near each other are one voice: groups are joined again and
again (J. Ward, "Hierarchical grouping to optimize an objective function", 1963), until as many are left as there are
voices, or, where that is not known, as long as any two are too near to be two voices or one is too small. Every tenth
of a second then belongs to the voice that the windows over it resemble most. Two people who speak at once count as one.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...core.progress import Progress, silent
from ...features.speaker_encoder import voices_in

if TYPE_CHECKING:
    from ...media import Waveform

WINDOW, HOP = 1.6, 0.4
"""Length in seconds of a window of sound, and step from one window to the next."""
SHORTEST = 0.4
"""Length in seconds of the shortest speech in which voices are told apart."""
STEP = 0.1
"""Length in seconds of the stretches that are each given to one voice."""
APART = 0.11
"""Cosine distance of their means from which two groups of windows are two voices; chosen by ``benchmarks.persons``."""
FEWEST, FEWEST_GIVEN = 6.0, 3.2
"""Seconds of speech from which a group of windows is a voice: where their number is found, and where it is given. Of
little speech, half of an equal share is enough where the number is given."""
MOST_FOUND = 20
"""Largest number of voices that are found."""
MOST = 2000
"""Largest number of windows that are compared with each other; others are compared with the voices alone."""


class Turn(NamedTuple):
    """A stretch of a recording in which one voice speaks.

    Attributes:
        start: second at which it starts.
        end: second at which it ends.
        voice: number of the voice, from 0 in the order in which they are first heard.
    """

    start: float
    end: float
    voice: int


class Encoded(NamedTuple):
    """The speech of a recording as the encoder sees it.

    Attributes:
        stretches: start and end of each stretch of speech in seconds.
        windows: starts and ends (W, 2) of the windows over them, in seconds.
        points: voices in them, float32 (W, D), each of length 1.
    """

    stretches: list[tuple[float, float]]
    windows: np.ndarray
    points: np.ndarray


def turns_of(sound: "Waveform", count: int | None = None, progress: Progress = silent) -> list[Turn]:
    """Return who speaks when.

    Args:
        sound: sound at one level, of which is known where somebody speaks (:meth:`emoviz.media.ClipMedia.speech`).
        count: number of voices; None finds it.
        progress: listener.

    Returns:
        Turns in the order of time, which do not overlap; none where nobody speaks.

    Raises:
        MissingWeightsError: if the speaker encoder is not on this machine.
    """
    return shared_out(encoded(sound, progress), count)


def encoded(sound: "Waveform", progress: Progress = silent) -> Encoded:
    """Return the voices in windows over all speech of a sound.

    Raises:
        MissingWeightsError: if the speaker encoder is not on this machine.
    """
    stretches = [(start, end) for start, end in sound.spoken if end - start >= SHORTEST]
    windows = [window for stretch in stretches for window in _windows(*stretch)]
    return Encoded(stretches, np.array(windows).reshape(-1, 2), voices_in(sound, windows, progress))


def shared_out(speech: Encoded, count: int | None = None) -> list[Turn]:
    """Return who speaks when, as :func:`turns_of` does, in speech that is encoded already."""
    stretches, windows, points = speech
    if not stretches:
        return []
    likeness = points @ _means(points, windows.mean(1), count).T
    turns = [turn for stretch in stretches for turn in _shared(stretch, windows, likeness)]
    order = {voice: number for number, voice in enumerate(dict.fromkeys(turn.voice for turn in turns))}
    return [turn._replace(voice=order[turn.voice]) for turn in turns]


def _windows(start: float, end: float) -> list[tuple[float, float]]:
    """Return the windows over a stretch of speech; the last one ends with it, and in a short one it is the only one."""
    last = max(start, end - WINDOW)
    return [(begin, min(begin + WINDOW, end)) for begin in (*np.arange(start, last - HOP / 2, HOP).tolist(), last)]


def _means(points: np.ndarray, centres: np.ndarray, count: int | None) -> np.ndarray:
    """Return the mean direction of each voice, (K, D).

    Args:
        points: points (W, D) of the windows.
        centres: middles (W,) of the windows in seconds.
        count: number of voices; None finds it.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), MOST)).astype(int))
    some, share = points[chosen], len(chosen) / len(points)
    if len(some) < 2:
        return np.asarray(some)
    tree = linkage(_smoothed(points, centres)[chosen], "ward")
    best = _directions(some, np.ones(len(some), int), [1])
    if count is None:
        fewest = FEWEST / HOP * share
        for number in range(2, MOST_FOUND + 1):
            groups = fcluster(tree, number, "maxclust")
            sizes = np.bincount(groups)[1:]
            means = _directions(some, groups, range(1, len(sizes) + 1))
            if sizes.min() < fewest or len(sizes) < number or _nearest(means) < APART:
                break
            best = means
        return best
    # The first cut with so many voices of some length, as groups of a few windows are none; else with the most.
    fewest = min(FEWEST_GIVEN / HOP * share, len(some) / (2 * count))
    for number in range(2, len(some) + 1 if count > 1 else 2):
        groups = fcluster(tree, number, "maxclust")
        sizes = np.bincount(groups)
        large = np.flatnonzero(sizes >= fewest)
        if len(large) > len(best):
            best = _directions(some, groups, large[np.argsort(-sizes[large], kind="stable")[:count]])
        if len(best) == count:
            break
    return best


def _smoothed(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the mean direction of each window and those before and after it, unless a pause is between them."""
    total = points.copy()
    following = np.diff(centres) < WINDOW
    total[1:] += points[:-1] * following[:, None]
    total[:-1] += points[1:] * following[:, None]
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True))


def _directions(points: np.ndarray, groups: np.ndarray, chosen: Iterable[int]) -> np.ndarray:
    """Return the mean direction of each of the chosen groups, (K, D)."""
    means = np.stack([points[groups == group].mean(0) for group in chosen])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


def _nearest(means: np.ndarray) -> float:
    """Return the cosine distance of the two voices that are most alike."""
    return float((1 - means @ means.T + 2 * np.eye(len(means))).min())


def _shared(stretch: tuple[float, float], windows: np.ndarray, likeness: np.ndarray) -> list[Turn]:
    """Return who speaks in a stretch of speech.

    Args:
        stretch: start and end in seconds.
        windows: start and end (W, 2) of all windows.
        likeness: likeness (W, K) of each window and each voice.
    """
    start, end = stretch
    own = (windows[:, 0] >= start - 1e-6) & (windows[:, 1] <= end + 1e-6)
    edges = np.linspace(start, end, max(1, round((end - start) / STEP)) + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    centres, own_likeness = windows[own].mean(1), likeness[own]
    reach = math.ceil(WINDOW / 2 / HOP) + 1
    near = np.clip(np.searchsorted(centres, middles)[:, None] + np.arange(-reach, reach), 0, len(centres) - 1)
    weight = np.maximum(1 - np.abs(middles[:, None] - centres[near]) / (WINDOW / 2), 1e-6)
    voices = (weight[..., None] * own_likeness[near]).sum(1).argmax(1)
    changes = [0, *(np.flatnonzero(np.diff(voices)) + 1), len(voices)]
    return [
        Turn(float(edges[first]), float(edges[behind]), int(voices[first]))
        for first, behind in zip(changes[:-1], changes[1:], strict=True)
    ]
