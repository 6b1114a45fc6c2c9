"""Turns of voices, by the sound alone: each stretch of speech is given to one of several voices.

Speech is cut into overlapping windows, each of which the speaker encoder brings to a point
(:mod:`emoviz.features.speaker_encoder`). Points that lie near each other are one voice: the two nearest groups are
joined again and again, until as many are left as there are voices, or until they are too far from each other. Every
tenth of a second then belongs to the voice that the windows over it resemble most. Two people who speak at once count
as one of them.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...core.progress import Progress, silent
from ...features.speaker_encoder import voices_in

if TYPE_CHECKING:
    from ...media import Waveform

WINDOW, HOP = 1.6, 0.4
"""Seconds of a window of sound, and from one window to the next."""
SHORTEST = 0.4
"""Seconds; in shorter speech nobody is told by the voice."""
STEP = 0.1
"""Seconds that are given to one voice."""
APART = 0.35
"""Mean cosine distance of two groups of windows from which they are two voices, chosen by ``benchmarks.persons``."""
FEWEST = 2.0
"""Seconds of speech from which a group of windows is a voice, where their number is not given."""
MOST = 2000
"""Windows that are compared with each other; of more, as many, evenly spread, and the others with the voices."""


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
    stretches = [(start, end) for start, end in sound.spoken if end - start >= SHORTEST]
    if not stretches:
        return []
    windows = [window for stretch in stretches for window in _windows(*stretch)]
    points = voices_in(sound, windows, progress)
    means = _means(points, count)
    turns = [turn for stretch in stretches for turn in _shared(stretch, np.array(windows), points @ means.T)]
    order = {voice: number for number, voice in enumerate(dict.fromkeys(turn.voice for turn in turns))}
    return [turn._replace(voice=order[turn.voice]) for turn in turns]


def _windows(start: float, end: float) -> list[tuple[float, float]]:
    """Return the windows over a stretch of speech; the last one ends with it, and in a short one it is the only one."""
    last = max(start, end - WINDOW)
    return [(begin, min(begin + WINDOW, end)) for begin in (*np.arange(start, last - HOP / 2, HOP).tolist(), last)]


def _means(points: np.ndarray, count: int | None) -> np.ndarray:
    """Return the mean direction of each voice, (K, D), from the points (W, D) of the windows."""
    from scipy.cluster.hierarchy import fcluster, linkage

    chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), MOST)).astype(int))
    some, fewest = points[chosen], FEWEST / HOP * len(chosen) / len(points)
    if len(some) < 2:
        return np.asarray(some)
    tree = linkage(some, "average", "cosine")
    if count is None:
        groups = fcluster(tree, APART, "distance")
    else:  # the first cut with so many voices of some length, as groups of a few windows are none
        cuts = (fcluster(tree, number, "maxclust") for number in range(count, len(some) + 1))
        groups = next((cut for cut in cuts if (np.bincount(cut) >= fewest).sum() >= count), None)
        groups = fcluster(tree, count, "maxclust") if groups is None else groups
    sizes = np.bincount(groups)
    largest = np.argsort(-sizes, kind="stable")[:count]
    kept = [group for group in largest if sizes[group] >= fewest] or [int(sizes.argmax())]
    means = np.stack([some[groups == group].mean(0) for group in kept])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


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
