"""The mesh of a face: the pairs of landmarks that are joined."""

import numpy as np
from scipy.spatial import Delaunay

from .tracks import FaceTrack

LONGEST_EDGE = 0.15
"""Longest edge over the face's width; longer edges of the triangulation close the face's outline and are left out."""


def mesh_edges(track: FaceTrack) -> np.ndarray:
    """Return pairs of neighbouring landmarks (E, 2), from the triangulation of the most frontal frame."""
    turned = np.where(track.present, np.abs(track.pose[:, :2]).sum(axis=1), np.inf)
    if not np.isfinite(turned).any():
        return np.zeros((0, 2), int)
    frame = int(np.searchsorted(track.frames, np.argmin(turned)))
    points = track.seen_points[frame, :, :2] * np.float32(track.unit)
    triangles = Delaunay(points).simplices
    edges = np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])), axis=0
    )
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    return np.asarray(edges[length < LONGEST_EDGE * np.ptp(points[:, 0])])
