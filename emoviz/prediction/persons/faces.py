"""Faces of persons who left and returned: tracks that look alike and are never seen together show one person."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...core.words import listed
from ...media.looks import CONTINUES, SAME_LOOKS, looks_of

if TYPE_CHECKING:
    from ...media import FaceTrack

LOOKED_AT = 12
"""Pictures of each track that are compared, spread evenly."""
AGREEING = 0.9
"""Quantile of the likenesses of two tracks' pictures that counts: a tenth of them agree, and not one by chance."""
NAMED = 3
"""Pairs of faces that are named at most in a sentence."""


class Face(NamedTuple):
    """The face of one person, in one track or several.

    Attributes:
        ids: ids of the tracks.
        frames: numbers of the frames that have the face, int (P,), increasing.
        seen_blendshapes: facial actions in these frames, float32 (P, 52).
    """

    ids: tuple[int, ...]
    frames: np.ndarray
    seen_blendshapes: np.ndarray

    @property
    def id(self) -> int:
        """The id of the first track."""
        return self.ids[0]


def faces_of(tracks: Sequence["FaceTrack"]) -> tuple[list[Face], list[str]]:
    """Return the faces that tracks show, in the order of the tracks, and sentences on those that were joined or may be.

    Args:
        tracks: tracks of one recording.
    """
    groups = {track.id: [track] for track in tracks}
    joined: list[tuple[int, int]] = []
    unsure: list[tuple[int, int]] = []
    seen = [(track, _looks(track)) for track in tracks]
    pairs = [(_likeness(a, b), one, other) for (one, a), (other, b) in combinations(seen, 2)]
    for likeness, one, other in sorted(pairs, key=lambda pair: -pair[0]):
        group, second = groups[one.id], groups[other.id]
        if likeness < CONTINUES or group is second or _together(group, second):
            continue
        if likeness < SAME_LOOKS:
            unsure.append((one.id, other.id))
            continue
        joined.append((one.id, other.id))
        group += second
        groups |= {track.id: group for track in second}
    order = {id(group): group for group in groups.values()}
    faces = [_face(group) for group in order.values()]
    return faces, [*_said(joined, "look alike and are never seen together, so they count as one person"),
                   *_said(unsure, "may be one person: say so by hand if they are")]  # fmt: skip


def _looks(track: "FaceTrack") -> np.ndarray:
    """Return the looks of a face in some of its pictures, (N, D)."""
    chosen = np.unique(np.linspace(0, len(track.frames) - 1, LOOKED_AT).astype(int))
    return np.stack([looks_of(np.asarray(track.seen_crops[number])) for number in chosen])


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.quantile(one @ other.T, AGREEING))


def _together(one: Sequence["FaceTrack"], other: Sequence["FaceTrack"]) -> bool:
    """Whether any two tracks are seen in one picture."""
    return any(len(np.intersect1d(a.frames, b.frames)) for a in one for b in other)


def _face(tracks: Sequence["FaceTrack"]) -> Face:
    frames = np.concatenate([track.frames for track in tracks])
    actions = np.concatenate([np.asarray(track.seen_blendshapes) for track in tracks])
    order = np.argsort(frames)
    return Face(tuple(sorted(track.id for track in tracks)), frames[order], actions[order])


def _said(pairs: Sequence[tuple[int, int]], what: str) -> list[str]:
    if not pairs:
        return []
    named = listed([f"{min(pair)} and {max(pair)}" for pair in pairs[:NAMED]], "as well as")
    more = f" (and {len(pairs) - NAMED} more such pairs)" if len(pairs) > NAMED else ""
    return [f"Faces {named}{more} {what}."]
