"""What the browser gets to draw over the picture."""

import numpy as np

from emoviz.explain import FaceExplanation, FaceFilm
from emoviz.media import FaceTimeline, FaceTrack
from emoviz.media.mesh import LONGEST_EDGE, mesh_edges
from emoviz.ui.player import HEAT_OPACITY, MISSING, box_bytes, heat_bytes, mesh_bytes

SIZE = (200, 100)


def track(id: int, present: list[bool], yaw: list[float]) -> FaceTrack:
    frames = len(present)
    generator = np.random.default_rng(id)
    face = np.concatenate([generator.uniform((50, 20), (90, 80), (478, 2)), np.zeros((478, 1))], 1)
    return FaceTrack.from_frames(
        id,
        np.array(present),
        boxes=np.tile([50.0, 20.0, 40.0, 60.0], (frames, 1)),
        landmarks=np.tile(face, (frames, 1, 1)) + np.arange(frames)[:, None, None] * [1, 0, 0],
        blendshapes=np.zeros((frames, 52)),
        pose=np.stack([yaw, np.zeros(frames), np.zeros(frames)], 1),
        presence=np.ones(frames),
        crops=np.zeros((frames, 48, 48), np.uint8),
    )


def test_boxes_are_times_then_one_block_per_track():
    tracks = (track(0, [True, False], [0, 0]), track(1, [True, True], [0, 0]))
    values = np.frombuffer(box_bytes(FaceTimeline(np.array([0.0, 0.04]), SIZE, tracks)), "<f4")
    assert values[:2].tolist() == [0.0, np.float32(0.04)]
    boxes = values[2:].reshape(2, 2, 4)
    assert boxes[0, 0].tolist() == [50, 20, 40, 60]
    assert np.isnan(boxes[0, 1]).all()


def test_landmarks_are_shares_of_the_picture_within_a_pixel():
    face = track(0, [True, False, True], [0, 0, 0])
    values = np.frombuffer(mesh_bytes(face, SIZE), "<u2").reshape(3, 478, 2)
    assert (values[1] == MISSING).all()
    pixels = values[2] / (MISSING - 1) * SIZE
    np.testing.assert_allclose(pixels, face.landmarks[2, :, :2], atol=0.01)


def test_edges_join_neighbours_of_the_most_frontal_frame():
    face = track(0, [False, True, True], [0.0, 40.0, 10.0])
    edges = mesh_edges(face)
    assert len(edges) > 478 and edges.max() < 478
    assert (edges[:, 0] < edges[:, 1]).all()
    points = face.landmarks[2, :, :2]
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    assert lengths.max() < LONGEST_EDGE * np.ptp(points[:, 0])


def test_a_face_that_is_never_seen_has_no_edges():
    assert mesh_edges(track(0, [False, False], [0, 0])).shape == (0, 2)


def test_heat_is_times_corners_and_pixels():
    heat = np.zeros((2, 12, 12), np.float32)
    heat[1, 3, 5] = 1
    squares = np.arange(12.0).reshape(2, 3, 2)
    empty = FaceExplanation(np.zeros(0), np.zeros(0), np.zeros((0, 8, 8)), np.zeros((0, 8, 8, 3), np.uint8))
    content = heat_bytes(FaceFilm(np.array([0.5, 1.0]), np.zeros(2), heat, squares, 0.04, empty))
    geometry = np.frombuffer(content[: 2 * 7 * 4], "<f4")
    assert geometry[:2].tolist() == [0.5, 1.0] and geometry[2:].tolist() == list(range(12))
    pixels = np.frombuffer(content[2 * 7 * 4 :], np.uint8).reshape(2, 12, 12, 4)
    assert not pixels[0, ..., 3].any()
    assert pixels[1, 3, 5].tolist() == [254, 232, 56, round(255 * HEAT_OPACITY)]
