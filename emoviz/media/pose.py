"""Head pose: the rotation that maps Google's canonical face mesh onto the landmarks of a face."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_VERTEX_FLOATS = 5  # x, y, z and two texture coordinates
_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types of protocol buffers


@dataclass(frozen=True)
class FaceMesh:
    """The rigid part of the canonical face, from which poses are measured.

    Attributes:
        indices: numbers (N,) of the landmarks that it is made of.
        weights: weight (N,) of each point.
        points: points (N, 3), x to the picture's right, y up, z towards the camera, in cm.
    """

    indices: np.ndarray
    weights: np.ndarray
    points: np.ndarray

    @classmethod
    def parse(cls, metadata: bytes) -> "FaceMesh":
        """Read the mesh from MediaPipe's ``GeometryPipelineMetadata`` (mediapipe/tasks/cc/vision/face_geometry)."""
        mesh, basis = b"", []
        for number, value in _fields(metadata):
            if number == 1 and isinstance(value, bytes):
                mesh = value
            elif number == 2 and isinstance(value, bytes):
                basis.append(dict(_fields(value)))
        vertices = np.array([value for number, value in _fields(mesh) if number == 3]).reshape(-1, _VERTEX_FLOATS)
        indices = np.array([entry[1] for entry in basis])
        return cls(indices, np.array([entry[2] for entry in basis]), vertices[indices, :3])


def head_pose(landmarks: np.ndarray, mesh: FaceMesh) -> np.ndarray:
    """Return the rotation of a head, by weighted orthogonal Procrustes analysis (Schönemann, Psychometrika 1966).

    Args:
        landmarks: landmarks (478, 3) in pixels; x to the right, y down, z away from the camera.
        mesh: face seen straight from the front.

    Returns:
        Pose, float32 (3,), in degrees: yaw (positive: turned to the picture's right), pitch (positive: looking up) and
        roll (positive: tilted clockwise in the picture); zero for a face that looks into the camera.
    """
    seen = landmarks[mesh.indices] * (1, -1, -1)
    weights = mesh.weights[:, None] / mesh.weights.sum()
    seen = seen - (weights * seen).sum(0)
    canonical = mesh.points - (weights * mesh.points).sum(0)
    u, _, vt = np.linalg.svd((weights * seen).T @ canonical)
    rotation = u @ np.diag((1, 1, np.linalg.det(u @ vt))) @ vt
    gaze, right = rotation[:, 2], rotation[:, 0]
    yaw = np.arctan2(gaze[0], gaze[2])
    pitch = np.arcsin(np.clip(gaze[1], -1, 1))
    roll = -np.arctan2(right[1], np.hypot(right[0], right[2]))
    return np.degrees([yaw, pitch, roll]).astype(np.float32)


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """(number, value) of each field of a protocol buffer message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: int | float | bytes
        if key & 7 == _VARINT:
            value, at = _varint(message, at)
        elif key & 7 == _FLOAT:
            (value,) = struct.unpack_from("<f", message, at)
            at += 4
        elif key & 7 == _BYTES:
            length, at = _varint(message, at)
            value = message[at : at + length]
            at += length
        else:
            raise ValueError(f"Wire type {key & 7} does not occur in face geometry.")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The whole number that starts at byte ``at``, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
